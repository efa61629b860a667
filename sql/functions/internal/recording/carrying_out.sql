-- SPDX-License-Identifier: BSD-2-Clause
--
-- What was decided about all findings of a report is carried out: each row is written once, in the
-- order of locking.

CREATE OR REPLACE FUNCTION bounce_internal.block_for(f bounce_internal.finding)
RETURNS bounce.address_block
LANGUAGE plpgsql STABLE AS $$
DECLARE
  -- so that a test can be repeated
  lifetime CONSTANT interval := CASE WHEN bounce_internal.is_test_address(f.address)
                                     THEN '5 minutes' ELSE f.policy ->> 'block_lifetime' END;
  b bounce.address_block;
BEGIN
  b.address := f.address;
  b.reason := f.reason;
  b.why := bounce_internal.describe(f);
  b.source := CASE f.class WHEN 'hard' THEN 'bounce' WHEN 'soft' THEN 'score'
                           ELSE 'complaint' END;
  b.only_process := CASE WHEN b.source = 'complaint' AND f.policy ->> 'complaint' = 'block'
                         THEN f.process END;
  b.bounce_id := f.bounce_id;
  b.communication_id := f.communication_id;
  b.expires_at := CASE WHEN lifetime > interval '0' THEN now() + lifetime END;
  RETURN b;
END $$;
COMMENT ON FUNCTION bounce_internal.block_for(bounce_internal.finding) IS
  'the block that a finding asks for';

CREATE OR REPLACE FUNCTION bounce_internal.make_blocks(INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  blocks bounce.address_block[] := '{}';
  made record;
  retold text[] := '{}';     -- addresses of whose lifted blocks applications are told
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    IF f.blocks THEN
      blocks := blocks || bounce_internal.block_for(f);
    END IF;
  END LOOP;
  IF cardinality(blocks) = 0 THEN
    RETURN;
  END IF;
  made := bounce_internal.add_blocks(blocks);
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    CONTINUE WHEN NOT f.blocks OR f.bounce_id <> ALL (made.bounce_ids);
    findings[n] := bounce_internal.step(f, 'blocked',
                                         bounce_internal.say('address blocked'));
    IF bounce_internal.wants_follow_up(f.policy, 'block_lifted') THEN
      retold := retold || f.address;
    END IF;
  END LOOP;
  IF cardinality(retold) > 0 THEN
    PERFORM bounce_internal.follow_ups_blocked_again(retold);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.make_blocks(bounce_internal.finding[]) IS
  'blocks the addresses that are to be blocked and are not yet';

CREATE OR REPLACE FUNCTION bounce_internal.make_block(f bounce_internal.finding)
RETURNS bounce_internal.finding
LANGUAGE plpgsql AS $$
BEGIN
  f.blocks := true;
  RETURN (bounce_internal.make_blocks(ARRAY[f]))[1];
END $$;
COMMENT ON FUNCTION bounce_internal.make_block(bounce_internal.finding) IS
  'blocks the address, unless it is blocked already';

CREATE OR REPLACE FUNCTION bounce_internal.weigh_findings(
  INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  failed bigint[] := '{}';     -- of each finding the recipient that it may change
  n integer;
  f bounce_internal.finding;
  r bounce.communication_recipient;
  found record;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    failed := failed || CASE WHEN bounce_internal.is_failure(f) THEN f.recipient_id END;
  END LOOP;
  IF cardinality(array_remove(failed, NULL)) = 0 THEN
    RETURN;
  END IF;
  FOR found IN
    SELECT q AS recipient,
           ARRAY(SELECT b FROM bounce.address_block AS b
                 WHERE b.address_key = q.address_key) AS blocks
    FROM bounce.communication_recipient AS q WHERE q.id = ANY (failed)
    ORDER BY q.id FOR NO KEY UPDATE
  LOOP
    r := found.recipient;
    FOREACH n IN ARRAY array_positions(failed, r.id) LOOP
      f := bounce_internal.weigh(
        bounce_internal.with_blocks(findings[n], found.recipient, found.blocks), r);
      IF f.moves THEN
        -- the next finding about the same recipient must see it
        r.state := 'bounced';
        r.class := f.class;
        r.attempts := f.sends;
      END IF;
      findings[n] := f;
    END LOOP;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.weigh_findings(bounce_internal.finding[]) IS
  'weighs findings, and locks their recipients in ascending order';

CREATE OR REPLACE FUNCTION bounce_internal.mark_bounced(findings bounce_internal.finding[])
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  WITH bounced AS (
    UPDATE bounce.communication_recipient AS r
    SET state = 'bounced', class = f.class, reason = f.reason, status_code = f.status,
        diagnostic = coalesce(nullif(f.diagnostic, ''), f.evidence),
        bounced_at = now(), bounce_id = f.bounce_id, next_attempt_at = f.resend_at,
        task_id = f.task_id, attempts = f.sends
    FROM (SELECT DISTINCT ON (u.recipient_id) u.*
          FROM unnest(findings) WITH ORDINALITY AS u WHERE u.moves
          ORDER BY u.recipient_id, u.ordinality DESC) AS f
    WHERE r.id = f.recipient_id
    RETURNING r.id, r.bounced_at, r.task_id)
  -- as recipient_failed() does of others
  INSERT INTO bounce.failed_recipient (recipient_id, bounced_at, task_id)
  SELECT b.id, b.bounced_at, b.task_id FROM bounced AS b
  ON CONFLICT (recipient_id) DO UPDATE
  SET bounced_at = excluded.bounced_at, task_id = excluded.task_id;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.mark_bounced(bounce_internal.finding[]) IS
  'the only function by which a bounce changes a recipient, with all that was decided; the last '
  'finding about it counts. Cancels a scheduled resend unless there is a new one. False when no '
  'recipient is changed';

CREATE OR REPLACE FUNCTION bounce_internal.apply_consequences(
  INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  is_written boolean;     -- an assignment costs a tenth of a PERFORM
BEGIN
  findings := bounce_internal.weigh_findings(findings);
  findings := bounce_internal.guard_findings(findings);
  FOR i IN 1 .. cardinality(findings) LOOP
    findings[i] := bounce_internal.apply_finding(findings[i]);
  END LOOP;
  is_written := bounce_internal.hold_blocks(findings);
  findings := bounce_internal.make_blocks(findings);
  findings := bounce_internal.make_tasks(findings);
  is_written := bounce_internal.mark_bounced(findings);
END $$;
COMMENT ON FUNCTION bounce_internal.apply_consequences(bounce_internal.finding[]) IS
  'carries out the consequences of findings: what they change is decided, then blocks, tasks and '
  'recipients are written, each in ascending order, which is the order of locking. The log is '
  'left to the caller';

CREATE OR REPLACE FUNCTION bounce_internal.apply_in_shadow(INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding;
BEGIN
  -- It is done and taken back: only so is the decision sure to be the one that would have been
  -- made.
  BEGIN
    findings := bounce_internal.apply_consequences(findings);
    RAISE EXCEPTION 'shadow mode' USING ERRCODE = 'BM001';
  EXCEPTION WHEN SQLSTATE 'BM001' THEN
    NULL;     -- variables keep their values, the tables do not
  END;
  FOR i IN 1 .. cardinality(findings) LOOP
    f := findings[i];
    PERFORM bounce_internal.write_log(f.communication_id, f.recipient_id, 'shadow',
                                      bounce_internal.say('not done, would be: ') || u.words,
                                      f.bounce_id)
    FROM unnest(f.marked_steps) WITH ORDINALITY AS u (words, place) ORDER BY u.place;
    f.in_shadow := true;
    f.task_id := NULL;
    findings[i] := f;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_in_shadow(bounce_internal.finding[]) IS
  'decides and logs the consequences without carrying them out';

CREATE OR REPLACE FUNCTION bounce_internal.is_shadowed(f bounce_internal.finding) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT (f.class IN ('hard', 'soft', 'technical') AND NOT f.is_notice
          OR f.reason IN ('complaint', 'has_left', 'address_changed'))
         AND (f.policy ->> 'shadow')::boolean
$$;
COMMENT ON FUNCTION bounce_internal.is_shadowed(bounce_internal.finding) IS
  'whether its consequences are decided and not carried out, because its process is in shadow mode';

CREATE OR REPLACE FUNCTION bounce_internal.log_steps(findings bounce_internal.finding[])
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.communication_log (communication_id, recipient_id, event, text, marked,
                                        bounce_id)
  SELECT f.communication_id, f.recipient_id, s.event, s.step || f.words,
         s.marked_step || f.marked_reason, f.bounce_id
  FROM (SELECT u.communication_id, u.recipient_id, u.bounce_id, u.events, u.steps, u.marked_steps,
               ': ' || bounce_internal.describe(u) AS words,
               ': ' || bounce_internal.say('%w', u.reason) AS marked_reason
        FROM unnest(findings) AS u
        WHERE u.communication_id IS NOT NULL OFFSET 0) AS f     -- described once
  CROSS JOIN LATERAL unnest(f.events, f.steps, f.marked_steps) AS s (event, step, marked_step);
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.log_steps(bounce_internal.finding[]) IS
  'writes the consequences of findings to the logs of their communications; false when there is '
  'nothing to write';

CREATE OR REPLACE FUNCTION bounce_internal.process_findings(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  followed bounce_internal.finding[] := '{}';
  shadowed bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
  is_written boolean;     -- an assignment costs a tenth of a PERFORM
BEGIN
  FOREACH f IN ARRAY findings LOOP
    IF bounce_internal.is_shadowed(f) THEN
      shadowed := shadowed || f;
    ELSE
      followed := followed || f;
    END IF;
  END LOOP;
  followed := bounce_internal.apply_consequences(followed);
  is_written := bounce_internal.log_steps(followed);
  IF cardinality(shadowed) > 0 THEN
    followed := followed || bounce_internal.apply_in_shadow(shadowed);
  END IF;
  RETURN followed;
END $$;
COMMENT ON FUNCTION bounce_internal.process_findings(bounce_internal.finding[]) IS
  'carries out the consequences of findings, or only logs them where the process is in shadow '
  'mode. Their communications are locked';
