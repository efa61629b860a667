-- SPDX-License-Identifier: BSD-2-Clause
--
-- What the outage guard holds.

CREATE OR REPLACE FUNCTION bounce_internal.outage_text(o bounce.outage) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT format('hard bounces %s: %s of %s mails within %s, usually %s; blocks are held',
    CASE o.scope WHEN 'domain' THEN 'of ' || o.about
         WHEN 'diagnostic' THEN format('saying "%s"', o.about) ELSE 'of all domains' END,
    o.seen, coalesce(o.sent::text, 'the'), bounce_internal.span_in_words(o.time_window),
    CASE WHEN o.usual = 0 THEN 'none' WHEN o.usual < 1 THEN 'less than one'
         ELSE 'about ' || round(o.usual) END)
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
