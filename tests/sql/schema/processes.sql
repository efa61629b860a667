-- SPDX-License-Identifier: BSD-2-Clause
-- Which application sees and writes which processes, as sets: every relation and every function
-- that applications have, and what somebody would try who wants another one's mails.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- Two applications with two processes each, one that has none, one that has its process through a
-- group, and people. The process "open" is nobody's.
CREATE ROLE t_billing LOGIN IN ROLE bounce_application;
CREATE ROLE t_crm LOGIN IN ROLE bounce_application;
CREATE ROLE t_none LOGIN IN ROLE bounce_application;
CREATE ROLE t_team NOLOGIN IN ROLE bounce_application;
CREATE ROLE t_member LOGIN IN ROLE t_team;
CREATE ROLE t_stranger LOGIN;
CREATE ROLE t_both LOGIN IN ROLE bounce_application, bounce_clerk;
INSERT INTO bounce.process (name) VALUES ('ads'), ('open');
SELECT bounce.give_process(process, application, 'theirs')
FROM (VALUES ('invoice', 't_billing'), ('receipt', 't_billing'), ('newsletter', 't_crm'),
             ('ads', 't_crm'), ('ads', 't_team')) AS v (process, application);
GRANT USAGE, CREATE ON SCHEMA test TO PUBLIC;

-- Something of each process in each relation.
CREATE TABLE test.own AS
SELECT p.name AS process, test.mail('soft-' || p.name, ARRAY['soft@' || p.name || '.example'],
                                    p.name) AS soft,
       test.mail('hard-' || p.name, ARRAY['hard@' || p.name || '.example'], p.name) AS hard,
       test.submit(ARRAY['waits@' || p.name || '.example'], p.name) AS waits
FROM bounce.process AS p;
SELECT test.set('follow_up', 'on'), test.set('resend_initial_delay', '1 second'),
       test.set('resend_jitter', '0');
SELECT test.record(test.report('mailbox_full', 'soft@' || process || '.example',
                               status => '4.2.2', about => 'soft-' || process, own_mta => true)),
       test.record(test.report('user_unknown', 'hard@' || process || '.example',
                               about => 'hard-' || process, own_mta => true)),
       test.record(test.report('vacation', 'hard@' || process || '.example', status => '',
                               kind => 'auto_reply', about => 'hard-' || process))
FROM test.own;
UPDATE bounce.communication_recipient SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL;
-- claimed before, by a claimer whose name everybody can guess, and free to be claimed again
SELECT count(*) FROM bounce.claim_resends('before', 100, '1 hour'),
                     bounce.claim_follow_up('before');
UPDATE bounce.resend_claim SET lease_expire_time = now();
UPDATE bounce.follow_up SET lease_expire_time = now();
SELECT bounce.block_address('blocked@' || process || '.example', 'asked for it'),
       test.submit(ARRAY['blocked@' || process || '.example'], process)
FROM test.own;
SELECT count(*) FROM test.claim(100);
SELECT bounce.release_claim(claim_id, '0') FROM bounce.communication_delivery
WHERE claim_id IS NOT NULL;
ALTER TABLE test.own ADD soft_recipient bigint, ADD follow_up bigint;
UPDATE test.own AS o SET
  soft_recipient = (SELECT r.id FROM bounce.communication_recipient AS r
                    WHERE r.communication_id = o.soft),
  follow_up = (SELECT u.id FROM bounce.follow_up AS u WHERE u.communication_id = o.hard);
GRANT SELECT ON test.own TO PUBLIC;

CREATE FUNCTION test.process_of(communication_id bigint) RETURNS text
  LANGUAGE sql SECURITY DEFINER AS $$ SELECT process FROM bounce.communication WHERE id = $1 $$;
CREATE FUNCTION test.process_of_recipient(recipient_id bigint) RETURNS text
  LANGUAGE sql SECURITY DEFINER AS $$
  SELECT test.process_of(communication_id) FROM bounce.communication_recipient WHERE id = $1
$$;

-- What a statement answers to a role, or SQLSTATE and message; nothing of it stays.
CREATE FUNCTION test.attempt(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  PERFORM set_config('role', role, true);
  EXECUTE statement INTO answer;
  RAISE EXCEPTION '%', coalesce(answer, 'NULL') USING ERRCODE = 'TT000';
EXCEPTION WHEN OTHERS THEN
  RETURN CASE SQLSTATE WHEN 'TT000' THEN '' ELSE SQLSTATE || ' ' END || SQLERRM;
END
$$;

-- Who sees what --------------------------------------------------------------------------

CREATE TABLE test.relation (name text, process text);
INSERT INTO test.relation VALUES
  ('process', 'name'), ('communication', 'process'), ('communication_delivery', 'process'),
  ('communication_recipient', 'test.process_of(communication_id)'),
  ('recipient_delivery', 'test.process_of(communication_id)'),
  ('communication_log', 'test.process_of(communication_id)'),
  ('follow_up', 'test.process_of(communication_id)'),
  ('resend_claim', 'test.process_of_recipient(recipient_id)'),
  ('undelivered', 'process'), ('scheduled_resend', 'process'), ('delivery', 'process'),
  ('delivery_metric', 'process'), ('refused_delivery', 'process'), ('auto_reply', 'process');
SELECT set_eq($$SELECT c.relname::text FROM pg_class AS c
                WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                  AND has_any_column_privilege('bounce_application', c.oid, 'SELECT')$$,
              $$SELECT name FROM test.relation UNION ALL VALUES ('bounce_reason')$$,
              'all that applications may read is tried here; the reasons are everybody''s');
INSERT INTO test.relation VALUES
  ('undelivered_documents(NULL, NULL, NULL)', 'process'),
  ('claim_follow_up(''x'', 100)', 'process'), ('claim_resends(''x'', 100)', 'process');

CREATE TABLE test.may (role text, processes text);
INSERT INTO test.may VALUES
  ('t_billing', 'invoice open receipt'), ('t_crm', 'ads newsletter open'), ('t_none', 'open'),
  ('t_member', 'ads open'), ('t_team', 'ads open'), ('bounce_application', 'open'),
  ('t_both', 'ads invoice newsletter open receipt'),
  ('bounce_clerk', 'ads invoice newsletter open receipt'),
  ('bounce_auditor', 'ads invoice newsletter open receipt'),
  ('bounce_operator', 'ads invoice newsletter open receipt'),
  ('bounce_admin', 'ads invoice newsletter open receipt');
SELECT is(test.attempt(m.role, format('SELECT string_agg(DISTINCT %1$s, '' '' ORDER BY %1$s) '
                                      'FROM bounce.%2$s', r.process, r.name)),
          m.processes, format('%s sees of %s: %s', m.role, r.name, m.processes))
FROM test.may AS m CROSS JOIN test.relation AS r
WHERE r.name NOT LIKE 'claim_%' OR m.role NOT LIKE 'bounce_%' OR m.role = 'bounce_application';
SELECT is(test.attempt(role, 'SELECT count(*) FROM bounce.communication'),
          '42501 permission denied for schema bounce', role || ' sees nothing')
FROM unnest('{t_stranger}'::text[]) AS role;
SELECT is(test.attempt(m.role, 'SELECT array_to_string(bounce.own_processes(), '' '')'),
          m.processes, m.role || ' is told so') FROM test.may AS m WHERE m.role = 't_none';

-- Who writes what ------------------------------------------------------------------------

-- Statements with $columns of test.own; the answer where it is one's own, and where it is not:
-- UNKNOWN is what an id is answered that nobody has, so that ids cannot be probed.
CREATE TABLE test.act (name text, statement text, own text, foreign_ text);
INSERT INTO test.act VALUES
  ('INSERT', 'INSERT INTO bounce.communication (process) VALUES (''$process'') RETURNING ''ok''',
   'ok', '42501 new row violates row-level security policy "only of own processes" for table '
   '"communication"'),
  ('INSERT', 'INSERT INTO bounce.communication_recipient (communication_id, address) '
             'VALUES ($soft, ''x@example.com'') RETURNING ''ok''', 'ok', 'UNKNOWN'),
  ('INSERT', 'INSERT INTO bounce.communication_recipient (communication_id, address) '
             'VALUES ($soft, ''soft@$process.example'') RETURNING ''ok''',
   '23505 duplicate key value violates unique constraint '
   '"communication_recipient_communication_id_address_key_key"', 'UNKNOWN'),
  ('UPDATE', 'WITH u AS (UPDATE bounce.communication SET status = ''error'' '
             'WHERE id = $waits OR id = $soft AND subject <> '''' AND false RETURNING 1) '
             'SELECT count(*) FROM u',
   '23514 communication $waits: status cannot be set to error by hand: the queue sends it', '0'),
  ('UPDATE', 'WITH u AS (UPDATE bounce.communication SET subject = ''x'' '
             'WHERE id = $soft RETURNING 1) SELECT count(*) FROM u', '1', '0'),
  ('UPDATE', 'UPDATE bounce.communication SET process = ''open'' WHERE id = $soft',
   '42501 permission denied for table communication',
   '42501 permission denied for table communication'),
  ('UPDATE', 'WITH u AS (UPDATE bounce.delivery SET state = ''RETRY'' '
             'WHERE process = ''$process'' AND state = ''ERROR'' RETURNING 1) '
             'SELECT count(*) FROM u', '1', '0'),
  ('register_communication',
   'SELECT bounce.register_communication(''$process'', ''{a@example.com}'') > 0', 'true',
   '42501 process "$process" is not for $role'),
  ('submit_communication',
   'SELECT bounce.submit_communication(''$process'', ''{a@example.com}'', ''a@example.org'', '
   'body_text => ''x'') > 0', 'true', '42501 process "$process" is not for $role'),
  ('is_address_blocked', 'SELECT bounce.is_address_blocked(''a@example.com'', ''$process'')',
   'false', '42501 process "$process" is not for $role'),
  ('may_write_to', 'SELECT bounce.may_write_to(''a@example.com'', ''$process'')', 'true',
   '42501 process "$process" is not for $role'),
  ('undelivered_documents',
   'SELECT count(*) > 0 FROM bounce.undelivered_documents(''$process'', NULL, NULL)', 'true',
   '42501 process "$process" is not for $role'),
  ('claim_resends', 'SELECT count(*) FROM bounce.claim_resends(''x'', 10, ''1 s'', ''$process'')',
   '1', '42501 process "$process" is not for $role'),
  ('next_resend', 'SELECT bounce.next_resend(''$process'') IS NULL', 'false',
   '42501 process "$process" is not for $role'),
  ('confirm_resend', 'SELECT bounce.confirm_resend($soft_recipient)', '2', 'UNKNOWN'),
  ('confirm_resend', 'SELECT bounce.confirm_resend($soft_recipient, NULL, ''before'')', '2',
   'UNKNOWN'),
  ('release_resend', 'SELECT bounce.release_resend($soft_recipient, ''before'')', 'true',
   'UNKNOWN'),
  ('return_path', 'SELECT length(bounce.return_path($soft_recipient)) > 20', 'true', 'UNKNOWN'),
  ('return_path', 'SELECT length(bounce.return_path($soft_recipient, 7)) > 20', 'true', 'UNKNOWN'),
  ('set_person', 'SELECT bounce.set_person($soft, ''soft@$process.example'', ''K-1'')', '',
   'UNKNOWN'),
  ('finish_follow_up',
   'SELECT bounce.finish_follow_up($follow_up, ''before'')', 'true', 'UNKNOWN'),
  ('find_communications', 'SELECT count(*) FROM bounce.find_communications(''$soft'')', '1', '0'),
  ('find_communications', 'SELECT count(*) FROM bounce.find_communications('
                          '''soft@$process.example'')', '1', '0'),
  ('send_now', 'SELECT bounce.send_now($waits)', '', 'UNKNOWN'),
  ('send_and_wait', 'CALL bounce.send_and_wait($waits)', '2D000 invalid transaction termination',
   'UNKNOWN'),
  ('send_outcome', 'SELECT state FROM bounce.send_outcome($waits)', 'PENDING', 'UNKNOWN'),
  ('retry_communication', 'SELECT bounce.retry_communication($waits)', '', 'UNKNOWN'),
  ('hold_communication', 'SELECT bounce.hold_communication($waits)', 'true', 'UNKNOWN'),
  ('release_communication', 'SELECT bounce.release_communication($waits)', 'false', 'UNKNOWN'),
  ('cancel_communication', 'SELECT bounce.cancel_communication($waits)', '1', 'UNKNOWN'),
  ('correct_content', 'SELECT bounce.correct_content($waits, ''x'', ''y'')', '', 'UNKNOWN'),
  ('change_recipient', 'SELECT bounce.change_recipient($waits, ''waits@$process.example'', '
                       '''y@example.com'', ''typo'') > 0', 'true', 'UNKNOWN');
SELECT set_eq($$SELECT p.proname::text FROM pg_proc AS p
                WHERE p.pronamespace = 'bounce'::regnamespace
                  AND has_function_privilege('bounce_application', p.oid, 'EXECUTE')$$,
              $$SELECT name FROM test.act WHERE name NOT IN ('INSERT', 'UPDATE')
                UNION VALUES ('claim_follow_up'), ('own_processes'), ('suggest_address'),
                             ('address_key'), ('address_domain'), ('clean_diagnostic'),
                             ('ago'), ('told'), ('sentence')$$,
              'all that applications may call is tried here; the last seven know no mail');

CREATE FUNCTION test.filled(template text, o test.own, role text) RETURNS text LANGUAGE sql AS $$
  SELECT replace(replace(replace(replace(replace(replace($1, '$soft_recipient',
           $2.soft_recipient::text), '$soft', $2.soft::text), '$waits', $2.waits::text),
           '$follow_up', $2.follow_up::text), '$process', $2.process), '$role', $3)
$$;
CREATE FUNCTION test.unknown(o test.own) RETURNS test.own LANGUAGE sql AS $$
  SELECT ($1.process, 987654321, 987654321, 987654321, 987654321, 987654321)::test.own
$$;
SELECT test.picture() || (SELECT md5(jsonb_agg(d ORDER BY communication_id)::text)
                          FROM bounce.communication_delivery AS d) AS before \gset
SELECT CASE WHEN o.process = ANY (string_to_array(m.processes, ' '))
            THEN is(test.attempt(m.role, test.filled(a.statement, o, m.role)),
                    test.filled(a.own, o, m.role),
                    format('%s, %s of its own: %s', m.role, a.name, o.process))
            WHEN a.foreign_ = 'UNKNOWN'
            THEN is(test.attempt(m.role, test.filled(a.statement, o, m.role)),
                    replace(test.attempt(m.role,
                                         test.filled(a.statement, test.unknown(o), m.role)),
                            '987654321', CASE WHEN a.statement LIKE '%$waits%' THEN o.waits
                                              WHEN a.statement LIKE '%$soft_recipient%'
                                              THEN o.soft_recipient ELSE o.soft END::text),
                    format('%s, %s of another: %s, as if there were none', m.role, a.name,
                           o.process))
            ELSE is(test.attempt(m.role, test.filled(a.statement, o, m.role)),
                    test.filled(a.foreign_, o, m.role),
                    format('%s, %s of another: %s', m.role, a.name, o.process)) END
FROM test.act AS a CROSS JOIN test.own AS o JOIN test.may AS m ON m.role LIKE 't\_%'
WHERE o.process <> 'open' AND m.role IN ('t_billing', 't_crm', 't_none', 't_member');
SELECT is((SELECT count(*) FROM test.act AS a WHERE a.foreign_ = 'UNKNOWN'
             AND test.attempt('t_crm', test.filled(a.statement, o, 't_crm')) ~ '^(1|true)'),
          0::bigint, 'and what is unknown is neither done nor counted')
FROM test.own AS o WHERE o.process = 'invoice';
SELECT is(test.picture() || (SELECT md5(jsonb_agg(d ORDER BY communication_id)::text)
                             FROM bounce.communication_delivery AS d), :'before',
          'nothing has changed by any of this');

-- What an attacker would try -----------------------------------------------------------------

SELECT is(test.attempt('t_crm', statement), outcome, what)
FROM (VALUES
  ('a process by its name',
   'SELECT count(*) FROM bounce.communication WHERE process = ''invoice''', '0'),
  ('the partition of a month', 'SELECT count(*) FROM bounce.communication_log_default',
   '42501 permission denied for table communication_log_default'),
  ('the Message-IDs', 'SELECT count(*) FROM bounce.communication_message_id',
   '42501 permission denied for table communication_message_id'),
  ('the statistics of the planner',
   'SELECT count(*) FROM pg_stats WHERE schemaname = ''bounce'' AND tablename = ''communication''',
   '0'),
  ('giving oneself a process', 'SELECT bounce.give_process(''invoice'', ''t_crm'', ''x'')',
   '42501 permission denied for function give_process'),
  ('whose a process is', 'SELECT count(*) FROM bounce.process_application',
   '42501 permission denied for table process_application'),
  ('changing all there are', 'WITH u AS (UPDATE bounce.communication SET subject = ''x'' '
   'RETURNING process) SELECT string_agg(DISTINCT process, '' '' ORDER BY process) FROM u',
   'ads newsletter open'),
  ('a key of another one''s mail',
   'INSERT INTO bounce.communication (process, idempotency_key) VALUES (''invoice'', ''k'') '
   'ON CONFLICT DO NOTHING RETURNING id',
   '42501 new row violates row-level security policy "only of own processes" for table '
   '"communication"'),
  ('guessing names', 'SELECT bounce.register_communication(''invoic'', ''{a@example.com}'')',
   '23503 unknown process "invoic"')) AS v (what, statement, outcome);

CREATE FUNCTION test.hint(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  PERFORM set_config('role', role, true);
  EXECUTE statement;
  RAISE EXCEPTION 'done';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN hint;
END
$$;
SELECT is(test.hint('t_crm', 'SELECT bounce.register_communication(''invoice'', '
                             '''{a@example.com}'')'),
          'An administrator gives it: bouncectl process give invoice t_crm --why TEXT, or SELECT '
          'bounce.give_process(''invoice'', ''t_crm'', why).', 'the hint says what to do');
SELECT unalike(test.hint('t_crm', 'SELECT bounce.register_communication(''invoic'', '
                                  '''{a@example.com}'')'),
               '%invoice%', 'and none names another one''s process');
SELECT alike(test.hint('t_billing', 'SELECT bounce.register_communication(''invoic'', '
                                    '''{a@example.com}'')'),
             '%invoice%', 'only one of one''s own');

-- SET ROLE asks the login, which was the owner's until here
CREATE FUNCTION test.attempt_login(login text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('session_authorization', login, true);
  EXECUTE statement;
  RAISE EXCEPTION 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END
$$;
SELECT is(test.attempt_login('t_crm', statement), outcome, statement)
FROM (VALUES
  ('SELECT 1', 'done'), ('SET ROLE bounce_application', 'done'),
  ('SET ROLE t_billing', 'permission denied to set role "t_billing"'),
  ('SELECT set_config(''role'', ''t_billing'', true)',
   'permission denied to set role "t_billing"'),
  ('SET ROLE bounce_operator', 'permission denied to set role "bounce_operator"'))
  AS v (statement, outcome);
SET LOCAL row_security = off;
SELECT is(test.attempt('t_crm', 'SELECT count(*) FROM bounce.process'),
          '42501 query would be affected by row-level security policy for table "process"',
          'switching the policies off');
RESET row_security;

-- a function of one's own in a WHERE, said to be cheap, that tells of each row it is given
SET LOCAL ROLE t_crm;
CREATE FUNCTION test.tell(process text) RETURNS boolean LANGUAGE plpgsql COST 0.000001 STABLE AS $$
BEGIN
  PERFORM set_config('test.told', current_setting('test.told') || ' ' || process, true);
  RETURN true;
END
$$;
RESET ROLE;
SELECT set_config('test.told', '', true);
SELECT lives_ok(format($$DO 'BEGIN SET LOCAL ROLE t_crm;
                           PERFORM FROM bounce.%s WHERE test.tell(%s); RESET ROLE; END'$$,
                       name, process), 'told of ' || name)
FROM test.relation WHERE process IN ('process', 'name') AND name NOT LIKE '%(%';
SELECT set_eq($$SELECT DISTINCT p FROM regexp_split_to_table(btrim(current_setting('test.told')),
                                                             ' ') AS p$$,
              '{ads,newsletter,open}'::text[], 'it is not told of another one''s rows');

-- a view and a function of one's own, for somebody else
SET LOCAL ROLE t_crm;
CREATE VIEW test.lent AS SELECT process FROM bounce.delivery
  UNION SELECT process FROM bounce.communication;
CREATE FUNCTION test.lent() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS $$
  SELECT process FROM bounce.communication UNION SELECT process FROM bounce.undelivered
$$;
GRANT SELECT ON test.lent TO PUBLIC;
RESET ROLE;
SELECT is(test.attempt(v.role, format('SELECT string_agg(process, '' '' ORDER BY process) '
                                      'FROM %s AS l (process)', l.what)),
          v.processes, format('%s reads %s of t_crm', v.role, l.what))
FROM (VALUES ('t_none', 'open'), ('t_billing', 'invoice open receipt'),
             ('t_crm', 'ads newsletter open')) AS v (role, processes)
CROSS JOIN unnest('{test.lent,test.lent()}'::text[]) AS l (what);
SELECT is(test.attempt('t_stranger',
                       'SELECT string_agg(l, '' '' ORDER BY l) FROM test.lent() AS l'),
          'open', 'lending does not make a stranger see more');

-- a statement that somebody else has prepared, COPY, and a login
PREPARE seen AS
  SELECT concat_ws('; ', (SELECT string_agg(DISTINCT process, ' ' ORDER BY process)
                          FROM bounce.communication),
                   (SELECT string_agg(DISTINCT process, ' ' ORDER BY process)
                    FROM bounce.delivery)) AS seen;
EXECUTE seen \gset owner_
\set file `mktemp`
\setenv FILE :file
SET LOCAL ROLE t_crm;
EXECUTE seen \gset prepared_
\o :file
COPY bounce.communication (process) TO STDOUT;
COPY (SELECT process FROM bounce.delivery) TO STDOUT;
\o
RESET ROLE;
\set copied `sort -u "$FILE" | tr '\n' ' '; rm "$FILE"`
SET LOCAL SESSION AUTHORIZATION t_crm;
EXECUTE seen \gset login_
RESET SESSION AUTHORIZATION;
SELECT is(:'owner_seen'::text, 'ads invoice newsletter open receipt; '
          'ads invoice newsletter open receipt', 'the owner sees all');
SELECT is(:'prepared_seen'::text, 'ads newsletter open; ads newsletter open',
          'a prepared statement is of who executes it');
SELECT is(:'copied'::text, 'ads newsletter open ', 'and so is COPY');
SELECT is(:'login_seen'::text, 'ads newsletter open; ads newsletter open',
          'a login counts as SET ROLE does');

-- Our programs see all of it -----------------------------------------------------------------

CREATE FUNCTION test.plan(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  plan text := '';
BEGIN
  PERFORM set_config('role', role, true);
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS off) ' || statement LOOP
    plan := plan || E'\n' || line;
  END LOOP;
  PERFORM set_config('role', 'none', true);
  RETURN plan;
END
$$;
SELECT is(test.plan(role, statement) LIKE '%own_processes%', is_asked,
          format('%s: whose it is %s in: %s', role,
                 CASE WHEN is_asked THEN 'is asked' ELSE 'costs nothing' END, statement))
FROM (VALUES ('none', false), ('bounce_operator', false), ('t_crm', true)) AS v (role, is_asked)
CROSS JOIN unnest(ARRAY[
  'SELECT status FROM bounce.communication WHERE id = 1',
  'SELECT state FROM bounce.communication_recipient WHERE id = 1',
  'SELECT state FROM bounce.communication_delivery WHERE communication_id = 1']) AS statement;
SELECT is_empty($$SELECT oid::regclass FROM pg_class
                  WHERE relnamespace = 'bounce'::regnamespace AND relforcerowsecurity$$,
                'the functions that record and send run as the owner, whom no policy binds');
UPDATE bounce.recipient_delivery SET due_at = now() WHERE state IN ('due', 'pending');
SELECT is(test.attempt('bounce_delivery', 'SELECT count(*) FROM bounce.claim_deliveries(''w'', '
                                          '''mx:25'', 100)'), '5', 'the worker claims all');
SELECT is((SELECT count(*) FROM test.own AS o
           WHERE test.attempt('bounce_milter', format(
             'SELECT communication_id FROM bounce.record_report(%L, ''raw'')',
             test.report('mailbox_full', 'hard@' || o.process || '.example', status => '4.2.3',
                         about => 'hard-' || o.process, own_mta => true))) = o.hard::text),
          5::bigint, 'the milter records for all');

-- Giving and taking --------------------------------------------------------------------------

SELECT results_eq($$SELECT role, consequence
                    FROM bounce.preview_process_access('invoice', 't_crm', true)
                    WHERE role LIKE 't\_%'$$,
                  $$VALUES ('t_billing', 'keeps it'), ('t_crm', 'gets it'),
                           ('t_member', 'does not have it'), ('t_none', 'does not have it')$$,
                  'before it is given: who gets it');
SELECT results_eq($$SELECT role, consequence
                    FROM bounce.preview_process_access('open', 't_team', true)
                    WHERE role LIKE 't\_%'$$,
                  $$VALUES ('t_billing', 'loses it'), ('t_crm', 'loses it'),
                           ('t_member', 'keeps it'), ('t_none', 'loses it')$$,
                  'and who loses it');
SELECT results_eq($$SELECT role, consequence
                    FROM bounce.preview_process_access('newsletter', 't_crm', false)
                    WHERE role LIKE 't\_%'$$,
                  $$VALUES ('t_billing', 'gets it'), ('t_crm', 'keeps it'),
                           ('t_member', 'gets it'), ('t_none', 'gets it')$$,
                  'taken from the last one, it is open to all');
SELECT is((SELECT count(*) FROM bounce.process_application AS a WHERE a.taken_at IS NULL),
          5::bigint, 'a preview changes nothing');
SELECT is(bounce.give_process('invoice', 't_crm', 'they send reminders'), true, 'given');
SELECT is(bounce.give_process('invoice', 't_crm', 'again'), false, 'given already');
SELECT is(test.attempt('t_crm', 'SELECT count(*) FROM bounce.process WHERE name = ''invoice'''),
          '1', 'it has it');
SELECT is(bounce.take_process('invoice', 't_crm', 'no more'), true, 'taken');
SELECT is(bounce.take_process('invoice', 't_crm', 'no more'), false, 'taken already');
SELECT is(test.attempt('t_crm', 'SELECT count(*) FROM bounce.process WHERE name = ''invoice'''),
          '0', 'it does not have it');
SELECT results_eq($$SELECT application, give_why, take_why, taken_by = session_user
                    FROM bounce.process_application WHERE process = 'invoice' ORDER BY id$$,
                  $$VALUES ('t_billing', 'theirs', NULL::text, NULL::boolean),
                           ('t_crm', 'they send reminders', 'no more', true)$$,
                  'who, when and why is kept');
SELECT throws_ok($$SELECT bounce.give_process('invoice', 't_stranger', 'x')$$, '22023', NULL,
                 'a role that is no application');
SELECT throws_ok($$SELECT bounce.give_process('invoice', 't_both', 'x')$$, '22023', NULL,
                 'one that sees all anyway');
SELECT throws_ok($$SELECT bounce.give_process('invoice', 't_bilin', 'x')$$, '22023',
                 'unknown application "t_bilin"', 'a role that there is not');
SELECT throws_ok($$SELECT bounce.give_process('unheard of', 't_crm', 'x')$$, '23503', NULL,
                 'a process that there is not');
SELECT throws_ok($$SELECT bounce.give_process('open', 't_crm', ' ')$$, '22023', NULL,
                 'without a reason');

-- where what nobody has is nobody's
SELECT test.set('open_processes', 'off');
SELECT is(test.attempt(role, 'SELECT array_to_string(bounce.own_processes(), '' '')'), processes,
          role || ' where processes are not open')
FROM (VALUES ('t_none', ''), ('t_member', 'ads'), ('bounce_application', ''))
  AS v (role, processes);
SELECT is(test.attempt('t_none', 'SELECT bounce.register_communication(''open'', '
                                 '''{a@example.com}'')'),
          '42501 process "open" is not for t_none', 'not by a function either');
SELECT is(test.attempt('t_none', 'SELECT bounce.register_communication(''unheard of'', '
                                 '''{a@example.com}'')'),
          '23503 unknown process "unheard of"', 'an unknown one is called that');
SELECT test.set('open_processes', 'on');

-- A role that is dropped or renamed leaves nobody a way in.
ALTER ROLE t_team RENAME TO t_group;
SELECT is(test.attempt('t_member', 'SELECT count(*) FROM bounce.process WHERE name = ''ads'''), '0',
          'a role of another name does not have it');
SELECT bounce.take_process('ads', 't_crm', 'x');
SELECT is(test.attempt(role, 'SELECT count(*) FROM bounce.process WHERE name = ''ads'''), '0',
          'given to a role that is gone, it is not open: ' || role)
FROM unnest('{t_crm,t_member}'::text[]) AS role;
SELECT is(bounce.take_process('ads', 't_team', 'the team is gone'), true, 'that can be taken');
UPDATE bounce.process SET name = 'bill' WHERE name = 'invoice';
SELECT is(test.attempt('t_billing', 'SELECT count(*) > 0 FROM bounce.communication '
                                    'WHERE process = ''bill'''), 'true',
          'a process of another name is still theirs');

SELECT * FROM finish();
ROLLBACK;
