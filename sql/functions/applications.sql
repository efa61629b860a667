-- SPDX-License-Identifier: BSD-2-Clause
--
-- Registering what an application sent itself.

CREATE OR REPLACE FUNCTION bounce.check_registration(process text, recipients text[], status text, message_id text, business_ref text, person_refs text[]) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM bounce.need_process(coalesce(process, '')), bounce.need_recipients(recipients);
  IF cardinality(person_refs) <> cardinality(recipients) THEN
    RAISE EXCEPTION '% recipients, but % person references', cardinality(recipients), cardinality(person_refs)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'One for each recipient, NULL for a bare address.';
  ELSIF status = 'bounced' THEN
    RAISE EXCEPTION 'a communication cannot be registered as bounced' USING ERRCODE = 'check_violation',
      HINT = 'Reports of bounces say so. Register it as open, sent or error.';
  ELSIF coalesce(status, '') NOT IN ('open', 'sent', 'error') THEN
    RAISE EXCEPTION 'unknown status "%"', coalesce(status, 'NULL') USING ERRCODE = 'check_violation',
      HINT = 'open (not handed over yet), sent, or error (could not be handed over).';
  ELSIF EXISTS (SELECT FROM unnest(recipients) AS m WHERE btrim(m, E' \t\r\n') ~ '[[:cntrl:]]') THEN
    RAISE EXCEPTION 'a recipient has a control character in it' USING ERRCODE = 'check_violation', HINT = 'local-part@domain, or Name <local-part@domain>.';
  ELSIF octet_length(message_id) > 998 OR length(business_ref) > 500 THEN
    RAISE EXCEPTION 'the Message-ID has % bytes, the business reference % characters', coalesce(octet_length(message_id), 0), coalesce(length(business_ref), 0)
      USING ERRCODE = 'check_violation', HINT = 'At most 998 and 500.';
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.check_registration(text, text[], text, text, text, text[]) IS
  'internal: refuses what cannot be registered, with a message for the programmer';

CREATE OR REPLACE FUNCTION bounce.register_communication(process text, recipients text[], subject text DEFAULT '', business_ref text DEFAULT '',
                                              sender text DEFAULT '', message_id text DEFAULT NULL, status text DEFAULT 'open',
                                              person_refs text[] DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id bigint;
BEGIN
  PERFORM bounce.check_registration(process, recipients, status, message_id, business_ref, person_refs);
  INSERT INTO bounce.communication (process, subject, business_ref, sender, message_id, status)
  VALUES (register_communication.process, coalesce(register_communication.subject, ''), coalesce(register_communication.business_ref, ''),
          coalesce(register_communication.sender, ''), register_communication.message_id, register_communication.status)
  RETURNING id INTO new_id;
  INSERT INTO bounce.communication_recipient (communication_id, address, person_ref)
  SELECT new_id, (array_agg(r.address ORDER BY r.place))[1], coalesce(max(r.person_ref), '')
  FROM (SELECT bounce.bare_address(u.mailbox) AS address, u.person_ref, u.place
        FROM unnest(register_communication.recipients, register_communication.person_refs) WITH ORDINALITY AS u (mailbox, person_ref, place)) AS r
  GROUP BY bounce.address_key(r.address)
  ORDER BY min(r.place);
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.register_communication(text, text[], text, text, text, text, text, text[]) IS
  'registers one outgoing mail and its recipients (an address named twice counts once); returns communication.id. '
  'status open: not handed over yet, UPDATE it to sent afterwards. person_refs: the application''s own name of the person behind each '
  'address; NULL, or NULL within, for bare addresses. recipients: bare addresses or "Name <address>". 23503 for an unknown process, 23514 for an '
  'impossible address, no recipient, or a status that is not open, sent or error';
