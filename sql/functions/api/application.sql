-- SPDX-License-Identifier: BSD-2-Clause
--
-- For applications: registering mail, return paths, blocked addresses.

-- Mail that the application sends itself ---------------------------------------------

CREATE OR REPLACE FUNCTION bounce.register_communication(
  process text, recipients text[], subject text DEFAULT '', business_ref text DEFAULT '',
                                              sender text DEFAULT '', message_id text DEFAULT NULL,
                                              status text DEFAULT 'open',
                                              person_refs text[] DEFAULT NULL,
                                              idempotency_key text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  fresh_id CONSTANT text := replace(gen_random_uuid()::text, '-', '');
  mailbox CONSTANT text := coalesce(bounce_internal.bare_address(sender), '');
  new_id bigint := bounce_internal.communication_of_key(
    bounce_internal.require_own_process(process), idempotency_key);
BEGIN
  IF new_id IS NOT NULL THEN
    RETURN new_id;
  END IF;
  PERFORM bounce_internal.require_registrable(process, recipients, status, message_id, business_ref,
                                             person_refs);
  INSERT INTO bounce.communication (process, subject, business_ref, sender, envelope_id,
                                    message_id, status, idempotency_key)
  VALUES (register_communication.process, bounce_internal.one_line(register_communication.subject),
          coalesce(register_communication.business_ref, ''), mailbox, fresh_id,
          coalesce(bounce_internal.bare_id(register_communication.message_id),
                   format('%s@%s', fresh_id, bounce_internal.message_domain(mailbox))),
          register_communication.status, register_communication.idempotency_key)
  ON CONFLICT DO NOTHING RETURNING id INTO new_id;
  IF new_id IS NULL THEN     -- another session was faster by a moment
    RETURN bounce_internal.communication_of_key(process, idempotency_key);
  END IF;
  INSERT INTO bounce.communication_recipient (communication_id, address, person_ref)
  SELECT new_id, (array_agg(r.address ORDER BY r.place))[1], coalesce(max(r.person_ref), '')
  FROM (SELECT bounce_internal.bare_address(u.mailbox) AS address, u.person_ref, u.place
        FROM unnest(register_communication.recipients,
                    register_communication.person_refs) WITH ORDINALITY AS u (mailbox, person_ref,
                        place)) AS r
  GROUP BY bounce.address_key(r.address)
  ORDER BY min(r.place);
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce.register_communication(text, text[], text, text, text, text,
                                                  text, text[], text) IS
  'application: registers a mail that the application sends itself, with its recipients (an '
  'address named twice counts once). Returns communication.id. recipients: bare addresses or '
  '"Name <address>". message_id: NULL makes one that nobody can guess, to be sent; one of your own '
  'should have 20 random letters and digits: a report that knows only a counter proves nothing. '
  'status open: not sent yet, set it to sent by an UPDATE later. person_refs: '
  'the application''s reference of the person behind each address; NULL, or a NULL element, for '
  'bare addresses. idempotency_key: a second call of the process with the same key registers '
  'nothing and returns the id of the first. 23503 for an unknown process, 42501 for one of '
  'other applications, '
  '23514 for something that is not an address, '
  'without a recipient, or for a status other than open, sent or error';

CREATE OR REPLACE FUNCTION bounce.set_person(communication_id bigint, address text, person_ref text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r SET person_ref = coalesce(set_person.person_ref, '')
  WHERE r.communication_id = set_person.communication_id
    AND r.address_key = bounce.address_key(set_person.address)
    AND bounce_internal.is_own_mail(r.communication_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'communication % has no recipient %', set_person.communication_id,
      set_person.address
      USING ERRCODE = 'no_data_found',
        HINT = 'Its recipients are in bounce.communication_recipient.';
  END IF;
END $$;
COMMENT ON FUNCTION bounce.set_person(bigint, text, text) IS
  'application: sets the application''s reference of the person behind an address of a '
  'communication. P0002 when the address is not one of its recipients, or the mail is none of '
  'yours';

CREATE OR REPLACE FUNCTION bounce.return_path(
  communication_recipient_id bigint, attempt integer DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  domain CONSTANT text := (bounce_internal.domains(bounce.parameter('bounce_domain')))[1];
  next_attempt integer;
BEGIN
  IF domain IS NULL THEN
    RAISE EXCEPTION 'no bounce domain is set' USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'UPDATE bounce.system_parameter SET value = ''bounces.example.org'' WHERE name = '
             '''bounce_domain'' AND process IS NULL';
  END IF;
  SELECT CASE WHEN r.state IN ('open', 'error') OR r.next_attempt_at IS NOT NULL THEN r.attempts + 1
              ELSE greatest(1, r.attempts) END INTO next_attempt
  FROM bounce.communication_recipient AS r
  WHERE r.id = communication_recipient_id AND bounce_internal.is_own_mail(r.communication_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no recipient %', communication_recipient_id USING ERRCODE = 'no_data_found',
      HINT = 'The id of bounce.communication_recipient, not that of the communication.';
  END IF;
  RETURN bounce.parameter('return_path_prefix')
         || bounce_internal.token_make(communication_recipient_id, coalesce(attempt, next_attempt),
                              now() + bounce_internal.parameter_interval('token_lifetime'))
         || '@' || domain;
END $$;
COMMENT ON FUNCTION bounce.return_path(bigint, integer) IS
  'application: the envelope sender (MAIL FROM) for one recipient; its bounces come back signed. '
  'attempt NULL: the send that is due, or else the last one. Send to each recipient in an SMTP '
  'transaction of its own. 55000 without a bounce domain, P0002 for a recipient of a mail that is '
  'none of yours';

-- Addresses --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.is_address_blocked(address text, process text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.is_blocked(address, bounce_internal.require_own_process(process));
END $$;
COMMENT ON FUNCTION bounce.is_address_blocked(text, text) IS
  'application: whether an address is blocked, for all processes or for this one; in any case, '
  'also as "Name <address>". 42501 for a process of other applications';

CREATE OR REPLACE FUNCTION bounce.may_write_to(address text, process text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.is_writable(address, bounce_internal.require_own_process(process));
END $$;
COMMENT ON FUNCTION bounce.may_write_to(text, text) IS
  'application: whether a process may send to an address now: it is an address, and it is not '
  'blocked or the process is exempt (block_exempt). 42501 for a process of other applications';

CREATE OR REPLACE FUNCTION bounce.suggest_address(address text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  suggested CONSTANT text := bounce_internal.suggest_domain(bounce.address_domain(address));
BEGIN
  RETURN CASE suggested
              WHEN '' THEN '' ELSE regexp_replace(bounce.address_key(address), '@[^@]*$', '') || '@'
              || suggested END;
END $$;
COMMENT ON FUNCTION bounce.suggest_address(text) IS
  'application: the address that was probably meant, when the domain looks like a typing error of '
  'one that accepts our mail; else empty. To be asked when somebody enters an address';
