-- SPDX-License-Identifier: BSD-2-Clause
--
-- For applications: mail that bounce-delivery sends.

CREATE OR REPLACE FUNCTION bounce.submit_communication(
  process text, recipients text[], sender text, subject text DEFAULT '',
    body_text text DEFAULT NULL, body_html text DEFAULT NULL, raw bytea DEFAULT NULL,
    business_ref text DEFAULT '',
    cc text[] DEFAULT '{}', bcc text[] DEFAULT '{}', reply_to text DEFAULT '',
    attachments jsonb DEFAULT '[]',
    priority integer DEFAULT NULL, not_before timestamptz DEFAULT NULL,
    auto_submitted text DEFAULT 'auto-generated', idempotency_key text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  files CONSTANT jsonb := coalesce(attachments, '[]');
  content bounce.communication_content;
  new_id bigint := bounce_internal.communication_of_key(
    bounce_internal.require_own_process(process), idempotency_key);
BEGIN
  IF new_id IS NOT NULL THEN
    RETURN new_id;
  END IF;
  PERFORM bounce_internal.check_envelope(process, business_ref, subject, priority, not_before,
                                         auto_submitted);
  PERFORM bounce_internal.check_mailboxes(sender, reply_to,
                                          coalesce(recipients, '{}') || coalesce(cc, '{}')
                                          || coalesce(bcc, '{}'));
  content.bytes := bounce_internal.check_content(raw, body_text, body_html, files);
  content.raw := raw;
  content.body_text := CASE WHEN raw IS NULL AND body_html IS NULL THEN coalesce(body_text, '')
                            ELSE body_text END;
  content.body_html := body_html;
  content.header_from := bounce_internal.one_line(sender);
  content.header_to := ARRAY(SELECT bounce_internal.one_line(m)
                             FROM unnest(recipients) WITH ORDINALITY AS u (m, place)
                             ORDER BY u.place);
  content.header_cc := ARRAY(SELECT bounce_internal.one_line(m)
                             FROM unnest(cc) WITH ORDINALITY AS u (m, place) ORDER BY u.place);
  content.reply_to := bounce_internal.one_line(reply_to);
  content.auto_submitted := CASE WHEN raw IS NULL THEN coalesce(auto_submitted, '') ELSE '' END;
  content.null_sender := false;
  new_id := bounce_internal.new_communication(process, business_ref, sender, subject,
                                              idempotency_key);
  IF new_id IS NULL THEN     -- another session was faster by a moment
    RETURN bounce_internal.communication_of_key(process, idempotency_key);
  END IF;
  PERFORM bounce_internal.queue_content(new_id, content, files);
  PERFORM bounce_internal.add_recipients(new_id, recipients, cc, bcc);
  PERFORM bounce_internal.queue_communication(new_id, priority, coalesce(not_before, now()));
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce.submit_communication(text, text[], text, text, text, text, bytea, text,
                                                text[], text[], text, jsonb, integer,
                                                timestamptz, text, text) IS
  'application: submits a mail for sending by bounce-delivery and returns communication.id. It is '
  'part of the caller''s transaction: nothing is sent before COMMIT. recipients, cc, bcc and '
  'sender: bare addresses or "Name <address>". Content: raw (a complete RFC 5322 message), or '
  'subject with body_text, body_html or both, and attachments [{"filename", "contentType", '
  '"content", "encoding": "base64", "cid"}]. idempotency_key: a second call of the process with '
  'the same key submits nothing and returns the id of the first. Delivery errors '
  'are never raised here: '
  'bounce.delivery shows them. 23503 for an unknown process, 42501 for one of other applications, '
  '23514 for something that is not an '
  'address, 22023 for a wrong argument, 54000 for content that is too large, 0A000 for a sender '
  'that needs SMTPUTF8; a recipient that needs it is sent to where the server offers it';

CREATE OR REPLACE FUNCTION bounce.correct_content(
  communication_id bigint, subject text DEFAULT NULL, body_text text DEFAULT NULL,
  body_html text DEFAULT NULL, raw bytea DEFAULT NULL, attachments jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.require_queued(communication_id);
  old CONSTANT bounce.communication := (SELECT c FROM bounce.communication AS c
                                        WHERE c.id = d.communication_id);
  is_whole CONSTANT boolean := num_nonnulls(raw, body_text, body_html) > 0;
  bytes bigint;
BEGIN
  IF d.state = 'PROCESSING' THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'communication %s: a worker has it until %s', old.id::text, d.lease_expire_time::text),
      bounce_internal.say('Try again when that has ended.'));
  END IF;
  IF is_whole OR attachments IS NOT NULL THEN
    bytes := bounce_internal.replace_content(old, raw, body_text, body_html, attachments);
  END IF;
  UPDATE bounce.communication AS c
  SET subject = bounce_internal.one_line(correct_content.subject)
  WHERE c.id = old.id AND correct_content.subject IS NOT NULL;
  PERFORM bounce_internal.write_log(old.id, NULL, 'content_changed',
    concat_ws(', ', CASE WHEN correct_content.subject IS NOT NULL
                         THEN bounce_internal.say('the subject was "%s"', old.subject) END,
              CASE WHEN bytes IS NOT NULL
                   THEN bounce_internal.say('the content has %s bytes now', bytes::text) END));
END $$;
COMMENT ON FUNCTION bounce.correct_content(bigint, text, text, text, bytea, jsonb) IS
  'application: another content for a mail in the queue that is not being sent; set its state to '
  'RETRY to send it again. NULL: as it was; with raw, body_text or body_html the others of the '
  'three go. P0002 when it is not in the queue, 23514 while a worker has claimed it, 22023 as '
  'submit_communication()';

CREATE OR REPLACE FUNCTION bounce.retry_communication(communication_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.require_queued(communication_id);
BEGIN
  IF d.state IN ('PENDING', 'RETRY') THEN
    PERFORM bounce_internal.remember_recipients(
      ARRAY(SELECT q.recipient_id FROM bounce.recipient_delivery AS q
            WHERE q.communication_id = d.communication_id AND q.state IN ('due', 'pending')
              AND q.due_at > now()), NULL);
    UPDATE bounce.recipient_delivery AS q SET due_at = now()
    WHERE q.communication_id = d.communication_id AND q.state IN ('due', 'pending');
    UPDATE bounce.communication_recipient AS r SET next_attempt_at = now()
    WHERE r.communication_id = d.communication_id AND r.next_attempt_at IS NOT NULL;
    PERFORM bounce_internal.write_log(d.communication_id, NULL, 'requeued',
                                      bounce_internal.say('due at once'));
  ELSE
    UPDATE bounce.communication_delivery AS k
    SET state = CASE WHEN k.attempts = 0 AND EXISTS (
                       SELECT FROM bounce.recipient_delivery AS q
                       WHERE q.communication_id = d.communication_id
                         AND q.cancelled_due_at IS NOT NULL)
                     THEN 'PENDING' ELSE 'RETRY' END
    WHERE k.communication_id = d.communication_id;
  END IF;
END $$;
COMMENT ON FUNCTION bounce.retry_communication(bigint) IS
  'application: sends again. A waiting mail: at once; a finished one: to the recipients that did '
  'not get it, or to all when all did; one that was cancelled: what was cancelled waits as before. '
  'withdraw_resend() takes it back, but the last, which cancel_communication() does again. It is '
  'the same as setting the state in bounce.delivery to RETRY. '
  'P0002 when it is not in the queue, 23514 while a worker has claimed it';

CREATE OR REPLACE FUNCTION bounce.hold_communication(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.require_queued(communication_id);
BEGIN
  IF d.held_at IS NOT NULL OR d.state IN ('SUCCESS', 'ERROR') THEN
    RETURN false;
  END IF;
  UPDATE bounce.communication_delivery AS k SET held_at = now(), held_by = session_user
  WHERE k.communication_id = d.communication_id;
  PERFORM bounce_internal.write_log(d.communication_id, NULL, 'held',
                                    bounce_internal.say('held by %s', session_user::text));
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.hold_communication(bigint) IS
  'application: puts a mail on hold: nothing more of it is sent until it is released. False when '
  'it was on hold or is finished';

CREATE OR REPLACE FUNCTION bounce.release_communication(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.require_queued(communication_id);
BEGIN
  IF d.held_at IS NULL THEN
    RETURN false;
  END IF;
  UPDATE bounce.communication_delivery AS k SET held_at = NULL, held_by = NULL
  WHERE k.communication_id = d.communication_id;
  PERFORM bounce_internal.write_log(d.communication_id, NULL, 'released',
                                    bounce_internal.say('released by %s', session_user::text));
  PERFORM pg_notify('bounce_delivery', '');
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.release_communication(bigint) IS
  'application: ends a hold. False when there was none';

CREATE OR REPLACE FUNCTION bounce.cancel_communication(communication_id bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.require_queued(communication_id);
  why CONSTANT text := 'cancelled by ' || session_user;
  ids bigint[];
BEGIN
  IF d.state = 'PROCESSING' THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'communication %s: a worker has it until %s', d.communication_id::text,
        d.lease_expire_time::text));
  END IF;
  ids := ARRAY(SELECT q.recipient_id FROM bounce.recipient_delivery AS q
               WHERE q.communication_id = d.communication_id AND q.state IN ('due', 'pending'));
  -- who has it already has it
  UPDATE bounce.recipient_delivery AS q
  SET state = CASE r.state WHEN 'sent' THEN 'accepted' ELSE 'rejected' END, due_at = NULL,
      cancelled_due_at = CASE WHEN r.state <> 'sent' THEN q.due_at END
  FROM bounce.communication_recipient AS r WHERE r.id = q.recipient_id AND r.id = ANY (ids);
  UPDATE bounce.communication_recipient AS r
  SET next_attempt_at = NULL, state = CASE r.state WHEN 'open' THEN 'error' ELSE r.state END,
      diagnostic = CASE r.state WHEN 'open' THEN why ELSE r.diagnostic END
  WHERE r.id = ANY (ids);
  UPDATE bounce.communication_delivery AS k
  SET held_at = NULL, held_by = NULL,
      error = CASE WHEN cardinality(ids) > 0 THEN why ELSE k.error END
  WHERE k.communication_id = d.communication_id;
  PERFORM bounce_internal.derive_communication(d.communication_id);
  IF cardinality(ids) > 0 THEN
    PERFORM bounce_internal.write_log(d.communication_id, NULL, 'cancelled',
                                      bounce_internal.say('%s recipients, by %s',
                                                          cardinality(ids)::text,
                                                          session_user::text));
  END IF;
  RETURN cardinality(ids);
END $$;
COMMENT ON FUNCTION bounce.cancel_communication(bigint) IS
  'application: cancels what is still waiting. Returns the number of recipients. Taken back with '
  'retry_communication(): it waits as before. 23514 while a worker has claimed it';

-- Processes --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.pause_process(process text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'pause a process');
  p bounce.process;
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, ''));
  SELECT q.* INTO p FROM bounce.process AS q
  WHERE q.name = pause_process.process AND q.paused_at IS NULL FOR NO KEY UPDATE;
  IF FOUND THEN
    PERFORM bounce_internal.pause(p, because);
  END IF;
  RETURN p.name IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce.pause_process(text, text) IS
  'operator: has nothing of a process sent until resume_process(), neither by the queue nor by '
  'claim_resends(); what is being sent ends. False when it is paused already. 23503 for an unknown '
  'process, 22023 without a reason';

CREATE OR REPLACE FUNCTION bounce.resume_process(process text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'resume a process');
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, ''));
  UPDATE bounce.process AS q
  SET paused_at = NULL, paused_by = NULL, pause_why = NULL, resumed_at = now()
  WHERE q.name = resume_process.process AND q.paused_at IS NOT NULL;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM bounce_internal.close_task(t.id, 'done', because) FROM bounce.task AS t
  WHERE t.dedup_key = 'process_paused:' || resume_process.process AND t.status = 'open';
  PERFORM pg_notify('bounce_delivery', '');
  PERFORM pg_notify('bounce_resend', min(w.recipient_id)::text)
  FROM bounce_internal.registered_resends() AS w
  WHERE w.process = resume_process.process
    AND bounce_internal.parameter_boolean('resend_notify', w.process)
  HAVING count(*) > 0;
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.resume_process(text, text) IS
  'operator: has the mails of a paused process sent again, and closes the task about it. '
  'Mails from before do not count in its bounce rate any more. False when it is not paused. 23503 '
  'for an unknown process, 22023 without a reason';
