-- SPDX-License-Identifier: BSD-2-Clause
--
-- The delivery state of a communication follows from what became of its recipients:
--
--   somebody claimed or being sent to    PROCESSING
--   somebody due or pending              PENDING when nothing was ever tried, else RETRY
--   somebody unknown                     ERROR
--   somebody accepted                    SUCCESS
--   else                                 ERROR
--
-- Whoever writes it, the table takes nothing else, but for one wish: RETRY or PENDING
-- set on SUCCESS or ERROR sends again.

CREATE OR REPLACE FUNCTION bounce_internal.delivery_standing(communication_id bigint, OUT in_claim boolean, OUT due_at timestamptz, OUT was_tried boolean,
                                                    OUT ended text, OUT is_clean boolean, OUT status text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- a recipient that the queue does not send to (delivery NULL) counts for status only
  SELECT coalesce(bool_or(r.delivery IN ('claimed', 'sending')), false),
         min(r.due_at) FILTER (WHERE r.delivery IN ('due', 'pending')),
         coalesce(bool_or(r.delivery IS NOT NULL AND (r.attempts > 0 OR r.tries > 0)), false),
         CASE WHEN bool_or(r.delivery = 'unknown' AND r.state <> 'replaced') THEN 'ERROR'
              WHEN bool_or(r.delivery = 'accepted') THEN 'SUCCESS'
              WHEN count(r.delivery) > 0 THEN 'ERROR' END,
         coalesce(bool_and(r.delivery = 'accepted'), true),
         CASE WHEN bool_or(r.state = 'bounced') THEN 'bounced'
              WHEN bool_or(r.state = 'error') THEN 'error'
              WHEN bool_and(r.state IN ('sent', 'replaced')) THEN 'sent' END
  INTO in_claim, due_at, was_tried, ended, is_clean, status
  FROM bounce.communication_recipient AS r
  WHERE r.communication_id = delivery_standing.communication_id;
END
$$;
COMMENT ON FUNCTION bounce_internal.delivery_standing(bigint) IS
  'how the recipients stand: in a claim, due when, tried before; ended: SUCCESS or ERROR when nothing is left to do, NULL for a '
  'mail that the queue does not send; is_clean: everybody accepted; status: communication.status that follows, NULL while somebody is open';

CREATE OR REPLACE FUNCTION bounce_internal.waiting_state(old_state text, was_tried boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN old_state IN ('PENDING', 'RETRY') THEN old_state
              WHEN was_tried OR old_state IN ('SUCCESS', 'ERROR') THEN 'RETRY'
              ELSE 'PENDING' END
$$;
COMMENT ON FUNCTION bounce_internal.waiting_state(text, boolean) IS 'PENDING or RETRY, while somebody is due';

CREATE OR REPLACE FUNCTION bounce_internal.standing_state(communication_id bigint, old_state text, attempts integer) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  d CONSTANT record := bounce_internal.delivery_standing(communication_id);
BEGIN
  RETURN CASE WHEN d.in_claim THEN 'PROCESSING'
              WHEN d.due_at IS NOT NULL THEN bounce_internal.waiting_state(old_state, attempts > 0 OR d.was_tried)
              ELSE d.ended END;
END
$$;
COMMENT ON FUNCTION bounce_internal.standing_state(bigint, text, integer) IS 'the delivery state that follows from the recipients';

CREATE OR REPLACE FUNCTION bounce_internal.standing_error(communication_id bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT left(coalesce(string_agg(format('%s: %s', f.address, f.words), E'\n' ORDER BY f.rank, f.id) FILTER (WHERE f.place <= 10), '')
                || CASE WHEN count(*) > 10 THEN format(E'\nand %s more', count(*) - 10) ELSE '' END, 4000)
    FROM (SELECT r.id, r.address, row_number() OVER (ORDER BY k.rank, r.id) AS place, k.rank,
                 CASE WHEN r.delivery = 'unknown' OR r.state = 'bounced' AND r.response ~ '^(2|$)' THEN r.diagnostic ELSE r.response END AS words
          FROM bounce.communication_recipient AS r
          JOIN (VALUES ('unknown', 1), ('rejected', 2), ('pending', 3)) AS k (delivery, rank) ON k.delivery = r.delivery
          WHERE r.communication_id = standing_error.communication_id AND r.state <> 'replaced') AS f);
END
$$;
COMMENT ON FUNCTION bounce_internal.standing_error(bigint) IS
  'who has not got it and why, one line each, unknown outcomes first; at most ten';

CREATE OR REPLACE FUNCTION bounce_internal.queued_status(communication_id bigint, status text, is_bounced boolean, is_failed boolean) RETURNS text
LANGUAGE sql STABLE AS $$
  -- open -> sent: what the queue sends, no application reports
  SELECT CASE WHEN NOT is_bounced AND NOT is_failed AND queued_status.status IN ('open', 'error')
                   AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS r
                                   WHERE r.communication_id = queued_status.communication_id AND r.state <> 'sent') THEN 'sent'
              ELSE bounce_internal.derived_status(queued_status.status, is_bounced, is_failed) END;
$$;
COMMENT ON FUNCTION bounce_internal.queued_status(bigint, text, boolean, boolean) IS 'derived_status, for what the queue sends as well';

CREATE OR REPLACE FUNCTION bounce_internal.may_go(old_state text, new_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE coalesce(old_state, '')
    WHEN ''           THEN new_state IN ('PENDING', 'RETRY')
    WHEN 'PENDING'    THEN new_state IN ('PROCESSING', 'SUCCESS', 'ERROR')
    WHEN 'PROCESSING' THEN new_state IN ('SUCCESS', 'ERROR', 'RETRY', 'PENDING')
    WHEN 'RETRY'      THEN new_state IN ('PROCESSING', 'SUCCESS', 'ERROR')
    WHEN 'SUCCESS'    THEN new_state IN ('PENDING', 'RETRY')
    WHEN 'ERROR'      THEN new_state IN ('PENDING', 'RETRY')
  END
$$;
COMMENT ON FUNCTION bounce_internal.may_go(text, text) IS
  'the moves of communication.delivery_state there are. PENDING to SUCCESS: set to PENDING by a hand, and the rest was called off';

CREATE OR REPLACE FUNCTION bounce_internal.derive_communication(communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  is_bounced CONSTANT boolean := bounce_internal.has_bounced_recipient(communication_id);
  is_failed CONSTANT boolean := EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    WHERE r.communication_id = derive_communication.communication_id AND r.state = 'error');
  due CONSTANT timestamptz := (SELECT s.due_at FROM bounce_internal.delivery_standing(communication_id) AS s);
BEGIN
  -- a claim ends by finish_communication() only
  UPDATE bounce.communication AS c
  SET status = d.status, due_at = due, delivery_state = d.state,
      error = CASE WHEN c.delivery_state IN ('PENDING', 'RETRY') AND d.state IN ('SUCCESS', 'ERROR') THEN bounce_internal.standing_error(c.id) ELSE c.error END
  FROM (SELECT bounce_internal.queued_status(k.id, k.status, is_bounced, is_failed) AS status,
               CASE WHEN k.delivery_state <> 'PROCESSING' AND bounce_internal.may_go(k.delivery_state, n.state) THEN n.state ELSE k.delivery_state END AS state
        FROM bounce.communication AS k CROSS JOIN bounce_internal.standing_state(k.id, k.delivery_state, k.attempts) AS n (state)
        WHERE k.id = derive_communication.communication_id) AS d
  WHERE c.id = derive_communication.communication_id
    AND (c.status, c.delivery_state, c.due_at) IS DISTINCT FROM (d.status, d.state, due);
END
$$;
COMMENT ON FUNCTION bounce_internal.derive_communication(bigint) IS
  'the one place where a communication''s status and delivery state follow from its recipients';

-- Triggers ---------------------------------------------------------------------------

-- A new row is nobody's success.
CREATE OR REPLACE FUNCTION bounce_internal.communication_guard_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'communication %: a new one cannot be %', NEW.id, NEW.delivery_state
    USING ERRCODE = 'check_violation', HINT = 'Hand it over with bounce.submit_communication().';
END
$$;
COMMENT ON FUNCTION bounce_internal.communication_guard_insert() IS 'the queue begins with PENDING';

CREATE OR REPLACE FUNCTION bounce_internal.communication_guard_status() RETURNS trigger
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
COMMENT ON FUNCTION bounce_internal.communication_guard_status() IS 'the status of a mail in the queue does not run ahead of its recipients';

CREATE OR REPLACE FUNCTION bounce_internal.communication_guard_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF OLD.delivery_state IN ('SUCCESS', 'ERROR') AND NEW.delivery_state IN ('RETRY', 'PENDING') THEN
    IF NOT EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.id) THEN
      RAISE EXCEPTION 'communication %: there is no content to send', OLD.id USING ERRCODE = 'check_violation',
        HINT = 'Hand it over with bounce.submit_communication().';
    END IF;
    RETURN NEW;
  ELSIF bounce_internal.may_go(OLD.delivery_state, NEW.delivery_state) IS NOT TRUE THEN
    RAISE EXCEPTION 'communication %: delivery state cannot go from % to %', OLD.id,
        coalesce(OLD.delivery_state, 'none'), coalesce(NEW.delivery_state, 'none')
      USING ERRCODE = 'check_violation', HINT = 'SUCCESS and ERROR are final but for RETRY and PENDING, which send again.';
  ELSIF NEW.delivery_state IS DISTINCT FROM bounce_internal.standing_state(NEW.id, OLD.delivery_state, NEW.attempts) THEN
    RAISE EXCEPTION 'communication %: delivery state cannot be set from % to % by hand: it follows from its recipients', OLD.id,
        coalesce(OLD.delivery_state, 'none'), NEW.delivery_state
      USING ERRCODE = 'check_violation',
            HINT = CASE WHEN OLD.delivery_state = 'PROCESSING' THEN format('A worker has it until %s.', OLD.lease_expire_time)
                        ELSE 'bounce.retry_communication() sends at once, bounce.cancel_communication() ends it, bounce.hold_communication() keeps it.' END;
  END IF;
  NEW.end_time := CASE WHEN NEW.delivery_state IN ('SUCCESS', 'ERROR') THEN clock_timestamp() ELSE NEW.end_time END;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.communication_guard_delivery() IS
  'refuses, to anybody, moves of the delivery state that there are none, and those that contradict the recipients';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_guard_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF (CASE OLD.delivery
       WHEN 'due'     THEN NEW.delivery IN ('sending', 'pending', 'unknown')
       WHEN 'claimed' THEN NEW.delivery IN ('accepted', 'unknown')
       WHEN 'sending' THEN NEW.delivery IN ('claimed')
       WHEN 'pending' THEN NEW.delivery IN ('sending', 'accepted', 'unknown')
       ELSE NEW.delivery <> 'due'
     END) THEN
    RAISE EXCEPTION 'recipient %: delivery cannot go from % to %', OLD.id, coalesce(OLD.delivery, 'none'), NEW.delivery
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.delivery <> 'rejected' THEN
    NEW.refused_at := NULL;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipient_guard_delivery() IS 'what was not claimed cannot be sent, what was not sent cannot be accepted';

-- A resend that the policy schedules after a soft bounce, or calls off, is one of the queue
-- where the queue has the content.
CREATE OR REPLACE FUNCTION bounce_internal.recipient_follow_schedule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NEW.next_attempt_at IS NULL AND NEW.delivery IN ('due', 'pending') THEN
    NEW.delivery := CASE NEW.state WHEN 'sent' THEN 'accepted' ELSE 'rejected' END;
    NEW.due_at := NULL;
  ELSIF NEW.next_attempt_at IS NOT NULL
        AND EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.communication_id) THEN
    NEW.tries := CASE WHEN OLD.next_attempt_at IS NULL THEN 0 ELSE NEW.tries END;
    NEW.delivery := CASE WHEN NEW.delivery = 'pending' THEN 'pending' ELSE 'due' END;
    NEW.due_at := NEW.next_attempt_at;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipient_follow_schedule() IS 'next_attempt_at of the policy becomes due_at of the queue';

CREATE OR REPLACE FUNCTION bounce_internal.communication_requeue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_recipient AS r WHERE r.communication_id = NEW.id AND r.due_at IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  UPDATE bounce.communication_recipient AS r SET delivery = 'due', due_at = now(), tries = 0
  WHERE r.communication_id = NEW.id AND r.state <> 'replaced' AND r.attempts < 255
    AND (r.state <> 'sent' OR r.delivery IN ('rejected', 'unknown')
         OR NOT EXISTS (SELECT FROM bounce.communication_recipient AS o
                        WHERE o.communication_id = NEW.id AND o.state <> 'replaced' AND (o.state <> 'sent' OR o.delivery IN ('rejected', 'unknown'))));
  IF FOUND THEN
    PERFORM bounce_internal.write_log(NEW.id, NULL, 'requeued', format('set to %s, was %s', NEW.delivery_state, OLD.delivery_state));
  ELSE
    PERFORM bounce_internal.derive_communication(NEW.id);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.communication_requeue() IS
  'RETRY or PENDING set by a person: to be sent again to the recipients that did not get it, to all when all did';

CREATE OR REPLACE FUNCTION bounce_internal.notify_delivery() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bounce_delivery', '');
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.notify_delivery() IS 'wakes the workers. Many in one transaction are one notification';

-- Recipients that are added later ----------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.recipient_join_queue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = NEW.communication_id) THEN
    NEW.state := coalesce(NEW.state, 'open');
    NEW.attempts := coalesce(NEW.attempts, 0);
    IF NEW.state = 'open' THEN
      NEW.delivery := 'due';
      NEW.due_at := now();
    END IF;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipient_join_queue() IS 'a recipient that is added to a mail of the queue is due';

CREATE OR REPLACE FUNCTION bounce_internal.recipients_joined() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.write_log(j.communication_id, j.id, 'requeued', format('%s was added', j.address)), bounce_internal.derive_communication(j.communication_id)
  FROM joined AS j JOIN bounce.communication AS c ON c.id = j.communication_id
  WHERE j.delivery = 'due' AND (c.delivery_state IN ('SUCCESS', 'ERROR') OR c.due_at > j.due_at);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipients_joined() IS 'what had ended is open again when a recipient is added';
