-- SPDX-License-Identifier: BSD-2-Clause
--
-- The audit of a living database: what a person would miss if it were forgotten, however that
-- came about. A fault is a row; what is only under way is none.

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_blocks()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'held without decision'::text, h.address
  FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
  WHERE h.decision IS NULL AND o.status <> 'open'
  UNION ALL
  SELECT 'outage without task', format('outage %s, %s %s', o.id, o.scope, o.about)
  FROM bounce.outage AS o
  WHERE o.status = 'open'
    AND EXISTS (SELECT FROM bounce.held_block AS h WHERE h.outage_id = o.id AND h.decision IS NULL)
    AND NOT EXISTS (SELECT FROM bounce.task AS t
                    WHERE t.dedup_key = 'outage:' || o.id AND t.status = 'open');
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_blocks() IS 'held blocks that nobody would decide';

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_bounces()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'bounced without consequence'::text,
         format('communication %s, %s', r.communication_id, r.address)
  FROM bounce.failed_recipient AS k
  JOIN bounce.communication_recipient AS r ON r.id = k.recipient_id
  WHERE r.state = 'bounced' AND r.bounce_id IS NOT NULL AND r.next_attempt_at IS NULL
    AND r.address_key NOT LIKE '%.invalid'
    -- a task of an outage is none of its own: what it held is blocked, or sent again
    AND NOT EXISTS (SELECT FROM bounce.held_block AS h
                    WHERE h.recipient_id = r.id AND h.decision IS NULL)
    AND (r.task_id IS NULL
         OR EXISTS (SELECT FROM bounce.task AS t WHERE t.id = r.task_id AND t.kind = 'outage'))
    AND NOT EXISTS (SELECT FROM bounce.address_block AS b WHERE b.address_key = r.address_key);
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_bounces() IS
  'recipients who have bounced and for whom there is no task, no block, held or made, no resend';

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_tasks()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'task without matter'::text, format('task %s, %s', t.id, t.summary)
  FROM bounce.task AS t
  WHERE t.status = 'open'
    AND (t.kind = 'outage' AND NOT EXISTS (
           SELECT FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
           WHERE 'outage:' || o.id = t.dedup_key AND o.status = 'open' AND h.decision IS NULL)
         OR t.bounce_id IS NOT NULL
            AND t.created_at > now() - bounce_internal.parameter_interval('keep_events')
            AND NOT EXISTS (SELECT FROM bounce.bounce AS b WHERE b.id = t.bounce_id))
  UNION ALL
  SELECT 'follow-up of what is done', format('follow-up %s, %s', u.id, u.kind)
  FROM bounce.follow_up AS u JOIN bounce.communication_recipient AS r ON r.id = u.recipient_id
  -- a resend that is asked for closes it when it has been sent
  WHERE u.status = 'open' AND u.kind = 'hard_bounce' AND u.claimed_by IS NULL
    AND r.state <> 'bounced';
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_tasks() IS
  'work that is open although nothing is left to be done';

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_claims()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  overdue CONSTANT timestamptz := now() - bounce_internal.parameter_interval('delivery_lease');
BEGIN
  RETURN QUERY
  SELECT 'lease without worker'::text,
         format('communication %s, worker %s, since %s', d.communication_id, d.worker,
                d.lease_expire_time)
  FROM bounce.communication_delivery AS d
  WHERE d.state = 'PROCESSING' AND d.lease_expire_time < overdue
  UNION ALL
  SELECT 'claim without end', format('follow-up %s, claimed by %s', u.id, u.claimed_by)
  FROM bounce.follow_up AS u
  WHERE u.status = 'open' AND u.lease_expire_time < now() - interval '1 day'
  UNION ALL
  SELECT 'claim without end', format('communication %s, recipient %s is %s', q.communication_id,
                                     q.recipient_id, q.state)
  FROM bounce.communication_delivery AS d
  JOIN bounce.recipient_delivery AS q ON q.communication_id = d.communication_id
  WHERE d.state IN ('PENDING', 'RETRY') AND q.state IN ('claimed', 'sending');
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_claims() IS
  'what a worker has claimed and not given back, well after its lease was over';

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_events()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'event parked for ever'::text,
         format('event %s, communication %s', e.id, e.communication_id)
  FROM bounce.event AS e
  WHERE e.state = 'waiting' AND e.due_at = 'infinity'
    AND NOT EXISTS (SELECT FROM bounce.event AS p
                    WHERE p.communication_id = e.communication_id AND p.id < e.id
                      AND p.state = 'waiting');
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_events() IS
  'events for the webhook that wait for one before them, and there is none';

CREATE OR REPLACE FUNCTION bounce_internal.way_to_mend(fault text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE fault
    WHEN 'held without decision' THEN 'bouncectl housekeeping decides them as their outage was'
    WHEN 'outage without task' THEN 'bouncectl housekeeping makes the task'
    WHEN 'bounced without consequence' THEN
      'decide about each: bouncectl block ADDRESS, bouncectl resend COMMUNICATION'
    WHEN 'task without matter' THEN
      'bouncectl housekeeping closes that of an outage; any other: bouncectl task resolve TASK'
    WHEN 'follow-up of what is done' THEN
      'the application may leave it: SELECT bounce.finish_follow_up(...)'
    WHEN 'lease without worker' THEN 'start bounce-delivery: it takes over what a dead one left'
    WHEN 'claim without end' THEN
      'start what claims it: bounce-delivery, or the application that asks for follow-ups'
    WHEN 'due too late' THEN
      'the clock was set back: bouncectl housekeeping gives them the time of their schedule'
    WHEN 'copy not sent' THEN
      'bouncectl copies list says why; a bounce-delivery with smtp_host sends them'
    WHEN 'copy given up without task' THEN 'bouncectl copies retry'
    WHEN 'event parked for ever' THEN 'bouncectl webhook retry EVENT'
  END
$$;
COMMENT ON FUNCTION bounce_internal.way_to_mend(text) IS 'what to do about a fault of the audit';
