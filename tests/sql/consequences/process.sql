-- SPDX-License-Identifier: BSD-2-Clause
-- Consequences per process: shadow mode, exemption, jitter, the outbox.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- Shadow mode: everything is decided and logged, nothing is done
SELECT test.set('shadow', 'on', 'newsletter'), test.set('follow_up', 'on'),
       test.set('owner_notice', 'on'), test.set('owner_mailbox', 'owner@example.org');
SELECT test.set('resend_jitter', '0');
SELECT test.mail('s' || i, ARRAY['s' || i || '@example.com'], 'newsletter')
FROM generate_series(1, 4) AS i;
SELECT test.record(test.report(reason, a, status, "to" => test.return_path(a)))
FROM (VALUES ('user_unknown', 's1@example.com', '5.1.1'),
             ('mailbox_full', 's2@example.com', '4.2.2'),
             ('spam_rejected', 's3@example.com', '5.7.1')) AS v (reason, a, status);
SELECT is(string_agg(DISTINCT test.state(a), ' '), 'sent', 'nothing is marked')
FROM unnest('{s1@example.com,s2@example.com,s3@example.com}'::text[]) AS a;
SELECT is((SELECT count(*) FROM bounce.address_block) + (SELECT count(*)
                                                         FROM bounce.task) + (SELECT count(*)
                                                             FROM bounce.scheduled_resend)
          + (SELECT count(*) FROM bounce.follow_up) + (SELECT count(*)
                                                       FROM bounce.hard_count) + (SELECT count(*)
                                                           FROM bounce.task_history), 0::bigint,
          'no block, no task, no resend, no follow-up, no count');
SELECT results_eq('SELECT address, class::text, would_block, would_resend, would_make_task, '
                  'would_follow_up, would_tell_owner FROM bounce.shadow_consequence ORDER BY '
                  'bounce_id',
  $$VALUES ('s1@example.com', 'hard', true, false, true, true, true),
  ('s2@example.com', 'soft', false, true, false, false, false),
           ('s3@example.com', 'technical', false, false, true, true, true)$$,
           'the view shows what would have been done');
SELECT matches((SELECT consequence FROM bounce.shadow_consequence WHERE class = 'hard'),
               '^bounced, follow-up [0-9]+, notice to owner@example.org, address blocked, task '
               'hard_bounce [0-9]+$', 'in words');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient('s2@example.com')).id), 'shadow shadow',
          'the log has each step');
SELECT alike((SELECT min(text) FROM bounce.communication_log
              WHERE recipient_id = (test.recipient('s2@example.com')).id AND text LIKE '%resend%'),
             'not done, would be: resend 1 of 3 at %', 'as not done');
SELECT test.record(test.report('vacation', 's4@example.com', '', '',
                               test.return_path('s4@example.com'), kind => 'auto_reply'));
SELECT is((test.last()).in_shadow, false, 'what changes nothing anyway is not in shadow');
SELECT is((test.record(test.report('user_unknown', 's1@example.com',
                                   "to" => test.return_path('s1@example.com')))).duplicate, true,
          'a duplicate is one in shadow too');
-- one report about two processes' mails does not exist, but other processes are not in shadow
SELECT test.mail('real', '{real@example.com}', 'invoice');
SELECT test.record(test.report('user_unknown', 'real@example.com',
                               "to" => test.return_path('real@example.com')));
SELECT ok(bounce.is_address_blocked('real@example.com'), 'another process does block');
SELECT test.set('shadow', 'on'), test.set('shadow', 'off', 'receipt');
SELECT test.mail('g1', '{g1@example.com}', 'invoice'),
       test.mail('g2', '{g2@example.com}', 'receipt');
SELECT test.record(test.report('user_unknown', a, "to" => test.return_path(a)))
FROM unnest('{g1@example.com,g2@example.com}'::text[]) AS a;
SELECT is(concat_ws(', ', test.state('g1@example.com'), test.state('g2@example.com')),
          'sent, bounced hard user_unknown', 'shadow for all but one');
SELECT test.set('shadow', 'off');

-- Exempt from blocking
SELECT test.set('block_exempt', 'on', 'receipt');
SELECT is(concat_ws(' ', bounce.may_write_to('real@example.com'),
                    bounce.may_write_to('real@example.com', 'invoice'),
                    bounce.may_write_to('<REAL@example.com>', 'receipt'),
                    bounce.may_write_to('free@example.com', 'invoice')), 'f f t t',
                    'an exempt process may write to a blocked address');
SELECT test.mail('legal', '{real@example.com}', 'receipt'),
       test.mail('bill', '{real@example.com}', 'invoice');
SELECT test.record(test.report('mailbox_full', 'real@example.com', '4.2.2', about => m))
FROM unnest('{legal,bill}'::text[]) AS m;
SELECT results_eq($$SELECT process FROM bounce.scheduled_resend
                    WHERE recipient = 'real@example.com'$$, $$
                  VALUES ('receipt')$$, 'and its resends go out');
SELECT ok(bounce.is_address_blocked('g2@example.com'), 'its own hard bounces block all the same');

-- Jitter
SELECT is((SELECT count(DISTINCT bounce_internal.jitter(0.1, i, 1))
           FROM generate_series(1, 100) AS i), 100::bigint, 'not all at once');
SELECT ok((SELECT bool_and(s BETWEEN 0.9 AND 1.1) AND min(s) < 0.93 AND max(s) > 1.07
           FROM (SELECT bounce_internal.jitter(0.1, i, 1) AS s
                 FROM generate_series(1, 1000) AS i) AS x), 'within the fraction, both ways');
SELECT is(bounce_internal.jitter(0.1, 42, 1), bounce_internal.jitter(0.1, 42, 1),
          'the same for the same');
SELECT isnt(bounce_internal.jitter(0.1, 42, 1), bounce_internal.jitter(0.1, 42, 2),
            'not for the next resend');
SELECT test.set('resend_jitter', '0.5'), test.set('resend_initial_delay', '2 days'),
       test.set('resend_max_delay', '2 days');
SELECT test.mail('j' || i, ARRAY['j' || i || '@example.com']) FROM generate_series(1, 20) AS i;
SELECT test.record(test.report('mailbox_full', a, '4.2.2', "to" => test.return_path(a)))
FROM generate_series(1, 20) AS i, concat('j', i, '@example.com') AS a;
SELECT ok((SELECT max(next_attempt_at) <= now() + interval '2 days'
           AND count(DISTINCT next_attempt_at) > 5 FROM bounce.communication_recipient
           WHERE address LIKE 'j%'), 'the ceiling holds with jitter');

-- The outbox
TRUNCATE bounce.follow_up;
SELECT test.mail('f' || i, ARRAY['f' || i || '@example.com']) FROM generate_series(1, 3) AS i;
SELECT test.record(test.report('user_unknown', a, "to" => test.return_path(a)))
FROM generate_series(1, 3) AS i, concat('f', i, '@example.com') AS a;
SELECT results_eq($$SELECT kind, process, business_ref, address, reason, diagnostic
                    FROM bounce.claim_follow_up('crm', 2, kinds => '{hard_bounce}')$$,
  $$VALUES ('hard_bounce', 'invoice', 'f1', 'f1@example.com', 'user_unknown',
            'the words of the other side'),
            ('hard_bounce', 'invoice', 'f2', 'f2@example.com', 'user_unknown',
             'the words of the other side')$$,
  'claimed, oldest first, with what is needed');
SELECT results_eq($$SELECT business_ref
                    FROM bounce.claim_follow_up('other', 5, kinds => '{hard_bounce}')$$, $$
                  VALUES ('f3')$$, 'what one has, another does not get');
SELECT is((SELECT count(*) FROM bounce.claim_follow_up('third', kinds => '{hard_bounce}')),
          0::bigint, 'then there is none');
SELECT id AS f1 FROM bounce.follow_up WHERE kind = 'hard_bounce' ORDER BY id LIMIT 1 \gset
SELECT is(bounce.finish_follow_up(:f1, 'other'), false, 'only the claimer finishes');
SELECT is(bounce.finish_follow_up(:f1, 'crm', 'rang them up'), true, 'done');
SELECT is(bounce.finish_follow_up(:f1, 'crm'), false, 'once');
SELECT is((SELECT text FROM bounce.communication_log WHERE event = 'hard_bounce_done'),
          'crm: rang them up', 'it is in the log');
UPDATE bounce.follow_up SET lease_expire_time = now() WHERE id = :f1 + 2;
SELECT results_eq($$SELECT business_ref
                    FROM bounce.claim_follow_up('third', kinds => '{hard_bounce}')$$, $$
                  VALUES ('f2')$$, 'after the lease it is anybody''s');
SELECT is(bounce.finish_follow_up(:f1 + 2, 'crm'), false, 'and no more the first one''s');
SELECT results_eq($$SELECT mailbox, left(text, 55)
                    FROM bounce.claim_follow_up('mailer', 1, kinds => '{owner_notice}')$$,
  $$SELECT 'owner@example.org', '* "Your document" (invoice f1) of ' || to_char(now(), 'YYYY-MM-DD')
    || ' to f1@exam'$$, 'an application may take the owner''s notice instead');
SELECT test.set('owner_mailbox', '', 'invoice');
SELECT test.mail('n', '{n@example.com}');
SELECT test.record(test.report('user_unknown', 'n@example.com',
                               "to" => test.return_path('n@example.com')));
SELECT is((SELECT count(*) FROM bounce.follow_up
           WHERE recipient_id = (test.recipient('n@example.com')).id AND kind = 'owner_notice'),
          0::bigint, 'no mailbox, no notice');

SELECT * FROM finish();
ROLLBACK;
