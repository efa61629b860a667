-- SPDX-License-Identifier: BSD-2-Clause
-- Two workers of the webhook: whatever comes between the parking of an event and the settlement of
-- the one before it, order holds and nothing stays parked.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.connect('a', 'b');
SELECT test.mail('m' || i, ARRAY['r' || i || '@example.com']) FROM generate_series(1, 4) AS i;

-- An event of a communication, as a worker finds it.
CREATE FUNCTION test.event(name text) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO bounce.event (type, communication_id, data)
  SELECT 'communication.status', c.id, '{}' FROM bounce.communication AS c
  WHERE c.business_ref = name RETURNING id
$$;
CREATE FUNCTION test.claim(session text) RETURNS SETOF bigint LANGUAGE sql AS $$
  SELECT c.id FROM dblink(session, 'SELECT id FROM bounce.claim_events(10, ''1 minute'')')
                   AS c (id bigint)
$$;
CREATE FUNCTION test.settlement(id bigint, outcome text) RETURNS text
LANGUAGE sql AS $$
  SELECT format('SELECT bounce.settle_event(%s, %L, %L, '''')', e.id, e.claim_id, outcome)
  FROM bounce.event AS e WHERE e.id = $1
$$;
CREATE FUNCTION test.settle(session text, id bigint, outcome text DEFAULT 'taken') RETURNS boolean
LANGUAGE sql AS $$
  SELECT d.ok FROM dblink(session, test.settlement(id, outcome)) AS d (ok boolean)
$$;
CREATE FUNCTION test.is_parked(id bigint) RETURNS boolean LANGUAGE sql AS $$
  SELECT e.due_at = 'infinity' FROM bounce.event AS e WHERE e.id = $1
$$;

-- the one before is settled while it is parked: the settlement waits, and wakes it
SELECT test.event('m1') AS first \gset
SELECT is(array_agg(c), ARRAY[:first::bigint], 'one is claimed') FROM test.claim('a') AS c;
SELECT test.event('m1') AS second \gset
SELECT dblink_exec('b', 'BEGIN');
SELECT is_empty($$SELECT test.claim('b')$$, 'the next one is not');
SELECT ok(NOT test.is_parked(:second), 'nobody sees yet that it is parked');
SELECT ok(test.send_and_block('a', test.settlement(:first, 'taken')), 'the settlement waits');
SELECT dblink_exec('b', 'COMMIT');
SELECT ok(ok, 'and is done') FROM dblink_get_result('a') AS d (ok boolean);
SELECT FROM dblink_get_result('a') AS d (ok boolean);
SELECT is(test.is_parked(:second), false, 'what was parked meanwhile is woken');
SELECT is(array_agg(c), ARRAY[:second::bigint], 'and claimed') FROM test.claim('b') AS c;
SELECT test.settle('b', :second);

-- it comes while the one before is being settled: it is not parked, nor claimed
SELECT test.event('m2') AS first \gset
SELECT is(array_agg(c), ARRAY[:first::bigint], 'one is claimed') FROM test.claim('a') AS c;
SELECT dblink_exec('a', 'BEGIN');
SELECT test.settle('a', :first);
SELECT test.event('m2') AS second \gset
SELECT is_empty($$SELECT test.claim('b')$$, 'the next one is not, while that is not sure');
SELECT is(test.is_parked(:second), false, 'nor parked: nobody would wake it');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(array_agg(c), ARRAY[:second::bigint], 'then it is claimed') FROM test.claim('b') AS c;
SELECT test.settle('b', :second);

-- the settlement is taken back
SELECT test.event('m3') AS first \gset
SELECT test.event('m3') AS second \gset
SELECT is(array_agg(c), ARRAY[:first::bigint], 'the first one') FROM test.claim('a') AS c;
SELECT is(test.is_parked(:second), true, 'the second is parked');
SELECT dblink_exec('a', 'BEGIN');
SELECT test.settle('a', :first, 'gone');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is_empty($$SELECT test.claim('b')$$, 'a settlement that failed wakes nobody');
SELECT test.settle('a', :first, 'gone');
SELECT is(array_agg(c), ARRAY[:second::bigint], 'one given up does') FROM test.claim('b') AS c;

-- one given up is sent again, before what waits
SELECT test.event('m3') AS third \gset
SELECT is_empty($$SELECT test.claim('b')$$, 'a third behind the second');
SELECT bounce.retry_events(:first);
SELECT test.settle('b', :second);
SELECT is(array_agg(c), ARRAY[:first::bigint], 'the revived one comes next')
FROM test.claim('a') AS c;
SELECT is(test.is_parked(:third), true, 'the third waits for it');
SELECT test.settle('a', :first);
SELECT is(array_agg(c), ARRAY[:third::bigint], 'and comes then') FROM test.claim('b') AS c;
SELECT test.settle('b', :third);
SELECT is_empty('SELECT FROM bounce.event', 'nothing is left');

SELECT * FROM finish();
