-- SPDX-License-Identifier: BSD-2-Clause
-- What each role may do, and what it may not.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.mail('r', '{r@example.com}') AS r \gset
SELECT id AS recipient FROM bounce.communication_recipient WHERE communication_id = :r \gset
SELECT test.record(test.report('user_unknown', 'r@example.com', about => 'r', own_mta => true));
GRANT USAGE ON SCHEMA test TO PUBLIC;

SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
                  WHERE p.pronamespace IN ('bounce'::regnamespace, 'bounce_internal'::regnamespace)
                AND has_function_privilege('public', p.oid, 'EXECUTE')$$,
                'nobody may call a function by default');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c
                  WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                  AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE')$$,
                    'nor read or write a table');
SELECT is_empty($$SELECT rolname FROM pg_roles
                  WHERE rolname IN ('bounce_milter', 'bounce_application', 'bounce_auditor',
                                    'bounce_clerk', 'bounce_operator', 'bounce_admin',
                                    'bounce_console')
                AND (rolcanlogin OR rolsuper)$$,
                'they are groups');

SELECT is_empty($$SELECT role
                  FROM unnest('{public,bounce_milter,bounce_delivery,bounce_application,'
                              'bounce_auditor,bounce_clerk,bounce_operator,'
                              'bounce_admin,bounce_console}'::text[]) AS role
                  WHERE has_schema_privilege(role, 'bounce_internal', 'USAGE')$$,
                    'what is internal is in nobody''s reach');

-- All that may be called, role by role: a new function does not slip in. An admin may do what an
-- operator may, a clerk what an auditor may.
WITH listed (role, includes, functions) AS (VALUES
  ('bounce_milter', NULL,
   '{record_report,record_reports,milter_settings,schema_version,token_settings,housekeeping,'
   'keep_month,metrics,count_today}'),
  ('bounce_console', NULL,
   '{schema_version}'),
  ('bounce_application', NULL,
   '{register_communication,confirm_resend,return_path,is_address_blocked,address_key,'
   'address_domain,may_write_to,suggest_address,set_person,undelivered_documents,send_now,'
   'send_outcome,send_and_wait,claim_follow_up,finish_follow_up,claim_resends,next_resend,'
   'release_resend,submit_communication,retry_communication,hold_communication,'
   'release_communication,cancel_communication,find_communications,clean_diagnostic,ago,told,'
   'sentence,correct_content,change_recipient,own_processes}'),
  ('bounce_delivery', NULL,
   '{schema_version,claim_deliveries,claim_urgent,begin_delivery,settle_delivery,'
   'settle_and_begin,settle_noted,release_claim,renew_leases,delivery_lease_seconds,'
   'sweep_deliveries,forget_servers,delivery_problem,next_due,send_owner_notices,claim_events,'
   'settle_event,release_events,claim_copy,settle_copy}'),
  ('bounce_operator', NULL,
   '{send_now,send_outcome,send_and_wait,schema_version,confirm_resend,lift_block,'
   'unblock_address,preview_unblock,resolve_task,'
   'is_address_blocked,parameter,address_key,address_domain,may_write_to,suggest_address,'
   'undelivered_documents,request_resend,block_address,pause_process,resume_process,'
   'retry_events,restore_block,retry_copies,forward_letter,withdraw_letter,events_to_retry,'
   'withdraw_block,export_blocks,preview_block_import,import_blocks,withdraw_block_import,'
   'assign_task,postpone_task,note_task,resolve_task_corrected,resolve_task_unblocked,'
   'resolve_task_dead,confirm_outage,dismiss_outage,outage_sample,undo_preview,undo_bounces,'
   'redo_bounces,reclassify,reports_to_replay,replay_differences,replay_report,task_story,'
   'set_parameter,find_communications,communication_story,status,report_by,bounces_by_day,'
   'bounces_by_hour,process_rates,housekeeping,keep_month,audit,submit_communication,'
   'retry_communication,hold_communication,release_communication,cancel_communication,'
   'resolve_task_arrived,block_story,rule_hits,reopen_task,add_recipient,change_recipient,'
   'preview_task,task_ways,task_waits_for,server_problem,withdraw_resend,preview_reclassify,'
   'clean_diagnostic,ago,told,'
   'sentence,correct_content,metrics,count_today,own_processes}'),
  ('bounce_admin', 'bounce_operator',
   '{rotate_token_key,add_token_key,retire_token_key,drop_expired_token_keys,erase_address,'
   'erase_person,preview_erase,give_process,take_process,preview_process_access}'),
  ('bounce_auditor', NULL,
   '{schema_version,status,audit,find_communications,communication_story,block_story,task_story,'
   'report_by,bounces_by_day,bounces_by_hour,process_rates,outage_sample,export_blocks,'
   'undo_preview,is_address_blocked,may_write_to,suggest_address,address_key,address_domain,'
   'undelivered_documents,clean_diagnostic,ago,told,sentence,preview_task,task_waits_for,'
   'server_problem,metrics,count_today,'
   'task_ways,own_processes}'),
  ('bounce_clerk', 'bounce_auditor',
   '{assign_task,postpone_task,note_task,resolve_task,resolve_task_corrected,'
   'resolve_task_unblocked,resolve_task_dead,resolve_task_arrived,reopen_task,block_address,'
   'lift_block,unblock_address,preview_unblock,restore_block,withdraw_block,request_resend,'
   'add_recipient,withdraw_resend,'
   'forward_letter,withdraw_letter,change_recipient,correct_content,reclassify,'
   'preview_reclassify,rule_hits}'))
SELECT set_eq(format($$SELECT p.proname::text FROM pg_proc AS p
                       WHERE p.pronamespace IN ('bounce'::regnamespace,
                                                'bounce_internal'::regnamespace)
                     AND has_function_privilege(%L, p.oid, 'EXECUTE')$$, l.role),
              l.functions::text[] || coalesce(o.functions, '{}')::text[],
              l.role || ' may call these functions and no other')
FROM listed AS l LEFT JOIN listed AS o ON o.role = l.includes;
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class AS c
                  WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                AND c.relname NOT IN ('schema_migration', 'schema_functions')
                  AND (has_table_privilege('bounce_milter', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
                       OR has_any_column_privilege('bounce_milter', c.oid,
                                                   'SELECT, INSERT, UPDATE'))$$,
                'the milter may read and write no table');
SELECT is_empty($$SELECT role
                  FROM unnest(ARRAY['bounce_milter', 'bounce_application',
                                    'bounce_operator']) AS role
                  WHERE has_any_column_privilege(role, 'bounce.token_key',
                                                 'SELECT, INSERT, UPDATE')$$,
                                                 'nobody may see the keys');

SELECT set_eq(format($$SELECT c.relname || ' ' || p
                     || coalesce(' ' || (SELECT string_agg(a.attname, ',' ORDER BY a.attname)
                                         FROM pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND NOT has_table_privilege(%1$L, c.oid, p)
      AND has_column_privilege(%1$L, c.oid, a.attname, p)), '')
  FROM pg_class AS c CROSS JOIN unnest('{INSERT,UPDATE,DELETE}'::text[]) AS p
  WHERE c.relnamespace = 'bounce'::regnamespace AND c.relkind IN ('r', 'p', 'v')
    AND (has_table_privilege(%1$L, c.oid, p) OR p <> 'DELETE'
         AND has_any_column_privilege(%1$L, c.oid, p))$$, role), writes,
         role || ' may write this and nothing else')
FROM (VALUES ('bounce_milter', '{}'::text[]), ('bounce_delivery', '{}'), ('bounce_console', '{}'),
  ('bounce_application',
   ARRAY['communication INSERT business_ref,idempotency_key,message_id,process,sender,status,'
         'subject',
         'communication UPDATE business_ref,message_id,sender,status,subject',
         'delivery UPDATE state',
    'communication_recipient INSERT address,communication_id,person_ref']),
  ('bounce_operator', ARRAY['bounce_reason UPDATE class,class_temporary', 'delivery UPDATE state',
                            'process INSERT', 'process UPDATE description',
    'system_parameter INSERT', 'system_parameter UPDATE value',
    'system_parameter DELETE']),
  ('bounce_admin', ARRAY['bounce_reason UPDATE class,class_temporary', 'delivery UPDATE state',
                         'process INSERT', 'process UPDATE description',
    'system_parameter INSERT', 'system_parameter UPDATE value', 'system_parameter DELETE']),
  ('bounce_clerk', '{}'), ('bounce_auditor', '{}')) AS v (role, writes);
SELECT is_empty(format($$SELECT c.oid::regclass FROM pg_class AS c
                         WHERE c.relnamespace = 'bounce'::regnamespace
                       AND c.relkind IN ('r', 'p', 'v', 'S')
  AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(%1$L, c.oid, 'USAGE, UPDATE')
           AND c.relname NOT LIKE 'communication%%'
           ELSE has_table_privilege(%1$L, c.oid, 'TRUNCATE, REFERENCES, TRIGGER') END$$, role),
             role || ' may not truncate, refer, or set off anything')
FROM unnest('{bounce_milter,bounce_delivery,bounce_application,bounce_operator}'::text[]) AS role;

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
SELECT is(test.as_role('bounce_' || role,
                       replace(replace(statement, '$recipient', :'recipient'), '$mail', :'r')),
          outcome, role || ' ' || outcome || ': ' || statement)
FROM (VALUES
  ('milter', 'done', 'SELECT * FROM bounce.record_report(''{}'', ''raw'')'),
  ('milter', 'done',
   'SELECT * FROM bounce.record_reports(ARRAY[''{}''::jsonb], ARRAY[''raw''::bytea])'),
  ('milter', 'done', 'SELECT * FROM bounce.milter_settings()'),
  ('milter', 'done', 'SELECT version, sha256 FROM bounce.schema_migration'),
  ('milter', 'done', 'SELECT sha256 FROM bounce.schema_functions'),
  ('milter', 'refused', 'SELECT * FROM bounce.communication'),
  ('milter', 'refused', 'SELECT bounce.register_communication(''invoice'', ''{a@example.com}'')'),
  ('milter', 'refused', 'SELECT bounce.return_path($recipient)'),
  ('application', 'done',
   'INSERT INTO bounce.communication (process, business_ref, sender, subject, message_id, status) '
   'VALUES (''invoice'', ''R'', ''a@example.org'', ''s'', ''<m@example.org>'', ''sent'')'),
  ('application', 'done',
   'INSERT INTO bounce.communication_recipient (communication_id, address) VALUES ($mail, '
   '''second@example.com'')'),
  ('application', 'done',
   'UPDATE bounce.communication SET status = ''sent'', message_id = ''<n@example.org>'' WHERE id = '
   '$mail'),
  ('application', 'done', 'SELECT bounce.register_communication(''invoice'', ''{a@example.com}'')'),
  ('application', 'done', 'SELECT bounce.return_path($recipient)'),
  ('application', 'done', 'SELECT bounce.confirm_resend($recipient)'),
  ('application', 'done', 'SELECT bounce.is_address_blocked(''r@example.com'')'),
  ('application', 'done', 'SELECT * FROM bounce.undelivered'),
  ('application', 'done', 'SELECT * FROM bounce.auto_reply'),
  ('application', 'done', 'SELECT * FROM bounce.scheduled_resend'),
  ('application', 'done', 'SELECT * FROM bounce.communication_log'),
  ('application', 'done',
   'INSERT INTO bounce.communication_recipient (communication_id, address, person_ref) VALUES '
   '($mail, ''third@example.com'', ''K-1'')'),
  ('application', 'done',
   'SELECT bounce.register_communication(''invoice'', ''{a@example.com}'', person_refs => '
   '''{K-1}'')'),
  ('application', 'done', 'SELECT bounce.set_person($mail, ''third@example.com'', ''K-2'')'),
  ('application', 'done', 'SELECT bounce.may_write_to(''r@example.com'', ''invoice'')'),
  ('application', 'done', 'SELECT bounce.suggest_address(''r@example.con'')'),
  ('application', 'done', 'SELECT * FROM bounce.undelivered_documents(''invoice'', NULL, NULL)'),
  ('application', 'done', 'SELECT * FROM bounce.claim_follow_up(''crm'')'),
  ('application', 'done', 'SELECT bounce.finish_follow_up(1, ''crm'')'),
  ('application', 'refused', 'UPDATE bounce.follow_up SET status = ''done'''),
  ('application', 'refused', 'SELECT bounce.block_address(''r@example.com'', ''why not'')'),
  ('application', 'refused', 'SELECT bounce.request_resend($recipient, ''please'')'),
  ('application', 'refused', 'SELECT bounce.erase_address(''r@example.com'', ''please'')'),
  ('application', 'refused', 'SELECT * FROM bounce.task'),
  ('application', 'refused', 'SELECT * FROM bounce.token_settings()'),
  ('application', 'refused', 'SELECT * FROM bounce.housekeeping()'),
  ('application', 'refused', 'SELECT bounce.set_parameter(''resend'', ''off'')'),
  ('milter', 'done', 'SELECT * FROM bounce.token_settings()'),
  ('milter', 'done', 'SELECT * FROM bounce.housekeeping()'),
  ('milter', 'done', 'SELECT bounce.keep_month()'),
  ('milter', 'refused',
   'SELECT * FROM bounce_internal.housekeeping_at(now() + interval ''9 years'', 1000)'),
  ('milter', 'refused', 'SELECT bounce.set_parameter(''keep_raw_hard'', ''1 day'')'),
  ('milter', 'refused', 'SELECT bounce.rotate_token_key()'),
  ('milter', 'refused', 'SELECT secret FROM bounce.token_key'),
  ('application', 'refused', 'SELECT bounce.record_report(''{}'', ''raw'')'),
  ('application', 'refused', 'SELECT bounce.record_reports(''{}'', ''{}'')'),
  ('application', 'refused', 'SELECT bounce_internal.token_make(1, 1, now())'),
  ('application', 'refused', 'SELECT raw FROM bounce.bounce_message'),
  ('application', 'refused',
   'UPDATE bounce.communication_recipient SET state = ''sent'', attempts = 9 '
   'WHERE id = $recipient'),
  ('application', 'refused', 'DELETE FROM bounce.communication WHERE id = $mail'),
  ('application', 'refused',
   'UPDATE bounce.system_parameter SET value = ''off'' WHERE name = ''resend'''),
  ('application', 'refused', 'SELECT bounce.lift_block(''r@example.com'', ''please'')'),
  ('operator', 'done', 'SELECT bounce.lift_block(''r@example.com'', ''it works again'')'),
  ('operator', 'done',
   'SELECT bounce.resolve_task(id, ''done'') FROM bounce.task WHERE status = ''open'''),
  ('operator', 'done',
   'UPDATE bounce.system_parameter SET value = ''off'' WHERE name = ''resend'' '
   'AND process IS NULL'),
  ('operator', 'done',
   'INSERT INTO bounce.system_parameter (name, process, value) VALUES (''resend'', ''newsletter'', '
   '''off'')'),
  ('operator', 'done', 'DELETE FROM bounce.system_parameter WHERE process = ''newsletter'''),
  ('operator', 'done',
   'UPDATE bounce.bounce_reason SET class = ''technical'' WHERE reason = ''suppressed'''),
  ('operator', 'done', 'INSERT INTO bounce.process (name) VALUES (''reminder'')'),
  ('operator', 'done', 'SELECT raw FROM bounce.bounce_message'),
  ('operator', 'done', 'SELECT * FROM bounce.undelivered'),
  ('operator', 'refused', 'SELECT bounce.rotate_token_key()'),
  ('operator', 'refused', 'SELECT bounce.give_process(''invoice'', ''bounce_application'', ''x'')'),
  ('application', 'refused',
   'SELECT bounce.give_process(''invoice'', ''bounce_application'', ''x'')'),
  ('application', 'refused', 'SELECT * FROM bounce.process_application'),
  ('admin', 'done', 'SELECT bounce.give_process(''invoice'', ''bounce_application'', ''x'')'),
  ('admin', 'done', 'SELECT bounce.take_process(''invoice'', ''bounce_application'', ''x'')'),
  ('admin', 'refused', 'DELETE FROM bounce.process_application'),
  ('admin', 'done', 'SELECT bounce.rotate_token_key()'),
  ('operator', 'done', 'SELECT * FROM bounce.token_key_state'),
  ('operator', 'refused', 'SELECT bounce.add_token_key()'),
  ('admin', 'done', 'SELECT bounce.add_token_key()'),
  ('operator', 'done', 'SELECT * FROM bounce.status()'),
  ('operator', 'done', 'SELECT * FROM bounce.open_task'),
  ('operator', 'done',
   'SELECT * FROM bounce.open_outage, bounce.blocked_address, bounce.parameter_setting, '
   'bounce.shadow_consequence, bounce.event_partition'),
  ('operator', 'done',
   'SELECT * FROM bounce.undo, bounce.verdict_change, bounce.task_history, bounce.outage, '
   'bounce.held_block'),
  ('operator', 'done', 'SELECT * FROM bounce.communication_story($mail)'),
  ('operator', 'done', 'SELECT * FROM bounce.find_communications(''r@example.com'')'),
  ('operator', 'done', 'SELECT * FROM bounce.report_by(''day'', NULL, NULL)'),
  ('operator', 'done', 'SELECT bounce.set_parameter(''shadow'', ''on'', ''newsletter'')'),
  ('operator', 'done', 'SELECT bounce.block_address(''s@example.com'', ''asked for it'')'),
  ('operator', 'done', 'SELECT * FROM bounce.undo_preview(now(), NULL)'),
  ('operator', 'done', 'SELECT * FROM bounce.undo_bounces(now(), NULL, ''too early'')'),
  ('operator', 'done',
   'SELECT bounce.reclassify(id, ''user_unknown'', ''read it'') FROM bounce.bounce WHERE '
   'communication_id IS NOT NULL LIMIT 1'),
  ('operator', 'done', 'SELECT * FROM bounce.reports_to_replay(NULL, NULL)'),
  ('admin', 'done', 'SELECT bounce.erase_address(''s@example.com'', ''asked for it'')'),
  ('operator', 'refused', 'SELECT bounce.erase_address(''s@example.com'', ''x'')'),
  ('operator', 'done', 'SELECT * FROM bounce.block_story(''r@example.com'')'),
  ('clerk', 'done', 'SELECT * FROM bounce.open_task'),
  ('clerk', 'done', 'SELECT * FROM bounce.status()'),
  ('clerk', 'done', 'SELECT bounce.block_address(''u@example.com'', ''asked for it'')'),
  ('clerk', 'refused', 'SELECT bounce.set_parameter(''shadow'', ''on'', ''newsletter'')'),
  ('clerk', 'refused', 'SELECT * FROM bounce.undo_bounces(now(), NULL, ''x'')'),
  ('clerk', 'refused', 'SELECT bounce.rotate_token_key()'),
  ('clerk', 'refused', 'SELECT bounce.erase_address(''s@example.com'', ''x'')'),
  ('auditor', 'done', 'SELECT * FROM bounce.open_task, bounce.parameter_setting'),
  ('auditor', 'done', 'SELECT * FROM bounce.block_story(''r@example.com'')'),
  ('auditor', 'refused', 'SELECT bounce.block_address(''v@example.com'', ''x'')'),
  ('auditor', 'refused', 'SELECT bounce.note_task(1, ''x'')'),
  ('delivery', 'done', 'SELECT bounce.send_owner_notices()'),
  ('application', 'refused', 'SELECT bounce.send_owner_notices()'),
  ('application', 'refused', 'SELECT * FROM bounce.block_story(''r@example.com'')'),
  ('application', 'refused', 'SELECT bounce.resolve_task_arrived(1)'),
  ('delivery', 'refused', 'SELECT bounce.record_report(''{}'', ''raw'')'),
  ('delivery', 'refused', 'SELECT * FROM bounce.communication_content'),
  ('delivery', 'refused',
   'SELECT bounce.submit_communication(''invoice'', ''{a@example.com}'', ''o@example.org'')'),
  ('milter', 'refused', 'SELECT bounce.erase_address(''r@example.com'', ''x'')'),
  ('operator', 'refused', 'UPDATE bounce.verdict_change SET why = ''x'''),
  ('operator', 'refused', 'UPDATE bounce.follow_up SET status = ''open'''),
  ('operator', 'refused', 'SELECT * FROM bounce.token_settings()'),
  ('operator', 'refused', 'UPDATE bounce.communication_recipient SET next_attempt_at = now()'),
  ('operator', 'refused', 'UPDATE bounce.bounce SET class = ''soft'''),
  ('operator', 'refused', 'INSERT INTO bounce.address_block (address) VALUES (''t@example.com'')'),
  ('operator', 'refused', 'UPDATE bounce.outage SET status = ''dismissed'''),
  ('operator', 'refused', 'SELECT bounce_internal.undo_consequences(''{1}'', ''x'', true)'),
  ('operator', 'refused', 'SELECT * FROM bounce.claim_follow_up(''me'')'),
  ('operator', 'refused', 'DELETE FROM bounce.undo'),
  ('operator', 'refused', 'DELETE FROM bounce.task_history'),
  ('operator', 'refused', 'SELECT secret FROM bounce.token_key'),
  ('operator', 'refused', 'SELECT bounce.record_report(''{}'', ''raw'')'),
  ('operator', 'refused', 'UPDATE bounce.task SET status = ''done'''),
  ('operator', 'refused', 'DELETE FROM bounce.address_block'),
  ('operator', 'refused', 'DELETE FROM bounce.system_parameter_history'),
  ('operator', 'refused', 'UPDATE bounce.communication SET status = ''sent''')) AS v (role,
      outcome, statement);

-- A function that runs with its owner's rights cannot be led astray by the caller's search_path.
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
                  WHERE p.pronamespace IN ('bounce'::regnamespace, 'bounce_internal'::regnamespace)
                AND p.prosecdef
                  AND NOT coalesce(p.proconfig @> '{"search_path=bounce, pg_temp"}', false)$$,
                    'every SECURITY DEFINER function has its own search_path');

SELECT * FROM finish();
ROLLBACK;
