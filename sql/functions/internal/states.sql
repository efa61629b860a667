-- SPDX-License-Identifier: BSD-2-Clause
--
-- The state machine: one function moves a state and refuses the impossible.

CREATE OR REPLACE FUNCTION bounce_internal.write_log(communication_id bigint, recipient_id bigint, event text, text text,
                                 bounce_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.communication_log (communication_id, recipient_id, event, text, bounce_id)
  SELECT write_log.communication_id, write_log.recipient_id, write_log.event, write_log.text, write_log.bounce_id
  WHERE write_log.communication_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.write_log(bigint, bigint, text, text, bigint) IS
  'a line of the communication''s log, if there is one';

-- Communications ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.has_bounced_recipient(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.communication_recipient AS r
                 WHERE r.communication_id = has_bounced_recipient.communication_id AND r.state = 'bounced');
END
$$;

CREATE OR REPLACE FUNCTION bounce_internal.derived_status(status text, is_bounced boolean, is_failed boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN is_bounced THEN 'bounced' WHEN is_failed THEN 'error' WHEN status = 'bounced' THEN 'sent' ELSE status END
$$;

CREATE OR REPLACE FUNCTION bounce_internal.communication_before_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  NEW.message_id := bounce_internal.bare_id(NEW.message_id);
  NEW.updated_at := now();
  IF TG_OP = 'UPDATE' AND bounce_internal.has_bounced_recipient(NEW.id) THEN
    -- A bounce may overtake the application's own "sent" or "error": the later news stands.
    NEW.status := 'bounced';
  ELSIF NEW.status = 'bounced' AND OLD.status IS DISTINCT FROM 'bounced' THEN
    RAISE EXCEPTION 'communication %: status cannot be bounced, none of its recipients is', NEW.id
      USING ERRCODE = 'check_violation',
            HINT = 'Reports of bounces set it. Register a mail as open, sent or error.';
  ELSIF NEW.status = 'open' AND OLD.status = 'sent' THEN
    RAISE EXCEPTION 'communication %: status cannot go from sent to open', NEW.id
      USING ERRCODE = 'check_violation', HINT = 'To send it again, register another communication or resend this one.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.communication_before_write() IS
  'the status does not contradict the recipients, whoever writes it';

CREATE OR REPLACE FUNCTION bounce_internal.communication_remember_message_id() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
  SELECT NEW.message_id, NEW.id, greatest(1, max(r.attempts))
  FROM bounce.communication_recipient AS r WHERE r.communication_id = NEW.id
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION bounce_internal.communication_handed_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.id) THEN
    RETURN NULL;
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET state = NEW.status, attempts = greatest(1, r.attempts), last_attempt_at = now()
  WHERE r.communication_id = NEW.id AND r.state IN ('open', 'error') AND r.state <> NEW.status;
  PERFORM bounce_internal.write_log(NEW.id, NULL, NEW.status, 'as the application says');
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.communication_handed_over() IS
  'the application says that a communication was sent, or could not be: so were its waiting recipients. Of what '
  'the queue sends, the queue tells, recipient by recipient';

CREATE OR REPLACE FUNCTION bounce_internal.tell_communication() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bounce_communication', NEW.id::text);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.tell_communication() IS 'tells listeners that a communication has another status';

-- Recipients -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.recipient_before_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  NEW.state := coalesce(NEW.state, (SELECT CASE c.status WHEN 'bounced' THEN 'sent' ELSE c.status END
                                    FROM bounce.communication AS c WHERE c.id = NEW.communication_id), 'open');
  NEW.attempts := coalesce(NEW.attempts, CASE NEW.state WHEN 'open' THEN 0 ELSE 1 END);
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION bounce_internal.recipient_check_address() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  NEW.address := btrim(NEW.address, E' \t\r\n<>');
  IF NOT bounce_internal.is_address(NEW.address) THEN
    RAISE EXCEPTION 'communication %: "%" is not a mail address', NEW.communication_id, coalesce(NEW.address, 'NULL')
      USING ERRCODE = 'check_violation',
            HINT = 'local-part@domain, without a display name, white space, control characters or angle brackets inside.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipient_check_address() IS 'addresses are stored bare, and what cannot be one is refused';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_guard_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NEW.attempts < OLD.attempts OR NEW.corrections < OLD.corrections THEN
    RAISE EXCEPTION 'recipient %: attempts cannot fall from % to %, nor corrections from % to %', OLD.id,
        OLD.attempts, NEW.attempts, OLD.corrections, NEW.corrections
      USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state = 'replaced' AND NEW.state <> 'replaced'
     OR NEW.corrections = OLD.corrections
        AND (NEW.state = 'replaced' AND OLD.state <> 'replaced'
             OR OLD.state = 'sent' AND NEW.state = 'open'
             OR OLD.state = 'bounced' AND NEW.attempts = OLD.attempts
                AND (NEW.state <> 'bounced' OR bounce_internal.class_rank(NEW.class) < bounce_internal.class_rank(OLD.class))) THEN
    RAISE EXCEPTION 'recipient %: state cannot go from % to %', OLD.id,
        concat_ws(' ', OLD.state, OLD.class), concat_ws(' ', NEW.state, NEW.class)
      USING ERRCODE = 'check_violation',
            HINT = 'A bounced recipient is sent to again with bounce.confirm_resend(), which counts the attempt.';
  END IF;
  IF NEW.next_attempt_at IS NULL THEN
    NEW.requested_by := NULL;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipient_guard_state() IS
  'a recipient''s state never goes back within one attempt, but for a counted correction';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_after_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.derive_communication(NEW.communication_id);
  RETURN NULL;
END
$$;
