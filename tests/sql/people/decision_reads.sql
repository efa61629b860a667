-- SPDX-License-Identifier: BSD-2-Clause
-- A decision about many bounces costs for each what it costs about few, since who records may have
-- to wait for it.
\ir ../lib/helper.psql
\ir ../lib/reads.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '5'), test.set('guard_minimum_overall', '1000000'),
       test.set('follow_up', 'on');
CREATE TABLE test.place AS
SELECT * FROM (VALUES ('few', 200), ('many', 1600)) AS v (place, number);
SELECT count(test.mail(place || i, ARRAY[format('%s%s@%1$s.example', place, i)]))
FROM test.place, generate_series(1, number) AS i;
-- as a nightly ANALYZE leaves it, before the first bounce; none comes by itself in between
ANALYZE;
SELECT format('ALTER TABLE %s SET (autovacuum_enabled = off)', c.oid::regclass)
FROM pg_class AS c WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind = 'r' \gexec

CREATE PROCEDURE test.record_all(place text, number integer) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 0 .. number / 50 - 1 LOOP
    PERFORM bounce.record_reports(
      array_agg(test.report('user_unknown', a.address, "to" => test.return_path(a.address))),
      array_agg('raw'::bytea))
    FROM (SELECT format('%s%s@%1$s.example', place, i * 50 + k) AS address
          FROM generate_series(1, 50) AS k) AS a;
  END LOOP;
END $$;
CALL test.record_all('few', 200);
CALL test.record_all('many', 1600);

-- what this backend has used, in ticks: the 14th and 15th field of proc(5), of which the second may
-- hold blanks
CREATE FUNCTION test.processor() RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT f.fields[12]::bigint + f.fields[13]::bigint
FROM string_to_array(substring(pg_read_file('/proc/self/stat') FROM '.*\) (.*)'), ' ') AS f (fields)
$$;

CREATE TABLE test.act (n integer, name text, way text);
INSERT INTO test.act VALUES
  (1, 'confirming', 'SELECT bounce.confirm_outage(%s)'),
  (2, 'taking that back', 'SELECT restored FROM bounce.reopen_task(%s, ''not so'')'),
  (3, 'dismissing', 'SELECT bounce.dismiss_outage(%s, ''over'')'),
  (4, 'taking the dismissal back', 'SELECT restored FROM bounce.reopen_task(%s, ''not so'')'),
  (5, 'undoing', 'SELECT bounces FROM bounce.undo_bounces(now() - interval ''1 day'', NULL, '
                 '''not so'', domain => ''%2$s.example'')'),
  (6, 'redoing', 'SELECT bounces FROM bounce.redo_bounces((SELECT max(id) FROM bounce.undo), '
                 '''so'')');
CREATE TABLE test.outcome (place text, n integer, done bigint, entries bigint, ticks bigint);
CREATE PROCEDURE test.carry_out_all(place text) LANGUAGE plpgsql AS $$
DECLARE
  task CONSTANT bigint := (SELECT o.task_id FROM bounce.open_outage AS o
                           WHERE o.about = place || '.example');
  a test.act;
  before bigint;
  used bigint;
  done bigint;
BEGIN
  FOR a IN SELECT * FROM test.act ORDER BY n LOOP
    before := test.entries_read();
    used := test.processor();
    EXECUTE format(a.way, task, place) INTO done;
    INSERT INTO test.outcome
    VALUES (place, a.n, done, test.entries_read() - before,
            test.processor() - used);
    COMMIT;     -- what one transaction did has one time
  END LOOP;
END $$;
CALL test.carry_out_all('few');
CALL test.carry_out_all('many');

SELECT ok(o.done > 0, format('%s %s is done', a.name, o.place))
FROM test.outcome AS o JOIN test.act AS a USING (n) ORDER BY o.place, n;
SELECT cmp_ok(o.entries / o.done, '<', 400::bigint, a.name || ' many reads few rows for each')
FROM test.outcome AS o JOIN test.act AS a USING (n) WHERE o.place = 'many' ORDER BY n;
-- what grows with the square of their number without reading a row: eight times as much for each
SELECT cmp_ok(many.ticks::numeric / many.done, '<', 4.0 * greatest(few.ticks, 5) / few.done,
              a.name || ' many costs for each what a few cost')
FROM test.outcome AS many JOIN test.outcome AS few USING (n) JOIN test.act AS a USING (n)
WHERE many.place = 'many' AND few.place = 'few' ORDER BY n;

SELECT * FROM finish();
