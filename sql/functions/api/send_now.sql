-- SPDX-License-Identifier: BSD-2-Clause
--
-- Direct sending, for who needs the answer now: the same claim, SMTP and settling as any other
-- mail, by a worker that does nothing else, whatever waits in the queue.

CREATE OR REPLACE FUNCTION bounce.send_now(communication_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.require_queued(communication_id);
BEGIN
  IF d.state = 'SUCCESS' THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say('communication %s was sent already', d.communication_id::text),
      bounce_internal.say('To send it once more: retry_communication(id).'));
  ELSIF d.held_at IS NOT NULL THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say('communication %s is held by %s', d.communication_id::text, d.held_by),
      bounce_internal.say('Release it first: release_communication(id).'));
  ELSIF d.state <> 'PROCESSING' THEN
    PERFORM bounce.retry_communication(d.communication_id);
    UPDATE bounce.communication_delivery AS k SET urgent_at = clock_timestamp()
    WHERE k.communication_id = d.communication_id AND k.state IN ('PENDING', 'RETRY');
  END IF;
  PERFORM pg_notify('bounce_send_now', '');
END $$;
COMMENT ON FUNCTION bounce.send_now(bigint) IS
  'application: sends a mail that was submitted at once after COMMIT, before all others, whatever '
  'rates and quiet hours say; send_outcome() tells what became of it. P0002 when it is not in the '
  'queue, 23514 when it was sent already or is held';

CREATE OR REPLACE FUNCTION bounce.send_outcome(communication_id bigint)
RETURNS TABLE (is_over boolean, is_taken boolean, state text, error text, response text,
               message_id text, accepted text[], rejected text[], pending text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT d.state <> 'PROCESSING' AND (d.state IN ('SUCCESS', 'ERROR') OR k.urgent_at IS NULL),
         d.state = 'PROCESSING' OR k.urgent_at IS NULL, d.state, coalesce(d.error, ''),
         coalesce(d.info ->> 'response', ''), coalesce(d.info ->> 'message_id', ''),
         ARRAY(SELECT jsonb_array_elements_text(d.info -> 'accepted')),
         ARRAY(SELECT jsonb_array_elements_text(d.info -> 'rejected')
               UNION ALL SELECT jsonb_array_elements_text(d.unknown)),
         ARRAY(SELECT jsonb_array_elements_text(d.info -> 'pending'))
  FROM bounce.delivery AS d
  JOIN bounce.communication_delivery AS k ON k.communication_id = d.communication_id
  WHERE d.communication_id = send_outcome.communication_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no communication % in the delivery queue', send_outcome.communication_id
      USING ERRCODE = 'no_data_found';
  END IF;
END $$;
COMMENT ON FUNCTION bounce.send_outcome(bigint) IS
  'application: what has become of send_now(). is_over: the outcome is known; is_taken: a worker '
  'has begun. rejected: who did not get it, or may not have got it. P0002 when it is not in the '
  'queue';

-- Not SECURITY DEFINER: such a procedure could not COMMIT, and nothing is sent before that.
CREATE OR REPLACE PROCEDURE bounce.send_and_wait(
  communication_id bigint, at_most interval DEFAULT '1 minute', INOUT state text DEFAULT NULL,
  INOUT error text DEFAULT NULL, INOUT response text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
  until CONSTANT timestamptz := clock_timestamp() + at_most;
  o record;
BEGIN
  PERFORM bounce.send_now(communication_id);
  LOOP
    COMMIT;
    SELECT s.* INTO o FROM bounce.send_outcome(communication_id) AS s;
    EXIT WHEN o.is_over OR clock_timestamp() >= until;
    PERFORM pg_sleep(0.05);
  END LOOP;
  state := o.state;
  error := CASE WHEN o.is_over THEN o.error
                WHEN o.is_taken THEN 'no outcome yet: it is being sent'
                ELSE 'no worker has taken it: it waits in the queue' END;
  response := o.response;
END $$;
COMMENT ON PROCEDURE bounce.send_and_wait(bigint, interval, text, text, text) IS
  'application: send_now(), COMMIT, and waits for the outcome, at most so long. To be CALLed '
  'outside of a transaction: CALL bounce.send_and_wait(bounce.submit_communication(...)). state: '
  'SUCCESS, ERROR, or RETRY or PENDING when it waits in the queue for another try, or no outcome '
  'is known yet: error says which';
