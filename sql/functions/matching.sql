-- SPDX-License-Identifier: BSD-2-Clause
--
-- From the evidence to one recipient, and how far it is believed.

CREATE OR REPLACE FUNCTION bounce.trust_in(f bounce.finding, i bounce.identity, own_mta boolean) RETURNS bounce.trust
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN i.is_signed AND i.recipient_id = f.recipient_id THEN 'token'::bounce.trust
  WHEN own_mta AND bounce.address_key(f.recipient) = f.address AND f.matched_by IN ('token', 'envelope_id', 'communication_id', 'message_id') THEN 'own_mta'
  WHEN f.matched_by IN ('token', 'envelope_id', 'communication_id', 'message_id', 'reference') THEN 'message_id'
  ELSE 'address'
END;
COMMENT ON FUNCTION bounce.trust_in(bounce.finding, bounce.identity, boolean) IS
  'internal: how far a finding is believed. A token is proof for its own recipient only, and only while in date. That our own MTA '
  'made it proves nothing alone: whoever hands a mail to it chooses the addresses in its report. A fellow recipient knows our ids, and names '
  'another one by ORCPT; so there the Final-Recipient counts, to which our MTA really tried to deliver';

CREATE OR REPLACE FUNCTION bounce.match_finding(INOUT f bounce.finding, i bounce.identity, own_mta boolean, named text[])
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF i.communication_ids IS NULL THEN
    SELECT * INTO i FROM bounce.match_by_address(f.addresses, now() - bounce.parameter_interval('address_match_window'));
  END IF;
  IF cardinality(i.communication_ids) = 1 THEN
    f.communication_id := i.communication_ids[1];
  ELSE
    SELECT min(a.communication_id) INTO f.communication_id
    FROM bounce.recipients_at(i.communication_ids, f.addresses) AS a
    HAVING count(DISTINCT a.communication_id) = 1;
  END IF;
  IF f.communication_id IS NOT NULL THEN
    f := bounce.choose_recipient(f, i, named);
  END IF;
  f.matched_by := CASE WHEN f.communication_id IS NULL THEN '' ELSE i.matched_by END;
  f.attempt := i.attempt;
  SELECT c.process INTO f.process FROM bounce.communication AS c WHERE c.id = f.communication_id;
  SELECT r.address_key INTO f.address FROM bounce.communication_recipient AS r WHERE r.id = f.recipient_id;
  f.address := coalesce(f.address, f.addresses[1], '');
  f.trust := bounce.trust_in(f, i, own_mta);
END
$$;
COMMENT ON FUNCTION bounce.match_finding(bounce.finding, bounce.identity, boolean, text[]) IS
  'internal: fills communication, recipient, process, address, attempt, matched_by and trust';
