-- SPDX-License-Identifier: BSD-2-Clause
--
-- The state machine: one function moves a state and refuses the impossible.

CREATE OR REPLACE FUNCTION bounce.communication_handed_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.id) THEN
    RETURN NULL;
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET state = NEW.status, attempts = greatest(1, r.attempts), last_attempt_at = now()
  WHERE r.communication_id = NEW.id AND r.state IN ('open', 'error') AND r.state <> NEW.status;
  PERFORM bounce.write_log(NEW.id, NULL, NEW.status, 'as the application says');
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce.communication_handed_over() IS
  'internal: the application says that a communication was sent, or could not be: so were its waiting recipients. Of what '
  'the queue sends, the queue tells, recipient by recipient';

CREATE OR REPLACE FUNCTION bounce.recipient_guard_state() RETURNS trigger
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
                AND (NEW.state <> 'bounced' OR bounce.class_rank(NEW.class) < bounce.class_rank(OLD.class))) THEN
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
COMMENT ON FUNCTION bounce.recipient_guard_state() IS
  'internal: a recipient''s state never goes back within one attempt, but for a counted correction';
