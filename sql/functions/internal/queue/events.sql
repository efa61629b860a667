-- SPDX-License-Identifier: BSD-2-Clause
--
-- Events for the webhook: writing them, and giving up. A caller asks the policy first, so that
-- recording makes no further statement while the webhook is off.

CREATE OR REPLACE FUNCTION bounce_internal.add_event(
  type text, communication_id bigint, data jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.event (type, communication_id, data) VALUES (type, communication_id, data);
END $$;
COMMENT ON FUNCTION bounce_internal.add_event(text, bigint, jsonb) IS
  'puts an event into the outbox of the webhook; its transaction is that of what it tells';

CREATE OR REPLACE FUNCTION bounce_internal.event_body(e bounce.event) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT json_build_object(
                   'type', e.type,
                   'timestamp', to_char(e.created_at AT TIME ZONE 'UTC',
                                        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'data', jsonb_build_object('communication_id', c.id, 'process', c.process,
                                              'business_ref', c.business_ref) || e.data)
          FROM bounce.communication AS c WHERE c.id = e.communication_id);
END $$;
COMMENT ON FUNCTION bounce_internal.event_body(bounce.event) IS 'what is sent; see doc/webhook.md';

CREATE OR REPLACE FUNCTION bounce_internal.event_delay(attempts integer) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (0.8 + 0.4 * random()) * bounce_internal.growing_pause(attempts, 3,
    bounce_internal.parameter_interval('webhook_initial_delay'),
    bounce_internal.parameter_interval('webhook_max_delay'));
END $$;
COMMENT ON FUNCTION bounce_internal.event_delay(integer) IS
  'the pause after so many attempts: three times the one before, give or take a fifth';

CREATE OR REPLACE FUNCTION bounce_internal.give_up_event(e bounce.event, response text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  summary CONSTANT text := bounce_internal.say(
    'event %s (%s, communication %s) was not taken in %s attempts: ', e.id::text, e.type,
    e.communication_id::text, (e.attempts + 1)::text)
    || coalesce(bounce_internal.unmarked(response), '');
  open_task CONSTANT bigint :=
    bounce_internal.task_delivery_problem('webhook', 'webhook', summary);
BEGIN
  UPDATE bounce.event AS v SET state = 'dead', claim_id = NULL, attempts = v.attempts + 1,
    response = give_up_event.response, task_id = open_task
  WHERE v.id = e.id;
END $$;
COMMENT ON FUNCTION bounce_internal.give_up_event(bounce.event, text) IS
  'a dead letter: it stays, and one open task tells of all of them';

-- An event behind another one of its communication is parked: due never, so that no claim reads it
-- again, until the one before it is settled. Two sessions cannot miss each other: who parks has
-- locked one that waits before it, whose settlement comes later and sees what was parked; and
-- where that one is being settled already, nothing is parked.

CREATE OR REPLACE FUNCTION bounce_internal.is_event_held_up(e bounce.event) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.event AS p
  WHERE p.communication_id = e.communication_id AND p.id < e.id AND p.state = 'waiting'
  ORDER BY p.id DESC LIMIT 1 FOR SHARE SKIP LOCKED;
  IF FOUND THEN
    UPDATE bounce.event AS v SET due_at = 'infinity', claim_id = NULL WHERE v.id = e.id;
    RETURN true;
  END IF;
  RETURN EXISTS (SELECT FROM bounce.event AS p
                 WHERE p.communication_id = e.communication_id AND p.id < e.id
                   AND p.state = 'waiting');
END $$;
COMMENT ON FUNCTION bounce_internal.is_event_held_up(bounce.event) IS
  'whether another one of its communication comes before this one, which its caller has locked; it '
  'is parked then until that is settled';

CREATE OR REPLACE FUNCTION bounce_internal.wake_next_event(communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.event AS v SET due_at = clock_timestamp()
  WHERE v.due_at = 'infinity'
    AND v.id = (SELECT n.id FROM bounce.event AS n
                WHERE n.communication_id = wake_next_event.communication_id
                  AND n.state = 'waiting'
                ORDER BY n.id LIMIT 1);
END $$;
COMMENT ON FUNCTION bounce_internal.wake_next_event(bigint) IS
  'the oldest one that waits of a communication, when the one before it was taken or given up';
