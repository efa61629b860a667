-- SPDX-License-Identifier: BSD-2-Clause
-- Whoever may log in, and has every right an application has, takes all advisory locks that he can
-- think of, and keeps them: what strangers send is recorded all the same, and the guard is at work.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.connect('mallory', 'a');
CREATE ROLE held_up_mallory IN ROLE bounce_application;
SELECT dblink_exec('mallory', 'SET SESSION AUTHORIZATION held_up_mallory');
SELECT dblink_exec('a', $$SET lock_timeout = '1s'$$);
SELECT test.set('guard_minimum', '4'), test.set('guard_minimum_overall', '4'),
       test.set('guard_factor', '3');
SELECT test.mail(name, ARRAY[name || '@held.example'])
FROM unnest('{t1,t2,o1,o2,o3,o4,o5,o6,o7}'::text[]) AS name;
CREATE FUNCTION test.record_by_a(reason text, address text, status text,
                                 "to" text DEFAULT 'bounce@bounces.example.org') RETURNS boolean
  LANGUAGE sql AS $$
  SELECT o.duplicate
  FROM dblink('a', format('SELECT duplicate FROM test.record(%L)',
                          test.report(reason, address, status, "to" => "to")))
         AS o (duplicate boolean)
$$;
CREATE FUNCTION test.bounce_by_a(reason text, name text, status text) RETURNS boolean
  LANGUAGE sql AS $$
  SELECT test.record_by_a(reason, name || '@held.example', status,
                          test.return_path(name || '@held.example'))
$$;

-- the tasks that gather, and the outages, as every earlier report made them
SELECT test.bounce_by_a('spam_rejected', 't1', '5.7.1');
SELECT is((SELECT string_agg(dedup_key, ' ') FROM bounce.task WHERE status = 'open'),
          'delivery_problem:spam_rejected:held.example', 'a task gathers');

CREATE FUNCTION test.take(key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM dblink('mallory', format('SELECT pg_advisory_lock(%s)::text', key)) AS d (x text);
END $$;
SELECT test.take(format('hashtextextended(%L, %s)', key, seed))
FROM unnest(ARRAY['delivery_problem:spam_rejected:held.example', 'bounce_without_communication:',
                  'guard:domain:held.example', 'guard:overall:', 'guard:diagnostic:',
                  'outage:1', 'outage:2', 'outage:3', 'outage:4', 'many mails', 'counted today'])
  AS key, unnest('{0,20}'::integer[]) AS seed;
SELECT test.take(format('hashtext(%L)', key))
FROM unnest('{bounce.counted_day,bounce.undo_bounces,bounce.hard_count}'::text[]) AS key;
SELECT test.take(format('hashtext(%L), %s', 'bounce.hard_count', slot))
FROM generate_series(0, 20) AS slot;

SELECT is(test.bounce_by_a('spam_rejected', 't2', '5.7.1'), false,
          'a report is added to the task that gathers');
SELECT is(test.record_by_a('user_unknown', 'nobody@held.example', '5.1.1'), false,
          'one that finds no mail is recorded');
SELECT is(bool_or(test.bounce_by_a('user_unknown', 'o' || i, '5.1.1')), false,
          'hard bounces are recorded')
FROM generate_series(1, 7) AS i;
SELECT cmp_ok((SELECT count(*) FROM bounce.held_block WHERE decision IS NULL), '>=', 3::bigint,
              'and an outage opens');
SELECT throws_ok(format('SELECT dblink_exec(%L, %L)', 'mallory',
                        format('DO $do$ BEGIN %s; END $do$', statement)),
                 '42501', NULL, 'he may not ' || statement)
FROM unnest(ARRAY['PERFORM FROM bounce.guard_gate FOR KEY SHARE',
                  'PERFORM FROM bounce.outage FOR KEY SHARE',
                  'PERFORM FROM bounce.task FOR KEY SHARE',
                  'LOCK TABLE bounce.guard_gate IN ACCESS SHARE MODE',
                  'LOCK TABLE bounce.task IN ACCESS SHARE MODE',
                  'LOCK TABLE bounce.communication IN ROW SHARE MODE',
                  'LOCK TABLE bounce.process IN ROW SHARE MODE']) AS statement;

-- a mail that is sent once more after more than an hour
SELECT dblink_exec('a', $$UPDATE bounce.communication_recipient
                          SET created_at = now() - interval '2 hours'
                          WHERE address = 't1@held.example'$$);
SELECT is(dblink_exec('a', $$UPDATE bounce.communication_recipient SET attempts = attempts + 1
                             WHERE address = 't1@held.example'$$), 'UPDATE 1',
          'a further send is counted');

-- An application that begins to change its mail, and does not go on.
SELECT dblink_exec('mallory', 'BEGIN'), dblink_exec('a', $$SET lock_timeout = '4s'$$),
       dblink_exec('a', $$SET statement_timeout = '3s'$$);
SELECT test.mail(name, ARRAY[name || '@held.example']) FROM unnest('{kept,other}'::text[]) AS name;
SELECT dblink_exec('mallory', $$UPDATE bounce.communication SET subject = 'x'
                                WHERE business_ref = 'kept'$$);
SELECT throws_ok($$SELECT test.bounce_by_a('mailbox_full', 'kept', '4.2.2')$$, '55P03', NULL,
                 'a report about it is put off before the session waits for so long');
SELECT is(test.bounce_by_a('mailbox_full', 'other', '4.2.2'), false, 'others are recorded');
SELECT dblink_exec('mallory', 'ROLLBACK'), dblink_exec('a', 'SET statement_timeout = 0');
SELECT is((SELECT d.t FROM dblink('a', 'SHOW lock_timeout') AS d (t text)), '4s',
          'which waits for all else as it was told');
SELECT is(test.bounce_by_a('mailbox_full', 'kept', '4.2.2'), false, 'and that one afterwards');

SELECT dblink_disconnect('mallory');
DROP ROLE held_up_mallory;
SELECT * FROM finish();
