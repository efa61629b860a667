-- SPDX-License-Identifier: BSD-2-Clause
-- What people read in lists: clean diagnoses, the most urgent first, rates of what came back.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT is(bounce.clean_diagnostic(words), clean, coalesce(clean, 'nothing'))
FROM (VALUES
  ('5.1.1 550 550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in virtual mailbox '
   'table', '550 5.1.1 User unknown in virtual mailbox table'),
  ('host mx.example.net[192.0.2.1] said: 550-5.1.1 There is no such account (in reply to RCPT TO '
   'command)', '550 5.1.1 There is no such account'),
  ('smtp; 550 5.1.1 <a@b.example>... User unknown', '550 5.1.1 User unknown'),
  ('550 SMTP error from remote mail server after RCPT TO:<a@b.example>: host mx.b.example '
   '[192.0.2.33]: 550 No such user here', '550 No such user here'),
  ('192.0.2.99 does not like recipient. Remote host said: 550 5.1.1 Sorry, no mailbox here. '
   'Giving up on 192.0.2.99.', '550 5.1.1 Sorry, no mailbox here.'),
  ('4.2.2 452 4.2.2 mailbox' || chr(10) || ' full', '452 4.2.2 mailbox full'),
  ('550-5.1.1 The account does not exist. Please try' || chr(10) || '550-5.1.1 without typos or'
   || chr(10) || '550 5.1.1 spaces. gsmtp', '550 5.1.1 The account does not exist. Please try '
   'without typos or spaces. gsmtp'),
  ('451 4.3.0 behind us: 550 5.1.1 none', '451 4.3.0 behind us: 550 5.1.1 none'),
  ('it said 550 5.1.1 none', 'it said 550 5.1.1 none'),
  ('550 no, 550 5.1.1 none', '550 no, 550 5.1.1 none'),
  ('552 5.2.2', '552 5.2.2'), ('in words only', 'in words only'), ('', '')) AS v (words, clean);
SELECT is(bounce.ago(now() - since), ago, ago)
FROM (VALUES (interval '0', '0 seconds ago'), ('1 second', '1 second ago'),
             ('59 seconds', '59 seconds ago'), ('60 seconds', '1 minute ago'),
             ('119 seconds', '1 minute 59 seconds ago'), ('120 seconds', '2 minutes ago'),
             ('3599 seconds', '59 minutes ago'), ('7199 seconds', '1 hour 59 minutes ago'),
             ('3 hours', '3 hours ago'), ('47 hours', '1 day 23 hours ago'),
             ('24 hours 30 minutes', '1 day ago'), ('12 days', '12 days ago'),
             ('-3 days', 'in 3 days'), ('-61 seconds', 'in 1 minute 1 second'),
             (NULL, NULL)) AS v (since, ago);

-- The most urgent first
SELECT test.mail('h', '{typo@gmial.com}');
SELECT test.record(jsonb_set(test.report('user_unknown', 'typo@gmial.com', '5.1.1',
                                         "to" => test.return_path('typo@gmial.com')),
  '{recipients,0,diagnostic}', '"550 5.1.1 <typo@gmial.com>: Recipient address rejected: none"'));
SELECT bounce.delivery_problem('smtp.example.net:587', '535 5.7.8 authentication failed');
SELECT results_eq('SELECT about, urgency, why, correction FROM bounce.open_task', $$VALUES
  ('our mail server smtp.example.net:587', 1,
   '535 5.7.8 authentication failed; since ' || to_char(now(), 'YYYY-MM-DD HH24:MI:SS')
     || ', 0 communications wait', ''),
  ('typo@gmial.com', 4, 'no such mailbox at that domain: 550 5.1.1 none', 'typo@gmail.com')$$,
  'who, what, why; a suggestion, though no mail was ever sent there');
SELECT is_empty($$SELECT FROM bounce.open_task WHERE what_next = '' OR what_next IS NULL$$,
                'what next');

SELECT is((SELECT text FROM bounce.block_story('typo@gmial.com') WHERE event = 'blocked'),
          'user_unknown: 550 5.1.1 <typo@gmial.com>: Recipient address rejected: none',
          'the reason once');

-- Rates
SELECT test.mail('r' || n, ARRAY[format('r%s@rate.example', n)]) FROM generate_series(1, 4) AS n;
SELECT test.record(test.report('user_unknown', 'r1@rate.example', '5.1.1',
                               "to" => test.return_path('r1@rate.example')));
SELECT results_eq($$SELECT total, sent, rate, taken_back
                    FROM bounce.report_by('domain', NULL, NULL) WHERE label = 'rate.example'$$,
                  'VALUES (1::bigint, 4::bigint, 25.00, 0::bigint)', 'one of four');
SELECT results_eq($$SELECT sent, rate FROM bounce.report_by('class', NULL, NULL)$$,
                  'VALUES (5::bigint, 40.00)', 'of all, where a mail has no such label');
SELECT test.record(test.report('delivered', 'r' || n || '@rate.example', '2.0.0', 'delivered',
                               kind => 'success', "to" => test.return_path('r' || n
                                                                           || '@rate.example')))
FROM generate_series(2, 4) AS n;
SELECT test.record(test.report('user_unknown', 'r2@rate.example', '5.1.1'));
SELECT results_eq($$SELECT hard, technical, total - hard, failed, sent, rate
                    FROM bounce.report_by('domain', NULL, NULL) WHERE label = 'rate.example'$$,
                  'VALUES (2::bigint, 0::bigint, 3::bigint, 1::bigint, 4::bigint, 25.00)',
                  'success is no failure, and what a stranger says is in no rate');
SELECT results_eq($$SELECT label, total FROM bounce.report_by('class', NULL, NULL)
                    WHERE label = 'notice'$$, $$VALUES ('notice', 3::bigint)$$, 'a notice');
SELECT test.mail('soft', '{soft@again.example}');
SELECT test.record(test.report('mailbox_full', 'soft@again.example', '4.2.2',
                               "to" => test.return_path('soft@again.example')));
SELECT bounce.confirm_resend((test.recipient('soft@again.example')).id);
SELECT test.record(test.report('mailbox_full', 'soft@again.example', '4.2.2',
                               "to" => test.return_path('soft@again.example')));
SELECT results_eq($$SELECT soft, sent, rate FROM bounce.report_by('domain', NULL, NULL)
                    WHERE label = 'again.example'$$, 'VALUES (2::bigint, 2::bigint, 100.00)',
                  'each send of a mail counts, so that not more can fail than were sent');
SELECT bounce.undo_bounces(NULL, NULL, 'a mistake', domain => 'rate.example');
SELECT results_eq($$SELECT total, rate, taken_back FROM bounce.report_by('domain', NULL, NULL)
                    WHERE label = 'rate.example'$$,
                  'VALUES (3::bigint, 0.00, 2::bigint)', 'what was taken back is left out');

SELECT * FROM finish();
ROLLBACK;
