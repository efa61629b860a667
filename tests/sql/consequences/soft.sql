-- SPDX-License-Identifier: BSD-2-Clause
-- Soft bounces: the schedule of resends, and its end.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.set('resend_jitter', '0'), test.set('resend_max_attempts', '3'),
       test.set('resend_initial_delay', '1 hour'), test.set('resend_factor', '2.5'),
       test.set('resend_max_delay', '4 hours');
SELECT test.mail('full', '{ben@example.com}') AS mail \gset
CREATE FUNCTION test.soft_bounce() RETURNS bounce.report_result LANGUAGE sql AS $$
  SELECT test.record(test.report('mailbox_full', 'ben@example.com', status => '4.2.2',
                                 "to" => test.return_path('ben@example.com',
                                                          greatest(1, (test.recipient(
                                                              'ben@example.com')).attempts))))
$$;
CREATE FUNCTION test.wait() RETURNS text
  LANGUAGE sql AS $$ SELECT ((test.recipient('ben@example.com')).next_attempt_at - now())::text $$;

SELECT is((test.soft_bounce()).disposition, 'discard', 'stored');
SELECT is(test.state('ben@example.com'), 'bounced soft mailbox_full',
          'the recipient is bounced, though the action was "failed"');
SELECT is(test.status(:mail), 'bounced', 'and the communication');
SELECT is((SELECT state FROM bounce.delivery WHERE communication_id = :mail), NULL,
          'the queue has nothing to do with what the application sends');
SELECT is(test.wait(), '01:00:00', 'the first resend after the initial delay');
SELECT results_eq('SELECT attempt, communication_id, recipient, reason '
                  'FROM bounce.scheduled_resend',
                  format('VALUES (2, %s::bigint, %L, %L)', :mail, 'ben@example.com',
                         'mailbox_full'), 'it is in the list of what is to be sent');
SELECT is((SELECT count(*) FROM bounce.task) + (SELECT count(*) FROM bounce.address_block),
          0::bigint, 'no task, no block');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log),
          'bounced resend_scheduled', 'it is logged');
SELECT matches((test.last()).consequence, '^bounced, resend 1 of 3 at ',
               'the bounce says what follows');

SELECT is(bounce.confirm_resend((test.recipient('ben@example.com')).id,
                                test.message_id('second')), 2,
          'the application has sent it again');
SELECT is(test.state('ben@example.com'), 'sent', 'the recipient is sent to');
SELECT is(test.status(:mail), 'sent', 'so is the communication');
SELECT is((SELECT state FROM bounce.delivery WHERE communication_id = :mail), NULL,
          'which is no success of the queue');
SELECT is_empty('SELECT * FROM bounce.scheduled_resend', 'nor scheduled');
SELECT is((SELECT matched_by || ' ' || attempt
           FROM unnest(bounce_internal.findings_of(test.report('delayed', '',
                                                               about => 'second'))) AS f),
          'message_id 2', 'the new Message-ID is known, with its attempt');
SELECT is((SELECT matched_by || ' ' || attempt
           FROM unnest(bounce_internal.findings_of(test.report('delayed', '',
                                                               about => 'full'))) AS f),
          'message_id 1', 'so is the old one');

SELECT test.soft_bounce();
SELECT is(test.wait(), '02:30:00', 'the second after the factor, which may be a fraction');
SELECT bounce.confirm_resend((test.recipient('ben@example.com')).id);
SELECT test.soft_bounce();
SELECT is(test.wait(), '04:00:00', 'the third not beyond the ceiling');
SELECT bounce.confirm_resend((test.recipient('ben@example.com')).id);
SELECT test.soft_bounce();
SELECT is(test.wait(), NULL, 'no fourth');
SELECT is(test.state('ben@example.com'), 'bounced soft mailbox_full',
          'the recipient stays bounced');
SELECT is_empty('SELECT * FROM bounce.scheduled_resend', 'nothing is waiting any more');
SELECT results_eq('SELECT kind, address, count FROM bounce.task', $$
                  VALUES ('resend_exhausted', 'ben@example.com', 1)$$, 'a person has a task');
SELECT is((SELECT count(*) FROM bounce.address_block), 0::bigint, 'never a block');
SELECT is((test.recipient('ben@example.com')).attempts, 4, 'four sends are counted');

-- the delay stays sane with the greatest values
SELECT test.set('resend_max_attempts', '100'), test.set('resend_factor', '10'),
       test.set('resend_initial_delay', '30 days'), test.set('resend_max_delay', '90 days');
SELECT is(bounce_internal.resend_delay(bounce_internal.policy_of('invoice'), 254),
          interval '2160 hours', 'the 254th delay is the ceiling');

-- what stands in the way of a resend makes a task at once
SELECT test.set('resend', 'off', 'newsletter'), test.set('resend_max_attempts', '0', 'receipt'),
       test.set('resend_min_trust', 'token', 'invoice');
SELECT test.mail('o1', '{o1@example.com}', 'newsletter'),
       test.mail('o2', '{o2@example.com}', 'receipt'), test.mail('o3', '{o3@example.com}'),
       test.mail('o4', '{o4@example.com}');
INSERT INTO bounce.address_block (address, why) VALUES ('O4@example.com', 'asked for it');
SELECT test.record(test.report('mailbox_full', 'o1@example.com', '4.2.2', about => 'o1')),
       test.record(test.report('mailbox_full', 'o2@example.com', '4.2.2', about => 'o2')),
       test.record(test.report('mailbox_full', 'o3@example.com', '4.2.2', about => 'o3')),
       test.record(test.report('mailbox_full', 'o4@example.com', '4.2.2',
                               "to" => test.return_path('o4@example.com')));
SELECT is((SELECT concat_ws(' | ', test.state(address), r.next_attempt_at,
                            test.open_tasks('resend_exhausted', address))
           FROM test.recipient(address) AS r),
          'bounced soft mailbox_full | 1', why)
FROM (VALUES ('o1@example.com', 'resend off for the process'),
             ('o2@example.com', 'no resend allowed for the process'),
             ('o3@example.com', 'too little trust'),
             ('o4@example.com', 'a blocked address')) AS v (address, why);
SELECT alike((SELECT summary FROM bounce.task WHERE address = 'o3@example.com'),
             '%trust is message_id only%', 'the task says why');

-- a block that comes later takes the resend out of the list
SELECT test.mail('p', '{p@example.com}', 'receipt');
SELECT test.set('resend_max_attempts', '2', 'receipt');
SELECT test.record(test.report('mailbox_full', 'p@example.com', '4.2.2', about => 'p'));
SELECT is((SELECT count(*) FROM bounce.scheduled_resend WHERE recipient = 'p@example.com'),
          1::bigint, 'scheduled');
INSERT INTO bounce.address_block (address) VALUES ('p@example.com');
SELECT is((SELECT count(*) FROM bounce.scheduled_resend WHERE recipient = 'p@example.com'),
          0::bigint, 'not to a blocked address');

SELECT * FROM finish();
ROLLBACK;
