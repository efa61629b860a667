-- SPDX-License-Identifier: BSD-2-Clause
-- What applications and people call and read.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- register_communication, and the same by plain INSERT
SELECT bounce.register_communication('invoice',
                                     ARRAY['Anna@Example.com', '<anna@example.com>',
                                           'ben@example.com'], 'Your invoice', 'R-1',
                                     'office@example.org', ' <r1@example.org>', 'sent') AS r \gset
SELECT results_eq(format(
    'SELECT process, subject, business_ref, sender, message_id, status FROM bounce.communication '
    'WHERE id = %s', :r),
                  $$VALUES ('invoice', 'Your invoice', 'R-1', 'office@example.org',
                            'r1@example.org', 'sent')$$, 'registered');
SELECT results_eq(format(
    'SELECT address, address_key, state, attempts FROM bounce.communication_recipient WHERE '
    'communication_id = %s ORDER BY id', :r),
                  $$VALUES ('Anna@Example.com', 'anna@example.com', 'sent', 1),
                  ('ben@example.com', 'ben@example.com', 'sent', 1)$$,
                  'an address named twice counts once');
SELECT matches((SELECT envelope_id FROM bounce.communication WHERE id = :r), '^[0-9a-f]{32}$',
               'with an identity for the envelope');
SELECT throws_ok($$SELECT bounce.register_communication('unheard of', '{a@example.com}')$$, '23503',
                 'unknown process "unheard of"', 'an unknown process is refused');
SELECT throws_ok($$SELECT bounce.register_communication('invoice', '{nobody}')$$, '23514', NULL,
                 'so is what is no address');
SELECT throws_ok(format('SELECT bounce.register_communication(''invoice'', %s)', recipients),
                 '23514', 'a communication needs at least one recipient',
                 'so is nobody: ' || recipients)
FROM unnest(ARRAY['''{}''', 'NULL', 'ARRAY[]::text[]']) AS recipients;
SELECT throws_ok('SELECT bounce.register_communication(''invoice'', ARRAY[NULL])', '23514', NULL,
                 'so is NULL among the recipients');
INSERT INTO bounce.communication (id, process, business_ref, sender, subject, message_id, status)
VALUES (4711, 'receipt', 'Q-1', 'a@example.org', 'Receipt', '<q1@example.org>', 'sent');
INSERT INTO bounce.communication_recipient (communication_id, address)
VALUES (4711, '<Carl@Example.com>');
SELECT is((SELECT matched_by
           FROM unnest(bounce_internal.findings_of(test.report('user_unknown', 'carl@example.com',
                                                            more => '{"original": {"message_id": '
                                                                    '"q1@example.org"}}')))),
          'message_id', 'a plain INSERT does');

-- commit before ack: whatever the session has set, the report is on disk when it is answered;
-- what is stronger stays
CREATE FUNCTION test.commit_after(setting text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('synchronous_commit', setting, true);
  PERFORM test.record(test.report('delayed', setting || '@example.com'));
  RETURN current_setting('synchronous_commit');
END
$$;
SELECT is(test.commit_after(setting), kept, 'synchronous_commit ' || setting || ' is ' || kept
          || ' after record_report()')
FROM (VALUES ('off', 'on'), ('local', 'local'), ('remote_write', 'remote_write'), ('on', 'on'),
             ('remote_apply', 'remote_apply')) AS v (setting, kept);
SET LOCAL synchronous_commit = on;

-- undelivered
SELECT test.record(test.report('user_unknown', 'anna@example.com',
                               "to" => test.return_path('anna@example.com')));
SELECT test.record(test.report('mailbox_full', 'ben@example.com', '4.2.2',
                               "to" => test.return_path('ben@example.com')));
SELECT results_eq($$SELECT process, business_ref, subject, recipient, state, class::text, reason,
                  diagnostic, task_kind, is_blocked, what_next LIKE expected
    FROM bounce.undelivered
    JOIN (VALUES ('hard', 'task % waits for a person'), ('soft', 'sent again at %')) AS e (of,
        expected) ON e.of = class ORDER BY recipient_id$$,
  $$VALUES ('invoice', 'R-1', 'Your invoice', 'Anna@Example.com', 'bounced', 'hard', 'user_unknown',
            'the words of the other side', 'hard_bounce', true, true),
                  ('invoice', 'R-1', 'Your invoice', 'ben@example.com', 'bounced', 'soft',
                   'mailbox_full', 'the words of the other side', NULL, false, true)$$,
                   'undelivered: which, why, and what happens next');
SELECT is((SELECT meaning FROM bounce.undelivered WHERE reason = 'user_unknown'),
          'no such mailbox at that domain', 'in words');

-- tasks
SELECT id AS task FROM bounce.task \gset
SELECT bounce.resolve_task(:task, 'the address was mistyped');
SELECT results_eq('SELECT status, note, resolved_by FROM bounce.task', $$
                  VALUES ('done', 'the address was mistyped',
                          session_user::text COLLATE "default")$$, 'resolved, by whom');
SELECT throws_ok(format('SELECT bounce.resolve_task(%s)', :task), 'P0002', NULL, 'once');
SELECT is((SELECT what_next FROM bounce.undelivered WHERE reason = 'user_unknown'), 'nothing',
          'nobody is on it any more');

-- blocks
SELECT throws_ok($$SELECT bounce.lift_block('anna@example.com', ' ')$$, '22023', NULL,
                 'a block is not lifted without a reason');
SELECT is(bounce.lift_block('ANNA@example.com', 'she has it again'), true, 'with one it is');
SELECT is(bounce.lift_block('anna@example.com', 'again'), false, 'once');
SELECT is(bounce.is_address_blocked('anna@example.com'), false, 'the address is free');
SELECT results_eq('SELECT lift_why, lifted_by FROM bounce.address_block', $$
                  VALUES ('she has it again', session_user::text COLLATE "default")$$,
                  'why and by whom is kept');
SELECT lives_ok($$INSERT INTO bounce.address_block (address, why)
                  VALUES ('anna@example.com', 'asked for it')$$, 'it can be blocked anew');
SELECT throws_ok($$INSERT INTO bounce.address_block (address, why)
                   VALUES ('Anna@Example.com', 'asked for it')$$, '23505', NULL, 'but not twice');
SELECT throws_ok($$UPDATE bounce.address_block SET lifted_at = now()
                   WHERE lifted_at IS NULL$$, '23514', NULL, 'nor lifted without saying why');

SELECT results_eq(format(
    'SELECT event, text FROM bounce.communication_log WHERE communication_id = %s AND bounce_id IS '
    'NULL ORDER BY id', :r),
  format($$VALUES ('task_resolved', 'task hard_bounce %s: the address was mistyped'),
         ('block_lifted', 'anna@example.com: she has it again')$$, :task),
         'the mail''s log has it too');

-- resends
SELECT throws_ok('SELECT bounce.confirm_resend(0)', 'P0002', NULL,
                 'an unknown recipient was not sent to again');
SELECT is((SELECT attempt FROM bounce.scheduled_resend WHERE recipient = 'ben@example.com'), 2,
          'the second send is scheduled');
SELECT is((SELECT attempt
           FROM bounce_internal.token_read(split_part(test.return_path('ben@example.com'), '@',
                                                      1))), 2, 'and has a return path of its own');
SELECT bounce.confirm_resend((test.recipient('ben@example.com')).id, '<r1-2@example.org>');
SELECT is((SELECT text FROM bounce.communication_log WHERE event = 'resent'),
          'send 2 to ben@example.com', 'it is logged');

SELECT * FROM finish();
ROLLBACK;
