-- SPDX-License-Identifier: BSD-2-Clause
--
-- Registering what an application sends itself.

CREATE OR REPLACE FUNCTION bounce_internal.check_registration(
  process text, recipients text[], status text, message_id text, business_ref text,
  person_refs text[]) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bad text;
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, '')),
    bounce_internal.require_recipients(recipients);
  IF cardinality(person_refs) <> cardinality(recipients) THEN
    RAISE EXCEPTION '% recipients, but % person references', cardinality(recipients),
      cardinality(person_refs)
      USING ERRCODE = 'invalid_parameter_value',
        HINT = 'One for each recipient, NULL for a bare address.';
  ELSIF status = 'bounced' THEN
    RAISE EXCEPTION 'a communication cannot be registered as bounced'
      USING ERRCODE = 'check_violation',
      HINT = 'Reports of bounces say so. Register it as open, sent or error.';
  ELSIF coalesce(status, '') NOT IN ('open', 'sent', 'error') THEN
    RAISE EXCEPTION 'unknown status "%"', coalesce(status, 'NULL')
      USING ERRCODE = 'check_violation',
      HINT = 'open (not handed over yet), sent, or error (could not be handed over).';
  ELSIF octet_length(message_id) > 998 OR length(business_ref) > 500 THEN
    RAISE EXCEPTION 'the Message-ID has % bytes, the business reference % characters',
      coalesce(octet_length(message_id), 0), coalesce(length(business_ref), 0)
      USING ERRCODE = 'check_violation', HINT = 'At most 998 and 500.';
  END IF;
  SELECT coalesce(m, 'NULL') INTO bad FROM unnest(recipients) AS m
  WHERE bounce_internal.is_address(bounce_internal.bare_address(m)) IS NOT TRUE
    OR btrim(m, E' \t\r\n') ~ '[[:cntrl:]]' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '"%" is not a mail address', bad USING ERRCODE = 'check_violation',
      HINT = 'local-part@domain, or Name <local-part@domain>, without control characters.';
  END IF;
END
$$;
COMMENT ON FUNCTION bounce_internal.check_registration(text, text[], text, text, text, text[]) IS
  'refuses what cannot be registered, with a message for the programmer';
