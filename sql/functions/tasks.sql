-- SPDX-License-Identifier: BSD-2-Clause
--
-- Making tasks, resolving them, lifting blocks.

CREATE OR REPLACE FUNCTION bounce.lift_block(address text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  b bounce.address_block;
BEGIN
  IF btrim(coalesce(lift_block.why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to lift the block on %', lift_block.address USING ERRCODE = 'invalid_parameter_value';
  END IF;
  UPDATE bounce.address_block AS k
  SET lifted_at = now(), lifted_by = session_user, lift_why = btrim(lift_block.why)
  WHERE k.address_key = bounce.address_key(lift_block.address) AND k.lifted_at IS NULL
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
  is_new boolean;
BEGIN
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, process, communication_id, recipient_id, address, domain, reason, bounce_id,
                                due_at, diagnosis)
  VALUES (f.task_kind, f.task_key, f.task_summary, f.process, f.communication_id, f.recipient_id,
          CASE WHEN f.task_kind IN ('delivery_problem', 'outage') THEN '' ELSE f.address END, bounce.address_domain(f.address),
          f.reason, f.bounce_id, now() + bounce.parameter_interval('task_due', f.process), bounce.diagnosis(f))
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary, bounce_id = excluded.bounce_id,
      communication_id = excluded.communication_id, recipient_id = excluded.recipient_id, diagnosis = excluded.diagnosis
  RETURNING t.id, t.count = 1 INTO f.task_id, is_new;
  -- a task that gathers thousands counts them, but does not tell of each
  INSERT INTO bounce.task_history (task_id, action, text)
  SELECT f.task_id, CASE WHEN is_new THEN 'created' ELSE 'counted' END, f.task_summary
  WHERE is_new OR f.task_kind NOT IN ('delivery_problem', 'outage');
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
