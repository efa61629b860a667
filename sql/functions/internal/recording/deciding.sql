-- SPDX-License-Identifier: BSD-2-Clause
--
-- The policy: what follows from a bounce is decided.
--
-- A finding is taken from hand to hand and gathers what is to be done, which carrying_out.sql does.

-- Words ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.describe(f bounce_internal.finding) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT bounce_internal.unmarked(
    concat_ws(' ', f.reason, nullif(bounce_internal.with_codes(f.reply_code, f.status,
                                                               f.diagnostic), '')))
$$;
COMMENT ON FUNCTION bounce_internal.describe(bounce_internal.finding) IS
  'reason, codes and diagnostic text of a finding in one line';

CREATE OR REPLACE FUNCTION bounce_internal.described(f bounce_internal.finding) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT bounce_internal.say('%w', f.reason)
         || coalesce(' ' || nullif(bounce_internal.unmarked(
                                     bounce_internal.with_codes(f.reply_code, f.status,
                                                                f.diagnostic)), ''), '')
$$;
COMMENT ON FUNCTION bounce_internal.described(bounce_internal.finding) IS
  'describe() for a sentence: the reason as a word of ours';

CREATE OR REPLACE FUNCTION bounce_internal.step(
  INOUT f bounce_internal.finding, event text, words text)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f.steps := f.steps || bounce_internal.plain(words);
  f.marked_steps := f.marked_steps || words;
  f.events := f.events || event;
END $$;
COMMENT ON FUNCTION bounce_internal.step(bounce_internal.finding, text, text) IS
  'notes one consequence, for bounce.consequence and for log_steps()';

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
  SELECT f.trust >= (f.policy ->> parameter_name)::bounce.trust
$$;
COMMENT ON FUNCTION bounce_internal.is_trusted_for(bounce_internal.finding, text) IS
  'whether a finding is trusted enough for block_min_trust, mark_min_trust or resend_min_trust';

CREATE OR REPLACE FUNCTION bounce_internal.is_cleared_by(
  f bounce_internal.finding, r bounce.communication_recipient, b bounce.address_block)
  RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT b.bounce_id IS DISTINCT FROM f.bounce_id
    AND NOT b.is_over AND (b.only_process IS NULL OR b.only_process = f.process)
    AND b.lifted_at > CASE WHEN f.attempt < r.attempts THEN r.created_at
                           ELSE r.last_attempt_at END
$$;
COMMENT ON FUNCTION bounce_internal.is_cleared_by(bounce_internal.finding,
                                                  bounce.communication_recipient,
                                                  bounce.address_block) IS
  'whether this block on the address was lifted after the send that this bounce is about. The '
  'bounce''s own block does not count: it is lifted when the bounce is reclassified';

CREATE OR REPLACE FUNCTION bounce_internal.with_blocks(
  INOUT f bounce_internal.finding, r bounce.communication_recipient, blocks bounce.address_block[])
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  b bounce.address_block;
BEGIN
  f.is_cleared := false;
  f.is_counted := r.state = 'bounced' AND r.class = 'hard';
  FOREACH b IN ARRAY blocks LOOP
    f.is_cleared := f.is_cleared OR coalesce(bounce_internal.is_cleared_by(f, r, b), false);
    f.is_counted := f.is_counted OR b.only_process IS NULL AND b.lifted_at IS NULL;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.with_blocks(
  bounce_internal.finding, bounce.communication_recipient, bounce.address_block[]) IS
  'notes what follows from the recipient as it stands, and from all blocks on the address';

CREATE OR REPLACE FUNCTION bounce_internal.is_cleared(f bounce_internal.finding) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF f.is_cleared IS NOT NULL THEN
    RETURN f.is_cleared;
  END IF;
  RETURN EXISTS (SELECT FROM bounce.communication_recipient AS r
                 JOIN bounce.address_block AS b ON b.address_key = r.address_key
                 WHERE r.id = f.recipient_id AND bounce_internal.is_cleared_by(f, r, b));
END $$;
COMMENT ON FUNCTION bounce_internal.is_cleared(bounce_internal.finding) IS
  'whether a block on the address was lifted after the send that this bounce is about; looked up '
  'unless weigh_findings() has';

CREATE OR REPLACE FUNCTION bounce_internal.block_obstacle(f bounce_internal.finding) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN NOT (f.policy ->> 'block_hard')::boolean THEN bounce_internal.say('block_hard is off')
    WHEN NOT bounce_internal.is_trusted_for(f, 'block_min_trust')
      THEN bounce_internal.say('trust is %w only', f.trust::text)
    WHEN bounce_internal.is_cleared(f)
      THEN bounce_internal.say('a block was lifted since it was sent')
  END
$$;
COMMENT ON FUNCTION bounce_internal.block_obstacle(bounce_internal.finding) IS
  'why the address is not blocked; NULL when it is';

CREATE OR REPLACE FUNCTION bounce_internal.supersedes(
  f bounce_internal.finding, r bounce.communication_recipient) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN r.state = 'replaced' THEN false
    WHEN f.attempt < r.attempts AND f.class <> 'hard' THEN false
    WHEN r.state <> 'bounced' OR f.attempt > r.attempts THEN true
    ELSE bounce_internal.class_rank(f.class) > bounce_internal.class_rank(r.class)
  END
$$;
COMMENT ON FUNCTION bounce_internal.supersedes(bounce_internal.finding,
                                               bounce.communication_recipient) IS
  'whether a bounce changes the state of its recipient. A bounce of an earlier send does only '
  'when it is hard; one of the same send only when it is more severe (hard > technical > soft); '
  'one of a later send always; a replaced address never changes';

-- One finding ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.is_failure(f bounce_internal.finding) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT f.class IN ('hard', 'soft', 'technical') AND NOT f.is_notice
         AND f.recipient_id IS NOT NULL AND NOT bounce_internal.is_erased(f)
         AND bounce_internal.is_trusted_for(f, 'mark_min_trust')
$$;
COMMENT ON FUNCTION bounce_internal.is_failure(bounce_internal.finding) IS
  'whether a finding may change a recipient: a failed delivery to one of ours, trusted enough';

CREATE OR REPLACE FUNCTION bounce_internal.weigh(
  INOUT f bounce_internal.finding, r bounce.communication_recipient)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  f.sends := greatest(1, r.attempts, f.attempt);
  f.moves := bounce_internal.supersedes(f, r)
    AND NOT (coalesce(f.attempt < r.attempts, false) AND bounce_internal.is_cleared(f));
  IF f.class = 'hard' THEN
    f.obstacle := bounce_internal.block_obstacle(f);
    f.blocks := f.obstacle IS NULL;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.weigh(bounce_internal.finding,
                                          bounce.communication_recipient) IS
  'decides whether a failure changes its recipient, and whether it blocks the address, apart from '
  'the outage guard';

CREATE OR REPLACE FUNCTION bounce_internal.apply_hard(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, CASE WHEN f.moves THEN 'bounced' ELSE 'late_bounce' END,
                            CASE WHEN f.moves THEN bounce_internal.say('bounced')
                                 ELSE bounce_internal.say('logged, state stands') END);
  IF f.outage_id IS NOT NULL THEN
    f := bounce_internal.hold_block(f);
    RETURN;
  ELSIF NOT f.moves THEN
    RETURN;
  END IF;
  IF NOT f.blocks THEN
    f := bounce_internal.step(f, 'block_withheld',
                              bounce_internal.say('not blocked') || ', ' || f.obstacle);
  END IF;
  f := bounce_internal.request_task(f, 'hard_bounce', f.address,
         bounce_internal.say('%s bounced hard', f.address) || ', '
         || coalesce(bounce_internal.say('not blocked') || ', ' || f.obstacle,
                     bounce_internal.say('address blocked'))
         || ': ' || bounce_internal.described(f));
  f := bounce_internal.write_follow_up(f, 'hard_bounce');
  IF f.reason = 'mailbox_moved' THEN
    f := bounce_internal.write_follow_up(f, 'has_left');
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_hard(bounce_internal.finding) IS
  'hard bounce: marked, address blocked, task hard_bounce, follow-up of the process. During an '
  'outage the block is held and nothing else is done';

CREATE OR REPLACE FUNCTION bounce_internal.apply_soft(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
DECLARE
  obstacle text;
BEGIN
  IF NOT f.moves THEN
    f := bounce_internal.step(f, 'late_bounce', bounce_internal.say('logged, state stands'));
    RETURN;
  END IF;
  f := bounce_internal.step(f, 'bounced', bounce_internal.say('bounced'));
  obstacle := bounce_internal.resend_obstacle(f, f.sends);
  IF obstacle IS NOT NULL THEN
    f := bounce_internal.request_task(f, 'resend_exhausted', f.address,
           bounce_internal.say('%s is not sent to again', f.address) || ', ' || obstacle || ': '
           || bounce_internal.described(f));
    f := bounce_internal.write_follow_up(f, 'resend_exhausted');
  ELSE
    f.resend_at := now() + bounce_internal.resend_delay_of(f, f.sends);
    f := bounce_internal.step(f, 'resend_scheduled', bounce_internal.say(
           'resend %s of %s at %t', f.sends::text, f.policy ->> 'resend_max_attempts',
           to_char(f.resend_at, 'YYYY-MM-DD HH24:MI')));
  END IF;
  f := bounce_internal.count_soft(f);
END $$;
COMMENT ON FUNCTION bounce_internal.apply_soft(bounce_internal.finding) IS
  'soft bounce: marked, a resend scheduled or a task resend_exhausted, and counted for the score '
  'of the address. The n-th failed send asks for the n-th resend';

CREATE OR REPLACE FUNCTION bounce_internal.request_delivery_problem(INOUT f bounce_internal.finding)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domain CONSTANT text := bounce.address_domain(f.address);
BEGIN
  f := bounce_internal.request_task(f, 'delivery_problem', f.reason || ':' || domain,
                                    bounce_internal.say('mail to %s is refused', domain));
END $$;
COMMENT ON FUNCTION bounce_internal.request_delivery_problem(bounce_internal.finding) IS
  'requests a task delivery_problem: one per reason and remote domain';

CREATE OR REPLACE FUNCTION bounce_internal.apply_technical(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  IF f.moves THEN
    f := bounce_internal.step(f, 'bounced', bounce_internal.say('bounced'));
    f := bounce_internal.request_delivery_problem(f);
    f := bounce_internal.write_follow_up(f, 'technical');
  ELSE
    f := bounce_internal.step(f, 'late_bounce', bounce_internal.say('logged, state stands'));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_technical(bounce_internal.finding) IS
  'technical bounce: marked, and collected in a task delivery_problem';

CREATE OR REPLACE FUNCTION bounce_internal.apply_untrusted(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'untrusted', bounce_internal.say('nothing marked, trust is %w only',
                                                             f.trust::text));
  IF f.class = 'hard' THEN
    f := bounce_internal.request_task(f, 'hard_bounce', f.address,
           bounce_internal.say('%s may be dead, not marked, not blocked, trust is %w only: ',
                               f.address, f.trust::text) || bounce_internal.described(f));
  ELSIF f.class = 'technical' THEN
    f := bounce_internal.request_delivery_problem(f);
  ELSE
    f := bounce_internal.request_task(f, 'bounce_without_communication', f.address,
           bounce_internal.say('%s may have missed a mail, trust is %w only: ', f.address,
                               f.trust::text) || bounce_internal.described(f));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_untrusted(bounce_internal.finding) IS
  'a report that anybody could have written: at most a task; nothing is marked, blocked or sent '
  'again';

CREATE OR REPLACE FUNCTION bounce_internal.apply_unmatched(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'unassigned',
                            CASE WHEN f.communication_id IS NULL
                                 THEN bounce_internal.say('no communication found')
                                 ELSE bounce_internal.say('no recipient found') END);
  f := bounce_internal.request_task(f, 'bounce_without_communication',
         coalesce('communication ' || f.communication_id, nullif(f.address, ''), 'no address'),
         CASE f.address
           WHEN '' THEN bounce_internal.say('%w bounce of an unnamed recipient ', f.class::text)
           ELSE bounce_internal.say('%w bounce of %s ', f.class::text, f.address) END
         || CASE WHEN f.communication_id IS NULL
                 THEN bounce_internal.say('fits no communication: ')
                 ELSE bounce_internal.say('fits no single recipient of communication %s: ',
                                          f.communication_id::text) END
         || bounce_internal.described(f));
END $$;
COMMENT ON FUNCTION bounce_internal.apply_unmatched(bounce_internal.finding) IS
  'a failed delivery whose communication or recipient is unknown';

CREATE OR REPLACE FUNCTION bounce_internal.apply_complaint(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
DECLARE
  what CONSTANT text := f.policy ->> 'complaint';
  obstacle text;
BEGIN
  f := bounce_internal.write_follow_up(f, 'complaint');
  IF what LIKE 'block%' THEN
    obstacle := CASE WHEN NOT bounce_internal.is_trusted_for(f, 'block_min_trust')
                       THEN bounce_internal.say('trust is %w only', f.trust::text)
                     WHEN bounce_internal.id_is_shared(f)
                       THEN bounce_internal.say('several got the mail')
                     WHEN bounce_internal.is_cleared(f)
                       THEN bounce_internal.say('a block was lifted since it was sent') END;
    f.blocks := obstacle IS NULL;
  END IF;
  IF what = 'task' OR obstacle IS NOT NULL THEN
    f := bounce_internal.request_task(f, 'complaint', f.process || ':' || f.address,
           bounce_internal.say('%s called a mail of process %s spam', f.address, f.process)
           || coalesce(', ' || bounce_internal.say('not blocked') || ', ' || obstacle, ''));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_complaint(bounce_internal.finding) IS
  'a complaint is logged, makes a task, or blocks the address, as its process says';

CREATE OR REPLACE FUNCTION bounce_internal.apply_delivered(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r SET delivered_at = now()
  WHERE r.id = f.recipient_id AND r.delivered_at IS NULL;
  IF FOUND THEN
    f := bounce_internal.step(f, 'delivered', bounce_internal.say('delivered'));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_delivered(bounce_internal.finding) IS
  'a report of success: the first is kept with its recipient';

CREATE OR REPLACE FUNCTION bounce_internal.apply_notice(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'notice', bounce_internal.say('logged'));
  IF f.reason = 'complaint' AND f.recipient_id IS NOT NULL
     AND bounce_internal.is_trusted_for(f, 'mark_min_trust') THEN
    f := bounce_internal.apply_complaint(f);
  ELSIF f.action = 'delivered' AND f.recipient_id IS NOT NULL
        AND bounce_internal.is_trusted_for(f, 'mark_min_trust') THEN
    f := bounce_internal.apply_delivered(f);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_notice(bounce_internal.finding) IS
  'what is no failure: only a complaint and a report of success may have consequences';

CREATE OR REPLACE FUNCTION bounce_internal.apply_erased(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.step(f, 'erased', concat_ws(', ', bounce_internal.say('logged'),
                                                   bounce_internal.say('personal data erased')));
END $$;
COMMENT ON FUNCTION bounce_internal.apply_erased(bounce_internal.finding) IS
  'a late report on somebody who is erased: counted and logged, without a word of it. There is '
  'nobody to block, to send to again or to ask about';

CREATE OR REPLACE FUNCTION bounce_internal.apply_finding(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  CASE
    WHEN bounce_internal.is_erased(f) THEN f := bounce_internal.apply_erased(f);
    WHEN f.class = 'auto_reply'   THEN f := bounce_internal.apply_auto_reply(f);
    WHEN f.is_notice              THEN f := bounce_internal.apply_notice(f);
    WHEN f.class = 'unclassified' THEN f := bounce_internal.apply_unclassified(f);
    WHEN f.recipient_id IS NULL   THEN f := bounce_internal.apply_unmatched(f);
    WHEN NOT bounce_internal.is_trusted_for(f, 'mark_min_trust')
      THEN f := bounce_internal.apply_untrusted(f);
    WHEN f.class = 'hard'         THEN f := bounce_internal.apply_hard(f);
    WHEN f.class = 'soft'         THEN f := bounce_internal.apply_soft(f);
    WHEN f.class = 'technical'    THEN f := bounce_internal.apply_technical(f);
  END CASE;
  IF f.moves THEN
    f := bounce_internal.notify_owner(f);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.apply_finding(bounce_internal.finding) IS
  'carries out the consequences of one finding, according to its class';
