-- SPDX-License-Identifier: BSD-2-Clause
--
-- What applications, people and the daemon call, and the views they read.

-- For applications --------------------------------------------------------------------

CREATE FUNCTION bounce.need_recipients(recipients text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF coalesce(cardinality(recipients), 0) = 0 THEN
    RAISE EXCEPTION 'a communication needs at least one recipient' USING ERRCODE = 'check_violation',
      HINT = 'register_communication(process => ..., recipients => ARRAY[''anna@example.com''])';
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.need_recipients(text[]) IS 'internal: 23514 for an empty list, or none';

CREATE FUNCTION bounce.register_communication(process text, recipients text[], subject text DEFAULT '', business_ref text DEFAULT '',
                                              sender text DEFAULT '', message_id text DEFAULT NULL, status text DEFAULT 'open')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM bounce.process AS p WHERE p.name = register_communication.process) THEN
    RAISE EXCEPTION 'unknown process "%"', register_communication.process
      USING ERRCODE = 'foreign_key_violation', HINT = 'INSERT INTO bounce.process (name, description) VALUES (...)';
  END IF;
  PERFORM bounce.need_recipients(recipients);
  INSERT INTO bounce.communication (process, subject, business_ref, sender, message_id, status)
  VALUES (register_communication.process, register_communication.subject, register_communication.business_ref,
          register_communication.sender, register_communication.message_id, register_communication.status)
  RETURNING id INTO new_id;
  INSERT INTO bounce.communication_recipient (communication_id, address)
  SELECT new_id, (array_agg(r.address ORDER BY r.place))[1]
  FROM unnest(register_communication.recipients) WITH ORDINALITY AS r (address, place)
  GROUP BY bounce.address_key(r.address)
  ORDER BY min(r.place);
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.register_communication(text, text[], text, text, text, text, text) IS
  'registers one outgoing mail and its recipients (an address named twice counts once); returns communication.id. '
  'status open: not handed over yet, UPDATE it to sent afterwards. 23503 for an unknown process, 23514 for an impossible address, '
  'no recipient, or the status bounced';

CREATE FUNCTION bounce.confirm_resend(recipient_id bigint, message_id text DEFAULT NULL) RETURNS integer
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
    RAISE EXCEPTION 'no recipient %', confirm_resend.recipient_id USING ERRCODE = 'no_data_found';
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

-- For people ------------------------------------------------------------------------------

CREATE FUNCTION bounce.lift_block(address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  lifted bounce.address_block;
BEGIN
  IF btrim(coalesce(lift_block.why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to lift the block on %', lift_block.address USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE bounce.address_block AS b
  SET lifted_at = now(), lifted_by = session_user, lift_why = btrim(lift_block.why)
  WHERE b.address_key = bounce.address_key(lift_block.address) AND b.lifted_at IS NULL
  RETURNING b.* INTO lifted;
  PERFORM bounce.write_log(lifted.communication_id, NULL, 'block_lifted', format('%s: %s', lifted.address, lifted.lift_why));
  RETURN lifted.id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION bounce.lift_block(text, text) IS
  'lifts the block on an address; false when it was not blocked. 22023 without a reason';

CREATE FUNCTION bounce.resolve_task(task_id bigint, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  resolved bounce.task;
BEGIN
  UPDATE bounce.task AS t
  SET status = 'done', resolved_at = now(), resolved_by = session_user, note = coalesce(resolve_task.note, '')
  WHERE t.id = resolve_task.task_id AND t.status = 'open'
  RETURNING t.* INTO resolved;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', resolve_task.task_id USING ERRCODE = 'no_data_found';
  END IF;
  PERFORM bounce.write_log(resolved.communication_id, resolved.recipient_id, 'task_resolved',
                           format('task %s %s: %s', resolved.kind, resolved.id, resolved.note));
END
$$;
COMMENT ON FUNCTION bounce.resolve_task(bigint, text) IS 'closes a task with a note. P0002 when there is no such open task';

-- For the daemon ------------------------------------------------------------------------

CREATE FUNCTION bounce.milter_settings(OUT bounce_domain text[], OUT operator_mailbox text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT bounce.domains(bounce.parameter('bounce_domain')), bounce.parameter('operator_mailbox');
END;
COMMENT ON FUNCTION bounce.milter_settings() IS
  'one row: what the daemon must know before a message is complete; read again at each NOTIFY bounce_parameter';

-- Views -------------------------------------------------------------------------------------

CREATE VIEW bounce.undelivered AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, c.created_at,
       r.id AS recipient_id, r.address AS recipient, r.state, r.bounced_at,
       r.class, r.reason, coalesce(n.meaning, '') AS meaning, r.status_code, r.diagnostic,
       r.attempts, r.next_attempt_at, t.id AS task_id, t.kind AS task_kind,
       bounce.is_address_blocked(r.address) AS is_blocked,
       CASE WHEN r.next_attempt_at IS NOT NULL THEN 'sent again at ' || to_char(r.next_attempt_at, 'YYYY-MM-DD HH24:MI')
            WHEN t.id IS NOT NULL THEN 'task ' || t.id || ' waits for a person'
            ELSE 'nothing' END AS what_next
FROM bounce.communication_recipient AS r
JOIN bounce.communication AS c ON c.id = r.communication_id
LEFT JOIN bounce.bounce_reason AS n ON n.reason = r.reason
LEFT JOIN bounce.task AS t ON t.id = r.task_id AND t.status = 'open'
WHERE r.state IN ('bounced', 'error');
COMMENT ON VIEW bounce.undelivered IS
  'which documents did not arrive, why, and what happens next: one row per recipient. task_*: the open task that deals with it';

CREATE VIEW bounce.scheduled_resend AS
SELECT r.next_attempt_at, r.attempts + 1 AS attempt, c.id AS communication_id, c.process, c.business_ref, c.subject,
       r.id AS recipient_id, r.address AS recipient, r.reason, r.diagnostic
FROM bounce.communication_recipient AS r
JOIN bounce.communication AS c ON c.id = r.communication_id
WHERE r.next_attempt_at IS NOT NULL AND NOT bounce.is_address_blocked(r.address);
COMMENT ON VIEW bounce.scheduled_resend IS
  'what is to be sent again after a soft bounce, and when it is due. Who sends tells so with bounce.confirm_resend(recipient_id)';
