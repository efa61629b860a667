-- SPDX-License-Identifier: BSD-2-Clause
--
-- Tasks: creating, changing and closing them.

CREATE OR REPLACE FUNCTION bounce_internal.diagnosis(f bounce_internal.finding) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT f.meaning
         || CASE WHEN f.remote_mta = '' THEN '' ELSE format('; %s said', f.remote_mta) END
         || coalesce(': ' || nullif(bounce_internal.with_codes(
                                      f.reply_code, f.status,
                                      coalesce(nullif(f.diagnostic, ''), f.evidence)), ''), '')
$$;
COMMENT ON FUNCTION bounce_internal.diagnosis(bounce_internal.finding) IS
  'what is wrong, as a sentence, with the text of the other system';

-- A task that gathers ------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.gathers(kind text, key text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT kind IN ('delivery_problem', 'outage') OR key = 'bounce_without_communication:'
$$;
COMMENT ON FUNCTION bounce_internal.gathers(text, text) IS
  'whether a task may gather thousands of bounces. None of them writes its row: how many there '
  'are and which is the last is counted in bounce.bounce when somebody looks';

CREATE OR REPLACE FUNCTION bounce_internal.open_gatherings(keys text[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
  -- locked in the order of the keys; who closes one locks it for UPDATE
  RETURN ARRAY(
    SELECT t.id
    FROM (SELECT * FROM unnest(keys) WITH ORDINALITY AS u (key, place) ORDER BY u.key) AS k
    LEFT JOIN LATERAL (SELECT q.id FROM bounce.task AS q
                       WHERE q.dedup_key = k.key AND q.status = 'open' FOR KEY SHARE) AS t ON true
    ORDER BY k.place);
END $$;
COMMENT ON FUNCTION bounce_internal.open_gatherings(text[]) IS
  'the open tasks that gather under these keys, which stay open until the end of the transaction; '
  'NULL where there is none';

CREATE OR REPLACE FUNCTION bounce_internal.write_tasks(
  findings bounce_internal.finding[], keys text[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  written bigint[];
BEGIN
  WITH made AS (
    INSERT INTO bounce.task AS t (kind, dedup_key, summary, marked_summary, process,
                                  communication_id, recipient_id, address, domain, reason,
                                  bounce_id, due_at, diagnosis, new_address, is_unproven)
    SELECT f.task_kind, f.task_key, bounce_internal.plain(f.said),
           bounce_internal.marked(f.said), f.process, f.communication_id, f.recipient_id,
           CASE WHEN bounce_internal.gathers(f.task_kind, f.task_key) THEN '' ELSE f.address END,
           CASE f.task_key WHEN 'bounce_without_communication:' THEN ''
                ELSE bounce.address_domain(f.address) END,
           f.reason, f.bounce_id, now() + (f.policy ->> 'task_due')::interval,
           f.diagnosis, coalesce(f.new_address, ''), coalesce(f.trust = 'address', false)
    FROM (SELECT u.*, bounce_internal.diagnosis(u) AS diagnosis,
                 coalesce(u.task_summary, bounce_internal.outage_summary(u.outage_id)) AS said
          FROM unnest(findings) AS u OFFSET 0) AS f     -- said once
    ORDER BY f.task_key
    ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
    SET count = t.count
                + CASE WHEN bounce_internal.gathers(t.kind, t.dedup_key) THEN 0 ELSE 1 END,
        last_seen_at = now(),
        summary = excluded.summary, marked_summary = excluded.marked_summary,
        bounce_id = excluded.bounce_id,
        communication_id = excluded.communication_id, recipient_id = excluded.recipient_id,
        diagnosis = excluded.diagnosis, new_address = excluded.new_address,
        is_unproven = excluded.is_unproven,
        reason = CASE t.kind WHEN 'auto_reply' THEN excluded.reason ELSE t.reason END
    RETURNING t.id, t.kind, t.dedup_key, t.summary, t.marked_summary, t.xmax = 0 AS is_new),
  told AS (
    INSERT INTO bounce.task_history (task_id, action, text, marked)
    SELECT m.id, CASE WHEN m.is_new THEN 'created' ELSE 'counted' END, m.summary,
           m.marked_summary
    FROM made AS m WHERE m.is_new OR NOT bounce_internal.gathers(m.kind, m.dedup_key))
  SELECT array_agg(m.id ORDER BY array_position(keys, m.dedup_key)) INTO written FROM made AS m;
  RETURN written;
END $$;
COMMENT ON FUNCTION bounce_internal.write_tasks(bounce_internal.finding[], text[]) IS
  'creates the task of each finding, or counts it in the open one. keys: theirs, all of them '
  'different. Returns the tasks';

CREATE OR REPLACE FUNCTION bounce_internal.with_task(
  INOUT f bounce_internal.finding, task_id bigint)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  f.task_id := with_task.task_id;
  f := bounce_internal.step(f, 'task', bounce_internal.say('task %w %s', f.task_kind,
                                                        f.task_id::text));
END $$;
COMMENT ON FUNCTION bounce_internal.with_task(bounce_internal.finding, bigint) IS
  'notes the task that was created, or that counts or gathers it';

CREATE OR REPLACE FUNCTION bounce_internal.gathering_keys(findings bounce_internal.finding[])
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  keys text[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOREACH f IN ARRAY findings LOOP
    IF bounce_internal.gathers(f.task_kind, f.task_key) AND f.task_key <> ALL (keys) THEN
      keys := keys || f.task_key;
    END IF;
  END LOOP;
  RETURN keys;
END $$;
COMMENT ON FUNCTION bounce_internal.gathering_keys(bounce_internal.finding[]) IS
  'the keys of the tasks that are requested and gather';

CREATE OR REPLACE FUNCTION bounce_internal.create_tasks(
  INOUT findings bounce_internal.finding[])
LANGUAGE plpgsql AS $$
DECLARE
  gathering CONSTANT text[] := bounce_internal.gathering_keys(findings);
  open bigint[] := CASE WHEN cardinality(gathering) > 0     -- the tasks of these
                        THEN bounce_internal.open_gatherings(gathering) ELSE '{}' END;
  new bounce_internal.finding[];     -- the first of each key
  keys text[];                       -- their keys and places
  places integer[];
  written bigint[];
  f bounce_internal.finding;
  has_more boolean;
BEGIN
  LOOP
    new := '{}';
    keys := '{}';
    places := '{}';
    has_more := false;
    FOR n IN 1 .. cardinality(findings) LOOP
      f := findings[n];
      IF f.task_key IS NULL OR f.task_id IS NOT NULL THEN
        CONTINUE;
      ELSIF bounce_internal.is_test_address(f.address) THEN
        f := bounce_internal.step(f, 'task', bounce_internal.say('task %w (none, it is a test)',
                                                            f.task_kind));
        f.task_key := NULL;
        findings[n] := f;
      ELSIF open[array_position(gathering, f.task_key)] IS NOT NULL THEN
        findings[n] := bounce_internal.with_task(f, open[array_position(gathering, f.task_key)]);
      ELSIF f.task_key = ANY (keys) THEN
        has_more := true;
      ELSE
        new := new || f;
        keys := keys || f.task_key;
        places := places || n;
      END IF;
    END LOOP;
    EXIT WHEN cardinality(new) = 0;
    written := bounce_internal.write_tasks(new, keys);
    FOR i IN 1 .. cardinality(new) LOOP
      findings[places[i]] := bounce_internal.with_task(new[i], written[i]);
      IF keys[i] = ANY (gathering) THEN
        open[array_position(gathering, keys[i])] := written[i];
      END IF;
    END LOOP;
    EXIT WHEN NOT has_more;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.create_tasks(bounce_internal.finding[]) IS
  'creates the tasks that were requested, or counts them in the open ones: of the same key one '
  'after the other, but for those that an open task gathers';

CREATE OR REPLACE FUNCTION bounce_internal.make_task(f bounce_internal.finding)
RETURNS bounce_internal.finding
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (bounce_internal.create_tasks(ARRAY[f]))[1];
END $$;
COMMENT ON FUNCTION bounce_internal.make_task(bounce_internal.finding) IS
  'creates the task that was requested, or counts it in the open one';

CREATE OR REPLACE FUNCTION bounce_internal.task_delivery_problem(
  about text, reason text, summary text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  open_task bigint;
BEGIN
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, marked_summary, reason)
  VALUES ('delivery_problem', 'delivery_problem:' || about, bounce_internal.plain(summary),
          bounce_internal.marked(summary), reason)
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary,
      marked_summary = excluded.marked_summary
  RETURNING t.id INTO open_task;
  RETURN open_task;
END $$;
COMMENT ON FUNCTION bounce_internal.task_delivery_problem(text, text, text) IS
  'the one open task about a problem of sending that is no mail''s own, made or counted. Its id';

CREATE OR REPLACE FUNCTION bounce_internal.add_to_task(
  task_kind text, key text, task_summary text, a bounce_internal.delivery_attempt) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
  is_new boolean;
BEGIN
  -- one for each mail: each wants a decision of its own
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, marked_summary, process,
                                communication_id, recipient_id, address, domain, reason, diagnosis,
                                due_at)
  VALUES (task_kind, format('%s:%s:%s', task_kind, key, a.communication_id),
          bounce_internal.plain(task_summary), bounce_internal.marked(task_summary), a.process,
          a.communication_id, a.recipient_id,
          bounce.address_key(a.address), bounce.address_domain(a.address), key,
          bounce_internal.plain(task_summary),
          now() + bounce_internal.parameter_interval('task_due', a.process))
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary,
      marked_summary = excluded.marked_summary, recipient_id = excluded.recipient_id,
      diagnosis = left(t.diagnosis, 2000) || E'\n' || excluded.diagnosis
  RETURNING t.id, t.count = 1 INTO made, is_new;
  INSERT INTO bounce.task_history (task_id, action, text)
  VALUES (made, CASE WHEN is_new THEN 'created' ELSE 'counted' END, task_summary);
  UPDATE bounce.communication_recipient AS r SET task_id = made WHERE r.id = a.recipient_id;
  PERFORM bounce_internal.add_follow_up('technical', r, NULL, task_summary)
  FROM bounce.communication_recipient AS r WHERE r.id = a.recipient_id;
  PERFORM bounce_internal.write_log(a.communication_id, a.recipient_id, 'task',
                                    bounce_internal.say('task %w %s', task_kind, made::text)
                                    || ': ' || task_summary);
  RETURN made;
END $$;
COMMENT ON FUNCTION bounce_internal.add_to_task(text, text, text,
                                                bounce_internal.delivery_attempt) IS
  'a task of the queue itself, without a bounce: one per mail';

CREATE OR REPLACE FUNCTION bounce_internal.refuse_closed_task(task_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  is_there CONSTANT boolean := EXISTS (SELECT FROM bounce.task AS t
                                       WHERE t.id = refuse_closed_task.task_id);
BEGIN
  PERFORM bounce_internal.refuse('no_data_found',
    bounce_internal.say('no open task %s', coalesce(refuse_closed_task.task_id::text, '<NULL>')),
    CASE WHEN is_there
           THEN bounce_internal.say('It is closed. Open it again with reopen_task(task, why).')
         ELSE bounce_internal.say('The open ones: bouncectl tasks, or the view bounce.open_task.')
    END);
END $$;
COMMENT ON FUNCTION bounce_internal.refuse_closed_task(bigint) IS
  'raises P0002, and says what to do about a task that is closed or not there';

CREATE OR REPLACE FUNCTION bounce_internal.change_task(
  task_id bigint, action text, text text, owner text DEFAULT NULL, due_at timestamptz DEFAULT NULL)
  RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.task AS t SET owner = coalesce(change_task.owner, t.owner),
    due_at = coalesce(change_task.due_at, t.due_at)
  WHERE t.id = change_task.task_id AND t.status = 'open';
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse_closed_task(change_task.task_id);
  END IF;
  INSERT INTO bounce.task_history (task_id, action, text)
  VALUES (change_task.task_id, change_task.action, change_task.text);
END $$;
COMMENT ON FUNCTION bounce_internal.change_task(bigint, text, text, text, timestamptz) IS
  'changes an open task and writes its history. P0002 when there is no such open task';

CREATE OR REPLACE FUNCTION bounce_internal.lock_task(task_id bigint, kinds text[])
RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  SELECT q.* INTO t FROM bounce.task AS q WHERE q.id = lock_task.task_id AND q.status = 'open';
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse_closed_task(lock_task.task_id);
  ELSIF t.kind <> ALL (kinds) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('task %s is of kind %w: it is not resolved so', t.id::text, t.kind),
      bounce_internal.ways_to_resolve(t));
  END IF;
  -- an outage goes on gathering while it is decided: decide() locks what it is about
  IF t.kind = 'outage' THEN
    RETURN t;
  END IF;
  -- as record_report() does: communications and recipients before the task, which close_task()
  -- locks
  PERFORM FROM bounce.communication AS c
  WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r
                 WHERE r.id = ANY (bounce_internal.recipients_of_task(t)))
  ORDER BY c.id FOR NO KEY UPDATE;
  IF bounce_internal.gathers(t.kind, t.dedup_key) THEN
    PERFORM FROM bounce.task AS q WHERE q.id = t.id FOR UPDATE;
  END IF;
  PERFORM bounce_internal.remember_for_reopening(t, '{}', NULL);
  RETURN t;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_task(bigint, text[]) IS
  'an open task of one of these kinds, with its communications locked, but for an outage. P0002 '
  'when there is no such open task, 22023 for another kind';

CREATE OR REPLACE FUNCTION bounce_internal.close_task(task_id bigint, resolution text, note text)
RETURNS bounce.task
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  -- whoever is adding to it comes first
  PERFORM FROM bounce.task AS q
  WHERE q.id = close_task.task_id AND bounce_internal.gathers(q.kind, q.dedup_key) FOR UPDATE;
  -- not "= 'open'": while the statistics are of a day with few open tasks, PostgreSQL might take
  -- the index of the status instead of that of the id, and read all open ones for each of thousands
  UPDATE bounce.task AS q
  SET status = 'done', resolution = close_task.resolution, resolved_at = now(),
      resolved_by = session_user, note = coalesce(close_task.note, '')
  WHERE q.id = close_task.task_id AND q.status <> 'done'
  RETURNING q.* INTO t;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse_closed_task(close_task.task_id);
  END IF;
  INSERT INTO bounce.task_history (task_id, action, text)
  VALUES (t.id, 'closed', concat_ws(': ', bounce_internal.say('%r', t.resolution),
                                    nullif(close_task.note, '')));
  PERFORM bounce_internal.write_log(t.communication_id, t.recipient_id, 'task_resolved',
                           concat_ws(': ', bounce_internal.say('task %w %s', t.kind, t.id::text),
                                     CASE WHEN t.resolution <> 'done'
                                          THEN bounce_internal.say('%r', t.resolution) END,
                                     nullif(close_task.note, '')));
  RETURN t;
END $$;
COMMENT ON FUNCTION bounce_internal.close_task(bigint, text, text) IS
  'the only function that closes a task. P0002 when there is no such open task';

-- Tasks about a lost reply -----------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.is_unknown_task(t bounce.task) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (t).kind = 'delivery_problem' AND (t).reason = 'unknown'
$$;
COMMENT ON FUNCTION bounce_internal.is_unknown_task(bounce.task) IS
  'whether the task is about sends whose final reply was lost';
