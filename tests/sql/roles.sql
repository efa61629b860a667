-- SPDX-License-Identifier: BSD-2-Clause
-- What each role may do, and what it may not.
BEGIN;
\ir helper.psql
SELECT * FROM no_plan();

SELECT test.mail('r', '{r@example.com}') AS r \gset
SELECT id AS recipient FROM bounce.communication_recipient WHERE communication_id = :r \gset
SELECT test.record(test.report('user_unknown', 'r@example.com', about => 'r', own_mta => true));
GRANT USAGE ON SCHEMA test TO PUBLIC;

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'bounce'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')$$,
                'nobody may call a function by default');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'v')
                  AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE')$$, 'nor read or write a table');
SELECT is_empty($$SELECT rolname FROM pg_roles WHERE rolname IN ('bounce_milter', 'bounce_application', 'bounce_operator') AND (rolcanlogin OR rolsuper)$$,
                'the three are groups');

-- All that may be called, role by role: a new function does not slip in.
SELECT set_eq(format($$SELECT p.proname::text FROM pg_proc AS p WHERE p.pronamespace = 'bounce'::regnamespace AND has_function_privilege(%L, p.oid, 'EXECUTE')$$, role),
              functions::text[], role || ' may call these functions and no other')
FROM (VALUES
  ('bounce_milter', '{record_report,milter_settings,schema_version}'),
  ('bounce_application', '{register_communication,confirm_resend,return_path,is_address_blocked,address_key,address_domain,submit_communication,retry_communication,hold_communication,release_communication,cancel_communication}'),
  ('bounce_delivery', '{schema_version,claim_deliveries,begin_delivery,settle_delivery,settle_and_begin,release_claim,renew_leases,delivery_lease_seconds,sweep_deliveries,delivery_problem,next_due}'),
  ('bounce_operator', '{schema_version,confirm_resend,lift_block,resolve_task,is_address_blocked,parameter,address_key,address_domain,rotate_token_key,submit_communication,retry_communication,hold_communication,release_communication,cancel_communication}')) AS v (role, functions);
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'v') AND c.relname <> 'schema_migration'
                  AND (has_table_privilege('bounce_milter', c.oid, 'SELECT, INSERT, UPDATE, DELETE') OR has_any_column_privilege('bounce_milter', c.oid, 'SELECT, INSERT, UPDATE'))$$,
                'the milter may read and write no table');
SELECT is_empty($$SELECT role FROM unnest(ARRAY['bounce_milter', 'bounce_application', 'bounce_operator']) AS role
                  WHERE has_any_column_privilege(role, 'bounce.token_key', 'SELECT, INSERT, UPDATE')$$, 'nobody may see the keys');

CREATE FUNCTION test.as_role(role text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('role', role, true);
  EXECUTE statement;
  PERFORM set_config('role', 'none', true);
  RETURN 'done';
EXCEPTION WHEN insufficient_privilege THEN
  RETURN 'refused';
END
$$;
SELECT is(test.as_role('bounce_' || role, replace(replace(statement, '$recipient', :'recipient'), '$mail', :'r')), outcome, role || ' ' || outcome || ': ' || statement)
FROM (VALUES
  ('milter', 'done', 'SELECT * FROM bounce.record_report(''{}'', ''raw'')'),
  ('milter', 'done', 'SELECT * FROM bounce.milter_settings()'),
  ('milter', 'done', 'SELECT version, sha256 FROM bounce.schema_migration'),
  ('milter', 'refused', 'SELECT * FROM bounce.communication'),
  ('milter', 'refused', 'SELECT bounce.register_communication(''invoice'', ''{a@example.com}'')'),
  ('milter', 'refused', 'SELECT bounce.return_path($recipient)'),
  ('application', 'done', 'INSERT INTO bounce.communication (process, business_ref, sender, subject, message_id, status) VALUES (''invoice'', ''R'', ''a@example.org'', ''s'', ''<m@example.org>'', ''sent'')'),
  ('application', 'done', 'INSERT INTO bounce.communication_recipient (communication_id, address) VALUES ($mail, ''second@example.com'')'),
  ('application', 'done', 'UPDATE bounce.communication SET status = ''sent'', message_id = ''<n@example.org>'' WHERE id = $mail'),
  ('application', 'done', 'SELECT bounce.register_communication(''invoice'', ''{a@example.com}'')'),
  ('application', 'done', 'SELECT bounce.return_path($recipient)'),
  ('application', 'done', 'SELECT bounce.confirm_resend($recipient)'),
  ('application', 'done', 'SELECT bounce.is_address_blocked(''r@example.com'')'),
  ('application', 'done', 'SELECT * FROM bounce.undelivered'),
  ('application', 'done', 'SELECT * FROM bounce.scheduled_resend'),
  ('application', 'done', 'SELECT * FROM bounce.communication_log'),
  ('application', 'refused', 'SELECT bounce.record_report(''{}'', ''raw'')'),
  ('application', 'refused', 'SELECT bounce.token_make(1, 1, now())'),
  ('application', 'refused', 'SELECT raw FROM bounce.bounce_message'),
  ('application', 'refused', 'UPDATE bounce.communication_recipient SET state = ''sent'', attempts = 9 WHERE id = $recipient'),
  ('application', 'refused', 'DELETE FROM bounce.communication WHERE id = $mail'),
  ('application', 'refused', 'UPDATE bounce.system_parameter SET value = ''off'' WHERE name = ''resend'''),
  ('application', 'refused', 'SELECT bounce.lift_block(''r@example.com'', ''please'')'),
  ('operator', 'done', 'SELECT bounce.lift_block(''r@example.com'', ''it works again'')'),
  ('operator', 'done', 'SELECT bounce.resolve_task(id, ''done'') FROM bounce.task WHERE status = ''open'''),
  ('operator', 'done', 'UPDATE bounce.system_parameter SET value = ''off'' WHERE name = ''resend'' AND process IS NULL'),
  ('operator', 'done', 'INSERT INTO bounce.system_parameter (name, process, value) VALUES (''resend'', ''newsletter'', ''off'')'),
  ('operator', 'done', 'DELETE FROM bounce.system_parameter WHERE process = ''newsletter'''),
  ('operator', 'done', 'UPDATE bounce.bounce_reason SET class = ''technical'' WHERE reason = ''suppressed'''),
  ('operator', 'done', 'INSERT INTO bounce.process (name) VALUES (''reminder'')'),
  ('operator', 'done', 'SELECT raw FROM bounce.bounce_message'),
  ('operator', 'done', 'SELECT * FROM bounce.undelivered'),
  ('operator', 'done', 'SELECT bounce.rotate_token_key()'),
  ('operator', 'refused', 'SELECT secret FROM bounce.token_key'),
  ('operator', 'refused', 'SELECT bounce.record_report(''{}'', ''raw'')'),
  ('operator', 'refused', 'UPDATE bounce.task SET status = ''done'''),
  ('operator', 'refused', 'DELETE FROM bounce.address_block'),
  ('operator', 'refused', 'DELETE FROM bounce.system_parameter_history'),
  ('operator', 'refused', 'UPDATE bounce.communication SET status = ''sent''')) AS v (role, outcome, statement);

-- A function that runs with its owner's rights cannot be led astray by the caller's search_path.
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'bounce'::regnamespace AND p.prosecdef
                  AND NOT coalesce(p.proconfig @> '{"search_path=bounce, pg_temp"}', false)$$, 'every SECURITY DEFINER function has its own search_path');

SELECT * FROM finish();
ROLLBACK;
