-- SPDX-License-Identifier: BSD-2-Clause
--
-- What the outage guard holds.

CREATE OR REPLACE FUNCTION bounce_internal.outage_text(o bounce.outage) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE o.scope
           WHEN 'domain' THEN bounce_internal.say('hard bounces of %s: ', o.about)
           WHEN 'diagnostic' THEN bounce_internal.say('hard bounces saying "%s": ', o.about)
           ELSE bounce_internal.say('hard bounces of all domains: ') END
         || CASE WHEN o.sent IS NULL
                 THEN bounce_internal.say('%s of the mails within ', o.seen::text)
                 ELSE bounce_internal.say('%s of %s mails within ', o.seen::text, o.sent::text)
            END
         || bounce_internal.span_in_words(o.time_window)
         || CASE WHEN o.usual = 0 THEN bounce_internal.say(', usually none; blocks are held')
                 WHEN o.usual < 1
                   THEN bounce_internal.say(', usually less than one; blocks are held')
                 ELSE bounce_internal.say(', usually about %s; blocks are held',
                                          round(o.usual)::text) END
$$;
COMMENT ON FUNCTION bounce_internal.outage_text IS 'an outage as a sentence';

CREATE OR REPLACE FUNCTION bounce_internal.hold_block(INOUT f bounce_internal.finding)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f := bounce_internal.step(f, 'block_held', bounce_internal.say('block held, outage %s',
                                                               f.outage_id::text));
  f := bounce_internal.request_task(f, 'outage', f.outage_id::text, NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.hold_block(bounce_internal.finding) IS
  'replaces block, task and follow-up by the task of the outage, which is described when it is '
  'made: outage_summary()';

CREATE OR REPLACE FUNCTION bounce_internal.hold_blocks(findings bounce_internal.finding[])
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  held bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    IF f.outage_id IS NOT NULL THEN
      held := held || f;
    END IF;
  END LOOP;
  IF cardinality(held) = 0 THEN
    RETURN false;
  END IF;
  INSERT INTO bounce.held_block (outage_id, address, reason, why, bounce_id, communication_id,
                                 recipient_id)
  SELECT u.outage_id, u.address, u.reason, bounce_internal.describe(u), u.bounce_id,
         u.communication_id, u.recipient_id
  FROM unnest(held) AS u;
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce_internal.hold_blocks(bounce_internal.finding[]) IS
  'stores the blocks that an outage holds; false when it holds none';

CREATE OR REPLACE FUNCTION bounce_internal.open_outage_ids(ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.outage AS o WHERE o.id = ANY (ids) ORDER BY o.id FOR KEY SHARE;
  RETURN ARRAY(SELECT o.id FROM bounce.outage AS o WHERE o.id = ANY (ids) AND o.status = 'open');
END $$;
COMMENT ON FUNCTION bounce_internal.open_outage_ids(bigint[]) IS
  'those of these outages that are open, and that nobody decides before the end of the transaction';

CREATE OR REPLACE FUNCTION bounce_internal.blocked_among(addresses text[]) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT b.address_key FROM bounce.blocked_address AS b
               WHERE b.address_key = ANY (addresses) AND b.only_process IS NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.blocked_among(text[]) IS
  'those of these addresses to which no process may write';

CREATE OR REPLACE FUNCTION bounce_internal.hold_findings(
  INOUT findings bounce_internal.finding[], guarded integer[], abouts text[])
LANGUAGE plpgsql AS $$
DECLARE
  ids CONSTANT bigint[] := ARRAY(
    SELECT o.id FROM unnest(bounce_internal.outages_of(abouts, 'infinity')) AS o);
  open CONSTANT bigint[] := bounce_internal.open_outage_ids(ids);
  -- where the address is blocked already there is nothing to hold
  blocked CONSTANT text[] := bounce_internal.blocked_among(
    ARRAY(SELECT u.address FROM unnest(findings) AS u WHERE u.blocks));
  f bounce_internal.finding;
BEGIN
  FOR i IN 1 .. cardinality(guarded) LOOP
    f := findings[guarded[i]];
    CONTINUE WHEN f.address = ANY (blocked) OR ids[i] IS NULL OR ids[i] <> ALL (open);
    f.outage_id := ids[i];
    f.blocks := false;
    findings[guarded[i]] := f;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.hold_findings(bounce_internal.finding[], integer[], text[]) IS
  'sets outage_id of the guarded findings, of which abouts has the guard_abouts() one after the '
  'other, whose blocks an open outage holds';

CREATE OR REPLACE FUNCTION bounce_internal.outage_summary(outage_id bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT bounce_internal.outage_text(o) FROM bounce.outage AS o
          WHERE o.id = outage_summary.outage_id);
END $$;
COMMENT ON FUNCTION bounce_internal.outage_summary(bigint) IS
  'the summary of the task of an outage';

CREATE OR REPLACE FUNCTION bounce_internal.block_held(bounce_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  findings bounce_internal.finding[] := bounce_internal.findings_of_bounces(bounce_ids);
BEGIN
  UPDATE bounce.held_block AS h SET decision = 'blocked', decided_at = now()
  WHERE h.bounce_id = ANY (bounce_ids) AND h.decision IS NULL;
  FOR n IN 1 .. cardinality(findings) LOOP
    findings[n].blocks := true;
  END LOOP;
  RETURN ARRAY(SELECT f.bounce_id FROM unnest(bounce_internal.make_blocks(findings)) AS f
               WHERE 'blocked' = ANY (f.events) ORDER BY array_position(bounce_ids, f.bounce_id));
END $$;
COMMENT ON FUNCTION bounce_internal.block_held(bigint[]) IS
  'creates the held blocks of a batch of bounces. Returns those of which the address was not '
  'blocked already';

CREATE OR REPLACE FUNCTION bounce_internal.apply_blocked(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'blocked', bounce_internal.say('address blocked'));
  f := bounce_internal.request_task(f, 'hard_bounce', f.address,
                                 bounce_internal.say('%s bounced hard', f.address) || ', '
                                 || bounce_internal.say('address blocked') || ': '
                                 || bounce_internal.described(f));
  f := bounce_internal.notify_owner(f);
  -- the mail may go to another address since, or be sent again
  IF (SELECT r.state = 'bounced' AND r.requested_by IS NULL FROM bounce.communication_recipient AS r
      WHERE r.id = f.recipient_id) THEN
    f := bounce_internal.write_follow_up(f, 'hard_bounce');
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_blocked(bounce_internal.finding) IS
  'what follows when a block that was held has been created';

CREATE OR REPLACE FUNCTION bounce_internal.follow_blocked(bounce_ids bigint[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  findings bounce_internal.finding[] := bounce_internal.findings_of_bounces(bounce_ids);
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    findings[n] := bounce_internal.apply_blocked(findings[n]);
  END LOOP;
  findings := bounce_internal.create_tasks(findings);
  UPDATE bounce.bounce AS b SET task_id = f.task_id FROM unnest(findings) AS f
  WHERE b.id = f.bounce_id;
  UPDATE bounce.communication_recipient AS r SET task_id = f.task_id FROM unnest(findings) AS f
  WHERE r.id = f.recipient_id AND r.bounce_id = f.bounce_id;
  RETURN bounce_internal.log_steps(findings);
END $$;
COMMENT ON FUNCTION bounce_internal.follow_blocked(bigint[]) IS
  'creates the tasks of a batch of bounces whose held blocks have been created, writes their log '
  'and tells the applications';
