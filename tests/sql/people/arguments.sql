-- SPDX-License-Identifier: BSD-2-Clause
-- What people and programs hand over wrongly: each is refused with one line that says what is
-- wrong, and a hint what is right.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.mail('m', '{m@example.com}') AS m \gset
SELECT test.record(test.report('user_unknown', 'm@example.com',
                               "to" => test.return_path('m@example.com')));
SELECT bounce.block_address('dead@example.com', 'x');
SELECT max(id) AS t FROM bounce.task \gset
SELECT max(id) AS b FROM bounce.bounce \gset

-- "SQLSTATE message" of a statement that fails; without a hint it is "no hint: ..."
CREATE FUNCTION test.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text;
  message text;
  hint text;
BEGIN
  EXECUTE statement;
  RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
    hint = PG_EXCEPTION_HINT;
  RETURN CASE WHEN hint = '' THEN 'no hint: ' ELSE '' END || state || ' ' || message;
END
$$;
SELECT is(test.refusal('SELECT ' || replace(replace(call, '(:t', '(' || :'t'), '(:b', '(' || :'b')),
          refusal, call)
FROM (VALUES
  -- tasks
  ('bounce.note_task(:t, '''')', '22023 the note is empty'),
  ('bounce.note_task(:t, NULL)', '22023 the note is empty'),
  ('bounce.note_task(0, ''x'')', 'P0002 no open task 0'),
  ('bounce.assign_task(0, ''maria'')', 'P0002 no open task 0'),
  ('bounce.assign_task(NULL, ''maria'')', 'P0002 no open task <NULL>'),
  ('bounce.postpone_task(:t, now() - interval ''1 day'')',
   format('22023 task %s cannot be due at %s', :t, now() - interval '1 day')),
  ('bounce.postpone_task(:t, ''infinity'')', format('22023 task %s cannot be due at infinity', :t)),
  ('bounce.postpone_task(:t, NULL)', format('22023 task %s cannot be due at no time', :t)),
  ('bounce.resolve_task(0)', 'P0002 no open task 0'),
  ('bounce.resolve_task_unblocked(:t, '' '')', '22023 a reason is needed to say that it works'),
  ('bounce.resolve_task_unblocked(:t, NULL)', '22023 a reason is needed to say that it works'),
  ('bounce.resolve_task_corrected(:t, ''nobody'')', '22023 "nobody" is not a mail address'),
  ('bounce.resolve_task_corrected(:t, ''m@example.com'')',
   '22023 m@example.com is the same address'),
  ('bounce.resolve_task_corrected(:t, ''dead@example.com'')',
   '22023 address dead@example.com is blocked'),
  ('bounce.resolve_task_corrected(:t, NULL)', '22023 "NULL" is not a mail address'),
  ('bounce.resolve_task_arrived(:t)',
   format('22023 task %s is of kind hard_bounce: it is not resolved so', :t)),
  ('bounce.confirm_outage(:t)',
   format('22023 task %s is of kind hard_bounce: it is not resolved so', :t)),
  ('bounce.dismiss_outage(0, ''x'')', 'P0002 no open task 0'),
  -- blocks
  ('bounce.block_address(''a@example.com'', '''')',
   '22023 a reason is needed to block a@example.com'),
  ('bounce.block_address(''a'', ''x'')', '22023 "a" is not a mail address'),
  ('bounce.block_address(''a@b@c'', ''x'')', '22023 "a@b@c" is not a mail address'),
  ('bounce.block_address(repeat(''a'', 65) || ''@example.com'', ''x'')',
   '22023 "' || repeat('a', 65) || '@example.com" is not a mail address'),
  ('bounce.lift_block(''m@example.com'', E'' \n '')',
   '22023 a reason is needed to lift the block on m@example.com'),
  ('bounce.block_story(''m'')', '22023 "m" is not a mail address'),
  -- parameters
  ('bounce.set_parameter(''resned'', ''on'')', '22023 unknown system parameter "resned"'),
  ('bounce.set_parameter(''resned'', NULL, ''invoice'')',
   '22023 unknown system parameter "resned"'),
  ('bounce.set_parameter(NULL, ''on'')', '22023 unknown system parameter "<NULL>"'),
  ('bounce.set_parameter(''resend'', ''on'', ''invioce'')', '23503 unknown process "invioce"'),
  ('bounce.set_parameter(''resend'', NULL, ''invioce'')', '23503 unknown process "invioce"'),
  ('bounce.set_parameter(''resend'', ''maybe'', ''invoice'')',
   '22023 system parameter "resend": "maybe" is neither on nor off'),
  ('bounce.set_parameter(''bounce_domain'', ''not a domain'')',
   '22023 system parameter "bounce_domain": "not" is not a domain'),
  ('bounce.set_parameter(''guard'', ''on'', ''invoice'')',
   '22023 system parameter "guard": "on" cannot be set for one process: it is global only'),
  ('bounce.set_parameter(''delivery_quiet_hours'', ''22:00-22:00'')',
   '22023 system parameter "delivery_quiet_hours": "22:00-22:00" ends when it begins: no time at '
   'all, or all of it'),
  -- verdicts
  ('bounce.reclassify(0, ''user_unknown'', ''x'')', 'P0002 no bounce 0'),
  ('bounce.reclassify(:b, ''user_unkown'', ''x'')', '22023 unknown reason "user_unkown"'),
  ('bounce.reclassify(:b, NULL, ''x'')', '22023 unknown reason ""'),
  ('bounce.reclassify(:b, ''mailbox_full'', '''')', '22023 a reason is needed to reclassify'),
  ('bounce.undo_bounces(now(), NULL, '''')', '22023 a reason is needed to undo'),
  ('bounce.undo_bounces(NULL, NULL, ''x'')',
   '22023 without any condition everything would be undone'),
  ('bounce.undo_bounces(now(), now() - interval ''1 day'', ''x'')',
   format('22023 there is no time from %s until %s', now(), now() - interval '1 day')),
  ('bounce.reports_to_replay(now(), NULL, 0, -1)',
   '22023 how many reports: -1 is not a number that makes sense'),
  ('bounce.replay_report(:b, ''{}'', '''')', '22023 a reason is needed to replay'),
  ('bounce.rule_hits(''['', ''user_unknown'')',
   '22023 "[" is not a pattern: invalid regular expression: brackets [] not balanced'),
  ('bounce.report_by(''colour'', NULL, NULL)', '22023 no report by "colour"'),
  ('bounce.report_by(''day'', ''0001-01-01'', ''2001-01-01'')',
   format('22023 from %s until %s there are more than 100000 days', '0001-01-01'::timestamptz,
          '2001-01-01'::timestamptz)),
  ('bounce.report_by(''day'', now(), now())',
   format('22023 there is no time from %s until %s', now(), now())),
  ('bounce.request_resend(1, '''')', '22023 a reason is needed to send a mail again'),
  -- care
  ('bounce.housekeeping(-1)', '22023 a batch: -1 is not a number that makes sense'),
  ('bounce.erase_address('''', ''x'')', '22023 "" is not a mail address'),
  ('bounce.erase_address(''m@example.com'', '''')',
   '22023 a reason is needed to erase a person''s data'),
  -- applications
  ('bounce.register_communication(''invioce'', ''{a@example.com}'')',
   '23503 unknown process "invioce"'),
  ('bounce.register_communication(NULL, ''{a@example.com}'')', '23503 unknown process ""'),
  ('bounce.register_communication(''invoice'', ''{}'')',
   '23514 a communication needs at least one recipient'),
  ('bounce.register_communication(''invoice'', NULL)',
   '23514 a communication needs at least one recipient'),
  ('bounce.register_communication(''invoice'', ''{a@example.com}'', status => ''delivered'')',
   '23514 unknown status "delivered"'),
  ('bounce.register_communication(''invoice'', ''{a@example.com}'', status => NULL)',
   '23514 unknown status "NULL"'),
  ('bounce.register_communication(''invoice'', ''{a@example.com}'', status => ''bounced'')',
   '23514 a communication cannot be registered as bounced'),
  ('bounce.register_communication(''invoice'', ''{a@example.com}'', business_ref => repeat(''x'', '
   '501))', '23514 the Message-ID has 0 bytes, the business reference 501 characters'),
  ('bounce.register_communication(''invoice'', ''{a@example.com}'', person_refs => ''{K-1,K-2}'')',
   '22023 1 recipients, but 2 person references'),
  ('bounce.register_communication(''invoice'', ARRAY[NULL::text])',
   '23514 "NULL" is not a mail address'),
  ('bounce.register_communication(''invoice'', ''{nobody}'')',
   '23514 "nobody" is not a mail address'),
  ('bounce.undelivered_documents(''invioce'', NULL, NULL)', '23503 unknown process "invioce"'),
  ('bounce.undelivered_documents(''invoice'', now(), now() - interval ''1 day'')',
   format('22023 there is no time from %s until %s', now(), now() - interval '1 day')),
  ('bounce.claim_follow_up('''')', '22023 a claim needs a name and a lease'),
  ('bounce.claim_follow_up(''crm'', 0)',
   '22023 how many follow-ups: 0 is not a number that makes sense'),
  ('bounce.claim_follow_up(''crm'', 1, ''-1 day'')', '22023 a claim needs a name and a lease'),
  ('bounce.claim_follow_up(''crm'', 1, kinds => ''{calls}'')',
   '22023 unknown kind of follow-up "calls"'),
  ('bounce.set_person(0, ''a@example.com'', ''K'')',
   'P0002 communication 0 has no recipient a@example.com'),
  ('bounce.confirm_resend(0)', 'P0002 no recipient 0'),
  ('bounce.return_path(0)', 'P0002 no recipient 0')) AS v (call, refusal);
SELECT is(bounce.may_write_to(address, 'invoice'), false,
          format('nobody may write to "%s"', address))
FROM unnest(ARRAY['', ' ', 'anna', '@example.com', NULL]) AS address;

-- Name <address>, as submit_communication() takes it
SELECT bounce.register_communication(
  'invoice', '{"Anna Example <Anna@Example.com>","anna@example.com","<ben@example.com>"}')
  AS n \gset
SELECT is((SELECT array_agg(address ORDER BY id) FROM bounce.communication_recipient
           WHERE communication_id = :n), '{Anna@Example.com,ben@example.com}',
          'registered by name and address, once');
SELECT is(bounce.is_address_blocked('"M" <M@example.com>') || ' '
          || bounce.may_write_to('M <m@example.com>', 'invoice'), 'true false', 'asked likewise');
-- What may have been meant
CREATE FUNCTION test.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
BEGIN
  EXECUTE statement;
  RETURN '';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN hint;
END
$$;
SELECT matches(test.hint('SELECT ' || call), hint, call)
FROM (VALUES ('bounce.set_parameter(''resned'', ''on'')', '^Is it "resend"\?'),
             ('bounce.set_parameter(''resend'', ''on'', ''invioce'')', '^Is it "invoice"\?'),
             ('bounce.reclassify(1, ''user_unkown'', ''x'')',
              '^Is it "user_unknown"\? There are: '),
              ('bounce.reclassify(1, ''xyz'', ''x'')', '^There are: ')) AS v (call, hint);

SELECT * FROM finish();
ROLLBACK;
