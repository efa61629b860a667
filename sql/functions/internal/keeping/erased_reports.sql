-- SPDX-License-Identifier: BSD-2-Clause
--
-- Reports that come when their person is erased. The row of the recipient is still there, so they
-- find their mail by its token or its ids; but not a word of them is stored.

CREATE OR REPLACE FUNCTION bounce_internal.is_erased_key(address_key text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT address_key LIKE 'erased%@erased.invalid'
$$;
COMMENT ON FUNCTION bounce_internal.is_erased_key(text) IS
  'whether it stands for the address of somebody who is erased';

CREATE OR REPLACE FUNCTION bounce_internal.is_erased(f bounce_internal.finding) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT bounce_internal.is_erased_key(f.address) AND f.communication_id IS NOT NULL
         AND f.class <> 'unclassified'
$$;
COMMENT ON FUNCTION bounce_internal.is_erased(bounce_internal.finding) IS
  'whether a finding is about somebody who is erased. What nobody can classify is a letter for a '
  'person to read, and is kept as one';

CREATE OR REPLACE FUNCTION bounce_internal.without_person(INOUT f bounce_internal.finding)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF f.recipient_id IS NULL AND bounce_internal.has_erased_fellow(f.communication_id, NULL)
     AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS r
                     WHERE r.communication_id = f.communication_id
                       AND r.address_key = ANY (f.addresses)) THEN
    f.address := 'erased@erased.invalid';
  END IF;
  IF bounce_internal.is_erased(f) THEN
    f.addresses := '{}';
    f.recipient := '';
    f.original_recipient := '';
    f.diagnostic := '';
    f.evidence := '';
    f.new_address := '';
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.without_person(bounce_internal.finding) IS
  'a matched finding, without address and words if it is about somebody who is erased: the '
  'recipient is, or there is none and the address may be that of one who is';

CREATE OR REPLACE FUNCTION bounce_internal.tells_of_erased(
  findings bounce_internal.finding[], message_id bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  tells boolean := false;
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    IF findings[n].bounce_message_id = message_id THEN
      IF findings[n].class = 'unclassified' THEN
        RETURN false;
      END IF;
      tells := tells OR bounce_internal.is_erased(findings[n]);
    END IF;
  END LOOP;
  RETURN tells;
END $$;
COMMENT ON FUNCTION bounce_internal.tells_of_erased(bounce_internal.finding[], bigint) IS
  'whether a report is about somebody who is erased, and nobody has to read it';

CREATE OR REPLACE FUNCTION bounce_internal.document_without_person(document jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN jsonb_build_object(
    'version', document -> 'version', 'source', document -> 'source', 'kind', document -> 'kind',
    'dialect', document -> 'dialect', 'truncated', document -> 'truncated',
    'size', document -> 'size', 'digest', document -> 'digest',
    'envelope', jsonb_build_object('queue_id', document #> '{envelope,queue_id}',
                                   'own_mta', document #> '{envelope,own_mta}'),
    'report', jsonb_build_object('reporting_mta', document #> '{report,reporting_mta}'));
END $$;
COMMENT ON FUNCTION bounce_internal.document_without_person(jsonb) IS
  'of a document what erase_message_detail() leaves of a stored report';
