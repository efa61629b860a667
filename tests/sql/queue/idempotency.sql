-- SPDX-License-Identifier: BSD-2-Clause
-- The same key gives the same communication, also to two sessions at the same moment.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
\ir ../lib/queue.psql
SELECT * FROM no_plan();
SELECT test.connect('a', 'b');

CREATE FUNCTION test.call(how text, process text, key text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE $1 WHEN 'submit'
    THEN format('SELECT bounce.submit_communication(%L, ''{a@example.com}'', ''b@example.org'', '
                'body_text => ''x'', idempotency_key => %L)', $2, $3)
    ELSE format('SELECT bounce.register_communication(%L, ''{a@example.com}'', '
                'idempotency_key => %L)', $2, $3) END
$$;
CREATE FUNCTION test.done(how text, process text, key text, session text DEFAULT 'a')
RETURNS bigint LANGUAGE sql AS $$
  SELECT id FROM dblink(session, test.call($1, $2, $3)) AS d (id bigint)
$$;

CREATE FUNCTION test.somebody_waits() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 600 LOOP
    IF EXISTS (SELECT FROM pg_locks AS l WHERE NOT l.granted) THEN
      RETURN true;
    END IF;
    PERFORM pg_sleep(0.05);
  END LOOP;
  RETURN false;
END
$$;

SELECT test.done(how, 'invoice', how || ' 17') FROM unnest('{submit,register}'::text[]) AS how;
SELECT is(test.done(how, 'invoice', how || ' 17'),
          (SELECT id FROM bounce.communication WHERE idempotency_key = how || ' 17'),
          how || ': the same key, the same id')
FROM unnest('{submit,register}'::text[]) AS how;
SELECT isnt(test.done(how, process, key), test.done(how, 'invoice', other), how || ': ' || words)
FROM unnest('{submit,register}'::text[]) AS how,
     LATERAL (VALUES ('receipt', how || ' 17', how || ' 17', 'another process has its own'),
                     ('invoice', how || ' 18', how || ' 17', 'another key, another mail'),
                     ('invoice', NULL, NULL, 'none, always another'))
       AS v (process, key, other, words);
SELECT throws_ok(test.call(how, 'invoice', ' '), '22023', NULL, how || ': an empty one is refused')
FROM unnest('{submit,register}'::text[]) AS how;
SELECT is(count(*), 1::bigint, 'one row, one recipient, one delivery')
FROM bounce.communication AS c
JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
JOIN bounce.communication_delivery AS d ON d.communication_id = c.id
WHERE c.idempotency_key = 'submit 17' AND c.process = 'invoice';

-- the second session waits for the first, and gets its id
SELECT dblink_exec('a', 'BEGIN');
SELECT test.done('submit', 'invoice', 'submit race') AS id \gset
SELECT dblink_send_query('b', test.call('submit', 'invoice', 'submit race'));
SELECT ok(test.somebody_waits(), 'it waits');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT id FROM dblink_get_result('b') AS d (id bigint)), :id::bigint,
          'two at the same moment have one mail');
SELECT is(count(*), 1::bigint, 'with one delivery') FROM bounce.communication_delivery AS d
JOIN bounce.communication AS c ON c.id = d.communication_id
WHERE c.idempotency_key = 'submit race';

SELECT * FROM finish();
