-- SPDX-License-Identifier: BSD-2-Clause
-- The delivery queue: states, claims, leases, outcomes.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- the table of moves
SELECT is(bounce_internal.is_allowed_transition(nullif(old_state, ''), new_state) IS TRUE, allowed,
          format('%s -> %s', old_state, new_state))
FROM (VALUES
  ('', 'PENDING', true), ('', 'RETRY', true), ('', 'PROCESSING', false), ('', 'SUCCESS', false),
  ('', 'ERROR', false),
  ('PENDING', 'PROCESSING', true), ('PENDING', 'ERROR', true), ('PENDING', 'SUCCESS', true),
  ('PENDING', 'RETRY', false),
  ('PROCESSING', 'SUCCESS', true), ('PROCESSING', 'ERROR', true), ('PROCESSING', 'RETRY', true),
  ('PROCESSING', 'PENDING', true),
  ('RETRY', 'PROCESSING', true), ('RETRY', 'ERROR', true),
  ('SUCCESS', 'RETRY', true), ('SUCCESS', 'PENDING', true), ('SUCCESS', 'PROCESSING', false),
  ('SUCCESS', 'ERROR', false),
  ('ERROR', 'RETRY', true), ('ERROR', 'PENDING', true), ('ERROR', 'PROCESSING', false),
  ('ERROR', 'SUCCESS', false)) AS v (old_state, new_state, allowed);

-- handing over
SELECT test.submit('{"Anna <anna@example.com>",ben@example.com,ANNA@example.com}') AS a \gset
SELECT is(test.in_queue(:a), 'PENDING', 'handed over: PENDING');
SELECT is((SELECT count(*) FROM bounce.communication_recipient WHERE communication_id = :a),
          2::bigint, 'an address named twice counts once');
SELECT throws_ok(format('SELECT test.submit(%L)', recipients), code, NULL, why)
FROM (VALUES ('{}', '23514', 'nobody to send to'), ('{no-address}', '23514', 'no address'),
             ('{"a@b.example
DATA"}', '23514', 'a line feed in an address'),
             ('{"x <a@b> y"}', '23514', 'two things in one'),
             ('{"<>"}', '23514', 'nothing in angle brackets')) AS v (recipients, code, why);
SELECT throws_ok($$SELECT test.submit('{a@example.com}', 'no such process')$$, '23503', NULL,
                 'an unknown process');
SELECT test.set('delivery_max_bytes', '2000');
SELECT throws_ok($$SELECT bounce.submit_communication('invoice', '{a@example.com}',
                                                      'office@example.org',
                                                      body_text => repeat('x', 3000))$$, '54000',
                 NULL, 'too large');
SELECT bounce.submit_communication('receipt', '{s@example.com}', 'office@example.org',
                                   subject => E'a\r\nBcc: x@example.com',
                                   body_text => '') AS s \gset
SELECT is((SELECT subject FROM bounce.communication WHERE id = :s),
          'a Bcc: x@example.com', 'no header by way of the subject');
SELECT bounce.cancel_communication(communication_id) FROM bounce.communication_recipient
WHERE address = 's@example.com';
SELECT is(test.state('s@example.com'), 'error', 'cancelled: it was not sent');

-- claiming
CREATE TEMP TABLE claimed AS SELECT * FROM test.claim();
SELECT is((SELECT count(*) FROM claimed), 2::bigint, 'a transaction for each recipient');
SELECT is((SELECT count(DISTINCT envelope_sender) FROM claimed
           WHERE envelope_sender LIKE 'bounce+%@bounces.example.org'), 2::bigint,
          'with a signed return path each');
SELECT is(test.in_queue(:a), 'PROCESSING', 'claimed: PROCESSING');
SELECT cmp_ok((SELECT lease_expire_time - now() FROM bounce.delivery WHERE communication_id = :a),
              '>', interval '4 minutes', 'under a lease');
SELECT is_empty('SELECT * FROM test.claim()', 'nobody else gets it');
SELECT throws_ok(format('UPDATE bounce.delivery SET state = %L WHERE communication_id = %s', state,
                        :a), '23514', NULL, 'while it is claimed a hand cannot set ' || state)
FROM unnest('{SUCCESS,ERROR,RETRY,PENDING}'::text[]) AS state;
SELECT throws_ok(format('SELECT bounce.cancel_communication(%s)', :a), '23514', NULL,
                 'nor cancel it');
SELECT throws_ok($$UPDATE bounce.recipient_delivery SET state = 'accepted'
                   WHERE recipient_id = (test.recipient('ben@example.com')).id$$, '23514', NULL,
                 'what was not begun cannot be accepted');
SELECT is(test.begin(:a), 1::bigint, 'begun: there is something to send');
SELECT is(bounce.settle_delivery(gen_random_uuid(), 'mx:25',
                                 jsonb_build_array(jsonb_build_object('recipient_id',
                                     (test.recipient('ben@example.com')).id, 'outcome',
                                     'accepted'))),
          'lost', 'another claim cannot settle it');
SELECT is(test.settle('anna@example.com', 'accepted'), 'PROCESSING', 'one settled, one open');
SELECT is(test.settle('ben@example.com', 'rejected', '550 5.1.1 no such user', 'user_unknown',
                      '5.1.1'), 'SUCCESS', 'partial acceptance is SUCCESS');
SELECT is((SELECT info - 'message_id' FROM bounce.delivery WHERE communication_id = :a),
          '{"accepted": ["anna@example.com"], "rejected": ["ben@example.com"], "pending": [], '
          '"delivered": [], "response": "550 5.1.1 no such user"}', 'info');
SELECT is((SELECT array_agg(k ORDER BY k) FROM bounce.delivery, jsonb_object_keys(json) AS k
           WHERE communication_id = :a),
          '{attempts,cameBack,endTime,error,info,leaseExpireTime,startTime,state}',
          'the JSON form has the names that applications know');
SELECT is((SELECT json ->> 'attempts' FROM bounce.delivery WHERE communication_id = :a), '1',
          'one attempt');
SELECT ok((SELECT end_time IS NOT NULL AND lease_expire_time IS NULL FROM bounce.delivery
           WHERE communication_id = :a), 'ended, no lease');
SELECT is(test.state('ben@example.com') || ' ' || test.status(:a),
          'bounced hard user_unknown bounced', 'a refusal for good is a bounce');
SELECT ok(bounce.is_address_blocked('ben@example.com'), 'the address is blocked');
SELECT is(test.open_tasks('hard_bounce', 'ben@example.com'), 1::bigint, 'and a task');
SELECT is((test.last()).trust, 'token', 'nothing can be surer');
SELECT is((SELECT source FROM bounce.bounce_message ORDER BY id DESC LIMIT 1), 'delivery',
          'it is kept like any other');
SELECT is(test.settle('anna@example.com', 'rejected', '550 x'), 'lost', 'a settled claim is over');

-- RETRY by a person: to those who did not get it; blocked on every path
UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = :a;
SELECT is_empty('SELECT * FROM test.claim()', 'the only one left is blocked');
SELECT is(test.in_queue(:a), 'SUCCESS', 'so it ends as it was: somebody has it');
SELECT matches((SELECT error FROM bounce.delivery WHERE communication_id = :a),
               'ben@example.com: the address is blocked', 'and says why');
SELECT bounce.lift_block('ben@example.com', 'typed wrongly');
SELECT bounce.retry_communication(:a);
SELECT is((SELECT array_agg(addresses[1] || attempt) FROM test.claim()), '{ben@example.com2}',
          'unblocked: to him alone, attempt 2');
SELECT is(test.begin(:a), 1::bigint, 'begun');
SELECT is(test.settle('ben@example.com', 'accepted'), 'SUCCESS', 'and taken');
SELECT is(test.state('ben@example.com') || ' ' || test.status(:a), 'sent sent', 'what was is over');
SELECT is((SELECT count(*) FROM bounce.communication_message_id WHERE communication_id = :a),
          2::bigint, 'the resend has a Message-ID of its own, both are known');
SELECT test.record(test.report('mailbox_full', 'ben@example.com', '4.2.2',
                               "to" => test.return_path('ben@example.com', 1)));
SELECT is(test.state('ben@example.com'), 'sent', 'a late bounce of the first does no harm');

-- refused for now
SELECT test.set('retry_initial_delay', '100 seconds'), test.set('retry_factor', '1.5'),
       test.set('retry_max_delay', '200 seconds'), test.set('retry_jitter', '0');
SELECT is(bounce_internal.retry_delay('invoice', n, reply, 0), wait::interval,
          format('wait %s after try %s %s', wait, n, reply))
FROM (VALUES (1, '', '100 s'), (2, '', '150 s'), (3, '', '200 s'), (100, '', '200 s'),
             (1, '451 try again in 10 minutes', '600 s'),
             (3, 'retry after 3 seconds', '200 s')) AS v (n, reply, wait);
SELECT test.set('retry_jitter', '0.2');
SELECT is(bounce_internal.retry_delay('invoice', 1, '', jitter), wait::interval,
          'jitter ' || jitter) FROM (VALUES (-1, '80 s'), (1, '120 s')) AS v (jitter, wait);
SELECT is(bounce_internal.retry_after(reply), wait::interval, reply)
FROM (VALUES ('450 4.2.0 Greylisted, see http://x.example/help/12, try again in 5 minutes',
              '5 min'), ('451 please retry in 300 seconds', '300 s'),
             ('Try again after 1 hour', '1 h'),
             ('452 4.2.2 mailbox full', NULL), ('450 try again later', NULL),
             ('451 greylisted for 120 s', '120 s'),
             ('450 try again in 99999999999 hours', NULL)) AS v (reply, wait);
SELECT test.set('retry_max_attempts', '2'), test.set('retry_jitter', '0');
SELECT test.submit('{cleo@example.com,dora@example.com}') AS c \gset
SELECT count(*) FROM test.claim();
SELECT test.begin(:c);
SELECT test.settle('dora@example.com', 'accepted');
SELECT is(test.settle('cleo@example.com', 'pending', '451 4.3.0 not now', 'system_error', '4.3.0'),
          'RETRY', 'one waits: RETRY');
SELECT is((test.delivery('cleo@example.com')).due_at - now(), interval '100 seconds',
          'its own time');
SELECT is(test.state('cleo@example.com') || (test.recipient('cleo@example.com')).attempts, 'open0',
          'no bounce, and no send yet');
SELECT is((test.delivery('cleo@example.com')).response, '451 4.3.0 not now',
          'the last reply is kept');
SELECT is_empty('SELECT * FROM test.claim()', 'not before its time');
SELECT test.make_due();
SELECT is((SELECT array_agg(addresses[1] || attempt) FROM test.claim()), '{cleo@example.com1}',
          'then it alone, still the first send');
SELECT test.begin(:c);
SELECT is(test.settle('cleo@example.com', 'pending', '451 4.3.0 not now', 'system_error', '4.3.0'),
          'SUCCESS', 'after the last try it has failed');
SELECT is(test.state('cleo@example.com') || ' ' || test.status(:c),
          'bounced soft system_error bounced', 'for good');
SELECT is((SELECT count(*) FROM bounce.task WHERE kind = 'resend_exhausted'
           AND address = 'cleo@example.com'), 1::bigint, 'a task');
SELECT is((SELECT attempts FROM bounce.delivery WHERE communication_id = :c), 2, 'two attempts');

-- unknown
SELECT test.submit('{eve@example.com,fay@example.com}') AS e \gset
SELECT count(*) FROM test.claim();
SELECT count(*) FROM bounce.communication_delivery AS d,
       bounce.begin_delivery(d.claim_id, ARRAY[(test.recipient('eve@example.com')).id])
       WHERE d.communication_id = :e;
SELECT is(bounce.sweep_deliveries(), 0, 'a lease that holds is left alone');
SELECT is(bounce.renew_leases(ARRAY[claim_id]), 1, 'and can be renewed')
FROM bounce.communication_delivery WHERE communication_id = :e;
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE communication_id = :e;
SELECT is(bounce.sweep_deliveries(), 1, 'one that ended is found');
SELECT is((test.delivery('eve@example.com')).state, 'unknown', 'what was begun is unknown');
SELECT is((test.delivery('fay@example.com')).state, 'due', 'what was not is due again');
SELECT is(test.in_queue(:e), 'RETRY', 'and waits');
SELECT matches((SELECT error FROM bounce.delivery WHERE communication_id = :e),
               'eve@example.com: outcome unknown', 'it is said');
SELECT is((SELECT count(*) FROM bounce.task WHERE kind = 'delivery_problem' AND reason = 'unknown'
           AND status = 'open'), 1::bigint, 'a person is asked');
SELECT is((SELECT array_agg(addresses[1]) FROM test.claim()), '{fay@example.com}',
          'only the other is sent');
SELECT test.begin(:e);
SELECT is(test.settle('fay@example.com', 'accepted'), 'ERROR', 'an unknown outcome keeps it ERROR');
SELECT test.record(test.report('user_unknown', 'eve@example.com',
                               "to" => test.return_path('eve@example.com', 1)));
SELECT is(test.state('eve@example.com'), 'bounced hard user_unknown',
          'a bounce tells of it after all');
SELECT test.set('delivery_unknown', 'retry');
SELECT test.submit('{gil@example.com}') AS g \gset
SELECT is(test.deliver(:g, 'gil@example.com', 'unknown', 'not heard'), 'RETRY',
          'where the parameter says so, it is sent again');

-- the bounce is faster than the settling
SELECT test.submit('{hal@example.com,ida@example.com}') AS h \gset
SELECT count(*) FROM test.claim();
SELECT test.begin(:h);
SELECT test.record(test.report('mailbox_full', 'hal@example.com', '4.2.2',
                               "to" => test.return_path('hal@example.com', 1)));
SELECT test.record(test.report('user_unknown', 'ida@example.com',
                               "to" => test.return_path('ida@example.com', 1)));
SELECT is(test.in_queue(:h), 'PROCESSING', 'a bounce leaves the claim alone');
SELECT test.settle('hal@example.com', 'accepted');
SELECT is(test.settle('ida@example.com', 'accepted'), 'RETRY', 'the resend is scheduled');
SELECT is(test.state('hal@example.com') || ', ' || test.state('ida@example.com'),
          'bounced soft mailbox_full, bounced hard user_unknown', 'the later news stands');
SELECT is((test.delivery('hal@example.com')).due_at,
          (test.recipient('hal@example.com')).next_attempt_at, 'by the schedule of the policy');

-- resends of soft bounces, to the end
SELECT test.set('resend_max_attempts', '2');
SELECT test.make_due();
SELECT is(test.deliver(:h, 'hal@example.com', 'accepted'), 'SUCCESS', 'resent');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient('hal@example.com')).id),
          'bounced resend_scheduled sent resent', 'logged');
SELECT is((SELECT t.attempt
           FROM bounce_internal.token_read(
               split_part(bounce.return_path((test.recipient('hal@example.com')).id), '@',
                          1)) AS t), 2, 'the token has the attempt');
SELECT test.record(test.report('mailbox_full', 'hal@example.com', '4.2.2',
                               "to" => test.return_path('hal@example.com', 2)));
SELECT test.make_due();
SELECT test.deliver(:h, 'hal@example.com', 'rejected', '552 5.2.2 full', 'mailbox_full', '5.2.2');
SELECT is(test.state('hal@example.com'), 'bounced soft mailbox_full',
          'a soft refusal of the server counts the same');
SELECT is((SELECT count(*) FROM bounce.task WHERE kind = 'resend_exhausted'
           AND address = 'hal@example.com'), 1::bigint, 'after the last one: a task');
SELECT is(test.in_queue(:h), 'SUCCESS', 'and nothing waits');

-- fairness, priority, hold, quiet hours, rates
SELECT test.submit(ARRAY[format('n%s@example.com', i)], 'newsletter')
FROM generate_series(1, 6) AS i;
SELECT test.submit(ARRAY[format('i%s@example.com', i)], 'invoice') FROM generate_series(1, 2) AS i;
SELECT test.submit('{urgent@example.com}', 'newsletter', 5);
CREATE TEMP TABLE turn AS SELECT row_number() OVER () AS n, addresses[1] AS address, claim_id
                          FROM test.claim(5);
SELECT is((SELECT address FROM turn WHERE n = 1), 'urgent@example.com', 'priority first');
SELECT is((SELECT count(*) FROM turn WHERE address LIKE 'i%'), 2::bigint,
          'then the processes take turns');
SELECT is((SELECT bounce.release_claim(claim_id) FROM turn LIMIT 1), 5, 'given back');
SELECT is((SELECT string_agg(DISTINCT state || attempts, ' ') FROM bounce.delivery
           WHERE process = 'newsletter'), 'PENDING0', 'no attempt is counted');
SELECT bounce.hold_communication(communication_id) FROM bounce.communication_recipient
WHERE address = 'urgent@example.com';
SELECT isnt_empty('SELECT * FROM test.claim(1)', 'another one goes first');
SELECT is((SELECT state FROM test.delivery('urgent@example.com')), 'due',
          'what is held is not claimed');
SELECT ok(bounce.release_communication(communication_id), 'released')
FROM bounce.communication_recipient WHERE address = 'urgent@example.com';
SELECT is(bounce_internal.is_quiet(hours, at::time), quiet, format('%s at %s', hours, at))
FROM (VALUES ('', '12:00', false), ('22:00-07:00', '23:00', true), ('22:00-07:00', '06:59', true),
             ('22:00-07:00', '07:00', false), ('12:00-13:00', '12:30', true),
             ('12:00-13:00', '13:00', false)) AS v (hours, at, quiet);
SELECT test.set('delivery_quiet_hours', '00:00-23:59', 'newsletter');
SELECT is((SELECT count(*) FROM test.claim() WHERE process = 'newsletter' AND LOCALTIME < '23:59'),
          0::bigint, 'in its quiet hours a process sends nothing');
SELECT test.set('delivery_quiet_hours', '', 'newsletter');
SELECT test.set('delivery_domain_rate', '2');
SELECT test.submit(ARRAY[format('%s@slow.example', i)]) FROM generate_series(1, 4) AS i;
SELECT is((SELECT count(*) FROM test.claim(100) WHERE addresses[1] LIKE '%@slow.example'),
          2::bigint, 'no more to one domain than its rate');
SELECT is((SELECT count(*) FROM bounce.communication_recipient AS r
           JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
           WHERE r.address LIKE '%@slow.example' AND q.due_at > now()), 2::bigint,
          'the others in the next minute');
SELECT throws_ok($$SELECT test.set('delivery_quiet_hours', '25:00-07:00')$$, '22023', NULL,
                 'hours that are none');

-- a problem of the server
SELECT test.set('delivery_domain_rate', '0');
SELECT test.submit('{wait@example.com}') AS w \gset
SELECT is(bounce.delivery_problem('mx:25', 'cannot reach it'), interval '10 seconds',
          'left in peace for a while');
SELECT is(bounce.delivery_problem('mx:25', 'cannot reach it'), interval '20 seconds',
          'for longer the next time');
SELECT is_empty('SELECT * FROM test.claim()', 'nobody claims for it');
SELECT isnt_empty($$SELECT * FROM test.claim(10, 'other:25')$$, 'another server is not concerned');
SELECT is((SELECT count(*) || ' ' || min(count) FROM bounce.task
           WHERE dedup_key = 'delivery_problem:server:mx:25'), '1 2', 'one task');
SELECT test.begin(:w);
SELECT test.settle('wait@example.com', 'accepted');
SELECT is((SELECT problem FROM bounce.delivery_server WHERE name = 'mx:25'), '',
          'an answer ends the problem');
SELECT is((SELECT status FROM bounce.task WHERE dedup_key = 'delivery_problem:server:mx:25'),
          'done', 'and its task');

-- the notice to the owner
SELECT test.set('delivery_notice', 'on', 'receipt'),
       test.set('owner_mailbox', 'owner@example.org', 'receipt');
SELECT test.submit('{zoe@example.com}', 'receipt') AS z \gset
SELECT test.deliver(:z, 'zoe@example.com', 'rejected', '550 5.7.1 spam', 'spam_rejected', '5.7.1');
SELECT is((test.delivery('owner@example.org')).state, 'due', 'a notice waits for the owner');
SELECT k.notice, k.null_sender FROM bounce.communication_content AS k
JOIN bounce.communication_recipient AS r USING (communication_id)
WHERE r.address = 'owner@example.org' \gset
SELECT is(:'notice'::jsonb #>> path::text[], value, path) FROM (VALUES
  ('{recipients,0,address}', 'zoe@example.com'), ('{recipients,0,action}', 'failed'),
  ('{recipients,0,status}', '5.7.1'), ('{recipients,0,diagnostic}', '550 5.7.1 spam'),
  ('{reporting_mta}', 'example.org'), ('{original,subject}', 'Your document'),
  ('{original,to}', 'zoe@example.com')) AS v (path, value);
SELECT is((SELECT k.auto_submitted FROM bounce.communication_content AS k
           WHERE k.notice IS NOT NULL), 'auto-replied',
          'sent as an automatic reply; test_compose.c has its form');
SELECT ok(:'null_sender'::boolean, 'with the null sender');
SELECT test.deliver((test.recipient('owner@example.org')).communication_id, 'owner@example.org',
                    'rejected', '550 no', 'user_unknown', '5.1.1');
SELECT is((SELECT count(*) FROM bounce.communication_content WHERE null_sender), 1::bigint,
          'a notice about a notice is not made');

-- mails that the application sends itself are not ours
SELECT test.mail('own', '{own@example.com}') AS own \gset
SELECT throws_ok(format($$INSERT INTO bounce.communication_delivery (communication_id, process,
    due_at) VALUES (%s, 'invoice', now())$$, :own), '23514', NULL,
                 'without content it cannot be queued');
SELECT test.record(test.report('mailbox_full', 'own@example.com', '4.2.2', about => 'own'));
SELECT is((test.delivery('own@example.com')).state, NULL::text,
          'its soft bounce waits for the application');

SELECT is((SELECT count(*) FROM bounce.communication_delivery AS d
           WHERE (d.state = 'PROCESSING') <> EXISTS (SELECT FROM bounce.recipient_delivery AS q
           WHERE q.communication_id = d.communication_id AND q.state IN ('claimed', 'sending'))),
             0::bigint, 'PROCESSING is what a worker has, and nothing else');
-- how many wait, as a worker sees it that waited to tell of a problem while another gave one back
SELECT test.submit('{back@example.com}') AS b \gset
SELECT bounce_internal.waiting_count() AS waiting \gset
UPDATE bounce.communication_delivery SET due_at = clock_timestamp() WHERE communication_id = :b;
SELECT is(bounce_internal.waiting_count(), :waiting::bigint, 'one given back only now waits, too');

SELECT * FROM finish();
ROLLBACK;
