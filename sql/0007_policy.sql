-- SPDX-License-Identifier: BSD-2-Clause
--
-- What follows from a bounce. One function per case decides and moves the
-- recipient; blocks and tasks are only wished for here and made by
-- record_report() afterwards, all in one order.

-- Steps -----------------------------------------------------------------------------

CREATE FUNCTION bounce.describe(f bounce.finding) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN concat_ws(' ', f.reason, nullif(f.status, ''), nullif(f.reply_code, ''), nullif(f.diagnostic, ''));
COMMENT ON FUNCTION bounce.describe(bounce.finding) IS 'internal: reason, codes and words of a finding in one line';

CREATE FUNCTION bounce.step(INOUT f bounce.finding, event text, words text)
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce.write_log(f.communication_id, f.recipient_id, event, words || ': ' || bounce.describe(f), f.bounce_id);
  f.steps := f.steps || words;
END
$$;
COMMENT ON FUNCTION bounce.step(bounce.finding, text, text) IS
  'internal: one thing that followed: in the log and in bounce.consequence';

CREATE FUNCTION bounce.wish_task(INOUT f bounce.finding, kind text, about text, summary text)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f.task_kind := kind;
  f.task_key := kind || ':' || left(about, 500);
  f.task_summary := summary;
END
$$;
COMMENT ON FUNCTION bounce.wish_task(bounce.finding, text, text, text) IS
  'internal: a task to be made; one open task per kind and subject (about, of which an index takes 500 characters)';

CREATE FUNCTION bounce.may(f bounce.finding, parameter_name text) RETURNS boolean
LANGUAGE sql STABLE
RETURN f.trust >= bounce.parameter_trust(parameter_name, f.process);
COMMENT ON FUNCTION bounce.may(bounce.finding, text) IS
  'internal: whether a finding is trusted enough for block_, mark_ or resend_min_trust';

-- Blocked addresses ------------------------------------------------------------------

CREATE FUNCTION bounce.is_address_blocked(address text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.address_block AS b
                 WHERE b.address_key = bounce.address_key(is_address_blocked.address) AND b.lifted_at IS NULL);
END
$$;
COMMENT ON FUNCTION bounce.is_address_blocked(text) IS
  'whether nothing may be sent to this address now; any case, with or without angle brackets';

CREATE FUNCTION bounce.is_cleared(f bounce.finding) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    JOIN bounce.address_block AS b ON b.address_key = r.address_key
    WHERE r.id = f.recipient_id
      AND b.lifted_at > CASE WHEN f.attempt < r.attempts THEN r.created_at ELSE r.last_attempt_at END);
END
$$;
COMMENT ON FUNCTION bounce.is_cleared(bounce.finding) IS
  'internal: whether somebody lifted a block on the address after the send that this bounce is about';

CREATE FUNCTION bounce.block_obstacle(f bounce.finding) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
  WHEN NOT bounce.parameter_boolean('block_hard', f.process) THEN 'block_hard is off'
  WHEN NOT bounce.may(f, 'block_min_trust') THEN format('trust is %s only', f.trust)
  WHEN bounce.is_cleared(f) THEN 'a block was lifted since it was sent'
END;
COMMENT ON FUNCTION bounce.block_obstacle(bounce.finding) IS 'internal: why an address is not blocked; NULL when it is';

-- A recipient's state -----------------------------------------------------------------

CREATE FUNCTION bounce.supersedes(f bounce.finding, r bounce.communication_recipient) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE
  WHEN f.attempt < r.attempts AND f.class <> 'hard' THEN false
  WHEN r.state <> 'bounced' OR f.attempt > r.attempts THEN true
  ELSE bounce.class_rank(f.class) > bounce.class_rank(r.class)
END;
COMMENT ON FUNCTION bounce.supersedes(bounce.finding, bounce.communication_recipient) IS
  'internal: whether a bounce changes the state: news of an earlier send only when the address is dead for good; of the '
  'same send only when it is more final (hard > technical > soft); of a later send always';

CREATE FUNCTION bounce.move_recipient(f bounce.finding) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET state = 'bounced', class = f.class, reason = f.reason, status_code = f.status,
      diagnostic = coalesce(nullif(f.diagnostic, ''), f.evidence),
      bounced_at = now(), bounce_id = f.bounce_id, next_attempt_at = NULL, task_id = NULL,
      attempts = greatest(1, r.attempts, f.attempt)
  WHERE r.id = f.recipient_id AND bounce.supersedes(f, r)
    AND NOT (coalesce(f.attempt < r.attempts, false) AND bounce.is_cleared(f));
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bounce.move_recipient(bounce.finding) IS
  'internal: the one place where a bounce moves a recipient. Cancels a scheduled resend. False when the state stands';

-- Cases ---------------------------------------------------------------------------------

CREATE FUNCTION bounce.follow_hard(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  obstacle CONSTANT text := bounce.block_obstacle(f);
  moved CONSTANT boolean := bounce.move_recipient(f);
BEGIN
  f.blocks := obstacle IS NULL;
  f := bounce.step(f, CASE WHEN moved THEN 'bounced' ELSE 'late_bounce' END,
                   CASE WHEN moved THEN 'bounced' ELSE 'logged, state stands' END);
  IF NOT moved THEN
    RETURN;
  END IF;
  IF NOT f.blocks THEN
    f := bounce.step(f, 'block_withheld', 'not blocked, ' || obstacle);
  END IF;
  f := bounce.wish_task(f, 'hard_bounce', f.address, format('%s bounced hard, %s: %s', f.address,
         coalesce('not blocked, ' || obstacle, 'address blocked'), bounce.describe(f)));
  IF bounce.parameter_boolean('follow_up', f.process) THEN
    f := bounce.write_follow_up(f);
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.follow_hard(bounce.finding) IS
  'internal: bounced, block, task hard_bounce, the process''s follow-up';

CREATE FUNCTION bounce.write_follow_up(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  follow_up_id bigint;
BEGIN
  INSERT INTO bounce.follow_up (kind, communication_id, recipient_id, bounce_id)
  VALUES ('hard_bounce', f.communication_id, f.recipient_id, f.bounce_id)
  RETURNING id INTO follow_up_id;
  PERFORM pg_notify('bounce_follow_up', follow_up_id::text);
  f := bounce.step(f, 'follow_up', 'follow-up ' || follow_up_id);
END
$$;

CREATE FUNCTION bounce.resend_delay(process text, resend integer) RETURNS interval
LANGUAGE sql STABLE
RETURN make_interval(secs => least(
  extract(epoch FROM bounce.parameter_interval('resend_initial_delay', process))::float8
    * power(bounce.parameter_number('resend_factor', process)::float8, resend - 1),
  extract(epoch FROM bounce.parameter_interval('resend_max_delay', process))::float8));
COMMENT ON FUNCTION bounce.resend_delay(text, integer) IS
  'how long to wait before the n-th resend (1, 2 ...): resend_initial_delay * resend_factor ^ (n-1), at most resend_max_delay';

CREATE FUNCTION bounce.resend_obstacle(f bounce.finding, resend integer) RETURNS text
LANGUAGE sql STABLE
RETURN CASE
  WHEN NOT bounce.parameter_boolean('resend', f.process) THEN 'resend is off'
  WHEN NOT bounce.may(f, 'resend_min_trust') THEN format('trust is %s only', f.trust)
  WHEN bounce.is_address_blocked(f.address) THEN 'the address is blocked'
  WHEN resend > bounce.parameter_integer('resend_max_attempts', f.process) THEN format('%s resends were made', resend - 1)
END;
COMMENT ON FUNCTION bounce.resend_obstacle(bounce.finding, integer) IS
  'internal: why the n-th resend is not scheduled; NULL when it is';

CREATE FUNCTION bounce.follow_soft(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  resend integer;
  obstacle text;
  due timestamptz;
BEGIN
  IF NOT bounce.move_recipient(f) THEN
    f := bounce.step(f, 'late_bounce', 'logged, state stands');
    RETURN;
  END IF;
  f := bounce.step(f, 'bounced', 'bounced');
  SELECT r.attempts INTO resend FROM bounce.communication_recipient AS r WHERE r.id = f.recipient_id;
  obstacle := bounce.resend_obstacle(f, resend);
  IF obstacle IS NOT NULL THEN
    f := bounce.wish_task(f, 'resend_exhausted', f.recipient_id::text,
           format('%s is not sent to again, %s: %s', f.address, obstacle, bounce.describe(f)));
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = now() + bounce.resend_delay(f.process, resend)
  WHERE r.id = f.recipient_id RETURNING r.next_attempt_at INTO due;
  f := bounce.step(f, 'resend_scheduled', format('resend %s of %s at %s', resend,
         bounce.parameter_integer('resend_max_attempts', f.process), to_char(due, 'YYYY-MM-DD HH24:MI')));
END
$$;
COMMENT ON FUNCTION bounce.follow_soft(bounce.finding) IS
  'internal: bounced, a resend scheduled, or a task resend_exhausted. The n-th send that fails asks for the n-th resend';

CREATE FUNCTION bounce.wish_delivery_problem(INOUT f bounce.finding)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f := bounce.wish_task(f, 'delivery_problem', f.reason || ':' || bounce.address_domain(f.address),
         format('mail to %s is refused: %s', bounce.address_domain(f.address), bounce.describe(f)));
END
$$;
COMMENT ON FUNCTION bounce.wish_delivery_problem(bounce.finding) IS 'internal: one task per reason and remote domain';

CREATE FUNCTION bounce.follow_technical(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  IF bounce.move_recipient(f) THEN
    f := bounce.step(f, 'bounced', 'bounced');
    f := bounce.wish_delivery_problem(f);
  ELSE
    f := bounce.step(f, 'late_bounce', 'logged, state stands');
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.follow_technical(bounce.finding) IS
  'internal: a final refusal: bounced, gathered in a task delivery_problem';

CREATE FUNCTION bounce.follow_untrusted(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce.step(f, 'untrusted', format('nothing marked, trust is %s only', f.trust));
  IF f.class = 'hard' THEN
    f := bounce.wish_task(f, 'hard_bounce', f.address, format('%s may be dead, not marked, not blocked, trust is %s only: %s',
           f.address, f.trust, bounce.describe(f)));
  ELSIF f.class = 'technical' THEN
    f := bounce.wish_delivery_problem(f);
  ELSE
    f := bounce.wish_task(f, 'bounce_without_communication', f.address,
           format('%s may have missed a mail, trust is %s only: %s', f.address, f.trust, bounce.describe(f)));
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.follow_untrusted(bounce.finding) IS
  'internal: a report that anybody could have written: a task at most, nothing marked, blocked or sent again';

CREATE FUNCTION bounce.follow_unmatched(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce.step(f, 'unassigned', CASE WHEN f.communication_id IS NULL THEN 'no communication found'
                                         ELSE 'no recipient found' END);
  f := bounce.wish_task(f, 'bounce_without_communication',
         coalesce('communication ' || f.communication_id, nullif(f.address, ''), 'no address'),
         format('%s bounce of %s fits %s: %s', f.class, coalesce(nullif(f.address, ''), 'an unnamed recipient'),
           coalesce('no single recipient of communication ' || f.communication_id, 'no communication'), bounce.describe(f)));
END
$$;
COMMENT ON FUNCTION bounce.follow_unmatched(bounce.finding) IS
  'internal: a failed delivery of which the communication, or the recipient within it, cannot be told';

CREATE FUNCTION bounce.follow_finding(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  CASE
    WHEN f.class = 'auto_reply'   THEN f := bounce.step(f, 'auto_reply', 'logged');
    WHEN f.is_notice              THEN f := bounce.step(f, 'notice', 'logged');
    WHEN f.class = 'unclassified' THEN f := bounce.step(f, 'unclassified', 'for a person to read');
    WHEN f.recipient_id IS NULL   THEN f := bounce.follow_unmatched(f);
    WHEN NOT bounce.may(f, 'mark_min_trust') THEN f := bounce.follow_untrusted(f);
    WHEN f.class = 'hard'         THEN f := bounce.follow_hard(f);
    WHEN f.class = 'soft'         THEN f := bounce.follow_soft(f);
    WHEN f.class = 'technical'    THEN f := bounce.follow_technical(f);
  END CASE;
END
$$;
COMMENT ON FUNCTION bounce.follow_finding(bounce.finding) IS 'internal: the table of classes: what follows from one finding';

-- Blocks and tasks ------------------------------------------------------------------------

CREATE FUNCTION bounce.make_block(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.address_block (address, reason, why, bounce_id, communication_id)
  VALUES (f.address, f.reason, bounce.describe(f), f.bounce_id, f.communication_id)
  ON CONFLICT (address_key) WHERE lifted_at IS NULL DO NOTHING;
  IF FOUND THEN
    f := bounce.step(f, 'blocked', 'address blocked');
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.make_block(bounce.finding) IS 'internal: blocks the address unless it is blocked already';

CREATE FUNCTION bounce.make_task(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, process, communication_id, recipient_id, address, domain, reason, bounce_id)
  VALUES (f.task_kind, f.task_key, f.task_summary, f.process, f.communication_id, f.recipient_id,
          CASE f.task_kind WHEN 'delivery_problem' THEN '' ELSE f.address END, bounce.address_domain(f.address),
          f.reason, f.bounce_id)
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary, bounce_id = excluded.bounce_id,
      communication_id = excluded.communication_id, recipient_id = excluded.recipient_id
  RETURNING t.id INTO f.task_id;
  UPDATE bounce.communication_recipient AS r SET task_id = f.task_id
  WHERE r.id = f.recipient_id AND r.bounce_id = f.bounce_id;
  f := bounce.step(f, 'task', format('task %s %s', f.task_kind, f.task_id));
END
$$;
COMMENT ON FUNCTION bounce.make_task(bounce.finding) IS
  'internal: makes the task that was wished for, or counts it up where one is open';
