-- SPDX-License-Identifier: BSD-2-Clause
-- Mail to test addresses: the worker is told what to simulate, what comes back is recorded as any
-- report is, and nothing is counted, nobody has work of it, and it can be done again.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.queued(process text, VARIADIC recipients text[])
RETURNS bigint LANGUAGE sql AS $$
  SELECT bounce.submit_communication(process => $1, recipients => $2, sender => 'o@example.org',
                                     subject => 'S', body_text => 'T')
$$;
CREATE FUNCTION test.items() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', i.addresses[1], '=', nullif(i.simulates, ''),
                              CASE WHEN i.asks_success THEN 'asks' END), ', '
                    ORDER BY i.addresses[1])
  FROM bounce.claim_deliveries('w', 's', 100) AS i
$$;
SELECT test.set('report_delivered', 'on', 'newsletter'),
       test.set('test_addresses', 'off', 'receipt');
SELECT test.queued('invoice', 'Hard+7@Bounce-Test.invalid', 'a@x.example');
SELECT is(test.items(), 'Hard+7@Bounce-Test.invalid = hard, a@x.example =', 'what is simulated');
SELECT test.queued('receipt', 'soft@bounce-test.invalid', 'soft@notbounce-test.invalid');
SELECT is(test.items(),
          'soft@bounce-test.invalid =, soft@notbounce-test.invalid =', 'switched off');
SELECT test.queued('newsletter', 'soft@bounce-test.invalid', 'soft@x.bounce-test.invalid');
SELECT is(test.items(),
          'soft@bounce-test.invalid = soft, soft@x.bounce-test.invalid = asks',
          'no report of success is asked for of the report, and it is this domain only');
SELECT test.set('bounce_domain', '');
SELECT test.queued('invoice', 'hard@bounce-test.invalid');
SELECT is(test.items(), 'hard@bounce-test.invalid =',
          'without a bounce domain a report would come to a person');
SELECT test.set('bounce_domain', 'bounces.example.org');

-- What follows
CREATE FUNCTION test.comes_back(reason text, address text, status text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail('m' || (SELECT count(*) FROM bounce.communication), ARRAY[address]);
  PERFORM test.record(test.report(reason, address, status, "to" => test.return_path(address)));
  RETURN concat_ws(', ', test.state(address), (test.last()).consequence);
END
$$;
SELECT test.set('follow_up', 'on', 'invoice');
SELECT matches(test.comes_back('user_unknown', 'hard+1@bounce-test.invalid', '5.1.1'),
               '^bounced hard user_unknown, bounced, follow-up \d+, address blocked, '
               'task hard_bounce \(none, it is a test\)$', 'a hard one, with all but the task');
SELECT is((SELECT b.expires_at - now() FROM bounce.blocked_address AS b
           WHERE b.address = 'hard+1@bounce-test.invalid'), interval '5 minutes',
          'blocked for so long that it can be seen');
SELECT matches(test.comes_back('mailbox_full', 'soft@bounce-test.invalid', '4.2.2'),
               '^bounced soft mailbox_full, bounced, resend 1 of ', 'a soft one is sent again');
SELECT matches(test.comes_back('spam_rejected', 'technical@bounce-test.invalid', '5.7.1'),
               '^bounced technical spam_rejected, bounced, follow-up \d+, task delivery_problem '
               '\(none',
               'a technical one');

-- Nothing is counted
SELECT test.set('guard_minimum', '3'), test.set('guard_minimum_overall', '3');
SELECT test.comes_back('user_unknown', 'hard+x' || n || '@bounce-test.invalid', '5.1.1')
FROM generate_series(1, 20) AS n;
SELECT is((SELECT count(*) FROM bounce.outage) + (SELECT count(*) FROM bounce.hard_count),
          0::bigint, 'no outage');
SELECT is((SELECT count(*) FROM bounce.soft_bounce_day), 0::bigint, 'no score');
SELECT is((SELECT count(*) FROM bounce.task), 0::bigint, 'no task');
SELECT is((bounce_internal.bounce_rate('invoice', '-infinity')).sent, 0::bigint,
          'no rate of the process');
SELECT is((SELECT count(*) FROM bounce_internal.bounce_figures('class', NULL, NULL, NULL)),
          0::bigint, 'no figure in the report');
SELECT is((SELECT count(*) FROM bounce_internal.sent_labels('process', NULL, NULL, NULL)),
          0::bigint, 'of what was sent either');
SELECT is((SELECT sum(m.value) FROM bounce_internal.metrics_of_reports(now()) AS m
           WHERE m.name IN ('bounce_reports_total', 'bounce_recipients_sent_total',
                            'bounce_recipients_failed_total')), 0::double precision,
          'nor for a monitor');
SELECT is((SELECT count(*) FROM bounce_internal.metrics_of_reports(now() + interval '1 day') AS m
           WHERE m.name = 'bounce_reports_total'), 0::bigint, 'not on the next day either');
SELECT is(bounce_internal.sent_besides(NULL, '-infinity', 100, '{}'), 0::bigint,
          'nor does it dilute what was sent');
SELECT bounce_internal.learn_domains();
SELECT is((SELECT count(*) FROM bounce.known_domain AS d WHERE d.domain = 'bounce-test.invalid'),
          0::bigint, 'nor is the domain ever suggested');

-- A real one beside them is counted as ever
SELECT test.mail('real', '{real@x.example}');
SELECT test.record(test.report('user_unknown', 'real@x.example',
                               "to" => test.return_path('real@x.example')));
SELECT is((SELECT sum(f.bounces)
           FROM bounce_internal.bounce_figures('class', NULL, NULL, NULL) AS f), 1::numeric,
          'a real one is');
SELECT is((SELECT count(*) FROM bounce.task), 1::bigint, 'and is a task');

SELECT * FROM finish();
ROLLBACK;
