-- SPDX-License-Identifier: BSD-2-Clause
--
-- The policy: what follows from a bounce.

-- Words ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.describe(f bounce_internal.finding) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(' ', f.reason, nullif(f.status, ''), nullif(f.reply_code, ''),
                   nullif(f.diagnostic, ''))
$$;
COMMENT ON FUNCTION bounce_internal.describe(bounce_internal.finding) IS
  'reason, codes and diagnostic text of a finding in one line';

CREATE OR REPLACE FUNCTION bounce_internal.step(
  INOUT f bounce_internal.finding, event text, words text)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.write_log(f.communication_id, f.recipient_id, event,
                                    words || ': ' || bounce_internal.describe(f), f.bounce_id);
  f.steps := f.steps || words;
  f.events := f.events || event;
END $$;
COMMENT ON FUNCTION bounce_internal.step(bounce_internal.finding, text, text) IS
  'records one consequence: in the log of the communication and in bounce.consequence';

CREATE OR REPLACE FUNCTION bounce_internal.request_task(
  INOUT f bounce_internal.finding, kind text, about text, summary text)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f.task_kind := kind;
  f.task_key := kind || ':' || left(about, 500);
  f.task_summary := summary;
END $$;
COMMENT ON FUNCTION bounce_internal.request_task(bounce_internal.finding, text, text, text) IS
  'requests a task, created by make_tasks(); one open task per kind and subject (about, of which '
  '500 characters count)';

-- Conditions -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.is_trusted_for(
  f bounce_internal.finding, parameter_name text)
RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT f.trust >= bounce_internal.parameter_trust(parameter_name, f.process)
$$;
COMMENT ON FUNCTION bounce_internal.is_trusted_for(bounce_internal.finding, text) IS
  'whether a finding is trusted enough for block_min_trust, mark_min_trust or resend_min_trust';

CREATE OR REPLACE FUNCTION bounce_internal.is_cleared(f bounce_internal.finding) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    JOIN bounce.address_block AS b ON b.address_key = r.address_key
    WHERE r.id = f.recipient_id AND b.bounce_id IS DISTINCT FROM f.bounce_id
      AND b.lifted_at > CASE WHEN f.attempt < r.attempts THEN r.created_at
                             ELSE r.last_attempt_at END);
END $$;
COMMENT ON FUNCTION bounce_internal.is_cleared(bounce_internal.finding) IS
  'whether a block on the address was lifted after the send that this bounce is about. The '
  'bounce''s own block does not count: it is lifted when the bounce is reclassified';

CREATE OR REPLACE FUNCTION bounce_internal.block_obstacle(f bounce_internal.finding) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN NOT bounce_internal.parameter_boolean('block_hard', f.process) THEN 'block_hard is off'
    WHEN NOT bounce_internal.is_trusted_for(f, 'block_min_trust')
      THEN format('trust is %s only', f.trust)
    WHEN bounce_internal.is_cleared(f) THEN 'a block was lifted since it was sent'
  END
$$;
COMMENT ON FUNCTION bounce_internal.block_obstacle(bounce_internal.finding) IS
  'why the address is not blocked; NULL when it is';

CREATE OR REPLACE FUNCTION bounce_internal.supersedes(
  f bounce_internal.finding, r bounce.communication_recipient) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN CASE
    WHEN r.state = 'replaced' THEN false
    WHEN f.attempt < r.attempts AND f.class <> 'hard' THEN false
    WHEN r.state <> 'bounced' OR f.attempt > r.attempts THEN true
    ELSE bounce_internal.class_rank(f.class) > bounce_internal.class_rank(r.class)
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.supersedes(bounce_internal.finding,
                                               bounce.communication_recipient) IS
  'whether a bounce changes the state of its recipient. A bounce of an earlier send does only '
  'when it is hard; one of the same send only when it is more severe (hard > technical > soft); '
  'one of a later send always; a replaced address never changes';

-- One finding ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.mark_bounced(f bounce_internal.finding) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET state = 'bounced', class = f.class, reason = f.reason, status_code = f.status,
      diagnostic = coalesce(nullif(f.diagnostic, ''), f.evidence),
      bounced_at = now(), bounce_id = f.bounce_id, next_attempt_at = NULL, task_id = NULL,
      attempts = greatest(1, r.attempts, f.attempt)
  WHERE r.id = f.recipient_id AND bounce_internal.supersedes(f, r)
    AND NOT (coalesce(f.attempt < r.attempts, false) AND bounce_internal.is_cleared(f));
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.mark_bounced(bounce_internal.finding) IS
  'the only function by which a bounce changes a recipient. Cancels a scheduled resend. False '
  'when the state is kept';

CREATE OR REPLACE FUNCTION bounce_internal.apply_hard(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
DECLARE
  obstacle CONSTANT text := bounce_internal.block_obstacle(f);
  moved CONSTANT boolean := bounce_internal.mark_bounced(f);
BEGIN
  -- where the address is blocked already there is nothing to hold
  f.outage_id := CASE WHEN obstacle IS NULL AND NOT bounce.is_address_blocked(f.address)
                      THEN bounce_internal.outage_of(f) END;
  f.blocks := obstacle IS NULL AND f.outage_id IS NULL;
  f := bounce_internal.step(f, CASE WHEN moved THEN 'bounced' ELSE 'late_bounce' END,
                   CASE WHEN moved THEN 'bounced' ELSE 'logged, state stands' END);
  IF f.outage_id IS NOT NULL THEN
    f := bounce_internal.hold_block(f);
    RETURN;
  ELSIF NOT moved THEN
    RETURN;
  END IF;
  IF NOT f.blocks THEN
    f := bounce_internal.step(f, 'block_withheld', 'not blocked, ' || obstacle);
  END IF;
  f := bounce_internal.request_task(f, 'hard_bounce', f.address,
                                 format('%s bounced hard, %s: %s', f.address,
         coalesce('not blocked, ' || obstacle, 'address blocked'), bounce_internal.describe(f)));
  IF bounce_internal.parameter_boolean('follow_up', f.process) THEN
    f := bounce_internal.write_follow_up(f);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_hard(bounce_internal.finding) IS
  'hard bounce: marked, address blocked, task hard_bounce, follow-up of the process. During an '
  'outage the block is held and nothing else is done';

CREATE OR REPLACE FUNCTION bounce_internal.apply_soft(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
DECLARE
  resend integer;
  obstacle text;
  due timestamptz;
BEGIN
  IF NOT bounce_internal.mark_bounced(f) THEN
    f := bounce_internal.step(f, 'late_bounce', 'logged, state stands');
    RETURN;
  END IF;
  f := bounce_internal.step(f, 'bounced', 'bounced');
  SELECT r.attempts INTO resend FROM bounce.communication_recipient AS r
  WHERE r.id = f.recipient_id;
  obstacle := bounce_internal.resend_obstacle(f, resend);
  IF obstacle IS NOT NULL THEN
    f := bounce_internal.request_task(f, 'resend_exhausted', f.address,
           format('%s is not sent to again, %s: %s', f.address, obstacle,
                  bounce_internal.describe(f)));
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET next_attempt_at = now() + bounce_internal.resend_delay_of(f, resend)
  WHERE r.id = f.recipient_id RETURNING r.next_attempt_at INTO due;
  f := bounce_internal.step(f, 'resend_scheduled', format('resend %s of %s at %s', resend,
         bounce_internal.parameter_integer('resend_max_attempts', f.process),
         to_char(due, 'YYYY-MM-DD HH24:MI')));
END $$;
COMMENT ON FUNCTION bounce_internal.apply_soft(bounce_internal.finding) IS
  'soft bounce: marked, and a resend scheduled or a task resend_exhausted. The n-th failed send '
  'asks for the n-th resend';

CREATE OR REPLACE FUNCTION bounce_internal.request_delivery_problem(INOUT f bounce_internal.finding)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f := bounce_internal.request_task(f, 'delivery_problem',
                                 f.reason || ':' || bounce.address_domain(f.address),
         format('mail to %s is refused: %s', bounce.address_domain(f.address),
                bounce_internal.describe(f)));
END $$;
COMMENT ON FUNCTION bounce_internal.request_delivery_problem(bounce_internal.finding) IS
  'requests a task delivery_problem: one per reason and remote domain';

CREATE OR REPLACE FUNCTION bounce_internal.apply_technical(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  IF bounce_internal.mark_bounced(f) THEN
    f := bounce_internal.step(f, 'bounced', 'bounced');
    f := bounce_internal.request_delivery_problem(f);
  ELSE
    f := bounce_internal.step(f, 'late_bounce', 'logged, state stands');
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_technical(bounce_internal.finding) IS
  'technical bounce: marked, and collected in a task delivery_problem';

CREATE OR REPLACE FUNCTION bounce_internal.apply_untrusted(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'untrusted', format('nothing marked, trust is %s only', f.trust));
  IF f.class = 'hard' THEN
    f := bounce_internal.request_task(f, 'hard_bounce', f.address,
                                   format('%s may be dead, not marked, not blocked, trust is %s '
                                          'only: %s',
           f.address, f.trust, bounce_internal.describe(f)));
  ELSIF f.class = 'technical' THEN
    f := bounce_internal.request_delivery_problem(f);
  ELSE
    f := bounce_internal.request_task(f, 'bounce_without_communication', f.address,
           format('%s may have missed a mail, trust is %s only: %s', f.address, f.trust,
                  bounce_internal.describe(f)));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_untrusted(bounce_internal.finding) IS
  'a report that anybody could have written: at most a task; nothing is marked, blocked or sent '
  'again';

CREATE OR REPLACE FUNCTION bounce_internal.apply_unmatched(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'unassigned',
                            CASE WHEN f.communication_id IS NULL THEN 'no communication found'
                                         ELSE 'no recipient found' END);
  f := bounce_internal.request_task(f, 'bounce_without_communication',
         coalesce('communication ' || f.communication_id, nullif(f.address, ''), 'no address'),
         format('%s bounce of %s fits %s: %s', f.class,
                coalesce(nullif(f.address, ''), 'an unnamed recipient'),
           coalesce('no single recipient of communication ' || f.communication_id,
                    'no communication'), bounce_internal.describe(f)));
END $$;
COMMENT ON FUNCTION bounce_internal.apply_unmatched(bounce_internal.finding) IS
  'a failed delivery whose communication or recipient is unknown';

CREATE OR REPLACE FUNCTION bounce_internal.apply_finding(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  CASE
    WHEN f.class = 'auto_reply'   THEN f := bounce_internal.step(f, 'auto_reply', 'logged');
    WHEN f.is_notice              THEN f := bounce_internal.step(f, 'notice', 'logged');
    WHEN f.class = 'unclassified'
      THEN f := bounce_internal.step(f, 'unclassified', 'for a person to read');
    WHEN f.recipient_id IS NULL   THEN f := bounce_internal.apply_unmatched(f);
    WHEN NOT bounce_internal.is_trusted_for(f, 'mark_min_trust')
      THEN f := bounce_internal.apply_untrusted(f);
    WHEN f.class = 'hard'         THEN f := bounce_internal.apply_hard(f);
    WHEN f.class = 'soft'         THEN f := bounce_internal.apply_soft(f);
    WHEN f.class = 'technical'    THEN f := bounce_internal.apply_technical(f);
  END CASE;
  f := bounce_internal.notify_owner(f);
END $$;
COMMENT ON FUNCTION bounce_internal.apply_finding(bounce_internal.finding) IS
  'carries out the consequences of one finding, according to its class';

-- All findings of a report -----------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.make_block(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.address_block (address, reason, why, bounce_id, communication_id)
  VALUES (f.address, f.reason, bounce_internal.describe(f), f.bounce_id, f.communication_id)
  ON CONFLICT (address_key) WHERE lifted_at IS NULL DO NOTHING;
  IF FOUND THEN
    f := bounce_internal.step(f, 'blocked', 'address blocked');
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.make_block(bounce_internal.finding) IS
  'blocks the address, unless it is blocked already';

-- Counters are locked after recipients and before blocks.
CREATE OR REPLACE FUNCTION bounce_internal.apply_consequences(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  followed bounce_internal.finding[] := '{}';
  blocked bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
BEGIN
  PERFORM bounce_internal.guard_findings(findings);
  FOR f IN SELECT * FROM unnest(findings) AS u ORDER BY u.recipient_id, u.bounce_id LOOP
    followed := followed || bounce_internal.apply_finding(f);
  END LOOP;
  FOR f IN SELECT * FROM unnest(followed) AS u ORDER BY u.address, u.bounce_id LOOP
    blocked := blocked || CASE WHEN f.blocks THEN bounce_internal.make_block(f) ELSE f END;
  END LOOP;
  RETURN bounce_internal.make_tasks(blocked);
END $$;
COMMENT ON FUNCTION bounce_internal.apply_consequences(bounce_internal.finding[]) IS
  'carries out the consequences of findings: counters of the outage guard, recipients, blocks, '
  'tasks, each in ascending order, which is the order of locking';

CREATE OR REPLACE FUNCTION bounce_internal.apply_in_shadow(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  followed bounce_internal.finding[];
  decided bounce_internal.finding[] := '{}';
  f bounce_internal.finding;
BEGIN
  -- It is done and taken back: only so is the decision sure to be the one that would have been
  -- made.
  BEGIN
    followed := bounce_internal.apply_consequences(findings);
    RAISE EXCEPTION 'shadow mode' USING ERRCODE = 'BM001';
  EXCEPTION WHEN SQLSTATE 'BM001' THEN
    NULL;     -- variables keep their values, the tables do not
  END;
  FOREACH f IN ARRAY followed LOOP
    PERFORM bounce_internal.write_log(f.communication_id, f.recipient_id, 'shadow',
                                      'not done, would be: ' || u.words, f.bounce_id)
    FROM unnest(f.steps) WITH ORDINALITY AS u (words, place) ORDER BY u.place;
    f.in_shadow := true;
    f.task_id := NULL;
    decided := decided || f;
  END LOOP;
  RETURN decided;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_in_shadow(bounce_internal.finding[]) IS
  'decides and logs the consequences without carrying them out';

CREATE OR REPLACE FUNCTION bounce_internal.process_findings(findings bounce_internal.finding[])
RETURNS bounce_internal.finding[]
LANGUAGE plpgsql AS $$
DECLARE
  shadowed CONSTANT bigint[] := ARRAY(SELECT u.bounce_id FROM unnest(findings) AS u
    WHERE u.class IN ('hard', 'soft', 'technical') AND NOT u.is_notice
      AND bounce_internal.parameter_boolean('shadow', u.process));
  followed bounce_internal.finding[];
BEGIN
  followed := bounce_internal.apply_consequences(ARRAY(SELECT u FROM unnest(findings) AS u
                                                  WHERE u.bounce_id <> ALL (shadowed)));
  IF cardinality(shadowed) > 0 THEN
    followed := followed
      || bounce_internal.apply_in_shadow(ARRAY(SELECT u FROM unnest(findings) AS u
                                                WHERE u.bounce_id = ANY (shadowed)));
  END IF;
  RETURN followed;
END $$;
COMMENT ON FUNCTION bounce_internal.process_findings(bounce_internal.finding[]) IS
  'carries out the consequences of findings, or only logs them where the process is in shadow '
  'mode. Their communications and recipients are locked';
