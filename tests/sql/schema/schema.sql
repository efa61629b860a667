-- SPDX-License-Identifier: BSD-2-Clause
-- The schema as a whole: documented, indexed, and with the names that others use.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT columns_are('bounce', 'system_parameter',
                   '{name,process,value,updated_at,updated_by}'::name[]);
SELECT has_column('bounce', t::name, c::name, format('%s has %s', t, c))
FROM (VALUES ('communication',
              '{id,process,business_ref,sender,subject,message_id,envelope_id,status}'::text[]),
             ('communication_recipient', '{id,communication_id,address,state}'),
  ('communication_log', '{communication_id,event}'), ('bounce_message', '{id,raw,disposition}'),
  ('bounce', '{bounce_message_id,communication_id,reason,class,matched_by,trust}'),
  ('bounce_reason', '{reason,class}'), ('task', '{kind,status}'),
  ('address_block', '{address,lifted_at}'), ('process', '{name}')) AS v (t, columns),
  unnest(columns) AS c;
SELECT has_view('bounce', 'undelivered', 'undelivered');
SELECT has_view('bounce', 'scheduled_resend', 'scheduled_resend');
SELECT is(bounce.schema_version(), (SELECT coalesce(max(version), 0) FROM bounce.schema_migration),
          'schema_version()');

SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c
                  WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                  AND obj_description(c.oid, 'pg_class') IS NULL$$,
                    'every table and view has a comment');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
                  WHERE p.pronamespace = 'bounce'::regnamespace
                AND obj_description(p.oid, 'pg_proc') IS NULL
                  AND (has_function_privilege('bounce_milter', p.oid, 'EXECUTE')
                       OR has_function_privilege('bounce_application', p.oid, 'EXECUTE')
                       OR has_function_privilege('bounce_admin', p.oid, 'EXECUTE'))$$,
                         'every public function has a comment');
SELECT is_empty($$SELECT name FROM bounce.parameter_definition
                  WHERE length(description) < 20$$, 'every parameter is described');

-- A foreign key without an index makes a deletion read the whole table; so does a partial one of
-- another column.
SELECT is_empty($$SELECT k.conrelid::regclass, k.conname FROM pg_constraint AS k
  WHERE k.connamespace = 'bounce'::regnamespace AND k.contype = 'f'
    AND k.confrelid IN ('bounce.communication'::regclass,
                        'bounce.communication_recipient'::regclass)
    AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = k.conrelid
                    AND i.indkey[0] = k.conkey[1])$$, 'every reference to a mail has an index');
SELECT is_empty($$SELECT k.conrelid::regclass, k.conname FROM pg_constraint AS k
                  WHERE k.contype = 'f'
                AND k.confrelid IN ('bounce.bounce'::regclass, 'bounce.bounce_message'::regclass)$$,
                'nothing refers to the event tables: they are partitioned by month');

-- Ten million mails do not make a bounce dearer: no lookup reads a whole table.
CREATE FUNCTION test.plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  SET LOCAL enable_seqscan = off;
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
  RETURN CASE WHEN plan::text LIKE '%"Seq Scan"%' THEN 'seq scan' ELSE 'index' END;
END
$$;
SELECT is(test.plan_of(statement), 'index', 'by an index: ' || statement)
FROM (VALUES
  ('SELECT * FROM bounce.communication WHERE envelope_id = ''a'''),
  ('SELECT * FROM bounce.communication_message_id WHERE message_id = ''a'''),
  ('SELECT * FROM bounce.communication_recipient WHERE address_key = ANY (''{a,b}'') AND '
   'last_attempt_at >= now()'),
  ('SELECT * FROM bounce.communication_recipient WHERE communication_id = ANY (''{1,2}'') AND '
   'address_key = ANY (''{a,b}'')'),
  ('SELECT * FROM bounce.report_key WHERE key = ''a'''),
  ('SELECT * FROM bounce.address_block WHERE address_key = ''a'' AND lifted_at IS NULL'),
  ('SELECT * FROM bounce.task WHERE dedup_key = ''a'' AND status = ''open'''),
  ('SELECT * FROM bounce.communication_recipient WHERE next_attempt_at < now()'),
  ('SELECT state FROM bounce.undelivered WHERE bounced_at > now()'),
  ('SELECT state FROM bounce.undelivered WHERE communication_id = 1'),
  ('SELECT state FROM bounce.undelivered WHERE recipient_id = 1'),
  ('SELECT * FROM bounce.bounce WHERE communication_id = 1'),
  ('SELECT * FROM bounce.bounce WHERE id = ANY (''{1,2}'')'),
  ('SELECT * FROM bounce.communication_recipient WHERE bounce.address_domain(address_key) = ''a'' '
   'AND attempts > 0 AND state = ''sent'''),
  ('SELECT * FROM bounce.communication_recipient WHERE last_attempt_at >= now() AND attempts > 0 '
   'AND state = ''sent'''),
  ('SELECT * FROM bounce.communication_recipient WHERE id = ANY (ARRAY('
   'SELECT recipient_id FROM bounce.failed_recipient WHERE task_id = 1))'),
  ('SELECT * FROM bounce.address_block WHERE bounce_id = ANY (''{1,2}'') AND lifted_at IS NULL'),
  ('SELECT * FROM bounce.hard_count WHERE scope = ''domain'' AND about = ''a'' AND span = '
   '''minutes'' AND bucket > now()'),
  ('SELECT * FROM bounce.bounce_message WHERE class = ''soft'' AND received_at < now() AND raw IS '
   'NOT NULL'),
  ('SELECT * FROM bounce.communication_log WHERE communication_id = 1')) AS v (statement);

-- The history's words are documented where \d+ shows them.
SELECT is_empty($$
  SELECT DISTINCT w.event
  FROM pg_proc AS p,
       regexp_matches(p.prosrc, '(?:write_log\([^,]+,[^,]+,|step\(f,)\s*([^,]+),', 'g') AS said,
       regexp_matches(said[1], '''([a-z_]+)''', 'g') AS quoted,
       LATERAL (SELECT quoted[1] AS event) AS w
  WHERE p.pronamespace = 'bounce_internal'::regnamespace OR p.pronamespace = 'bounce'::regnamespace
  EXCEPT
  SELECT unnest(regexp_split_to_array(col_description('bounce.communication_log'::regclass,
    (SELECT attnum FROM pg_attribute
     WHERE attrelid = 'bounce.communication_log'::regclass AND attname = 'event')), '[^a-z_]+'))
$$, 'each event of communication_log is in its comment');

SELECT * FROM finish();
ROLLBACK;
