-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: tasks, resends and outages.

-- Tasks ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.assign_task(task_id bigint, owner text, note text DEFAULT '')
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  who CONSTANT text := left(coalesce(bounce_internal.one_line(owner), ''), 320);
BEGIN
  PERFORM bounce_internal.change_task(assign_task.task_id, 'assigned',
            concat_ws(': ', CASE who WHEN '' THEN bounce_internal.say('to nobody')
                                     ELSE bounce_internal.say('to %s', who) END,
                      nullif(btrim(note), '')), owner => who);
END $$;
COMMENT ON FUNCTION bounce.assign_task(bigint, text, text) IS
  'operator: assigns an open task to a person; owner empty: to nobody. P0002 when there is no '
  'such open task';

CREATE OR REPLACE FUNCTION bounce.postpone_task(
  task_id bigint, due_at timestamptz, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  -- to the minute: what is shown is what was given
  IF due_at IS NULL OR due_at < date_trunc('minute', now())
     OR due_at > now() + interval '10 years' THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'task %s cannot be due at %w', task_id::text, coalesce(due_at::text, 'no time')),
      bounce_internal.say('A time in the future, within ten years.'));
  END IF;
  PERFORM bounce_internal.change_task(postpone_task.task_id, 'postponed',
            concat_ws(': ', to_char(postpone_task.due_at, 'YYYY-MM-DD HH24:MI'),
                      nullif(btrim(note), '')), due_at => postpone_task.due_at);
END $$;
COMMENT ON FUNCTION bounce.postpone_task(bigint, timestamptz, text) IS
  'operator: sets the due date of an open task, which must lie in the future (22023). P0002 when '
  'there is no such open task';

CREATE OR REPLACE FUNCTION bounce.note_task(task_id bigint, note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF btrim(coalesce(note, ''), E' \t\r\n') = '' THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('the note is empty'),
      bounce_internal.say('Write what is to be remembered.'));
  END IF;
  PERFORM bounce_internal.change_task(note_task.task_id, 'note', btrim(note_task.note, E' \t\r\n'));
END $$;
COMMENT ON FUNCTION bounce.note_task(bigint, text) IS
  'operator: adds a note to the history of an open task. P0002 when there is no such open task, '
  '22023 for an empty note';

CREATE OR REPLACE FUNCTION bounce.resolve_task(task_id bigint, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.task AS t WHERE t.id = resolve_task.task_id AND t.kind = 'outage'
             AND t.status = 'open') THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'task %s holds blocks: somebody has to decide on them', resolve_task.task_id::text),
      bounce_internal.say(
        'SELECT bounce.confirm_outage(task, note) or bounce.dismiss_outage(task, note).'));
  END IF;
  IF EXISTS (SELECT FROM bounce.task AS t JOIN bounce.process AS p ON p.name = t.process
             WHERE t.id = resolve_task.task_id AND t.kind = 'process_paused'
               AND t.status = 'open' AND p.paused_at IS NOT NULL) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('task %s is about a process that is paused', resolve_task.task_id::text),
      bounce_internal.say('SELECT bounce.resume_process(process, why): that closes it.'));
  END IF;
  PERFORM bounce_internal.close_task(resolve_task.task_id, 'done', note);
END $$;
COMMENT ON FUNCTION bounce.resolve_task(bigint, text) IS
  'operator: closes a task with a note and changes nothing else. P0002 when there is no such open '
  'task, 22023 for an outage';

CREATE OR REPLACE FUNCTION bounce.resolve_task_corrected(
  task_id bigint, address text, note text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce_internal.lock_task(
    task_id, bounce_internal.kinds_of('corrected'));
  bare CONSTANT text := bounce_internal.require_other_address(
    address, bounce.address_key(t.address), t.process,
    bounce_internal.say('If it works after all: resolve_task_unblocked(task, note).'));
  mails integer;
  resent integer;
BEGIN
  IF t.communication_id IS NULL THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'task %s is about no mail that is known: nothing can be sent to %s', t.id::text, bare),
      bounce_internal.say('Close it with resolve_task(task, note).'));
  END IF;
  SELECT count(*), count(bounce_internal.replace_recipient(
           r.id, bare, bounce_internal.say('task %s', t.id::text))) INTO mails, resent
  FROM (SELECT q.id FROM bounce.communication_recipient AS q
        WHERE q.id = ANY (bounce_internal.recipients_of_task(t))
          AND (q.task_id = t.id
               AND (q.state = 'bounced'
                    OR EXISTS (SELECT FROM bounce.recipient_delivery AS d
                               WHERE d.recipient_id = q.id AND d.refused_at IS NOT NULL))
               OR q.id = t.recipient_id AND q.state IN ('bounced', 'sent')) ORDER BY q.id) AS r;
  IF mails = 0 THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('task %s: no mail is left to be sent to %s', t.id::text, bare),
      bounce_internal.say('Close it with resolve_task(task, note).'));
  END IF;
  PERFORM bounce_internal.close_task(t.id, 'corrected', concat_ws(': ', bare, nullif(note, '')));
  RETURN resent;
END $$;
COMMENT ON FUNCTION bounce.resolve_task_corrected(bigint, text, text) IS
  'operator: the address was wrong: every mail of this task that did not arrive is sent to the '
  'new address. Returns the number of mails. The old address stays blocked. 22023 when the new '
  'one is not an address or is blocked, the task is about no known mail, or none is left to send';

CREATE OR REPLACE FUNCTION bounce.resolve_task_unblocked(
  task_id bigint, note text, resend boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce_internal.lock_task(
    task_id, bounce_internal.kinds_of('unblocked'));
  because CONSTANT text := bounce_internal.require_reason_text(note, 'say that it works');
  resent integer := CASE WHEN resend THEN bounce_internal.resend_task(t, because) ELSE 0 END;
  kept_back CONSTANT bigint[] := ARRAY(
    SELECT bounce_internal.refused_for(ARRAY[bounce.address_key(nullif(t.address, ''))]));
  lifted CONSTANT bigint := CASE t.address WHEN '' THEN 0 ELSE
    bounce_internal.lift_block_for(t.address, t.process, because) END;
BEGIN
  resent := resent + bounce_internal.let_go_of(kept_back);
  IF resent = 0 AND lifted = 0 THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'task %s: no address is blocked, and no mail is to be sent again', t.id::text),
      bounce_internal.say('Close it with resolve_task(task, note).'));
  END IF;
  PERFORM bounce_internal.close_task(t.id, 'unblocked', because);
  RETURN resent;
END $$;
COMMENT ON FUNCTION bounce.resolve_task_unblocked(bigint, text, boolean) IS
  'operator: the address works: its block is lifted and the mails of this task are sent again '
  '(resend), for a delivery_problem all of them; what the block has kept back goes out as well. '
  'Returns the number of mails. 22023 without a note, or when it would do nothing';

CREATE OR REPLACE FUNCTION bounce.resolve_task_dead(task_id bigint, note text DEFAULT '')
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce_internal.lock_task(task_id, bounce_internal.kinds_of('dead'));
  b bounce.address_block;
  blocked boolean;
BEGIN
  IF position('@' IN t.address) < 2 THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('task %s names no address', t.id::text),
      bounce_internal.say('Close it with resolve_task(task, note).'));
  END IF;
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = NULL
  WHERE r.id = ANY (bounce_internal.recipients_of_task(t)) AND r.task_id = t.id
    AND r.next_attempt_at IS NOT NULL;
  b.address := t.address;
  b.reason := t.reason;
  b.why := concat_ws(': ', bounce_internal.say('task %s', t.id::text),
                     coalesce(nullif(note, ''), t.diagnosis));
  b.bounce_id := t.bounce_id;
  b.communication_id := t.communication_id;
  b.source := 'person';
  b.only_process := CASE t.kind WHEN 'complaint' THEN t.process END;
  blocked := bounce_internal.add_block_by_hand(b) IS NOT NULL;
  IF blocked THEN
    PERFORM bounce_internal.write_log(t.communication_id, t.recipient_id, 'blocked',
                                      'address blocked by a person, task ' || t.id, t.bounce_id);
  END IF;
  PERFORM bounce_internal.close_task(t.id, 'dead', note);
  RETURN blocked;
END $$;
COMMENT ON FUNCTION bounce.resolve_task_dead(bigint, text) IS
  'operator: the address is dead: it is blocked, even if the block had been withheld. False when '
  'it was blocked already';

CREATE OR REPLACE FUNCTION bounce.resolve_task_arrived(task_id bigint, note text DEFAULT '')
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce_internal.lock_task(
    task_id, bounce_internal.kinds_of('arrived'));
  arrived CONSTANT bigint[] := bounce_internal.unknown_recipients(task_id);
BEGIN
  IF NOT bounce_internal.is_unknown_task(t) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('task %s: that its mails did not arrive is known', t.id::text),
      bounce_internal.ways_to_resolve(t));
  END IF;
  -- into the queue and out of it again: what has ended does not become SUCCESS in one step
  UPDATE bounce.recipient_delivery AS q SET state = 'due', due_at = now()
  WHERE q.recipient_id = ANY (arrived);
  UPDATE bounce.recipient_delivery AS q SET state = 'accepted', due_at = NULL
  WHERE q.recipient_id = ANY (arrived);
  UPDATE bounce.communication_recipient AS r SET state = 'sent', diagnostic = '',
    corrections = r.corrections + 1
  WHERE r.id = ANY (arrived);
  PERFORM bounce_internal.write_log(r.communication_id, r.id, 'corrected',
                                    concat_ws(': ', bounce_internal.say('%s did get it', r.address),
                                              nullif(note, '')))
  FROM bounce.communication_recipient AS r WHERE r.id = ANY (arrived) ORDER BY r.id;
  PERFORM bounce_internal.close_task(t.id, 'done', note);
  RETURN cardinality(arrived);
END $$;
COMMENT ON FUNCTION bounce.resolve_task_arrived(bigint, text) IS
  'operator: about a lost reply: the mails of this task did arrive, and their recipients count as '
  'sent to. Returns the number of mails. 22023 for any other task';

CREATE OR REPLACE FUNCTION bounce.reopen_task(
  task_id bigint, why text, OUT restored bigint, OUT sent bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'open a task again');
  t CONSTANT bounce.task := bounce_internal.lock_closed_task(reopen_task.task_id);
  reason CONSTANT text :=
    bounce_internal.say('task %s opened again: %s', t.id::text, because);
BEGIN
  -- what an operator has decided for many mails is not for everybody to take back
  IF t.kind IN ('outage', 'process_paused')
     AND NOT has_function_privilege(bounce_internal.caller(), 'bounce.confirm_outage(bigint, text)',
                                    'EXECUTE') THEN
    PERFORM bounce_internal.refuse('insufficient_privilege',
      bounce_internal.say(
        'task %s was decided by an operator, and is opened again by one', t.id::text),
      bounce_internal.say('Ask somebody with the role bounce_operator.'));
  END IF;
  IF t.kind = 'outage' THEN
    PERFORM bounce_internal.restore_outage(t, reason);
  END IF;
  SELECT count(*) FILTER (WHERE u.done), count(*) FILTER (WHERE NOT u.done) INTO restored, sent
  FROM (SELECT bounce_internal.restore_recipient(w, reason) AS done
        FROM jsonb_array_elements(t.undo_state -> 'recipients') AS w
        ORDER BY (w ->> 'id')::bigint) AS u;
  IF t.undo_state IS NOT NULL THEN
    PERFORM bounce_internal.restore_blocks(t, reason);
    -- all that one transaction did has the same time
    PERFORM bounce_internal.reopen_follow_ups(
      ARRAY(SELECT u.id FROM bounce.follow_up AS u
            WHERE u.is_moot AND u.finished_at = t.resolved_at
              AND u.recipient_id IN (
                SELECT (w ->> 'id')::bigint
                FROM jsonb_array_elements(t.undo_state -> 'recipients') AS w)));
    PERFORM bounce_internal.decide_again(bounce_internal.remembered(t, 'bounces'));
  END IF;
  UPDATE bounce.task AS q SET status = 'open', resolution = '', resolved_at = NULL,
    resolved_by = NULL, note = '', undo_state = NULL WHERE q.id = t.id;
  PERFORM bounce_internal.pause(p, reason) FROM bounce.process AS p
  WHERE p.name = t.process AND t.kind = 'process_paused' AND p.paused_at IS NULL;
  INSERT INTO bounce.task_history (task_id, action, text) VALUES (t.id, 'reopened', because);
  PERFORM bounce_internal.write_log(t.communication_id, t.recipient_id, 'task_reopened', reason);
END $$;
COMMENT ON FUNCTION bounce.reopen_task(bigint, text) IS
  'operator: opens a closed task again and takes back what resolving it has done: recipients and '
  'blocks are as they were before. Returns the number of mails restored (restored), and of those '
  'that had been sent since and stay as they are (sent). P0002 for an unknown task, 22023 without '
  'a reason or when the same matter is open in another task, 42501 for a clerk when an operator '
  'had decided it';

-- Recipients -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.change_recipient(
  communication_id bigint, old_address text, new_address text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'change a recipient');
  r CONSTANT bounce.communication_recipient :=
    bounce_internal.lock_recipient(change_recipient.communication_id, old_address);
  was CONSTANT jsonb := bounce_internal.recipient_as_it_is(r);
  bare CONSTANT text := bounce_internal.require_other_address(
    new_address, r.address_key,
    (SELECT c.process FROM bounce.communication AS c WHERE c.id = r.communication_id),
    bounce_internal.say('To send to it again: retry_communication(id).'));
  t CONSTANT bounce.task := bounce_internal.lock_task_of(r);
  new_id CONSTANT bigint := bounce_internal.replace_recipient(r.id, bare, because);
BEGIN
  IF t.id IS NOT NULL THEN
    PERFORM bounce_internal.close_task(t.id, 'corrected', bare || ': ' || because);
  END IF;
  -- it is remembered where it is taken back: with the new one, or, where that was a recipient
  -- already, with the old one
  UPDATE bounce.communication_recipient AS n
  SET undo_state = CASE WHEN new_id IS NULL THEN '{}' ELSE coalesce(n.undo_state, '{}') END
                   || jsonb_strip_nulls(jsonb_build_object('was', was, 'task', t.id))
  WHERE n.id = coalesce(new_id, r.id);
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce.change_recipient(bigint, text, text, text) IS
  'application, operator: another address for a recipient: the mail is sent there now, and the '
  'old address stays in the story. A task that is about nothing else is closed by it. '
  'withdraw_resend() takes it back. Returns the new communication_recipient.id, NULL when the '
  'new address is '
  'already a recipient. P0002 when the old one is none, 22023 when it is being sent to, or when '
  'the new one is not an address or is blocked';

CREATE OR REPLACE FUNCTION bounce.add_recipient(communication_id bigint, address text, why text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
#variable_conflict use_column
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'add a recipient');
  was CONSTANT jsonb := jsonb_strip_nulls(jsonb_build_object(
    'end_time', bounce_internal.end_time_of(add_recipient.communication_id)));
  bare text;
  new_id bigint;
  process text;
BEGIN
  SELECT c.process INTO process FROM bounce.communication AS c
  WHERE c.id = add_recipient.communication_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say('no communication %s', add_recipient.communication_id::text),
      bounce_internal.say('bouncectl show finds it by a reference.'));
  END IF;
  bare := bounce_internal.require_unblocked_address(address, process);
  INSERT INTO bounce.communication_recipient (communication_id, address, state, attempts)
  VALUES (add_recipient.communication_id, bare, 'open', 0)
  ON CONFLICT (communication_id, address_key) DO NOTHING RETURNING id INTO new_id;
  IF new_id IS NOT NULL THEN
    PERFORM bounce.request_resend(new_id, because);
    UPDATE bounce.communication_recipient AS r SET undo_state = was WHERE r.id = new_id;
  END IF;
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce.add_recipient(bigint, text, text) IS
  'operator: one more recipient of a mail, which is sent there now. withdraw_resend() takes it '
  'back. Returns '
  'communication_recipient.id, NULL when it is a recipient already. P0002 for an unknown '
  'communication, 22023 when it is not an address or is blocked';

-- Resends --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.request_resend(
  recipient_id bigint, why text, bounce_id bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'send a mail again');
  was jsonb;
  is_done boolean;
BEGIN
  PERFORM FROM bounce.communication AS c
  WHERE c.id = (SELECT q.communication_id FROM bounce.communication_recipient AS q
                WHERE q.id = request_resend.recipient_id)
  FOR NO KEY UPDATE;
  was := (SELECT bounce_internal.recipient_as_it_is(r) FROM bounce.communication_recipient AS r
          WHERE r.id = request_resend.recipient_id);
  is_done := bounce_internal.request_resends(ARRAY[recipient_id], ARRAY[bounce_id], because) > 0;
  UPDATE bounce.communication_recipient AS r SET undo_state = jsonb_build_object('was', was)
  WHERE r.id = request_resend.recipient_id AND is_done;
  RETURN is_done;
END $$;
COMMENT ON FUNCTION bounce.request_resend(bigint, text, bigint) IS
  'operator: sends a mail to this recipient (communication_recipient.id) again, now, whatever its '
  'bounce was; for a blocked address, when the block is lifted. withdraw_resend() takes it back. '
  'False when the recipient has neither failed nor waits for a resend';

CREATE OR REPLACE FUNCTION bounce.withdraw_resend(
  communication_id bigint, address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text :=
    bounce_internal.require_reason_text(why, 'take back that a mail is sent');
  r CONSTANT bounce.communication_recipient :=
    bounce_internal.lock_recipient(withdraw_resend.communication_id, address, true);
BEGIN
  RETURN bounce_internal.withdraw_from(r, because);
END $$;
COMMENT ON FUNCTION bounce.withdraw_resend(bigint, text, text) IS
  'operator: takes back request_resend(), retry_communication(), add_recipient() or '
  'change_recipient(), by the address that the mail was to be sent to, or, where that was a '
  'recipient already, by the one that was replaced: all is as it was before, '
  'and a task that this had closed is open again. False when something has gone out since, or '
  'nothing is to be taken back. P0002 when the address is no recipient, 22023 while it is being '
  'sent to, while it is in the place of another one, or without a reason';

-- Outages ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.outage_sample(task_id bigint)
RETURNS TABLE (address text, reason text, diagnostic text, communication_id bigint,
               held_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT h.address, h.reason, h.why, h.communication_id, h.held_at
  FROM bounce.held_block AS h JOIN bounce.task AS t ON t.dedup_key = 'outage:' || h.outage_id
  WHERE t.id = outage_sample.task_id AND h.decision IS NULL ORDER BY h.id;
END $$;
COMMENT ON FUNCTION bounce.outage_sample(bigint) IS
  'operator: the blocks that are held for a task of kind outage';

CREATE OR REPLACE FUNCTION bounce.confirm_outage(task_id bigint, note text DEFAULT '')
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.decide(task_id, 'confirmed', note, NULL);
END $$;
COMMENT ON FUNCTION bounce.confirm_outage(bigint, text) IS
  'operator: the addresses are dead: every held block is created, with its task hard_bounce. '
  'Returns their number. The same is not held again for one guard_window';

CREATE OR REPLACE FUNCTION bounce.dismiss_outage(
  task_id bigint, note text, resend boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.decide(task_id, 'dismissed', note, resend);
END $$;
COMMENT ON FUNCTION bounce.dismiss_outage(bigint, text, boolean) IS
  'operator: it was an outage: held blocks are dropped, those created before it was detected are '
  'lifted, their tasks closed and the mails sent again (resend). Returns the number of bounces';
