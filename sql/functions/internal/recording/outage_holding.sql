-- SPDX-License-Identifier: BSD-2-Clause
--
-- What the outage guard holds, and how a person decides about it in bulk.

CREATE OR REPLACE FUNCTION bounce_internal.outage_text(o bounce.outage) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT format('hard bounces %s: %s within %s, usually %s; blocks are held',
    CASE o.scope WHEN 'domain' THEN 'of ' || o.about
         WHEN 'diagnostic' THEN format('saying "%s"', o.about) ELSE 'of all domains' END,
    o.seen, o.time_window, o.usual)
$$;
COMMENT ON FUNCTION bounce_internal.outage_text IS 'an outage as a sentence';

CREATE OR REPLACE FUNCTION bounce_internal.hold_block(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.held_block (outage_id, address, reason, why, bounce_id, communication_id,
                                 recipient_id)
  VALUES (f.outage_id, f.address, f.reason, bounce_internal.describe(f), f.bounce_id,
          f.communication_id, f.recipient_id);
  f := bounce_internal.step(f, 'block_held', 'block held, outage ' || f.outage_id);
  f := bounce_internal.request_task(f, 'outage', f.outage_id::text, NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.hold_block(bounce_internal.finding) IS
  'holds the block, and replaces task and follow-up by the task of the outage, which is described '
  'when it is made: outage_summary()';

CREATE OR REPLACE FUNCTION bounce_internal.outage_summary(outage_id bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT bounce_internal.outage_text(o) FROM bounce.outage AS o
          WHERE o.id = outage_summary.outage_id);
END $$;
COMMENT ON FUNCTION bounce_internal.outage_summary(bigint) IS
  'the summary of the task of an outage';

CREATE OR REPLACE FUNCTION bounce_internal.block_held(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.make_block(f);
  IF 'blocked' = ANY (f.events) THEN
    f := bounce_internal.request_task(f, 'hard_bounce', f.address,
                                   format('%s bounced hard, address blocked: %s', f.address,
                                          bounce_internal.describe(f)));
    f := bounce_internal.notify_owner(f);
    f := bounce_internal.write_follow_up(f, 'hard_bounce');
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.block_held(bounce_internal.finding) IS
  'creates a block that was held, with its consequences but for the task; nothing when the '
  'address is blocked already';

-- Deciding ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.outage_of_task(t bounce.task) RETURNS bounce.outage
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT o FROM bounce.outage AS o WHERE o.id = split_part(t.dedup_key, ':', 2)::bigint);
END $$;
COMMENT ON FUNCTION bounce_internal.outage_of_task IS 'the outage that a task is about';

CREATE OR REPLACE FUNCTION bounce_internal.bounces_of_outage(o bounce.outage) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- those that were held, those that blocked before it was noticed, and further mails to an
  -- address that was blocked already; not what a person has called dead since
  RETURN ARRAY(SELECT h.bounce_id FROM bounce.held_block AS h
               WHERE h.outage_id = o.id AND h.decision IS NULL
    UNION
    SELECT b.id FROM bounce.bounce AS b
    LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id AND r.bounce_id = b.id
      AND r.state = 'bounced' AND r.requested_by IS NULL
    WHERE b.received_at >= o.opened_at - o.time_window AND b.class = 'hard' AND NOT b.is_notice
      AND NOT b.in_shadow
      AND (EXISTS (SELECT FROM bounce.address_block AS k
                   WHERE k.bounce_id = b.id AND k.lifted_at IS NULL)
           OR r.id IS NOT NULL AND bounce_internal.would_block(
               bounce_internal.finding_of_bounce(b)))
      AND NOT EXISTS (SELECT FROM bounce.task AS t WHERE t.id = b.task_id AND t.resolution = 'dead')
      AND o.about = (bounce_internal.guard_abouts(
                       (bounce_internal.finding_of_bounce(b)).address, b.diagnostic))
                      [array_position('{domain,diagnostic,overall}', o.scope)]);
END $$;
COMMENT ON FUNCTION bounce_internal.bounces_of_outage(bounce.outage) IS
  'the hard bounces that an outage explains';

CREATE OR REPLACE FUNCTION bounce_internal.decide_outage(t bounce.task, decision text, note text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.outage AS o SET status = decision, decided_at = now(), decided_by = session_user,
    note = coalesce(decide_outage.note, '')
  WHERE o.id = (bounce_internal.outage_of_task(t)).id;
  PERFORM bounce_internal.close_task(t.id, decision, note);
END $$;
COMMENT ON FUNCTION bounce_internal.decide_outage(bounce.task, text, text) IS
  'the only function that decides an outage. It is locked last';

CREATE OR REPLACE FUNCTION bounce_internal.close_empty_outages(bounce_ids bigint[], why text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  FOR t IN SELECT q.* FROM bounce.task AS q
           WHERE q.status = 'open'
             AND q.dedup_key IN (SELECT 'outage:' || h.outage_id FROM bounce.held_block AS h
                                 WHERE h.bounce_id = ANY (bounce_ids))
           ORDER BY q.dedup_key LOOP
    PERFORM pg_advisory_xact_lock(bounce_internal.task_lock(t.dedup_key));
    IF NOT EXISTS (SELECT FROM bounce.held_block AS h
                   WHERE 'outage:' || h.outage_id = t.dedup_key AND h.decision IS NULL) THEN
      PERFORM bounce_internal.decide_outage(t, 'dismissed', why);
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.close_empty_outages(bigint[], text) IS
  'closes the tasks of outages that hold no blocks any more';
