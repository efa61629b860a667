-- SPDX-License-Identifier: BSD-2-Clause
--
-- Making tasks, resolving them, lifting blocks.

CREATE OR REPLACE FUNCTION bounce.lift_block(address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce.need_why(why, 'lift the block on ' || address);
  b bounce.address_block;
BEGIN
  UPDATE bounce.address_block AS k
  SET lifted_at = now(), lifted_by = session_user, lift_why = because
  WHERE k.address_key = bounce.address_key(bounce.bare_address(lift_block.address)) AND k.lifted_at IS NULL
  RETURNING k.* INTO b;
  IF FOUND THEN
    PERFORM bounce.write_log(c.id, NULL, 'block_lifted', format('%s: %s', b.address, b.lift_why))
    FROM bounce.communication AS c WHERE c.id = b.communication_id;
  END IF;
  RETURN b.id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION bounce.lift_block(text, text) IS
  'lifts the block on an address; false when it was not blocked. 22023 without a reason';

CREATE OR REPLACE FUNCTION bounce.make_task(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  gathers CONSTANT boolean := f.task_kind IN ('delivery_problem', 'outage') OR f.task_key = 'bounce_without_communication:';
  is_new boolean;
BEGIN
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, process, communication_id, recipient_id, address, domain, reason, bounce_id,
                                due_at, diagnosis)
  VALUES (f.task_kind, f.task_key, f.task_summary, f.process, f.communication_id, f.recipient_id,
          CASE WHEN gathers THEN '' ELSE f.address END, CASE f.task_key WHEN 'bounce_without_communication:' THEN '' ELSE bounce.address_domain(f.address) END,
          f.reason, f.bounce_id, now() + bounce.parameter_interval('task_due', f.process), bounce.diagnosis(f))
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary, bounce_id = excluded.bounce_id,
      communication_id = excluded.communication_id, recipient_id = excluded.recipient_id, diagnosis = excluded.diagnosis
  RETURNING t.id, t.count = 1 INTO f.task_id, is_new;
  -- a task that gathers thousands counts them, but does not tell of each
  INSERT INTO bounce.task_history (task_id, action, text)
  SELECT f.task_id, CASE WHEN is_new THEN 'created' ELSE 'counted' END, f.task_summary
  WHERE is_new OR NOT gathers;
  IF is_new AND f.task_kind = 'hard_bounce' THEN
    UPDATE bounce.task AS t SET correction = bounce.suggest_address(f.address) WHERE t.id = f.task_id;
  END IF;
  UPDATE bounce.communication_recipient AS r SET task_id = f.task_id
  WHERE r.id = f.recipient_id AND r.bounce_id = f.bounce_id;
  f := bounce.step(f, 'task', format('task %s %s', f.task_kind, f.task_id));
END
$$;
COMMENT ON FUNCTION bounce.make_task(bounce.finding) IS
  'internal: makes the task that was wished for, or counts it up where one is open';

CREATE OR REPLACE FUNCTION bounce.resolve_task(task_id bigint, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.task AS t WHERE t.id = resolve_task.task_id AND t.kind = 'outage' AND t.status = 'open') THEN
    RAISE EXCEPTION 'task % holds blocks: somebody has to decide on them', resolve_task.task_id
      USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT bounce.confirm_outage(task, note) or bounce.dismiss_outage(task, note).';
  END IF;
  PERFORM bounce.close_task(resolve_task.task_id, 'done', note);
END
$$;
COMMENT ON FUNCTION bounce.resolve_task(bigint, text) IS
  'closes a task with a note and changes nothing else. P0002 when there is no such open task, 22023 for an outage';

CREATE OR REPLACE FUNCTION bounce.change_task(task_id bigint, action text, text text, owner text DEFAULT NULL, due_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.task AS t SET owner = coalesce(change_task.owner, t.owner), due_at = coalesce(change_task.due_at, t.due_at)
  WHERE t.id = change_task.task_id AND t.status = 'open';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', change_task.task_id USING ERRCODE = 'no_data_found',
      HINT = 'The open ones: bouncectl tasks, or the view bounce.open_task.';
  END IF;
  INSERT INTO bounce.task_history (task_id, action, text) VALUES (change_task.task_id, change_task.action, change_task.text);
END
$$;
COMMENT ON FUNCTION bounce.change_task(bigint, text, text, text, timestamptz) IS 'internal: a change of an open task and its history. P0002';

CREATE OR REPLACE FUNCTION bounce.assign_task(task_id bigint, owner text, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  who CONSTANT text := coalesce(bounce.one_line(owner), '');
BEGIN
  PERFORM bounce.change_task(assign_task.task_id, 'assigned',
            concat_ws(': ', CASE who WHEN '' THEN 'to nobody' ELSE 'to ' || who END, nullif(btrim(note), '')), owner => who);
END
$$;
COMMENT ON FUNCTION bounce.assign_task(bigint, text, text) IS 'gives an open task to somebody; owner empty: back to nobody. P0002';

CREATE OR REPLACE FUNCTION bounce.postpone_task(task_id bigint, due_at timestamptz, note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  -- to the minute: what is shown is what was given
  IF due_at IS NULL OR due_at < date_trunc('minute', now()) OR due_at > now() + interval '10 years' THEN
    RAISE EXCEPTION 'task % cannot be due at %', task_id, coalesce(due_at::text, 'no time') USING ERRCODE = 'invalid_parameter_value',
      HINT = 'A time to come, within ten years.';
  END IF;
  PERFORM bounce.change_task(postpone_task.task_id, 'postponed',
            concat_ws(': ', to_char(postpone_task.due_at, 'YYYY-MM-DD HH24:MI'), nullif(btrim(note), '')), due_at => postpone_task.due_at);
END
$$;
COMMENT ON FUNCTION bounce.postpone_task(bigint, timestamptz, text) IS 'sets the due date of an open task, a time to come. P0002, 22023';

CREATE OR REPLACE FUNCTION bounce.note_task(task_id bigint, note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF btrim(coalesce(note, ''), E' \t\r\n') = '' THEN
    RAISE EXCEPTION 'the note is empty' USING ERRCODE = 'invalid_parameter_value', HINT = 'Write what is to be remembered.';
  END IF;
  PERFORM bounce.change_task(note_task.task_id, 'note', btrim(note_task.note, E' \t\r\n'));
END
$$;
COMMENT ON FUNCTION bounce.note_task(bigint, text) IS 'adds a note to the history of an open task. P0002, 22023 for an empty one';

CREATE OR REPLACE FUNCTION bounce.is_unknown_task(t bounce.task) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN (t).kind = 'delivery_problem' AND (t).reason = 'unknown';
COMMENT ON FUNCTION bounce.is_unknown_task(bounce.task) IS 'internal: a send of which nobody heard the outcome';

CREATE OR REPLACE FUNCTION bounce.ways_to_resolve(t bounce.task) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'It is resolved with ' || CASE
  WHEN (t).kind = 'outage' THEN 'confirm_outage (they are dead) or dismiss_outage (it was an outage).'
  WHEN (t).reason = 'submission_server' THEN 'a server that works: it closes by itself then.'
  WHEN bounce.is_unknown_task(t) THEN 'resolve_task_arrived (it did arrive), resolve_task_unblocked (send it again) or resolve_task (leave it).'
  WHEN (t).kind = 'delivery_problem' THEN 'resolve_task_unblocked (they let us in: send again) or resolve_task (leave it).'
  ELSE 'resolve_task_corrected (another address), resolve_task_unblocked (it works), resolve_task_dead or resolve_task (nothing else).'
END;
COMMENT ON FUNCTION bounce.ways_to_resolve(bounce.task) IS 'internal: for whoever chose another one';

CREATE OR REPLACE FUNCTION bounce.lock_task(task_id bigint, kinds text[]) RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  SELECT q.* INTO t FROM bounce.task AS q WHERE q.id = lock_task.task_id AND q.status = 'open';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', lock_task.task_id USING ERRCODE = 'no_data_found',
      HINT = 'The open ones: bouncectl tasks, or the view bounce.open_task.';
  ELSIF t.kind <> ALL (kinds) THEN
    RAISE EXCEPTION 'task % is of kind %: it is not resolved so', t.id, t.kind USING ERRCODE = 'invalid_parameter_value',
      HINT = bounce.ways_to_resolve(t);
  END IF;
  -- as record_report() does: communications and recipients before the task, which close_task() locks
  PERFORM FROM bounce.communication AS c
  WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.task_id = t.id OR r.id = t.recipient_id)
  ORDER BY c.id FOR NO KEY UPDATE;
  RETURN t;
END
$$;
COMMENT ON FUNCTION bounce.lock_task(bigint, text[]) IS 'internal: an open task of one of these kinds, its communications locked. P0002, 22023';

CREATE OR REPLACE FUNCTION bounce.resolve_task_corrected(task_id bigint, address text, note text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{hard_bounce,resend_exhausted,bounce_without_communication}');
  bare CONSTANT text := bounce.check_address(address);
  resent integer;
BEGIN
  IF bounce.address_key(bare) = bounce.address_key(t.address) THEN
    RAISE EXCEPTION '% is the address that bounced', bare USING ERRCODE = 'invalid_parameter_value',
      HINT = 'If it works after all: resolve_task_unblocked(task, note).';
  ELSIF t.communication_id IS NULL THEN
    RAISE EXCEPTION 'task % is about no mail that is known: nothing can be sent to %', t.id, bare USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Close it with resolve_task(task, note).';
  END IF;
  SELECT count(bounce.replace_recipient(r.id, bare, format('task %s', t.id))) INTO resent
  FROM (SELECT q.id FROM bounce.communication_recipient AS q
        WHERE q.task_id = t.id AND (q.state = 'bounced' OR q.refused_at IS NOT NULL) OR q.id = t.recipient_id AND q.state IN ('bounced', 'sent') ORDER BY q.id) AS r;
  PERFORM bounce.close_task(t.id, 'corrected', concat_ws(': ', bare, nullif(note, '')));
  RETURN resent;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_corrected(bigint, text, text) IS
  'another address: each mail of this task that did not arrive is sent there; how many. The old address stays blocked. '
  '22023 when the new one is no address, or blocked, or the task is about no known mail';

CREATE OR REPLACE FUNCTION bounce.resend_unknown(recipient_id bigint, why text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now(), tries = 0
  WHERE q.id = resend_unknown.recipient_id AND q.delivery = 'unknown' RETURNING q.* INTO r;
  IF FOUND THEN
    PERFORM bounce.derive_communication(r.communication_id);
    PERFORM bounce.write_log(r.communication_id, r.id, 'requeued', 'asked for: ' || why);
  END IF;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bounce.resend_unknown(bigint, text) IS 'internal: a person wants a mail to be sent again that may have arrived already';

CREATE OR REPLACE FUNCTION bounce.resend_task(t bounce.task, why text) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(*) FILTER (WHERE CASE WHEN r.is_unknown THEN bounce.resend_unknown(r.id, why)
                                             ELSE bounce.request_resend(r.id, why, t.bounce_id) END)
          FROM (SELECT q.id, q.state = 'error' AS is_unknown FROM bounce.communication_recipient AS q
                WHERE q.task_id = t.id AND (q.state = 'bounced' OR q.state = 'error' AND q.delivery = 'unknown') ORDER BY q.id) AS r);
END
$$;
COMMENT ON FUNCTION bounce.resend_task(bounce.task, text) IS 'internal: sends again what this task is about; how many';

CREATE OR REPLACE FUNCTION bounce.resolve_task_unblocked(task_id bigint, note text, resend boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{hard_bounce,resend_exhausted,delivery_problem,bounce_without_communication}');
  because CONSTANT text := bounce.need_why(note, 'say that it works');
  resent CONSTANT integer := CASE WHEN resend THEN bounce.resend_task(t, because) ELSE 0 END;
  lifted CONSTANT boolean := t.address <> '' AND bounce.is_address_blocked(t.address);
BEGIN
  IF resent = 0 AND NOT lifted THEN
    RAISE EXCEPTION 'task %: no address is blocked, and no mail is to be sent again', t.id USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Close it with resolve_task(task, note).';
  END IF;
  IF lifted THEN
    PERFORM bounce.lift_block(t.address, because);
  END IF;
  PERFORM bounce.close_task(t.id, 'unblocked', because);
  RETURN resent;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_unblocked(bigint, text, boolean) IS
  'the address works: its block is lifted and the mails of this task are sent again, of a delivery_problem all it gathered; how many. '
  '22023 without a note, or when it would do nothing';

CREATE OR REPLACE FUNCTION bounce.resolve_task_arrived(task_id bigint, note text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{delivery_problem}');
  r bounce.communication_recipient;
  arrived integer := 0;
BEGIN
  IF NOT bounce.is_unknown_task(t) THEN
    RAISE EXCEPTION 'task %: that its mails did not arrive is known', t.id USING ERRCODE = 'invalid_parameter_value', HINT = bounce.ways_to_resolve(t);
  END IF;
  -- into the queue and out of it again: what has ended does not become SUCCESS in one step
  UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now() WHERE q.task_id = t.id AND q.state = 'error' AND q.delivery = 'unknown';
  FOR r IN UPDATE bounce.communication_recipient AS q
           SET state = 'sent', delivery = 'accepted', due_at = NULL, diagnostic = '', corrections = q.corrections + 1
           WHERE q.task_id = t.id AND q.state = 'error' AND q.delivery = 'due' AND q.due_at = now() RETURNING q.* LOOP
    PERFORM bounce.write_log(r.communication_id, r.id, 'corrected', concat_ws(': ', r.address || ' did get it', nullif(note, '')));
    arrived := arrived + 1;
  END LOOP;
  PERFORM bounce.close_task(t.id, 'done', note);
  RETURN arrived;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_arrived(bigint, text) IS
  'of an unknown outcome: the mails of this task did arrive, their recipients count as sent to; how many. 22023 for any other task';

CREATE OR REPLACE FUNCTION bounce.resolve_task_dead(task_id bigint, note text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  t CONSTANT bounce.task := bounce.lock_task(task_id, '{hard_bounce,resend_exhausted,bounce_without_communication}');
  blocked boolean;
BEGIN
  IF position('@' IN t.address) < 2 THEN
    RAISE EXCEPTION 'task % names no address', t.id USING ERRCODE = 'invalid_parameter_value', HINT = 'Close it with resolve_task(task, note).';
  END IF;
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = NULL WHERE r.task_id = t.id AND r.next_attempt_at IS NOT NULL;
  INSERT INTO bounce.address_block (address, reason, why, bounce_id, communication_id)
  VALUES (t.address, t.reason, concat_ws(': ', 'task ' || t.id, coalesce(nullif(note, ''), t.diagnosis)), t.bounce_id, t.communication_id)
  ON CONFLICT (address_key) WHERE lifted_at IS NULL DO NOTHING;
  blocked := FOUND;
  IF blocked THEN
    PERFORM bounce.write_log(t.communication_id, t.recipient_id, 'blocked', 'address blocked by a person, task ' || t.id, t.bounce_id);
  END IF;
  PERFORM bounce.close_task(t.id, 'dead', note);
  RETURN blocked;
END
$$;
COMMENT ON FUNCTION bounce.resolve_task_dead(bigint, text) IS
  'the address is dead: blocked, also where the block was withheld; false when it was blocked already';

CREATE OR REPLACE FUNCTION bounce.block_address(address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  bare CONSTANT text := bounce.need_address(address);
BEGIN
  INSERT INTO bounce.address_block (address, why) VALUES (bare, bounce.need_why(block_address.why, 'block ' || bare))
  ON CONFLICT (address_key) WHERE lifted_at IS NULL DO NOTHING;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bounce.block_address(text, text) IS 'a person blocks an address; false when it was blocked already. 22023 without a reason';

CREATE OR REPLACE FUNCTION bounce.check_address(address text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := bounce.need_address(address);
BEGIN
  IF bounce.is_address_blocked(bare) THEN
    RAISE EXCEPTION 'address % is blocked', bare USING ERRCODE = 'invalid_parameter_value',
      HINT = 'SELECT bounce.lift_block(address, why) if it works again.';
  END IF;
  RETURN bare;
END
$$;
COMMENT ON FUNCTION bounce.check_address(text) IS 'internal: the bare address; 22023 when it is none, or blocked';

GRANT EXECUTE ON FUNCTION bounce.resolve_task_arrived(bigint, text) TO bounce_operator;

CREATE OR REPLACE FUNCTION bounce.gather_task(task_kind text, key text, task_summary text, c bounce.communication, r bounce.communication_recipient) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
  is_new boolean;
BEGIN
  -- one for each mail: each wants a decision of its own
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, process, communication_id, recipient_id, address, domain, reason, diagnosis, due_at)
  VALUES (task_kind, format('%s:%s:%s', task_kind, key, c.id), task_summary, c.process, c.id, r.id, r.address_key, bounce.address_domain(r.address), key,
          task_summary, now() + bounce.parameter_interval('task_due', c.process))
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary, recipient_id = excluded.recipient_id,
      diagnosis = left(t.diagnosis, 2000) || E'\n' || excluded.diagnosis
  RETURNING t.id, t.count = 1 INTO made, is_new;
  INSERT INTO bounce.task_history (task_id, action, text) VALUES (made, CASE WHEN is_new THEN 'created' ELSE 'counted' END, task_summary);
  UPDATE bounce.communication_recipient AS q SET task_id = made WHERE q.id = r.id;
  PERFORM bounce.write_log(c.id, r.id, 'task', format('task %s %s: %s', task_kind, made, task_summary));
  RETURN made;
END
$$;
COMMENT ON FUNCTION bounce.gather_task(text, text, text, bounce.communication, bounce.communication_recipient) IS
  'internal: a task of the queue itself, where no bounce stands behind it: one for each mail';

CREATE OR REPLACE FUNCTION bounce.request_resend(recipient_id bigint, why text, bounce_id bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce.need_why(why, 'send a mail again');
  r bounce.communication_recipient;
BEGIN
  UPDATE bounce.communication_recipient AS q SET next_attempt_at = now(), requested_by = session_user
  WHERE q.id = request_resend.recipient_id AND q.state IN ('open', 'bounced') AND q.attempts < 255
  RETURNING q.* INTO r;
  IF FOUND THEN
    PERFORM bounce.write_log(r.communication_id, r.id, 'resend_scheduled', 'asked for: ' || because, bounce_id);
  END IF;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bounce.request_resend(bigint, text, bigint) IS
  'a person wants a mail to be sent again to this recipient (communication_recipient.id), now, whatever its bounce was; to a blocked '
  'address it waits until the block is lifted. False when it is not one that failed or waits';

CREATE OR REPLACE FUNCTION bounce.settle_exhausted(c bounce.communication, r bounce.communication_recipient, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  f bounce.finding := bounce.finding_of(c, r, document);
BEGIN
  UPDATE bounce.communication_recipient AS q SET delivery = 'rejected', due_at = NULL, next_attempt_at = NULL, tries = q.tries + 1, response = reply
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: given up after %s tries: %s', r.address, r.tries + 1, reply) WHERE k.id = c.id;
  PERFORM bounce.move_recipient(f);
  f := bounce.step(f, 'bounced', format('given up after %s tries', r.tries + 1));
  f := bounce.wish_task(f, 'resend_exhausted', f.address,
         format('%s is not tried again, %s tries were made: %s', f.address, r.tries + 1, bounce.describe(f)));
  f := bounce.make_task(f);
  PERFORM bounce.store_refusal(f, document);
  PERFORM bounce.write_notice(c, r.id);
END
$$;
COMMENT ON FUNCTION bounce.settle_exhausted(bounce.communication, bounce.communication_recipient, text, jsonb) IS
  'internal: refused for now for the last time: failed, and a task resend_exhausted';

CREATE OR REPLACE FUNCTION bounce.close_task(task_id bigint, resolution text, note text) RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  UPDATE bounce.task AS q
  SET status = 'done', resolution = close_task.resolution, resolved_at = now(), resolved_by = session_user, note = coalesce(close_task.note, '')
  WHERE q.id = close_task.task_id AND q.status = 'open'
  RETURNING q.* INTO t;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open task %', close_task.task_id USING ERRCODE = 'no_data_found',
      HINT = 'The open ones: bouncectl tasks, or the view bounce.open_task.';
  END IF;
  INSERT INTO bounce.task_history (task_id, action, text) VALUES (t.id, 'closed', concat_ws(': ', t.resolution, nullif(t.note, '')));
  PERFORM bounce.write_log(t.communication_id, t.recipient_id, 'task_resolved',
                           concat_ws(': ', format('task %s %s', t.kind, t.id), nullif(t.resolution, 'done'), nullif(t.note, '')));
  RETURN t;
END
$$;
COMMENT ON FUNCTION bounce.close_task(bigint, text, text) IS 'internal: the one place where a task is closed. P0002 when there is no such open task';
