-- SPDX-License-Identifier: BSD-2-Clause
-- Sessions beside each other: the outbox, notifications, the outage guard's counters, months.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.connect('a', 'b', 'c', 'd');
SELECT dblink_exec(name, 'SET lock_timeout = ''3s''') FROM unnest('{a,b,c,d}'::text[]) AS name;

-- What others hear: the answer to a query comes behind the notifications that were sent before it
CREATE FUNCTION test.heard(session text) RETURNS text LANGUAGE sql AS $$
  SELECT FROM dblink(session, 'SELECT 1') AS d (one integer);
  SELECT coalesce(string_agg(DISTINCT notify_name || ' ' || extra, ', '), 'nothing')
  FROM dblink_get_notify(session)
$$;
SELECT test.set('status_notify', 'on');
SELECT dblink_exec('d',
                   'LISTEN bounce_follow_up; LISTEN bounce_communication; LISTEN bounce_parameter');
SELECT test.set('follow_up', 'on');
SELECT is(test.heard('d'), 'bounce_parameter follow_up', 'a parameter was changed');
SELECT bounce.rotate_token_key();
SELECT is(test.heard('d'), 'bounce_parameter token_key', 'a key was');
SELECT test.mail('m' || i, ARRAY['m' || i || '@example.com']) FROM generate_series(1, 8) AS i;
SELECT is(test.heard('d'), 'nothing', 'what is registered as sent is no change');
SELECT test.record(test.report('user_unknown', 'm1@example.com',
                               "to" => test.return_path('m1@example.com')));
SELECT is(test.heard('d'),
          format('bounce_communication %s, bounce_follow_up %s',
                 (test.recipient('m1@example.com')).communication_id,
                 (SELECT max(id) FROM bounce.follow_up)),
          'a mail bounced, and there is a follow-up');
BEGIN;
SELECT test.record(test.report('user_unknown', 'm2@example.com',
                               "to" => test.return_path('m2@example.com')));
ROLLBACK;
SELECT is(test.heard('d'), 'nothing', 'what was rolled back is not heard');
SELECT test.set('shadow', 'on', 'invoice');
SELECT test.heard('d');
SELECT test.record(test.report('user_unknown', 'm3@example.com',
                               "to" => test.return_path('m3@example.com')));
SELECT is(test.heard('d'), 'nothing', 'nor what is in shadow');
SELECT test.set('shadow', 'off', 'invoice');

-- The outbox: claimers do not wait for each other, and no two get the same
SELECT test.record(test.report('user_unknown', a, "to" => test.return_path(a)))
FROM unnest('{m4@example.com,m5@example.com,m6@example.com}'::text[]) AS a;
CREATE FUNCTION test.claim(session text, batch integer) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(c.ref, ' '), 'none')
  FROM dblink(session,
              format('SELECT business_ref FROM bounce.claim_follow_up(%L, %s)', session,
                     batch)) AS c (ref text)
$$;
SELECT dblink_exec(name, 'BEGIN') FROM unnest('{a,b,c}'::text[]) AS name;
SELECT is(test.claim('a', 2), 'm1 m4', 'the first claims');
SELECT is(test.claim('b', 2), 'm5 m6', 'the second gets the next ones, without waiting');
SELECT is(test.claim('c', 2), 'none', 'the third none');
SELECT dblink_exec('a', 'ROLLBACK'), dblink_exec('b', 'COMMIT');
SELECT is(test.claim('c', 9), 'm1 m4', 'what the first gave back is there again');
SELECT dblink_exec('c', 'COMMIT');

-- The guard's counters: two sessions of different slots do not wait for each other's commits
SELECT name AS other FROM unnest('{b,c,d}'::text[]) AS name
WHERE (SELECT p FROM dblink(name, 'SELECT pg_backend_pid()') AS d (p integer)) % 8 <> (SELECT p
    FROM dblink('a', 'SELECT pg_backend_pid()') AS d (p integer)) % 8 LIMIT 1 \gset
CREATE FUNCTION test.send(session text, address text) RETURNS text LANGUAGE sql AS $$
  SELECT d.class FROM dblink(session,
                             format('SELECT class FROM test.record(test.report(''user_unknown'', '
                                    '%L, "to" => test.return_path(%L)))', address,
                             address)) AS d (class text)
$$;
SELECT dblink_exec('a', 'BEGIN');
SELECT is(test.send('a', 'm7@example.com'), 'hard', 'one session counts and has not committed');
SELECT is(test.send(:'other', 'm8@example.com'), 'hard',
          'another counts for the same domain meanwhile');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT sum(count) FROM bounce.hard_count
           WHERE scope = 'domain' AND about = 'example.com' AND span = 'minutes'), 6::bigint,
          'none is lost');

-- Months: housekeeping does not keep recording out for long, nor does it fail
SELECT dblink_exec('a', 'BEGIN'),
       dblink_exec('a', 'LOCK TABLE bounce.bounce_default IN ROW EXCLUSIVE MODE');
SELECT is((SELECT done FROM bounce_internal.housekeeping_at('2041-05-01 00:00+00', 10)
           WHERE step = 'months made'), 0::bigint, 'somebody is writing: the month waits');
SELECT is(bounce_internal.keep_month_at('2041-05-01 00:00+00'), 'locked', 'and says so');
SELECT is((SELECT count(*) FROM bounce.event_partition WHERE month > '2041-01-01'), 0::bigint,
          'all of it');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT done FROM bounce_internal.housekeeping_at('2041-05-01 00:00+00', 10)
           WHERE step = 'months made'), 12::bigint, 'then it is made');

-- Months made and dropped while several sessions record: nobody fails, nobody deadlocks
SELECT test.mail('load' || i, ARRAY[format('load%s@load.example', i)])
FROM generate_series(1, 900) AS i;
CREATE TABLE test.kept (done text);
CREATE FUNCTION test.months_changed() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM test.kept WHERE done IN ('made', 'dropped', 'true')
$$;
-- Again and again, until that has happened often enough: one may be much faster than the other.
CREATE PROCEDURE test.record_load(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
  FOR round IN 1 .. 20 LOOP
    FOR i IN first .. last LOOP
      PERFORM test.record(test.report('mailbox_full', format('load%s@load.example', i), '4.2.2',
                                      "to" => test.return_path(format('load%s@load.example', i))));
      COMMIT;
    END LOOP;
    EXIT WHEN test.months_changed() > 5;
  END LOOP;
END $$;
SELECT dblink_send_query(s, format('CALL test.record_load(%s, %s)', n * 300 + 1, n * 300 + 300))
FROM (VALUES ('a', 0), ('b', 1), ('c', 2)) AS v (s, n);
CREATE PROCEDURE test.keep_months() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 1000 LOOP
    -- old ones and this month's: whoever records finds the default partition
    INSERT INTO test.kept VALUES
      (CASE i % 4 WHEN 3 THEN bounce_internal.keep_month_at(now() + interval '9 years')
                  WHEN 1 THEN bounce_internal.change_month('drop', 'bounce_message',
                                bounce_internal.month_start(now()))::text
                  ELSE bounce_internal.keep_month_at(now()) END);
    COMMIT;
    EXIT WHEN dblink_is_busy('a') + dblink_is_busy('b') + dblink_is_busy('c') = 0;
  END LOOP;
END $$;
CALL test.keep_months();
SELECT cmp_ok(test.months_changed(), '>', 5::bigint, 'months came and went meanwhile');
CREATE FUNCTION test.error_of(session text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM dblink_get_result(session, false) AS d (status text);
  RETURN dblink_error_message(session);
END $$;
SELECT is(test.error_of(s), 'OK', 'session ' || s || ' has recorded all the time')
FROM unnest('{a,b,c}'::text[]) AS s;

SELECT * FROM finish();
