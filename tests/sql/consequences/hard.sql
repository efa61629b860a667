-- SPDX-License-Identifier: BSD-2-Clause
-- What follows from a hard bounce.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.mail('five',
                 '{r1@example.com,r2@example.com,R3@Example.com,r4@example.com,r5@example.com}')
  AS five \gset
SELECT results_eq($$SELECT disposition, duplicate, forward_to, class, reason
                    FROM test.record(test.report('user_unknown', 'r3@example.com',
                                                 "to" => test.return_path('r3@example.com')))$$,
                  $$VALUES ('discard', false, NULL, 'hard', 'user_unknown')$$, 'stored');

SELECT is(test.state('r3@example.com'), 'bounced hard user_unknown', 'the recipient is bounced');
SELECT is((SELECT string_agg(address || ' ' || state, ', ' ORDER BY id)
           FROM bounce.communication_recipient
           WHERE communication_id = :five AND state <> 'bounced'),
          'r1@example.com sent, r2@example.com sent, r4@example.com sent, r5@example.com sent',
          'the other four are not touched');
SELECT is(test.status(:five), 'bounced', 'so is the communication');
SELECT results_eq($$SELECT address, reason, lifted_at FROM bounce.address_block$$, $$
                    VALUES ('r3@example.com', 'user_unknown', NULL::timestamptz)$$,
                  'the address is blocked');
SELECT ok(bounce.is_address_blocked('<R3@EXAMPLE.com>'), 'in any spelling');
SELECT results_eq($$SELECT kind, status, address, domain, reason, process, count FROM bounce.task$$,
                  $$VALUES ('hard_bounce', 'open', 'r3@example.com', 'example.com', 'user_unknown',
                            'invoice', 1)$$, 'a person has a task');
SELECT results_eq(format(
    'SELECT event FROM bounce.communication_log WHERE communication_id = %s ORDER BY id', :five),
                  ARRAY['bounced', 'blocked', 'task'], 'the log says what happened');
SELECT is((SELECT count(*) FROM bounce.communication_log WHERE bounce_id = (test.last()).id),
          3::bigint, 'and why');
SELECT matches((test.last()).consequence, '^bounced, address blocked, task hard_bounce [0-9]+$',
               'the bounce says what followed');
SELECT results_eq('SELECT recipient, action, status, reply_code, diagnostic, remote_mta, '
                  'permanence, rule, evidence, attempt FROM bounce.bounce',
  $$VALUES ('r3@example.com', 'failed', '5.1.1', '550', 'the words of the other side',
            'mx.example.com', 'permanent', 'test.rule', '5.1.1', 1)$$,
  'the bounce is stored in detail');
SELECT results_eq('SELECT source, kind, queue_id, reporting_mta, size, raw FROM '
                  'bounce.bounce_message',
  $$VALUES ('milter', 'dsn', '4XyZ', 'mx.example.net', 4312::bigint, 'the raw message'::bytea)$$,
  'so is the report');
SELECT is((SELECT count(*) FROM bounce.follow_up), 0::bigint,
          'no follow-up unless it is switched on');

-- the same address by another mail
SELECT test.mail('again', '{r3@example.com}') AS again \gset
SELECT test.record(test.report('user_unknown', 'r3@example.com',
                               "to" => test.return_path('r3@example.com')));
SELECT is((SELECT count(*) FROM bounce.address_block), 1::bigint, 'an address is blocked once');
SELECT is((SELECT string_agg(count::text, ' ') FROM bounce.task), '2',
          'one open task, which counts');
SELECT lives_ok(format('SELECT bounce.resolve_task(%s, %L)', (SELECT id FROM bounce.task),
                       'rang them up'), 'the task is resolved');
SELECT test.mail('third', '{r3@example.com}');
SELECT test.record(test.report('user_unknown', 'r3@example.com',
                               "to" => test.return_path('r3@example.com')));
SELECT is(test.open_tasks('hard_bounce', 'r3@example.com'), 1::bigint,
          'a later bounce makes a new task');

-- per process
SELECT test.set('block_hard', 'off', 'newsletter'), test.set('follow_up', 'on', 'newsletter');
SELECT test.mail('news', '{n@example.com}', 'newsletter'),
       test.mail('bill', '{b@example.com}', 'invoice');
SELECT test.record(test.report('domain_unknown', a, "to" => test.return_path(a)))
FROM unnest('{n@example.com,b@example.com}'::text[]) AS a;
SELECT is(bounce.is_address_blocked('n@example.com'), false,
          'a process with block_hard off blocks nothing');
SELECT is(test.state('n@example.com'), 'bounced hard domain_unknown', 'but marks');
SELECT is(test.open_tasks('hard_bounce', 'n@example.com'), 1::bigint, 'and makes the task');
SELECT ok(bounce.is_address_blocked('b@example.com'), 'another process does block');
SELECT results_eq('SELECT kind, status, recipient_id, bounce_id FROM bounce.follow_up',
  $$SELECT 'hard_bounce', 'open', r.id, r.bounce_id
    FROM test.recipient('n@example.com') AS r$$, 'follow_up on: a row for the application');

-- two of three failed, in one report
SELECT test.mail('three', '{x1@example.com,x2@example.com,x3@example.com}') AS three \gset
SELECT test.record(test.report('user_unknown', '', "to" => test.return_path('x1@example.com'),
                               about => 'three') || jsonb_build_object('recipients',
                                   jsonb_build_array(
  test.reported('delivered', 'x1@example.com', '2.0.0', 'delivered'),
  test.reported('user_unknown', 'x2@example.com'),
  test.reported('mailbox_full', 'x3@example.com', '4.2.2'))));
SELECT is(concat_ws(', ', test.state('x1@example.com'), test.state('x2@example.com'),
                    test.state('x3@example.com')),
          'sent, bounced hard user_unknown, bounced soft mailbox_full',
          'each recipient has its own fate');
SELECT is((SELECT class::text FROM bounce.bounce_message ORDER BY id DESC LIMIT 1), 'hard',
          'the message has the gravest class');

SELECT * FROM finish();
ROLLBACK;
