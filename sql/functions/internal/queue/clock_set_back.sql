-- SPDX-License-Identifier: BSD-2-Clause
--
-- A clock that is set back leaves times behind that were near and are far away now. Nothing is
-- lost by it, but mails wait for so long, and nobody sees it.

CREATE OR REPLACE FUNCTION bounce_internal.late_mails(at timestamptz)
RETURNS TABLE (communication_id bigint, recipient_id bigint, due_at timestamptz, process text)
LANGUAGE sql STABLE AS $$
  SELECT q.communication_id, q.recipient_id, q.due_at, d.process
  FROM bounce.communication_delivery AS d
  JOIN bounce.recipient_delivery AS q ON q.communication_id = d.communication_id
  JOIN bounce.communication AS c ON c.id = d.communication_id
  WHERE d.state IN ('PENDING', 'RETRY') AND q.due_at > at + interval '1 minute'
    AND CASE q.state
      WHEN 'pending' THEN q.due_at > at + interval '1 minute'
        + bounce_internal.retry_delay(d.process, q.tries, q.response, 1)
      -- handed over to be sent at once, in the future
      WHEN 'due' THEN q.due_at <= c.created_at END
$$;
COMMENT ON FUNCTION bounce_internal.late_mails(timestamptz) IS
  'recipients whose next try is further away than any schedule can have put it: later than '
  'retry_delay() from now, or due when they were handed over, which has not come yet';

CREATE OR REPLACE FUNCTION bounce_internal.late_leases(at timestamptz)
RETURNS TABLE (communication_id bigint, worker text, lease_expire_time timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT d.communication_id, d.worker, d.lease_expire_time
  FROM bounce.communication_delivery AS d
  WHERE d.state = 'PROCESSING' AND d.lease_expire_time
    > at + bounce_internal.parameter_interval('delivery_lease') + interval '1 minute'
$$;
COMMENT ON FUNCTION bounce_internal.late_leases(timestamptz) IS
  'claims whose lease ends later than one that was taken now: a dead worker would keep them';

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_times()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'due too late'::text,
         format('communication %s, recipient %s at %s', l.communication_id, l.recipient_id,
                l.due_at)
  FROM bounce_internal.late_mails(now()) AS l
  UNION ALL
  SELECT 'due too late', format('communication %s, lease of worker %s until %s',
                                l.communication_id, l.worker, l.lease_expire_time)
  FROM bounce_internal.late_leases(now()) AS l;
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_times() IS
  'what waits longer than it should, since the clock was set back';

CREATE OR REPLACE FUNCTION bounce_internal.bring_forward(at timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  -- recording and people lock the communication first
  locked CONSTANT bigint[] := ARRAY(
    SELECT c.id FROM bounce.communication AS c
    WHERE c.id IN (SELECT l.communication_id FROM bounce_internal.late_mails(at) AS l
                   ORDER BY l.communication_id LIMIT batch)
    ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED);
  mails bigint;
  leases bigint;
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET due_at = CASE WHEN q.state = 'pending'
                    THEN at + bounce_internal.retry_delay(l.process, q.tries, q.response, 0)
                    ELSE at END
  FROM bounce_internal.late_mails(at) AS l
  WHERE q.recipient_id = l.recipient_id AND l.communication_id = ANY (locked);
  GET DIAGNOSTICS mails = ROW_COUNT;
  PERFORM bounce_internal.derive_communication(u) FROM unnest(locked) AS u;
  UPDATE bounce.communication_delivery AS d
  SET lease_expire_time = at + bounce_internal.parameter_interval('delivery_lease')
  FROM bounce_internal.late_leases(at) AS l
  WHERE d.communication_id = l.communication_id;
  GET DIAGNOSTICS leases = ROW_COUNT;
  RETURN mails + leases;
END $$;
COMMENT ON FUNCTION bounce_internal.bring_forward(timestamptz, integer) IS
  'gives late_mails() the time that their schedule would give them now, and late_leases() the end '
  'of one that is taken now; returns how many';
