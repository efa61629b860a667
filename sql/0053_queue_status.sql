-- SPDX-License-Identifier: BSD-2-Clause
--
-- Of what the queue sends, an application cannot say that it was sent, or failed.

CREATE FUNCTION bounce.communication_guard_status() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  runs_ahead CONSTANT boolean := CASE NEW.status
    WHEN 'error' THEN NOT EXISTS (SELECT FROM bounce.communication_recipient AS r WHERE r.communication_id = NEW.id AND r.state = 'error')
    ELSE EXISTS (SELECT FROM bounce.communication_recipient AS r WHERE r.communication_id = NEW.id AND r.state = 'open') END;
BEGIN
  IF runs_ahead THEN
    RAISE EXCEPTION 'communication %: status cannot be set to % by hand: the queue sends it', NEW.id, NEW.status
      USING ERRCODE = 'check_violation', HINT = 'bounce.delivery tells what became of it, bounce.cancel_communication() ends it.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce.communication_guard_status() IS 'internal: the status of a mail in the queue does not run ahead of its recipients';
CREATE TRIGGER communication_guard_status BEFORE UPDATE OF status ON bounce.communication
  FOR EACH ROW WHEN (OLD.status = 'open' AND NEW.status IN ('sent', 'error') AND NEW.delivery_state IS NOT NULL)
  EXECUTE FUNCTION bounce.communication_guard_status();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
