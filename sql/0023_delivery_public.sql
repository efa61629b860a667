-- SPDX-License-Identifier: BSD-2-Clause
--
-- What applications and people call: handing over, sending again, holding; what
-- they read; the notice to a process's owner; and the rights of all these.

-- Handing over ------------------------------------------------------------------------

CREATE FUNCTION bounce.one_line(words text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN btrim(regexp_replace(coalesce(words, ''), '[[:cntrl:]]+', ' ', 'g'));
COMMENT ON FUNCTION bounce.one_line(text) IS 'without control characters: nobody adds a header by a line feed in a subject';

CREATE FUNCTION bounce.bare_address(mailbox text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN btrim(coalesce(substring(mailbox FROM '<([^<>]*)>[[:space:]]*$'), mailbox));
COMMENT ON FUNCTION bounce.bare_address(text) IS 'the address of "Anna Example <anna@customer.example>", or the address itself';

CREATE FUNCTION bounce.check_submission(process text, sender text, mailboxes text[], bytes bigint) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bad text;
BEGIN
  IF NOT EXISTS (SELECT FROM bounce.process AS p WHERE p.name = check_submission.process) THEN
    RAISE EXCEPTION 'unknown process "%"', check_submission.process
      USING ERRCODE = 'foreign_key_violation', HINT = 'INSERT INTO bounce.process (name, description) VALUES (...)';
  END IF;
  -- RFC 5321 section 4.1.2, as far as it protects the dialogue; a quoted local part with blanks is not taken
  SELECT m INTO bad FROM unnest(mailboxes || sender) AS m
  WHERE coalesce(bounce.bare_address(m), '') !~ '^[^@[:space:][:cntrl:]<>,;:\\"()]{1,64}@[^@[:space:][:cntrl:]<>,;:\\"()]{1,253}$' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '"%" is not a mail address', bad USING ERRCODE = 'check_violation';
  END IF;
  -- without SMTPUTF8 (RFC 6531) our own server would refuse it, and a good address would be blocked for that
  SELECT m INTO bad FROM unnest(mailboxes || sender) AS m WHERE bounce.bare_address(m) ~ '[^\x01-\x7f]' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'bounce-delivery cannot send to or from "%": it has no SMTPUTF8', bad
      USING ERRCODE = 'feature_not_supported', HINT = 'Write the domain as its A-label (xn--...).';
  END IF;
  IF cardinality(mailboxes) = 0 THEN
    RAISE EXCEPTION 'a communication needs at least one recipient' USING ERRCODE = 'check_violation';
  END IF;
  IF bytes > bounce.parameter_integer('delivery_max_bytes') THEN
    RAISE EXCEPTION 'the content has % bytes, more than delivery_max_bytes', bytes USING ERRCODE = 'program_limit_exceeded';
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.check_submission(text, text, text[], bigint) IS 'internal: refuses what can never be sent, with a message for the programmer';

CREATE FUNCTION bounce.attachment_bytes(attachment jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN attachment ->> 'encoding' = 'base64' THEN decode(attachment ->> 'content', 'base64')
            ELSE convert_to(coalesce(attachment ->> 'content', ''), 'UTF8') END;

CREATE FUNCTION bounce.queue_content(communication_id bigint, content bounce.communication_content, attachments jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  content.communication_id := queue_content.communication_id;
  INSERT INTO bounce.communication_content SELECT content.*;
  INSERT INTO bounce.communication_attachment (communication_id, place, filename, content_type, content_id, content)
  SELECT queue_content.communication_id, e.ordinality, bounce.one_line(e.value ->> 'filename'),
         coalesce(e.value ->> 'contentType', 'application/octet-stream'), coalesce(e.value ->> 'cid', ''), bounce.attachment_bytes(e.value)
  FROM jsonb_array_elements(attachments) WITH ORDINALITY AS e;
END
$$;

CREATE FUNCTION bounce.queue_recipients(communication_id bigint, recipients text[], kind text, due timestamptz) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO bounce.communication_recipient (communication_id, address, state, attempts, kind, delivery, due_at)
  SELECT queue_recipients.communication_id, (array_agg(bounce.bare_address(m.mailbox) ORDER BY m.place))[1], 'open', 0,
         queue_recipients.kind, 'due', due
  FROM unnest(recipients) WITH ORDINALITY AS m (mailbox, place)
  GROUP BY bounce.address_key(bounce.bare_address(m.mailbox))
  ORDER BY min(m.place)
  ON CONFLICT ON CONSTRAINT communication_recipient_communication_id_address_key_key DO NOTHING;
END;
COMMENT ON FUNCTION bounce.queue_recipients(bigint, text[], text, timestamptz) IS 'internal: an address named twice gets one mail';

CREATE FUNCTION bounce.queue_communication(process text, business_ref text, sender text, subject text, priority integer, due timestamptz) RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO bounce.communication AS c (process, business_ref, sender, subject, status, delivery_state, priority, due_at, envelope_id, message_id)
  SELECT queue_communication.process, coalesce(queue_communication.business_ref, ''), bounce.bare_address(coalesce(queue_communication.sender, '')),
         bounce.one_line(queue_communication.subject), 'open', 'PENDING',
         coalesce(queue_communication.priority, bounce.parameter_integer('delivery_priority', queue_communication.process))::smallint,
         queue_communication.due, e.id, e.id || '@' || coalesce(nullif(bounce.address_domain(bounce.bare_address(queue_communication.sender)), ''), 'localhost')
  FROM (SELECT replace(gen_random_uuid()::text, '-', '') AS id) AS e
  RETURNING c.id;
END;
COMMENT ON FUNCTION bounce.queue_communication(text, text, text, text, integer, timestamptz) IS 'internal: the row in the queue';

CREATE FUNCTION bounce.submit_communication(process text, recipients text[], sender text, subject text DEFAULT '',
    body_text text DEFAULT NULL, body_html text DEFAULT NULL, raw bytea DEFAULT NULL, business_ref text DEFAULT '',
    cc text[] DEFAULT '{}', bcc text[] DEFAULT '{}', reply_to text DEFAULT '', attachments jsonb DEFAULT '[]',
    priority integer DEFAULT NULL, not_before timestamptz DEFAULT NULL, auto_submitted text DEFAULT 'auto-generated')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  content bounce.communication_content;
  due CONSTANT timestamptz := coalesce(not_before, now());
  new_id bigint;
BEGIN
  content.bytes := coalesce(length(raw), 0) + coalesce(octet_length(body_text), 0) + coalesce(octet_length(body_html), 0)
                   + octet_length(attachments::text);
  PERFORM bounce.check_submission(process, sender, coalesce(recipients, '{}') || cc || bcc, content.bytes);
  content.raw := raw;
  content.body_text := CASE WHEN raw IS NULL AND body_html IS NULL THEN coalesce(body_text, '') ELSE body_text END;
  content.body_html := body_html;
  content.header_from := bounce.one_line(sender);
  content.header_to := ARRAY(SELECT bounce.one_line(m) FROM unnest(recipients) WITH ORDINALITY AS u (m, place) ORDER BY u.place);
  content.header_cc := ARRAY(SELECT bounce.one_line(m) FROM unnest(cc) WITH ORDINALITY AS u (m, place) ORDER BY u.place);
  content.reply_to := bounce.one_line(reply_to);
  content.auto_submitted := CASE WHEN raw IS NULL THEN coalesce(auto_submitted, '') ELSE '' END;
  content.null_sender := false;
  new_id := bounce.queue_communication(process, business_ref, sender, subject, priority, due);
  PERFORM bounce.queue_content(new_id, content, attachments);
  PERFORM bounce.queue_recipients(new_id, recipients, 'to', due);
  PERFORM bounce.queue_recipients(new_id, cc, 'cc', due);
  PERFORM bounce.queue_recipients(new_id, bcc, 'bcc', due);
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.submit_communication(text, text[], text, text, text, text, bytea, text, text[], text[], text, jsonb, integer,
                                                timestamptz, text) IS
  'hands a mail over for sending and returns communication.id, in the caller''s transaction: it goes out after COMMIT. recipients, cc, '
  'bcc and sender: bare addresses or "Name <address>". Content: raw (a whole RFC 5322 message), or subject with body_text, body_html or '
  'both, and attachments [{"filename", "contentType", "content", "encoding": "base64", "cid"}]. No error of mail ever comes back here: '
  'bounce.delivery tells. 23503 for an unknown process, 23514 for an impossible address, 0A000 for one that needs SMTPUTF8, 54000 for too large a content';

-- For people ----------------------------------------------------------------------------

CREATE FUNCTION bounce.need_queued(communication_id bigint) RETURNS bounce.communication
LANGUAGE plpgsql AS $$
DECLARE
  c bounce.communication;
BEGIN
  SELECT k.* INTO c FROM bounce.communication AS k WHERE k.id = need_queued.communication_id FOR NO KEY UPDATE;
  IF NOT FOUND OR c.delivery_state IS NULL THEN
    RAISE EXCEPTION 'no communication % in the delivery queue', communication_id USING ERRCODE = 'no_data_found';
  END IF;
  RETURN c;
END
$$;

CREATE FUNCTION bounce.retry_communication(communication_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c CONSTANT bounce.communication := bounce.need_queued(communication_id);
BEGIN
  IF c.delivery_state IN ('PENDING', 'RETRY') THEN
    UPDATE bounce.communication_recipient AS r SET due_at = now(), next_attempt_at = CASE WHEN r.next_attempt_at IS NULL THEN NULL ELSE now() END
    WHERE r.communication_id = c.id AND r.delivery IN ('due', 'pending');
    PERFORM bounce.derive_communication(c.id);
    PERFORM bounce.write_log(c.id, NULL, 'requeued', 'due at once');
  ELSE
    UPDATE bounce.communication AS k SET delivery_state = 'RETRY' WHERE k.id = c.id;
    PERFORM bounce.derive_communication(c.id);
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.retry_communication(bigint) IS
  'sends again: what waits, at once; what has ended, to the recipients that did not get it, or to all when all did. The same as setting '
  'delivery_state to RETRY. P0002 when it is not in the queue, 23514 while a worker has it';

CREATE FUNCTION bounce.hold_communication(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c CONSTANT bounce.communication := bounce.need_queued(communication_id);
BEGIN
  IF c.held_at IS NOT NULL OR c.delivery_state IN ('SUCCESS', 'ERROR') THEN
    RETURN false;
  END IF;
  UPDATE bounce.communication AS k SET held_at = now(), held_by = session_user WHERE k.id = c.id;
  PERFORM bounce.write_log(c.id, NULL, 'held', 'held by ' || session_user);
  RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.hold_communication(bigint) IS 'nothing more of it is sent until it is released; false when it was held or has ended';

CREATE FUNCTION bounce.release_communication(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c CONSTANT bounce.communication := bounce.need_queued(communication_id);
BEGIN
  IF c.held_at IS NULL THEN
    RETURN false;
  END IF;
  UPDATE bounce.communication AS k SET held_at = NULL, held_by = NULL WHERE k.id = c.id;
  PERFORM bounce.write_log(c.id, NULL, 'released', 'released by ' || session_user);
  PERFORM pg_notify('bounce_delivery', '');
  RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.release_communication(bigint) IS 'ends a hold; false when there was none';

CREATE FUNCTION bounce.cancel_communication(communication_id bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c CONSTANT bounce.communication := bounce.need_queued(communication_id);
  cancelled integer;
BEGIN
  IF c.delivery_state = 'PROCESSING' THEN
    RAISE EXCEPTION 'communication %: a worker has it until %', c.id, c.lease_expire_time USING ERRCODE = 'check_violation';
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET delivery = 'rejected', due_at = NULL, next_attempt_at = NULL, state = CASE r.state WHEN 'open' THEN 'error' ELSE r.state END,
      response = 'cancelled by ' || session_user,
      diagnostic = CASE r.state WHEN 'open' THEN 'cancelled by ' || session_user ELSE r.diagnostic END
  WHERE r.communication_id = c.id AND r.delivery IN ('due', 'pending');
  GET DIAGNOSTICS cancelled = ROW_COUNT;
  UPDATE bounce.communication AS k SET held_at = NULL, held_by = NULL,
    error = CASE WHEN cancelled > 0 THEN 'cancelled by ' || session_user ELSE k.error END WHERE k.id = c.id;
  PERFORM bounce.derive_communication(c.id);
  IF cancelled > 0 THEN
    PERFORM bounce.write_log(c.id, NULL, 'cancelled', format('%s recipients, by %s', cancelled, session_user));
  END IF;
  RETURN cancelled;
END
$$;
COMMENT ON FUNCTION bounce.cancel_communication(bigint) IS
  'what still waits is not sent; returns the number of recipients. 23514 while a worker has it';

-- Views --------------------------------------------------------------------------------

CREATE VIEW bounce.delivery AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, c.created_at,
       c.delivery_state AS state, c.start_time, c.end_time, c.error, c.attempts, c.lease_expire_time,
       c.due_at, c.held_at, c.priority, i.info,
       jsonb_build_object('state', c.delivery_state, 'startTime', c.start_time, 'endTime', c.end_time, 'error', nullif(c.error, ''),
                          'attempts', c.attempts, 'leaseExpireTime', c.lease_expire_time,
                          'info', (i.info - 'message_id') || jsonb_build_object('messageId', i.info -> 'message_id')) AS json
FROM bounce.communication AS c
CROSS JOIN LATERAL (
  SELECT jsonb_build_object(
           'message_id', c.message_id,
           'accepted', coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery = 'accepted'), '[]'),
           'rejected', coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery = 'rejected'), '[]'),
           'pending', coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery NOT IN ('accepted', 'rejected')), '[]'),
           'response', c.response) AS info
  FROM bounce.communication_recipient AS r WHERE r.communication_id = c.id) AS i
WHERE c.delivery_state IS NOT NULL;
COMMENT ON VIEW bounce.delivery IS
  'the state of each communication in the queue: PENDING, PROCESSING, SUCCESS, ERROR, RETRY. info: message_id, accepted, rejected, pending '
  '(not taken yet, or unknown), response. json: the same with the field names of Firebase''s Trigger Email';

CREATE VIEW bounce.delivery_metric AS
SELECT p.name AS process,
       count(c.id) FILTER (WHERE c.delivery_state IN ('PENDING', 'RETRY') AND c.held_at IS NULL AND c.due_at <= now()) AS due,
       count(c.id) FILTER (WHERE c.delivery_state IN ('PENDING', 'RETRY') AND c.held_at IS NULL AND c.due_at > now()) AS scheduled,
       count(c.id) FILTER (WHERE c.held_at IS NOT NULL) AS held,
       count(c.id) FILTER (WHERE c.delivery_state = 'PROCESSING') AS processing,
       coalesce(extract(epoch FROM now() - min(c.due_at) FILTER (WHERE c.delivery_state IN ('PENDING', 'RETRY') AND c.held_at IS NULL
                                                                   AND c.due_at <= now())), 0)::bigint AS oldest_due_seconds,
       coalesce(extract(epoch FROM now() - min(c.created_at) FILTER (WHERE c.delivery_state IN ('PENDING', 'RETRY'))), 0)::bigint AS oldest_seconds
FROM bounce.process AS p
LEFT JOIN bounce.communication AS c ON c.process = p.name AND c.delivery_state IN ('PENDING', 'RETRY', 'PROCESSING')
GROUP BY p.name;
COMMENT ON VIEW bounce.delivery_metric IS 'depth and age of the queue per process';

-- The notice to the process's owner -----------------------------------------------------

CREATE FUNCTION bounce.base64_lines(words text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN regexp_replace(encode(convert_to(words, 'UTF8'), 'base64'), E'\n', E'\r\n', 'g') || E'\r\n';

CREATE FUNCTION bounce.mime_word(words text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN words ~ '^[ -~]*$' THEN words
            ELSE (SELECT string_agg('=?utf-8?B?' || translate(encode(convert_to(substr(words, 1 + i * 10, 10), 'UTF8'), 'base64'), E'\n', '') || '?=',
                                    E'\r\n ' ORDER BY i)
                  FROM generate_series(0, (length(words) - 1) / 10) AS i) END;
COMMENT ON FUNCTION bounce.mime_word(text) IS 'RFC 2047: encoded-words of at most 75 characters where the text is not plain ASCII';

CREATE FUNCTION bounce.mail_date(at timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN to_char(at AT TIME ZONE 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS') || ' +0000';
COMMENT ON FUNCTION bounce.mail_date(timestamptz) IS 'RFC 5322 section 3.3; to_char without TM is English';

CREATE FUNCTION bounce.notice_text(c bounce.communication, r bounce.communication_recipient, owner text, reporter text) RETURNS text
LANGUAGE sql STABLE AS $$
SELECT format(E'From: Mail Delivery <postmaster@%1$s>\r\nTo: <%2$s>\r\nSubject: Undelivered: %3$s\r\nDate: %8$s\r\n'
  'Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n'
  'Content-Type: multipart/report; report-type=delivery-status; boundary="%4$s"\r\n\r\n'
  '--%4$s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%5$s'
  '\r\n--%4$s\r\nContent-Type: message/delivery-status\r\n\r\n%6$s'
  '\r\n--%4$s\r\nContent-Type: text/rfc822-headers\r\n\r\n%7$s\r\n--%4$s--\r\n',
  reporter, owner, bounce.mime_word(left(c.subject, 60)), 'notice.' || c.envelope_id || '.' || r.id,
  bounce.base64_lines(format(E'The mail "%s" (%s %s) to %s was not delivered and is not tried again.\r\n\r\n%s\r\n',
    c.subject, c.process, c.business_ref, r.address, r.response)),
  format(E'Reporting-MTA: dns; %s\r\nOriginal-Envelope-Id: %s\r\nArrival-Date: %s\r\n\r\n'
    'Original-Recipient: rfc822; %s\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %s\r\nDiagnostic-Code: smtp; %s\r\n',
    reporter, c.envelope_id, bounce.mail_date(c.created_at), r.address, r.address,
    CASE WHEN r.status_code ~ '^[45]\.[0-9]{1,3}\.[0-9]{1,3}$' THEN r.status_code ELSE '5.0.0' END,
    left(regexp_replace(bounce.one_line(r.response), '[^ -~]', '?', 'g'), 900)),
  format(E'Message-ID: <%s>\r\nX-Communication-ID: %s\r\nFrom: <%s>\r\nSubject: %s\r\n', coalesce(c.message_id, ''), c.envelope_id, c.sender,
    bounce.mime_word(left(c.subject, 60))), bounce.mail_date(now()));
$$;
COMMENT ON FUNCTION bounce.notice_text(bounce.communication, bounce.communication_recipient, text, text) IS
  'internal: a delivery status notification, RFC 3464, that names one recipient';

CREATE FUNCTION bounce.write_notice(c bounce.communication, recipient_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
  owner CONSTANT text := bounce.parameter('owner_mailbox', c.process);
  content bounce.communication_content;
  new_id bigint;
BEGIN
  SELECT q.* INTO r FROM bounce.communication_recipient AS q WHERE q.id = write_notice.recipient_id;
  -- a notice about a notice would go in circles
  IF owner = '' OR NOT bounce.parameter_boolean('delivery_notice', c.process) OR r.due_at IS NOT NULL
     OR EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = c.id AND k.null_sender) THEN
    RETURN;
  END IF;
  content.raw := convert_to(bounce.notice_text(c, r, owner, bounce.address_domain(c.sender)), 'UTF8');
  content.header_from := '';
  content.header_to := ARRAY[owner];
  content.header_cc := '{}';
  content.reply_to := '';
  content.auto_submitted := '';
  content.null_sender := true;
  content.bytes := length(content.raw);
  new_id := bounce.queue_communication(c.process, c.business_ref, 'postmaster@' || bounce.address_domain(c.sender), 'Undelivered: ' || c.subject, NULL, now());
  PERFORM bounce.queue_content(new_id, content, '[]');
  PERFORM bounce.queue_recipients(new_id, ARRAY[owner], 'to', now());
  PERFORM bounce.write_log(c.id, r.id, 'notice', format('non-delivery notice to %s, communication %s', owner, new_id));
END
$$;
COMMENT ON FUNCTION bounce.write_notice(bounce.communication, bigint) IS
  'internal: where delivery_notice is on, tells the process''s owner of a recipient that has failed for good';

-- Rights -----------------------------------------------------------------------------------

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = 'bounce_delivery') THEN
    CREATE ROLE bounce_delivery NOLOGIN;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION 'role bounce_delivery is missing and may not be created by %', current_user
    USING ERRCODE = 'insufficient_privilege', HINT = 'ALTER ROLE ... CREATEROLE, or have a superuser CREATE ROLE bounce_delivery.';
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;

-- The worker: no table, the functions of the queue, and the schema's version.
GRANT USAGE ON SCHEMA bounce TO bounce_delivery;
GRANT SELECT ON bounce.schema_migration TO bounce_delivery;
GRANT EXECUTE ON FUNCTION bounce.schema_version(), bounce.claim_deliveries(text, text, integer), bounce.begin_delivery(uuid, bigint[]),
  bounce.settle_delivery(uuid, text, jsonb), bounce.settle_and_begin(uuid, text, jsonb, uuid, bigint[]), bounce.release_claim(uuid, text),
  bounce.renew_leases(uuid[]), bounce.delivery_lease_seconds(), bounce.sweep_deliveries(), bounce.delivery_problem(text, text), bounce.next_due(text) TO bounce_delivery;

GRANT SELECT ON bounce.delivery, bounce.delivery_metric TO bounce_application, bounce_operator;
GRANT SELECT ON bounce.communication_content, bounce.communication_attachment, bounce.delivery_server TO bounce_operator;
GRANT UPDATE (delivery_state) ON bounce.communication TO bounce_application, bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.submit_communication(text, text[], text, text, text, text, bytea, text, text[], text[], text, jsonb, integer,
  timestamptz, text) TO bounce_application, bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.retry_communication(bigint), bounce.hold_communication(bigint), bounce.release_communication(bigint),
  bounce.cancel_communication(bigint) TO bounce_application, bounce_operator;
