-- SPDX-License-Identifier: BSD-2-Clause
--
-- Registering what an application sent itself.

CREATE OR REPLACE FUNCTION bounce.check_registration(process text, recipients text[], status text, message_id text, business_ref text, person_refs text[]) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bad text;
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
  ELSIF octet_length(message_id) > 998 OR length(business_ref) > 500 THEN
    RAISE EXCEPTION 'the Message-ID has % bytes, the business reference % characters', coalesce(octet_length(message_id), 0), coalesce(length(business_ref), 0)
      USING ERRCODE = 'check_violation', HINT = 'At most 998 and 500.';
  END IF;
  SELECT coalesce(m, 'NULL') INTO bad FROM unnest(recipients) AS m
  WHERE bounce.is_address(bounce.bare_address(m)) IS NOT TRUE OR btrim(m, E' \t\r\n') ~ '[[:cntrl:]]' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '"%" is not a mail address', bad USING ERRCODE = 'check_violation',
      HINT = 'local-part@domain, or Name <local-part@domain>, without control characters.';
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

CREATE OR REPLACE FUNCTION bounce.undelivered_documents(process text, since timestamptz, until timestamptz) RETURNS SETOF bounce.undelivered
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce.need_process(process), bounce.need_period(since, until);
  RETURN QUERY SELECT u.* FROM bounce.undelivered AS u
  WHERE (undelivered_documents.process IS NULL OR u.process = undelivered_documents.process)
    AND u.created_at >= coalesce(since, '-infinity') AND u.created_at < coalesce(until, 'infinity')
  ORDER BY u.created_at, u.communication_id, u.recipient_id;
END
$$;
COMMENT ON FUNCTION bounce.undelivered_documents(text, timestamptz, timestamptz) IS
  'what a process (NULL: any) registered in a time and did not arrive, why, and what happens next; since included, until not, NULL: open';

CREATE OR REPLACE FUNCTION bounce.set_person(communication_id bigint, address text, person_ref text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r SET person_ref = coalesce(set_person.person_ref, '')
  WHERE r.communication_id = set_person.communication_id AND r.address_key = bounce.address_key(set_person.address);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'communication % has no recipient %', set_person.communication_id, set_person.address
      USING ERRCODE = 'no_data_found', HINT = 'Its recipients are in bounce.communication_recipient.';
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.set_person(bigint, text, text) IS 'whom an address of a communication belongs to, in the application''s own words. P0002';

CREATE OR REPLACE FUNCTION bounce.confirm_resend(recipient_id bigint, message_id text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  sent bounce.communication_recipient;
BEGIN
  PERFORM FROM bounce.communication AS c
  WHERE c.id = (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.id = confirm_resend.recipient_id)
  FOR NO KEY UPDATE;
  UPDATE bounce.communication_recipient AS r
  SET state = 'sent', attempts = r.attempts + 1, last_attempt_at = now(), next_attempt_at = NULL,
      class = NULL, reason = '', status_code = '', diagnostic = '', bounced_at = NULL, bounce_id = NULL
  WHERE r.id = confirm_resend.recipient_id
  RETURNING r.* INTO sent;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no recipient %', confirm_resend.recipient_id USING ERRCODE = 'no_data_found',
      HINT = 'The id of bounce.scheduled_resend.recipient_id, not that of the communication.';
  END IF;
  INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
  SELECT bounce.bare_id(confirm_resend.message_id), sent.communication_id, sent.attempts
  WHERE bounce.bare_id(confirm_resend.message_id) IS NOT NULL
  ON CONFLICT DO NOTHING;
  PERFORM bounce.write_log(sent.communication_id, sent.id, 'resent', format('send %s to %s', sent.attempts, sent.address));
  RETURN sent.attempts;
END
$$;
COMMENT ON FUNCTION bounce.confirm_resend(bigint, text) IS
  'an application tells that it has sent the mail to this recipient (communication_recipient.id) again, and under which Message-ID. '
  'Returns the number of sends so far. P0002 for an unknown recipient';
