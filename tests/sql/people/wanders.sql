-- SPDX-License-Identifier: BSD-2-Clause
-- Acts of every kind in random order, the same in each run: after each nobody is forgotten, and
-- the status of every mail is that of its recipients.
BEGIN;
\ir ../lib/helper.psql
\ir ../lib/walk.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '3'), test.set('guard_minimum_overall', '6'),
       test.set('guard_share', '0.2'), test.set('guard_share_overall', '0.2'),
       test.set('follow_up', 'on');
CREATE TABLE test.wandering (seed bigint, step integer);
INSERT INTO test.wandering VALUES (0, 0);

-- The same number in each run for the same step and question.
CREATE FUNCTION test.chance(question text) RETURNS float8 LANGUAGE sql AS $$
  SELECT ((hashtextextended(format('%s:%s:%s', seed, step, question), 7) % 1000000 + 1000000)
          % 1000000) / 1000000.0
  FROM test.wandering
$$;
CREATE FUNCTION test.domain() RETURNS text LANGUAGE sql AS $$
  SELECT format('@%s.example', chr(97 + step % 3)) FROM test.wandering
$$;
CREATE FUNCTION test.one_of(among bigint[]) RETURNS bigint LANGUAGE sql AS $$
  SELECT among[1 + floor(test.chance('which') * cardinality(among))::integer]
$$;
CREATE FUNCTION test.reason() RETURNS text LANGUAGE sql AS $$
  SELECT ('{user_unknown,user_unknown,user_unknown,mailbox_full,spam_rejected,mailbox_moved,'
          'mailbox_disabled}'::text[])[1 + floor(test.chance('reason') * 7)::integer]
$$;
CREATE FUNCTION test.bounce_again(recipient_id bigint, reason text) RETURNS bounce.report_result
LANGUAGE sql AS $$
  SELECT test.record(test.report(reason, r.address, CASE reason WHEN 'mailbox_full' THEN '4.2.2'
                                                   WHEN 'spam_rejected' THEN '5.7.1'
                                                   ELSE '5.1.1' END,
                                 "to" => bounce.return_path(r.id, NULL),
                                 more => jsonb_build_object('digest', gen_random_uuid())))
  FROM bounce.communication_recipient AS r WHERE r.id = recipient_id
$$;
CREATE FUNCTION test.recipients(condition text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  found bigint[];
BEGIN
  EXECUTE format('SELECT array_agg(r.id ORDER BY r.id) FROM bounce.communication_recipient AS r '
                 'WHERE %s', condition) INTO found;
  RETURN found;
END $$;
CREATE FUNCTION test.tasks(condition text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  found bigint[];
BEGIN
  EXECUTE format('SELECT array_agg(t.id ORDER BY t.id) FROM bounce.task AS t WHERE %s', condition)
  INTO found;
  RETURN found;
END $$;

INSERT INTO test.act VALUES
  ('mail', $$SELECT test.mail('m' || step, ARRAY['m' || step || test.domain(),
                                                 'n' || step || test.domain()]) > 0
             FROM test.wandering$$),
  ('mail to one', $$SELECT test.mail('m' || step, ARRAY['m' || step || test.domain()]) > 0
                    FROM test.wandering$$),
  ('bounce', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''sent''')), test.reason())
      AS r$$),
  ('bounce more', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''sent''')), 'user_unknown')
      AS r$$),
  ('bounce hard', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''sent''')), 'user_unknown')
      AS r$$),
  ('bounce again', $$SELECT r IS NOT NULL
    FROM test.bounce_again(test.one_of(test.recipients('r.state = ''bounced''')), test.reason())
      AS r$$),
  ('send again', $$SELECT bounce.confirm_resend(test.one_of(test.recipients(
    'r.next_attempt_at IS NOT NULL AND NOT bounce.is_address_blocked(r.address)'))) > 0$$),
  ('resend', $$SELECT bounce.request_resend(test.one_of(test.recipients('r.state = ''bounced''')),
                                            'w')$$),
  ('reclassify', $$SELECT bounce.reclassify(test.one_of(array_agg(b.id ORDER BY b.id)),
                                            test.reason(), 'w') IS NOT NULL
                   FROM bounce.bounce AS b$$),
  ('undo', $$SELECT u.undo_id > 0
             FROM bounce.undo_bounces(now() - interval '1 hour', NULL, 'w',
                    domain => chr(97 + floor(3 * test.chance('domain'))::integer) || '.example',
                    resend => test.chance('resend') < 0.5) AS u$$),
  ('undo some', $$SELECT u.undo_id > 0
                  FROM bounce.undo_bounces(now() - test.chance('since') * interval '20 minutes',
                         NULL, 'w', resend => test.chance('resend') < 0.5) AS u$$),
  ('redo', $$SELECT r.bounces > 0
             FROM (SELECT test.one_of(array_agg(id ORDER BY id)) AS id FROM bounce.undo
                   WHERE undo_state IS NOT NULL) AS u
             CROSS JOIN LATERAL bounce.redo_bounces(u.id, 'w') AS r$$),
  ('dismiss', $$SELECT bounce.dismiss_outage(
    test.one_of(test.tasks('t.kind = ''outage'' AND t.status = ''open''')), 'w',
    test.chance('resend') < 0.5) >= 0$$),
  ('confirm', $$SELECT bounce.confirm_outage(
    test.one_of(test.tasks('t.kind = ''outage'' AND t.status = ''open''')), 'w') >= 0$$),
  ('reopen', $$SELECT r IS NOT NULL
    FROM bounce.reopen_task(test.one_of(test.tasks('t.status = ''done''')), 'w') AS r$$),
  ('reopen outage', $$SELECT r IS NOT NULL
    FROM bounce.reopen_task(test.one_of(test.tasks(
      't.status = ''done'' AND t.kind = ''outage''')), 'w') AS r$$),
  ('correct', $$SELECT bounce.resolve_task_corrected(
    test.one_of(test.tasks('t.kind = ''hard_bounce'' AND t.status = ''open''')),
    format('c%s@c.example', step)) >= 0 FROM test.wandering$$),
  ('works', $$SELECT bounce.resolve_task_unblocked(
    test.one_of(test.tasks('t.kind <> ''outage'' AND t.status = ''open''')), 'w',
    test.chance('resend') < 0.5) >= 0$$),
  ('dead', $$SELECT bounce.resolve_task_dead(
    test.one_of(test.tasks('t.kind <> ''outage'' AND t.status = ''open''')), 'w') IS NOT NULL$$),
  ('resolve', $$SELECT bounce.resolve_task(
    test.one_of(test.tasks('t.kind <> ''outage'' AND t.status = ''open''')), 'w') IS NOT NULL$$),
  ('lift', $$SELECT bounce.lift_block(r.address, 'w') IS NOT NULL
    FROM bounce.communication_recipient AS r
    WHERE r.id = test.one_of(test.recipients('bounce.is_address_blocked(r.address)'))$$),
  ('change', $$SELECT bounce.change_recipient(r.communication_id, r.address,
                        format('d%s@d.example', step), 'w') IS NOT NULL
    FROM test.wandering, bounce.communication_recipient AS r
    WHERE r.id = test.one_of(test.recipients('r.state = ''bounced'''))$$);

-- Wanders so many steps; what is wrong, with the steps before it, or NULL.
CREATE FUNCTION test.wander(seed bigint, steps integer, OUT done integer, OUT fault text)
LANGUAGE plpgsql AS $$
DECLARE
  names CONSTANT text[] := ARRAY(SELECT name FROM test.act ORDER BY name);
  path text := '';
  name text;
BEGIN
  done := 0;
  FOR i IN 1 .. steps LOOP
    UPDATE test.wandering SET seed = wander.seed, step = i;
    name := names[1 + floor(test.chance('act') * cardinality(names))::integer];
    IF i <= 8 THEN
      name := 'mail';
    ELSIF i <= 14 THEN
      name := 'bounce hard';
    END IF;
    IF test.do_act(name) THEN
      done := done + 1;
      path := concat_ws(', ', nullif(path, ''), name);
      fault := test.faults();
      IF fault IS NOT NULL THEN
        fault := format('seed %s step %s, %s: %s', seed, i, path, fault);
        EXIT;
      END IF;
    END IF;
  END LOOP;
  RAISE EXCEPTION USING MESSAGE = 'back', DETAIL = done, HINT = coalesce(fault, ''),
                        ERRCODE = 'BM999';
EXCEPTION WHEN SQLSTATE 'BM999' THEN
  DECLARE said text; number text;
  BEGIN
    GET STACKED DIAGNOSTICS number = PG_EXCEPTION_DETAIL, said = PG_EXCEPTION_HINT;
    done := number; fault := nullif(said, '');
  END;
END $$;

CREATE TEMPORARY TABLE wandered AS
SELECT seed, w.* FROM generate_series(1, 10) AS seed CROSS JOIN LATERAL test.wander(seed, 60) AS w;
SELECT is(string_agg(fault, E'\n'), NULL, 'nobody is forgotten') FROM wandered;
SELECT cmp_ok(min(done), '>=', 20, 'acts were done in each of them') FROM wandered;

SELECT * FROM finish();
ROLLBACK;
