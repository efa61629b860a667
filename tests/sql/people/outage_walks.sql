-- SPDX-License-Identifier: BSD-2-Clause
-- Whatever people decide about an outage, and take back, in whatever order: nobody is forgotten.
-- All sequences of these acts, each step audited as bouncectl check does.
BEGIN;
\ir ../lib/helper.psql
\ir ../lib/walk.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '2'), test.set('guard_minimum_overall', '1000'),
       test.set('follow_up', 'on');
CREATE FUNCTION test.bounced(address text) RETURNS void LANGUAGE sql AS $$
  SELECT test.mail(address, ARRAY[address]);
  SELECT test.record(test.report('user_unknown', address, "to" => test.return_path(address)))
$$;
SELECT test.bounced(i || '@out.example') FROM generate_series(1, 3) AS i;

INSERT INTO test.act VALUES
  ('undo', $$SELECT u.undo_id > 0 FROM bounce.undo_bounces(now() - interval '1 hour', NULL, 'w',
                                                           domain => 'out.example') AS u$$),
  ('redo', $$SELECT r.bounces > 0
             FROM (SELECT max(id) AS id FROM bounce.undo WHERE undo_state IS NOT NULL) AS u
             CROSS JOIN LATERAL bounce.redo_bounces(u.id, 'w') AS r$$),
  ('reopen', $$SELECT r IS NOT NULL
               FROM (SELECT max(id) AS id FROM bounce.task
                     WHERE kind = 'outage' AND status = 'done') AS t
               CROSS JOIN LATERAL bounce.reopen_task(t.id, 'w') AS r$$),
  ('dismiss', $$SELECT bounce.dismiss_outage(o.task_id, 'w') >= 0
                FROM bounce.open_outage AS o$$),
  ('confirm', $$SELECT bounce.confirm_outage(o.task_id, 'w') >= 0
                FROM bounce.open_outage AS o$$);

-- Walks on from here, so many steps; what was refused leads nowhere new.
CREATE FUNCTION test.walk(path text, steps integer, OUT walked bigint, OUT faults text[])
LANGUAGE plpgsql AS $$
DECLARE
  name text;
  further record;
BEGIN
  walked := 0;
  faults := '{}';
  FOR name IN SELECT a.name FROM test.act AS a ORDER BY a.name LOOP
    BEGIN
      IF test.do_act(name) THEN
        walked := walked + 1;
        IF test.faults() IS NOT NULL THEN
          faults := faults || format('%s %s: %s', path, name, test.faults());
        ELSIF steps > 1 THEN
          further := test.walk(concat_ws(' ', path, name), steps - 1);
          walked := walked + further.walked;
          faults := faults || further.faults;
        END IF;
      END IF;
      RAISE EXCEPTION 'back' USING ERRCODE = 'BM999';
    EXCEPTION WHEN SQLSTATE 'BM999' THEN
      NULL;
    END;
  END LOOP;
END $$;

SELECT is(test.faults(), NULL, 'nothing is forgotten to begin with');
CREATE TEMPORARY TABLE walk AS SELECT * FROM test.walk('', 5);
SELECT is(cardinality(faults), 0, 'nor after any act') FROM walk;
SELECT diag(f) FROM walk CROSS JOIN unnest(faults) AS f LIMIT 10;
SELECT ok(walked > 50, 'and there were many') FROM walk;

-- Every verdict of a bounce that fails a mail leaves the mail bounced.
SELECT test.bounced('turned@in.example');
SELECT test.do_act('undo');
CREATE FUNCTION test.turned(reason text) RETURNS text LANGUAGE sql AS $$
  SELECT bounce.reclassify(b.id, reason, 'w')
  FROM bounce.bounce AS b WHERE b.recipient = 'turned@in.example';
  SELECT concat_ws('; ', test.status((test.recipient('turned@in.example')).communication_id),
                   test.faults())
$$;
SELECT is(test.turned(reason), 'bounced', reason)
FROM unnest('{mailbox_full,spam_rejected,user_unknown,mailbox_moved}'::text[]) AS reason;

SELECT * FROM finish();
ROLLBACK;
