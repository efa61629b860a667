-- SPDX-License-Identifier: BSD-2-Clause
--
-- The state machine: one function moves a state and refuses the impossible.

CREATE OR REPLACE FUNCTION bounce_internal.write_log(
  communication_id bigint, recipient_id bigint, event text, text text,
                                 bounce_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.communication_log (communication_id, recipient_id, event, text, marked,
                                        bounce_id)
  SELECT write_log.communication_id, write_log.recipient_id, write_log.event,
         bounce_internal.plain(write_log.text), bounce_internal.marked(write_log.text),
         write_log.bounce_id
  WHERE write_log.communication_id IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.write_log(bigint, bigint, text, text, bigint) IS
  'adds an entry to the log of a communication, if there is one';

-- Communications ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.communication_before_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  NEW.message_id := bounce_internal.bare_id(NEW.message_id);
  NEW.updated_at := now();
  -- what the trigger of a recipient derives is right
  IF (TG_OP = 'UPDATE' AND NEW.status <> OLD.status OR TG_OP = 'INSERT' AND NEW.status = 'bounced')
     AND pg_trigger_depth() < 2 THEN
    NEW.status := bounce_internal.allowed_status(NEW.id, OLD.status, NEW.status);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.communication_before_write() IS
  'keeps the status consistent with the recipients, whoever writes it';

CREATE OR REPLACE FUNCTION bounce_internal.allowed_status(
  communication_id bigint, old_status text, new_status text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r record;
BEGIN
  SELECT coalesce(bool_or(k.state = 'bounced'), false) AS has_bounced,
         coalesce(bool_or(k.state = 'error'), false) AS has_failed,
         coalesce(bool_or(k.state = 'open'), false) AS has_open INTO r
  FROM bounce.communication_recipient AS k
  WHERE k.communication_id = allowed_status.communication_id;
  IF old_status IS NOT NULL AND r.has_bounced THEN
    -- A bounce may overtake the application's own "sent" or "error": the later news stands.
    RETURN 'bounced';
  ELSIF new_status = 'bounced' THEN
    RAISE EXCEPTION 'communication %: status cannot be bounced, none of its recipients is',
        communication_id
      USING ERRCODE = 'check_violation',
            HINT = 'Reports of bounces set it. Register a mail as open, sent or error.';
  ELSIF new_status = 'open' AND old_status = 'sent' THEN
    RAISE EXCEPTION 'communication %: status cannot go from sent to open', communication_id
      USING ERRCODE = 'check_violation',
            HINT = 'To send it again, register another communication or resend this one.';
  ELSIF old_status = 'open' AND (new_status = 'sent' AND r.has_open
                                 OR new_status = 'error' AND NOT r.has_failed)
        OR old_status = 'error' AND new_status IN ('open', 'sent') AND r.has_failed THEN
    -- apart, so that a mail that is sent does not pay for the question
    IF EXISTS (SELECT FROM bounce.communication_delivery AS d
               WHERE d.communication_id = allowed_status.communication_id) THEN
      RAISE EXCEPTION 'communication %: status cannot be set to % by hand: the queue sends it',
          communication_id, new_status
        USING ERRCODE = 'check_violation',
              HINT = 'bounce.delivery tells what became of it, bounce.cancel_communication() ends '
                     'it.';
    END IF;
  END IF;
  RETURN new_status;
END $$;
COMMENT ON FUNCTION bounce_internal.allowed_status(bigint, text, text) IS
  'the status that a communication may take when it is set to new_status (old_status NULL: a new '
  'one); 23514 when that contradicts the recipients or anticipates the queue';

CREATE OR REPLACE FUNCTION bounce_internal.remember_message_id(c bounce.communication) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
  SELECT c.message_id, c.id, greatest(1, max(r.attempts))
  FROM bounce.communication_recipient AS r WHERE r.communication_id = c.id
  ON CONFLICT DO NOTHING;
END $$;
COMMENT ON FUNCTION bounce_internal.remember_message_id(bounce.communication) IS
  'keeps every Message-ID, with the attempt that used it, for matching';

CREATE OR REPLACE FUNCTION bounce_internal.hand_over_recipients(c bounce.communication) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET state = c.status, attempts = greatest(1, r.attempts), last_attempt_at = now()
  WHERE r.communication_id = c.id AND r.state IN ('open', 'error') AND r.state <> c.status;
  PERFORM bounce_internal.write_log(c.id, NULL, c.status,
                                    bounce_internal.say('as the application says'));
END $$;
COMMENT ON FUNCTION bounce_internal.hand_over_recipients(bounce.communication) IS
  'when an application reports a communication as sent or failed, its waiting recipients become '
  'so too';

CREATE OR REPLACE FUNCTION bounce_internal.communication_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.remember_message_id(NEW);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.communication_after_insert() IS 'remembers the Message-ID';

CREATE OR REPLACE FUNCTION bounce_internal.communication_after_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  tells record;
BEGIN
  IF NEW.status <> OLD.status THEN
    IF OLD.status IN ('open', 'error') AND NEW.status IN ('sent', 'error') THEN
      -- recipients that the queue sends to are set by the queue, one by one
      IF NOT EXISTS (SELECT FROM bounce.communication_content AS k
                     WHERE k.communication_id = NEW.id)
         AND NOT EXISTS (SELECT FROM bounce.communication_delivery AS d
                         WHERE d.communication_id = NEW.id AND d.state = 'PROCESSING') THEN
        PERFORM bounce_internal.hand_over_recipients(NEW);
      END IF;
    END IF;
    SELECT p.status_notify, p.webhook INTO tells FROM bounce.policy AS p
    WHERE p.process IN (NEW.process, '') ORDER BY p.process DESC LIMIT 1;
    IF tells.status_notify THEN
      PERFORM pg_notify('bounce_communication', NEW.id::text);
    END IF;
    IF tells.webhook THEN
      PERFORM bounce_internal.add_event('communication.status', NEW.id,
                                        jsonb_build_object('status', NEW.status));
    END IF;
  END IF;
  IF NEW.message_id IS DISTINCT FROM OLD.message_id AND NEW.message_id IS NOT NULL THEN
    PERFORM bounce_internal.remember_message_id(NEW);
  END IF;
  IF NEW.process <> OLD.process THEN
    UPDATE bounce.communication_delivery AS d SET process = NEW.process
    WHERE d.communication_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.communication_after_update() IS
  'what follows from a new status, Message-ID or process';

-- Recipients -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.recipient_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  NEW.address := bounce_internal.checked_address(NEW.address, NEW.communication_id);
  IF NEW.state IS NULL OR NEW.attempts IS NULL THEN
    IF EXISTS (SELECT FROM bounce.communication_content AS k
               WHERE k.communication_id = NEW.communication_id) THEN
      NEW.state := coalesce(NEW.state, 'open');
      NEW.attempts := coalesce(NEW.attempts, 0);
    END IF;
    NEW.state := coalesce(NEW.state,
                          (SELECT CASE c.status WHEN 'bounced' THEN 'sent' ELSE c.status END
                                      FROM bounce.communication AS c
                                      WHERE c.id = NEW.communication_id), 'open');
    NEW.attempts := coalesce(NEW.attempts, CASE NEW.state WHEN 'open' THEN 0 ELSE 1 END);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_before_insert IS
  'the state and attempts of a new recipient, by default those of the communication';

CREATE OR REPLACE FUNCTION bounce_internal.checked_address(address text, communication_id bigint)
RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  bare CONSTANT text := btrim(address, E' \t\r\n<>');
BEGIN
  IF NOT bounce_internal.is_address(bare) THEN
    RAISE EXCEPTION 'communication %: "%" is not a mail address', communication_id,
      coalesce(bare, 'NULL')
      USING ERRCODE = 'check_violation',
            HINT = 'local-part@domain, without a display name, white space, control characters or '
                   'angle brackets inside.';
  END IF;
  RETURN bare;
END $$;
COMMENT ON FUNCTION bounce_internal.checked_address(text, bigint) IS
  'a recipient''s bare address; 23514 when it is not an address';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_before_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.address IS DISTINCT FROM OLD.address THEN
    NEW.address := bounce_internal.checked_address(NEW.address, NEW.communication_id);
  END IF;
  IF NEW.attempts < OLD.attempts OR NEW.corrections < OLD.corrections THEN
    RAISE EXCEPTION 'recipient %: attempts cannot fall from % to %, nor corrections from % to %',
      OLD.id,
        OLD.attempts, NEW.attempts, OLD.corrections, NEW.corrections
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.corrections = OLD.corrections
        AND ((NEW.state = 'replaced') <> (OLD.state = 'replaced')
             OR OLD.state = 'sent' AND NEW.state = 'open'
             OR OLD.state = 'bounced' AND NEW.attempts = OLD.attempts
                AND (NEW.state <> 'bounced'
                     OR bounce_internal.class_rank(NEW.class) < bounce_internal.class_rank(
                         OLD.class))) THEN
    RAISE EXCEPTION 'recipient %: state cannot go from % to %', OLD.id,
        concat_ws(' ', OLD.state, OLD.class), concat_ws(' ', NEW.state, NEW.class)
      USING ERRCODE = 'check_violation',
            HINT = 'A bounced recipient is sent to again with bounce.confirm_resend(), which '
                   'counts the attempt.';
  END IF;
  IF NEW.next_attempt_at IS NULL THEN
    NEW.requested_by := NULL;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_before_update() IS
  'a recipient''s state never goes back within one attempt, except by a counted correction';

CREATE OR REPLACE FUNCTION bounce_internal.follow_schedule(
  r bounce.communication_recipient, is_new boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF r.next_attempt_at IS NULL THEN
    UPDATE bounce.recipient_delivery AS q
    SET state = CASE r.state WHEN 'sent' THEN 'accepted' ELSE 'rejected' END, due_at = NULL
    WHERE q.recipient_id = r.id AND q.state IN ('due', 'pending') AND r.state <> 'open';
  ELSIF EXISTS (SELECT FROM bounce.communication_content AS k
                WHERE k.communication_id = r.communication_id) THEN
    INSERT INTO bounce.recipient_delivery AS q (recipient_id, communication_id, due_at)
    VALUES (r.id, r.communication_id, r.next_attempt_at)
    ON CONFLICT (recipient_id) DO UPDATE
    SET state = CASE q.state WHEN 'pending' THEN 'pending' ELSE 'due' END,
        due_at = r.next_attempt_at,
        tries = CASE WHEN is_new AND q.due_at IS DISTINCT FROM r.next_attempt_at THEN 0
                     ELSE q.tries END
    WHERE q.state NOT IN ('claimed', 'sending');
  ELSE
    PERFORM bounce_internal.tell_resend(r);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.follow_schedule(bounce.communication_recipient, boolean) IS
  'makes the recipient due in the queue at next_attempt_at, unless a worker has claimed it; '
  'without it, only one to whom nothing was sent yet waits on. Of a mail that its application '
  'sends, tells that one';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_after_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.next_attempt_at IS DISTINCT FROM OLD.next_attempt_at THEN
    PERFORM bounce_internal.follow_schedule(NEW, OLD.next_attempt_at IS NULL);
  END IF;
  -- what a bounce comes to, bounces_after_insert() derives
  IF NEW.state <> 'bounced' OR NEW.corrections <> OLD.corrections
     OR NEW.bounce_id IS NOT DISTINCT FROM OLD.bounce_id THEN
    PERFORM bounce_internal.derive_communication(NEW.communication_id);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_after_update() IS
  'updates the queue and the communication of a recipient';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_failed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF TG_OP <> 'DELETE' AND (NEW.state IN ('bounced', 'error') OR NEW.task_id IS NOT NULL) THEN
    INSERT INTO bounce.failed_recipient (recipient_id, bounced_at, task_id)
    VALUES (NEW.id, NEW.bounced_at, NEW.task_id)
    ON CONFLICT (recipient_id) DO UPDATE
    SET bounced_at = excluded.bounced_at, task_id = excluded.task_id;
  ELSE
    DELETE FROM bounce.failed_recipient AS k WHERE k.recipient_id = OLD.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_failed() IS
  'keeps failed_recipient as the recipients are';

CREATE OR REPLACE FUNCTION bounce_internal.recipients_of_task(t bounce.task) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT k.recipient_id FROM bounce.failed_recipient AS k WHERE k.task_id = t.id)
         || t.recipient_id;
END $$;
COMMENT ON FUNCTION bounce_internal.recipients_of_task(bounce.task) IS
  'the recipients that have this task, and the one that it names; NULL where it names none. An OR '
  'of both would read all recipients that there are';

CREATE OR REPLACE FUNCTION bounce_internal.bounces_after_insert() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  queued_id bigint;
BEGIN
  FOR queued_id IN
    WITH bounced AS (
      SELECT DISTINCT r.communication_id
      FROM added AS a JOIN bounce.communication_recipient AS r ON r.id = a.recipient_id
      WHERE r.bounce_id = a.id),
    told AS (
      -- what derive_communication() comes to where the queue does not send
      UPDATE bounce.communication AS c SET status = 'bounced'
      FROM bounced AS m WHERE c.id = m.communication_id AND c.status <> 'bounced')
    SELECT d.communication_id
    FROM bounced AS m JOIN bounce.communication_delivery AS d USING (communication_id)
    ORDER BY d.communication_id
  LOOP
    PERFORM bounce_internal.derive_communication(queued_id);
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.bounces_after_insert() IS
  'updates the communications of recipients that bounced, all those of a call at once';

CREATE OR REPLACE FUNCTION bounce_internal.recipients_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  j record;
BEGIN
  -- what had ended is open again when a recipient is added
  FOR j IN
    WITH queued AS (
      INSERT INTO bounce.recipient_delivery (recipient_id, communication_id, due_at)
      SELECT a.id, a.communication_id, now()
      FROM added AS a JOIN bounce.communication_delivery AS d
        ON d.communication_id = a.communication_id
      WHERE a.state = 'open' AND EXISTS (SELECT FROM bounce.communication_content AS k
                                         WHERE k.communication_id = a.communication_id)
      RETURNING recipient_id, communication_id, due_at)
    SELECT q.communication_id, q.recipient_id, a.address
    FROM queued AS q JOIN added AS a ON a.id = q.recipient_id
    JOIN bounce.communication_delivery AS d ON d.communication_id = q.communication_id
    WHERE d.state IN ('SUCCESS', 'ERROR') OR d.due_at > q.due_at ORDER BY q.recipient_id
  LOOP
    PERFORM bounce_internal.write_log(j.communication_id, j.recipient_id, 'requeued',
                                      bounce_internal.say('%s was added', j.address));
    PERFORM bounce_internal.derive_communication(j.communication_id);
  END LOOP;
  PERFORM bounce_internal.derive_communication(f.communication_id)
  FROM (SELECT DISTINCT a.communication_id FROM added AS a
        WHERE a.state IN ('bounced', 'error')) AS f;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipients_after_insert() IS
  'makes a recipient due that is added to a mail in the queue, and updates the communication';
