-- SPDX-License-Identifier: BSD-2-Clause
--
-- Taking back what a person decided about a task: what was before is remembered when the task is
-- resolved, and restored as far as no mail has gone out since.

CREATE OR REPLACE FUNCTION bounce_internal.remember_for_reopening(
  t bounce.task, bounces bigint[], resend boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  known CONSTANT bigint[] := ARRAY(
    SELECT (u ->> 'id')::bigint FROM bounce.task AS k
    CROSS JOIN jsonb_array_elements(k.undo_state -> 'recipients') AS u WHERE k.id = t.id);
BEGIN
  UPDATE bounce.task AS k SET undo_state = jsonb_build_object(
    'resend', resend,
    'bounces', coalesce(k.undo_state -> 'bounces', '[]') || to_jsonb(bounces),
    'blocks', coalesce(k.undo_state -> 'blocks', '[]') || (
      SELECT coalesce(jsonb_agg(b.id), '[]') FROM bounce.address_block AS b
      WHERE b.lifted_at IS NULL
        AND (b.address_key = bounce.address_key(t.address) OR b.bounce_id = ANY (bounces))),
    'tasks', coalesce(k.undo_state -> 'tasks', '[]') || (
      SELECT coalesce(jsonb_agg(o.id), '[]') FROM bounce.task AS o
      WHERE o.status = 'open' AND o.id IN (SELECT b.task_id FROM bounce.bounce AS b
                                           WHERE b.id = ANY (bounces))),
    'recipients', coalesce(k.undo_state -> 'recipients', '[]') || (
      SELECT coalesce(jsonb_agg(bounce_internal.recipient_as_it_is(r)), '[]')
      FROM bounce.communication_recipient AS r
      -- An OR of these would read all recipients that there are. An outage goes on gathering: of
      -- its recipients those are changed, and locked, whose bounces are named.
      WHERE r.id IN (SELECT t.recipient_id WHERE k.undo_state IS NULL AND t.kind <> 'outage'
                     UNION SELECT q.recipient_id FROM bounce.failed_recipient AS q
                           WHERE q.task_id = t.id AND k.undo_state IS NULL AND t.kind <> 'outage'
                     UNION SELECT b.recipient_id FROM bounce.bounce AS b
                           WHERE b.id = ANY (bounces))
        AND r.id <> ALL (known)))
  WHERE k.id = t.id;
END $$;
COMMENT ON FUNCTION bounce_internal.remember_for_reopening(bounce.task, bigint[], boolean) IS
  'keeps the state of the mails of a task that is being resolved, its blocks and, of an outage, '
  'these bounces and their tasks, after what is kept already; no words of anybody. resend: whether '
  'what an outage has dropped is sent again';

CREATE OR REPLACE FUNCTION bounce_internal.end_time_of(communication_id bigint)
RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT d.end_time FROM bounce.communication_delivery AS d
          WHERE d.communication_id = end_time_of.communication_id);
END $$;
COMMENT ON FUNCTION bounce_internal.end_time_of(bigint) IS
  'end_time of a mail of the queue; NULL when it has none, or is not in the queue';

CREATE OR REPLACE FUNCTION bounce_internal.restore_end(communication_id bigint, was jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_delivery AS d
  SET error = bounce_internal.summary_error(d.communication_id),
      end_time = CASE WHEN d.attempts = 0 AND d.state IN ('SUCCESS', 'ERROR')
                      THEN coalesce((was ->> 'end_time')::timestamptz, d.end_time)
                      ELSE d.end_time END
  WHERE d.communication_id = restore_end.communication_id;
END $$;
COMMENT ON FUNCTION bounce_internal.restore_end(bigint, jsonb) IS
  'has a mail of which an act was taken back say what its recipients say. One that had ended '
  'without any try, and has again, ended when it did the first time';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_as_it_is(r bounce.communication_recipient)
RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  q bounce.recipient_delivery;
BEGIN
  SELECT d.* INTO q FROM bounce.recipient_delivery AS d WHERE d.recipient_id = r.id;
  RETURN jsonb_build_object(
    'id', r.id, 'state', r.state, 'class', r.class, 'bounce_id', r.bounce_id,
    'reason', r.reason, 'bounced_at', r.bounced_at, 'task_id', r.task_id,
    'next_attempt_at', r.next_attempt_at, 'requested_by', r.requested_by,
    'attempts', r.attempts, 'delivery', q.state, 'due_at', q.due_at, 'tries', q.tries,
    'refused_at', q.refused_at, 'end_time', bounce_internal.end_time_of(r.communication_id));
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_as_it_is(bounce.communication_recipient) IS
  'what restore_recipient() needs';

CREATE OR REPLACE FUNCTION bounce_internal.remembered(t bounce.task, what text) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
  SELECT ARRAY(SELECT u::bigint FROM jsonb_array_elements_text((t).undo_state -> what) AS u)
$$;
COMMENT ON FUNCTION bounce_internal.remembered(bounce.task, text) IS
  'the numbers that remember_for_reopening() has kept: bounces, blocks or tasks';

CREATE OR REPLACE FUNCTION bounce_internal.drop_unsent(recipient_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  communication_id bigint;
BEGIN
  PERFORM FROM bounce.recipient_delivery AS q WHERE q.recipient_id = drop_unsent.recipient_id
  FOR UPDATE;
  DELETE FROM bounce.communication_recipient AS r
  WHERE r.id = drop_unsent.recipient_id AND r.state IN ('open', 'error') AND r.attempts = 0
    AND NOT EXISTS (SELECT FROM bounce.recipient_delivery AS q
                    WHERE q.recipient_id = r.id AND (q.state IN ('claimed', 'sending', 'unknown')
                                                     OR q.tries > 0))
  RETURNING r.communication_id INTO communication_id;
  IF communication_id IS NOT NULL THEN
    PERFORM bounce_internal.derive_communication(communication_id),
      bounce_internal.forget_failure(communication_id);
  END IF;
  RETURN communication_id IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.drop_unsent(bigint) IS
  'removes a recipient to whom nothing has been sent, be it cancelled or blocked since. False when '
  'something has';

CREATE OR REPLACE FUNCTION bounce_internal.is_only_instead_of(
  n bounce.communication_recipient, old_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT (n).undo_state ->> 'instead_of' = old_id::text
         OR (n).is_correction
            AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS o
                            WHERE o.communication_id = (n).communication_id
                              AND o.replaced_by = (n).id AND o.id <> old_id)
$$;
COMMENT ON FUNCTION bounce_internal.is_only_instead_of(bounce.communication_recipient, bigint) IS
  'whether a recipient is one only because it was put in the place of that one: it was not there '
  'before, and is not in the place of others as well';

CREATE OR REPLACE FUNCTION bounce_internal.take_out(
  n bounce.communication_recipient, old_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF (n.undo_state ->> 'instead_of')::bigint IS DISTINCT FROM old_id THEN
    RETURN bounce_internal.drop_unsent(n.id);
  ELSIF n.attempts > (n.undo_state ->> 'attempts')::integer OR EXISTS (
          SELECT FROM bounce.recipient_delivery AS q
          WHERE q.recipient_id = n.id AND q.state IN ('claimed', 'sending', 'unknown')) THEN
    RETURN false;
  END IF;
  UPDATE bounce.recipient_delivery AS q SET state = 'rejected', due_at = NULL
  WHERE q.recipient_id = n.id AND q.state IN ('due', 'pending');
  UPDATE bounce.communication_recipient AS r
  SET state = 'replaced', replaced_by = old_id, next_attempt_at = NULL, requested_by = NULL,
      corrections = r.corrections + 1, undo_state = NULL
  WHERE r.id = n.id;
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce_internal.take_out(bounce.communication_recipient, bigint) IS
  'takes out a recipient that was put in the place of another one: removes it, or, where it had '
  'been replaced by that one before, has it so again. False when the mail was sent to it';

CREATE OR REPLACE FUNCTION bounce_internal.restore_recipient(was jsonb, why text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  successor bounce.communication_recipient;
  r bounce.communication_recipient;
  is_whole boolean := true;
BEGIN
  IF was ->> 'state' = 'replaced' THEN
    RETURN NULL;     -- no decision changes it
  END IF;
  SELECT q.* INTO r FROM bounce.communication_recipient AS q
  WHERE q.id = (was ->> 'id')::bigint FOR NO KEY UPDATE;
  IF NOT FOUND OR r.attempts > (was ->> 'attempts')::integer OR EXISTS (
       SELECT FROM bounce.recipient_delivery AS q
       WHERE q.recipient_id = r.id AND q.state IN ('claimed', 'sending')) THEN
    RETURN false;
  END IF;
  SELECT n.* INTO successor FROM bounce.communication_recipient AS n
  WHERE n.id = r.replaced_by
    AND (n.is_correction OR n.undo_state ->> 'instead_of' = r.id::text);
  UPDATE bounce.recipient_delivery AS q SET state = 'due', due_at = now()
  WHERE q.recipient_id = r.id AND was ->> 'delivery' IN ('unknown', 'accepted')
    AND q.state <> was ->> 'delivery';
  UPDATE bounce.recipient_delivery AS q SET state = was ->> 'delivery', due_at = NULL
  WHERE q.recipient_id = r.id AND was ->> 'delivery' IN ('accepted', 'rejected')
    AND q.state IN ('due', 'pending');
  UPDATE bounce.communication_recipient AS q
  SET state = was ->> 'state', class = was ->> 'class', reason = was ->> 'reason',
      bounce_id = (was ->> 'bounce_id')::bigint, replaced_by = NULL,
      bounced_at = (was ->> 'bounced_at')::timestamptz, task_id = (was ->> 'task_id')::bigint,
      next_attempt_at = (was ->> 'next_attempt_at')::timestamptz,
      requested_by = was ->> 'requested_by', corrections = q.corrections + 1,
      diagnostic = CASE WHEN was ->> 'delivery' = 'unknown' AND q.diagnostic = ''
                        THEN 'outcome unknown: the final reply was not heard'
                        ELSE q.diagnostic END
  WHERE q.id = r.id;
  UPDATE bounce.recipient_delivery AS q SET state = 'unknown', due_at = NULL
  WHERE q.recipient_id = r.id AND was ->> 'delivery' = 'unknown' AND q.state <> 'unknown';
  UPDATE bounce.recipient_delivery AS q
  SET state = was ->> 'delivery', due_at = (was ->> 'due_at')::timestamptz,
      tries = (was ->> 'tries')::integer
  WHERE q.recipient_id = r.id AND was ->> 'delivery' IN ('due', 'pending')
    AND was ->> 'due_at' IS NOT NULL AND q.state IN ('rejected', 'due', 'pending');
  UPDATE bounce.recipient_delivery AS q
  SET tries = coalesce((was ->> 'tries')::integer, q.tries),
      refused_at = CASE q.state WHEN 'rejected' THEN (was ->> 'refused_at')::timestamptz END
  WHERE q.recipient_id = r.id;
  UPDATE bounce.communication_content AS k
  SET header_to = bounce_internal.with_address(k.header_to, successor.address, r.address),
      header_cc = bounce_internal.with_address(k.header_cc, successor.address, r.address)
  WHERE k.communication_id = r.communication_id AND successor.id IS NOT NULL;
  PERFORM bounce_internal.write_log(r.communication_id, r.id, 'corrected',
            bounce_internal.say('%s is as it was before', r.address) || ': ' || why, r.bounce_id);
  IF bounce_internal.is_only_instead_of(successor, r.id) THEN
    is_whole := bounce_internal.take_out(successor, r.id);
  END IF;
  IF was ->> 'delivery' IS NOT NULL THEN
    PERFORM bounce_internal.derive_communication(r.communication_id);
  END IF;
  PERFORM bounce_internal.restore_end(r.communication_id, was);
  RETURN is_whole;
END $$;
COMMENT ON FUNCTION bounce_internal.restore_recipient(jsonb, text) IS
  'gives a recipient the state it had before its task was resolved; an address that was put in '
  'its place and not sent to is removed. False when a mail has gone out since; NULL when another '
  'address was in its place already';

-- A task that is about nothing else is done with; what it gathers of other mails keeps it open.
CREATE OR REPLACE FUNCTION bounce_internal.lock_task_of(r bounce.communication_recipient)
RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  kinds CONSTANT text[] := '{hard_bounce,resend_exhausted,soft_bounces,auto_reply}';
  t bounce.task;
BEGIN
  SELECT q.* INTO t FROM bounce.task AS q
  WHERE q.id = r.task_id AND q.status = 'open' AND q.kind = ANY (kinds)
    AND NOT EXISTS (SELECT FROM bounce.failed_recipient AS k
                    JOIN bounce.communication_recipient AS o ON o.id = k.recipient_id
                    WHERE k.task_id = q.id AND o.id <> r.id AND o.state <> 'replaced');
  IF FOUND THEN
    t := bounce_internal.lock_task(t.id, kinds);
  END IF;
  RETURN t;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_task_of(bounce.communication_recipient) IS
  'the open task that another address of this recipient settles, whose communication is locked: '
  'all its other mails have one; NULL: none';

CREATE OR REPLACE FUNCTION bounce_internal.withdraw_from(
  r bounce.communication_recipient, why text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  was CONSTANT jsonb := r.undo_state -> 'was';
  is_itself CONSTANT boolean := coalesce((was ->> 'id')::bigint = r.id, false);
  replaced text;
  closed_task CONSTANT bigint := (SELECT t.id FROM bounce.task AS t
                                  WHERE t.id = (r.undo_state ->> 'task')::bigint
                                    AND t.status = 'done');
  is_replaced CONSTANT boolean := r.state = 'replaced';
  is_waiting CONSTANT boolean := is_replaced OR r.next_attempt_at IS NOT NULL OR EXISTS (
    SELECT FROM bounce.recipient_delivery AS q
    WHERE q.recipient_id = r.id AND q.state IN ('due', 'pending'));
BEGIN
  IF is_itself THEN
    IF NOT is_waiting OR r.attempts > (was ->> 'attempts')::integer
       OR r.bounce_id IS DISTINCT FROM (was ->> 'bounce_id')::bigint THEN
      RETURN false;
    ELSIF closed_task IS NOT NULL THEN
      PERFORM bounce.reopen_task(closed_task, why);
    ELSE
      PERFORM bounce_internal.restore_recipient(was, why);
    END IF;
    UPDATE bounce.communication_recipient AS n SET undo_state = NULL WHERE n.id = r.id;
    RETURN true;
  END IF;
  SELECT o.address INTO replaced FROM bounce.communication_recipient AS o
  WHERE o.communication_id = r.communication_id AND o.replaced_by = r.id
  ORDER BY o.id LIMIT 1;
  IF r.undo_state IS NULL
        OR r.undo_state ? 'instead_of' AND (
          was IS NULL OR r.attempts > (r.undo_state ->> 'attempts')::integer)
        OR NOT r.undo_state ? 'instead_of' AND (
          r.attempts > 0 OR r.state NOT IN ('open', 'error')
          OR EXISTS (SELECT FROM bounce.recipient_delivery AS q
                     WHERE q.recipient_id = r.id AND (q.tries > 0 OR q.state = 'unknown'))) THEN
    RETURN false;
  ELSIF was IS NULL AND replaced IS NOT NULL THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('%s is in the place of %s as well', r.address, replaced),
      bounce_internal.say('Take that back first.'));
  ELSIF closed_task IS NOT NULL THEN
    PERFORM bounce.reopen_task(closed_task, why);
  ELSIF was IS NOT NULL THEN
    PERFORM bounce_internal.restore_recipient(was, why),
      bounce_internal.reopen_follow_ups(
        ARRAY(SELECT u.id FROM bounce.follow_up AS u
              WHERE u.recipient_id = (was ->> 'id')::bigint
                AND u.result = 'it goes to ' || r.address));
  ELSE
    PERFORM bounce_internal.write_log(r.communication_id, NULL, 'corrected',
      bounce_internal.say('%s is no recipient any more', r.address) || ': ' || why);
    PERFORM bounce_internal.drop_unsent(r.id),
      bounce_internal.restore_end(r.communication_id, r.undo_state);
  END IF;
  -- one that stays, in the place of others
  UPDATE bounce.communication_recipient AS n SET undo_state = NULL WHERE n.id = r.id;
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce_internal.withdraw_from(bounce.communication_recipient, text) IS
  'withdraw_resend() of a locked recipient';

CREATE OR REPLACE FUNCTION bounce_internal.restore_blocks(t bounce.task, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  bounces CONSTANT bigint[] := bounce_internal.remembered(t, 'bounces');
  blocks CONSTANT bigint[] := bounce_internal.remembered(t, 'blocks');
BEGIN
  -- all that one transaction did has the same time
  PERFORM bounce_internal.lift_blocks(
    ARRAY(SELECT b.id FROM bounce.address_block AS b
          WHERE b.blocked_at = t.resolved_at AND b.lifted_at IS NULL AND b.id <> ALL (blocks)
            AND (b.address_key = bounce.address_key(t.address) OR b.bounce_id = ANY (bounces))
          ORDER BY b.address_key), why, is_taken_back => true);
  PERFORM bounce_internal.block_again(
    ARRAY(SELECT b.id FROM bounce.address_block AS b
          WHERE b.lifted_at IN (t.resolved_at, b.blocked_at) AND b.id = ANY (blocks)));
END $$;
COMMENT ON FUNCTION bounce_internal.restore_blocks(bounce.task, text) IS
  'lifts the blocks that resolving the task created, and creates those anew that it lifted';

CREATE OR REPLACE FUNCTION bounce_internal.restore_outage(t bounce.task, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o CONSTANT bounce.outage := bounce_internal.outage_of_task(t);
  bounces CONSTANT bigint[] := bounce_internal.remembered(t, 'bounces');
  tasks CONSTANT bigint[] := bounce_internal.remembered(t, 'tasks');
  other bigint;
BEGIN
  PERFORM bounce_internal.close_task(k.id, 'taken back', why) FROM bounce.task AS k
  WHERE k.id IN (SELECT b.task_id FROM bounce.bounce AS b
                 WHERE b.id = ANY (bounces))
    AND k.status = 'open' AND k.created_at = t.resolved_at AND k.id <> ALL (tasks) ORDER BY k.id;
  UPDATE bounce.task AS k SET status = 'open', resolution = '', resolved_at = NULL,
    resolved_by = NULL, note = ''
  WHERE k.id = ANY (tasks) AND k.resolution = 'taken back' AND k.resolved_at = t.resolved_at
    AND NOT EXISTS (SELECT FROM bounce.task AS other
                    WHERE other.dedup_key = k.dedup_key AND other.status = 'open');
  UPDATE bounce.bounce AS b SET task_id = t.id
  WHERE b.id IN (SELECT h.bounce_id FROM bounce.held_block AS h
                 WHERE h.outage_id = o.id AND h.decided_at = t.resolved_at);
  UPDATE bounce.outage AS q SET status = 'open', decided_at = NULL, decided_by = NULL, note = ''
  WHERE q.id = o.id;
  -- what it took back may have been held for another one
  PERFORM bounce_internal.hold_again(
    bounces || ARRAY(SELECT h.bounce_id FROM bounce.held_block AS h
               WHERE h.outage_id = o.id AND h.decided_at = t.resolved_at),
    t.resolved_at, why);
  PERFORM bounce_internal.close_moot_follow_ups(
    (SELECT array_agg(u.id) FILTER (WHERE u.status = 'open')
     FROM bounce.held_block AS h
     JOIN bounce.follow_up AS u ON u.bounce_id = h.bounce_id AND u.recipient_id = h.recipient_id
     WHERE h.outage_id = o.id AND h.decision IS NULL));
EXCEPTION WHEN unique_violation THEN
  other := (SELECT k.id FROM bounce.outage AS q
            JOIN bounce.task AS k ON k.dedup_key = 'outage:' || q.id AND k.status = 'open'
            WHERE q.scope = o.scope AND q.about = o.about AND q.status = 'open');
  PERFORM bounce_internal.refuse('invalid_parameter_value',
    bounce_internal.say(
      'task %s: there is an outage of the same again, in task %s', t.id::text, other::text),
    bounce_internal.say('Decide about task %s first.', other::text));
END $$;
COMMENT ON FUNCTION bounce_internal.restore_outage(bounce.task, text) IS
  'holds the blocks of an outage again, as before it was decided; what told the applications that '
  'these mails did not arrive is moot';

CREATE OR REPLACE FUNCTION bounce_internal.lock_closed_task(task_id bigint) RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
  other bigint;
BEGIN
  SELECT q.* INTO t FROM bounce.task AS q WHERE q.id = lock_closed_task.task_id;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say('no task %s', lock_closed_task.task_id::text),
      bounce_internal.say(
        'The closed ones too: bouncectl tasks --all, or the view bounce.task_detail.'));
  END IF;
  PERFORM bounce_internal.announce_mails(jsonb_array_length(t.undo_state -> 'recipients'));
  PERFORM FROM bounce.communication AS c
  WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r
                 WHERE r.id = ANY (bounce_internal.recipients_of_task(t)
                                   || ARRAY(SELECT (u ->> 'id')::bigint
                                            FROM jsonb_array_elements(
                                                   t.undo_state -> 'recipients') AS u)))
  ORDER BY c.id FOR NO KEY UPDATE;
  SELECT q.* INTO t FROM bounce.task AS q WHERE q.id = t.id FOR UPDATE;
  SELECT q.id INTO other FROM bounce.task AS q
  WHERE q.dedup_key = t.dedup_key AND q.status = 'open';
  IF other IS NOT NULL OR t.resolution = 'taken back' OR t.dedup_key LIKE 'erased:%' THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      CASE WHEN other = t.id THEN bounce_internal.say('task %s is open', t.id::text)
           WHEN other IS NOT NULL
             THEN bounce_internal.say('task %s goes on as task %s', t.id::text, other::text)
           WHEN t.resolution = 'taken back'
             THEN bounce_internal.say('task %s was closed by a correction of its bounce',
                                      t.id::text)
           ELSE bounce_internal.say('task %s is erased', t.id::text) END,
      CASE WHEN other IS NOT NULL
             THEN bounce_internal.say('Work on task %s.', other::text)
           WHEN t.resolution = 'taken back'
             THEN bounce_internal.say('Classify the bounce as it was before, or take the undo '
                                      'back: redo_bounces(undo, why).')
           ELSE bounce_internal.say('Nothing of it is left.') END);
  END IF;
  RETURN t;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_closed_task(bigint) IS
  'a closed task, locked with its communications. P0002 when there is none, 22023 when the same '
  'matter is open';

CREATE OR REPLACE FUNCTION bounce_internal.lock_recipient(
  communication_id bigint, address text, or_replaced boolean DEFAULT false)
RETURNS bounce.communication_recipient
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  PERFORM FROM bounce.communication AS c
  WHERE c.id = lock_recipient.communication_id AND bounce_internal.may_use(c.process)
  FOR NO KEY UPDATE;
  SELECT q.* INTO r FROM bounce.communication_recipient AS q
  WHERE q.communication_id = lock_recipient.communication_id
    AND (q.state <> 'replaced'
         OR or_replaced AND (q.undo_state #>> '{was,id}')::bigint = q.id)
    AND q.address_key = bounce.address_key(bounce_internal.bare_address(lock_recipient.address))
    AND bounce_internal.is_own_mail(q.communication_id)
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say(
        'communication %s has no recipient %s', lock_recipient.communication_id::text,
        lock_recipient.address),
      bounce_internal.say('bouncectl show lists its recipients.'));
  ELSIF EXISTS (SELECT FROM bounce.recipient_delivery AS q
                WHERE q.recipient_id = r.id AND q.state IN ('claimed', 'sending')) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('%s is being sent to', r.address),
      bounce_internal.say('Try again when that has ended.'));
  END IF;
  RETURN r;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_recipient(bigint, text, boolean) IS
  'a recipient of a communication by its address, locked, to whom nothing is being sent; '
  'or_replaced: also one who was replaced by a recipient that there was already. P0002 '
  'when there is none, 22023 while it is being sent to';
