-- SPDX-License-Identifier: BSD-2-Clause
--
-- The webhook's outbox for the worker that sends, and for the operator who sends again.

CREATE OR REPLACE FUNCTION bounce.claim_events(batch integer, lease interval)
RETURNS TABLE (id bigint, claim_id uuid, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  claim CONSTANT uuid := gen_random_uuid();
  at CONSTANT timestamptz := clock_timestamp();
  ready bigint[] := '{}';
  e bounce.event;
BEGIN
  IF EXISTS (SELECT FROM bounce.event AS v WHERE v.pause_until > at) THEN
    RETURN;
  END IF;
  FOR e IN SELECT v.* FROM bounce.event AS v
           WHERE v.state = 'waiting' AND v.due_at <= at
           ORDER BY v.due_at LIMIT batch * 50 FOR UPDATE SKIP LOCKED LOOP
    IF NOT bounce_internal.is_event_held_up(e) THEN
      ready := ready || e.id;
      EXIT WHEN cardinality(ready) >= batch;
    END IF;
  END LOOP;
  RETURN QUERY
  WITH claimed AS (
    UPDATE bounce.event AS v SET claim_id = claim, due_at = clock_timestamp() + lease
    WHERE v.id = ANY (ready) RETURNING v AS event)
  SELECT (d.event).id, claim, bounce_internal.event_body(d.event) FROM claimed AS d
  ORDER BY (d.event).id;
END $$;
COMMENT ON FUNCTION bounce.claim_events(integer, interval) IS
  'delivery: the events that are due, for this worker alone until the lease ends. Of each '
  'communication the oldest one only, so that a receiver sees them in their order; the others are '
  'parked until that is settled. None while the receiver wants to be left alone';

CREATE OR REPLACE FUNCTION bounce.settle_event(
  id bigint, claim_id uuid, outcome text, response text, pause interval DEFAULT '0')
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  e bounce.event;
  said CONSTANT text := left(bounce_internal.one_line(response), 500);
  left_alone CONSTANT interval :=
    least(pause, bounce_internal.parameter_interval('webhook_max_delay'));
BEGIN
  SELECT * INTO e FROM bounce.event AS v
  WHERE v.id = settle_event.id AND v.claim_id = settle_event.claim_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF left_alone > '0' THEN
    UPDATE bounce.event AS v SET pause_until = clock_timestamp() + left_alone WHERE v.id = e.id;
  END IF;
  IF outcome = 'taken' THEN
    DELETE FROM bounce.event AS v WHERE v.id = e.id;
    PERFORM bounce_internal.wake_next_event(e.communication_id);
  ELSIF outcome = 'gone'
        OR e.attempts + 1 >= bounce_internal.parameter_integer('webhook_max_attempts') THEN
    PERFORM bounce_internal.give_up_event(e, said);
    PERFORM bounce_internal.wake_next_event(e.communication_id);
  ELSE
    UPDATE bounce.event AS v SET claim_id = NULL, attempts = v.attempts + 1, response = said,
      due_at = clock_timestamp()
               + greatest(bounce_internal.event_delay(v.attempts + 1), left_alone)
    WHERE v.id = e.id;
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.settle_event(bigint, uuid, text, text, interval) IS
  'delivery: what became of a claimed event: taken, failed (it is tried again after a growing '
  'pause, and given up in the end) or gone (410: given up at once). pause: for so long the '
  'receiver wants no event at all, and gets none for at most webhook_max_delay. False: the lease '
  'had ended';

CREATE OR REPLACE FUNCTION bounce.release_events(claim_id uuid, first_id bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  released integer;
BEGIN
  UPDATE bounce.event AS e SET claim_id = NULL, due_at = clock_timestamp()
  WHERE e.claim_id = release_events.claim_id AND e.id >= release_events.first_id;
  GET DIAGNOSTICS released = ROW_COUNT;
  RETURN released;
END $$;
COMMENT ON FUNCTION bounce.release_events(uuid, bigint) IS
  'delivery: gives back what was claimed and not tried: this event and those after it. Returns the '
  'number';

CREATE OR REPLACE FUNCTION bounce.events_to_retry(event_id bigint DEFAULT NULL)
RETURNS SETOF bounce.event
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT e.* FROM bounce.event AS e
  WHERE e.claim_id IS NULL
    AND CASE WHEN events_to_retry.event_id IS NULL THEN e.state = 'dead' OR e.attempts > 0
             ELSE e.id = events_to_retry.event_id END
  ORDER BY e.id;
END $$;
COMMENT ON FUNCTION bounce.events_to_retry(bigint) IS
  'operator: what retry_events() would send again: the events that were given up and those that '
  'wait for another attempt; or one of them. None that is in a worker''s hand';

CREATE OR REPLACE FUNCTION bounce.retry_events(event_id bigint DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  revived integer;
BEGIN
  UPDATE bounce.event AS e SET state = 'waiting', attempts = 0, due_at = clock_timestamp(),
    task_id = NULL
  FROM bounce.events_to_retry(retry_events.event_id) AS w
  WHERE e.id = w.id AND e.claim_id IS NULL;
  GET DIAGNOSTICS revived = ROW_COUNT;
  UPDATE bounce.event AS e SET pause_until = NULL WHERE e.pause_until IS NOT NULL;
  IF NOT EXISTS (SELECT FROM bounce.event AS e WHERE e.state = 'dead') THEN
    UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
      resolution = 'done', note = bounce_internal.say('%s events are sent again', revived::text)
    WHERE t.dedup_key = 'delivery_problem:webhook' AND t.status = 'open';
  END IF;
  RETURN revived;
END $$;
COMMENT ON FUNCTION bounce.retry_events(bigint) IS
  'operator: sends again at once the events that were given up and those that wait for another '
  'attempt; or one of them. Ends a pause that the receiver asked for. When none is given up any '
  'more, the task about them is closed. Returns the number';
