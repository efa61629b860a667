-- SPDX-License-Identifier: BSD-2-Clause
-- The outage guard: what is counted, when blocks are held, and what people decide.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '4'), test.set('guard_minimum_overall', '1000'),
       test.set('guard_factor', '3'), test.set('task_due', '1 day');
-- Dead mails, one of our own MTA each: NAME1@domain .. NAMEn@domain
CREATE FUNCTION test.dead(name text, domain text, first integer, last integer,
                          words text DEFAULT 'no such user here', process text DEFAULT 'invoice')
                          RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  address text;
BEGIN
  FOR i IN first .. last LOOP
    address := name || i || '@' || domain;
    PERFORM test.mail(address, ARRAY[address], process);
    PERFORM test.record(
        jsonb_set(test.report('user_unknown', address, "to" => test.return_path(address)),
                  '{recipients,0,diagnostic}', to_jsonb(format('<%s>: %s', address, words))));
  END LOOP;
END
$$;
-- A stranger gets one mail, and answers with many: it stays one bounce.
SELECT test.mail('flood', '{flood@flood.example}');
SELECT test.record(test.report('user_unknown', 'x', "to" => test.return_path('flood@flood.example'))
  || jsonb_build_object('recipients', (SELECT jsonb_agg(
       test.reported('user_unknown', format('invented%s@flood.example', i)))
     FROM generate_series(1, 120) AS i)));
SELECT test.record(test.report('user_unknown', format('more%s@flood.example', i),
                               "to" => test.return_path('flood@flood.example')))
FROM generate_series(1, 10) AS i;
SELECT is((SELECT sum(h.count) FROM bounce.hard_count AS h
           WHERE h.about = 'flood.example' AND h.span = 'minutes'), 1::bigint,
          'invented recipients to one return path count as one bounce');
SELECT is_empty('SELECT FROM bounce.outage', 'and open no outage');
DELETE FROM bounce.hard_count;

-- What the past days had: hard bounces a day, for 14 days
CREATE FUNCTION test.usual(scope text, about text, a_day integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bounce.hard_count (scope, about, span, bucket, slot, count)
  SELECT scope, about, 'day',
         date_bin('1 day', now(), '2000-01-01 00:00+00') - make_interval(days => i), 0, a_day
         FROM generate_series(1, 14) AS i
$$;
CREATE FUNCTION test.blocked(pattern text) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM bounce.address_block WHERE lifted_at IS NULL AND address LIKE pattern
$$;
CREATE FUNCTION test.outage_task(about text) RETURNS bigint LANGUAGE sql AS $$ SELECT task_id
    FROM bounce.open_outage AS o WHERE o.about = $1 $$;

SELECT is(bounce_internal.plain_diagnostic(diagnostic), plain,
          'without what differs: ' || diagnostic)
FROM (VALUES ('550 5.1.1 <anna@example.com>: Recipient address rejected',
              '# # <#>: recipient address rejected'),
             ('550-5.1.1 The email account does not exist. ab12cd-20020a17 - gsmtp',
              '# the email account does not exist. # - gsmtp'),
             ('', ''), ('No Such   User', 'no such user')) AS v (diagnostic, plain);

-- below the minimum everything is as ever
SELECT test.dead('a', 'big.example', 1, 3);
SELECT is(test.blocked('%@big.example') || ' ' || test.open_tasks('hard_bounce', 'a3@big.example'),
          '3 1', 'a few are blocked as ever');
SELECT test.dead('a', 'big.example', 4, 7);
SELECT is(test.blocked('%@big.example'), 3::bigint,
          'from the fourth within the hour on blocks are held');
SELECT is(test.state('a7@big.example'), 'bounced hard user_unknown', 'the state stays as reported');
SELECT is(test.open_tasks('hard_bounce', 'a5@big.example'), 0::bigint, 'no task of its own');
SELECT results_eq('SELECT scope, about, held, seen, usual, time_window, sample FROM '
                  'bounce.open_outage',
  $$VALUES ('domain', 'big.example', 4::bigint, 4::bigint, 0.00, interval '1 hour',
            'a4@big.example, a5@big.example, a6@big.example, a7@big.example')$$,
            'one task shows count, window and sample');
SELECT is((SELECT count(*) || ' ' || sum(count) FROM bounce.task_detail WHERE kind = 'outage'),
          '1 4',
          'it counts');
SELECT matches((SELECT summary FROM bounce.task_detail WHERE kind = 'outage'),
               '^hard bounces of big.example: 4 of 4 mails within 1 hour, usually none; blocks '
               'are held, '
               'lately a7@big.example', 'and says so');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient('a7@big.example')).id), 'bounced block_held task',
          'each mail''s log says why');
SELECT is((SELECT count(*) FROM bounce.outage_sample(test.outage_task('big.example'))), 4::bigint,
          'who they are');
SELECT test.dead('b', 'small.example', 1, 2);
SELECT is(test.blocked('%@small.example'), 2::bigint, 'other domains are not held');
SELECT throws_ok(format('SELECT bounce.resolve_task(%s)', test.outage_task('big.example')), '22023',
                 NULL, 'the task is not just closed');

-- dismissed: nothing is blocked, not even what was before it was noticed; everything is sent again
SELECT is(bounce.dismiss_outage(test.outage_task('big.example'), 'they were down'), 7,
          'dismissed in bulk');
SELECT is(test.blocked('%@big.example'), 0::bigint, 'nothing is blocked');
SELECT is((SELECT count(*) FROM bounce.scheduled_resend
           WHERE recipient LIKE '%@big.example' AND next_attempt_at <= now()), 7::bigint,
          'all are sent again');
SELECT is((SELECT count(*) FROM bounce.task WHERE status = 'open' AND domain = 'big.example'),
          0::bigint, 'all tasks are closed');
SELECT is((SELECT count(DISTINCT s.communication_id) FROM bounce.scheduled_resend AS s
           WHERE s.business_ref LIKE 'a%'),
          (SELECT count(*) FROM bounce.communication WHERE business_ref LIKE 'a%'),
          'the communications wait');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient('a1@big.example')).id
           AND event IN ('taken_back', 'resend_scheduled')), 'taken_back resend_scheduled',
             'the log has it');
SELECT is(bounce.confirm_resend((test.recipient('a1@big.example')).id), 2, 'sent again');
SELECT is(test.state('a1@big.example'), 'sent', 'and it is sent');
SELECT test.dead('a', 'big.example', 8, 8);
SELECT is((SELECT held FROM bounce.open_outage), 1::bigint, 'while it lasts a new one opens');

-- confirmed: they are dead
SELECT test.dead('a', 'big.example', 9, 9);
SELECT test.set('follow_up', 'on', 'invoice');
SELECT is(bounce.confirm_outage(test.outage_task('big.example'), 'they closed'), 2,
          'confirmed in bulk');
SELECT is(test.blocked('%@big.example'), 2::bigint, 'blocked');
SELECT is(test.open_tasks('hard_bounce', 'a9@big.example') || ' '
          || (SELECT count(*) FROM bounce.follow_up), '1 2',
          'with the task and the follow-up they would have had');
SELECT test.dead('a', 'big.example', 10, 10);
SELECT is(test.blocked('a10@big.example'), 1::bigint, 'who has just confirmed is not asked again');
SELECT test.set('follow_up', 'off', 'invoice');
SELECT throws_ok('SELECT bounce.confirm_outage(0)', 'P0002', NULL, 'no such task');
SELECT throws_ok(format('SELECT bounce.confirm_outage(%s)',
                        (SELECT max(id) FROM bounce.task
                         WHERE kind = 'hard_bounce' AND status = 'open')), '22023', NULL,
                 'no such kind');

-- what is usual is not an outage
SELECT test.usual('domain', 'usual.example', 72), test.usual('domain', 'rising.example', 31);
SELECT test.dead('u', 'usual.example', 1, 5), test.dead('r', 'rising.example', 1, 5);
SELECT is(test.blocked('%@usual.example'), 5::bigint,
          'three an hour are usual, five are no outage');
SELECT is(test.blocked('%@rising.example'), 3::bigint,
          'one an hour is usual, the fourth is beyond three times that');
SELECT is((SELECT usual FROM bounce.open_outage WHERE about = 'rising.example'), 1.29, 'usually');
SELECT matches((SELECT summary FROM bounce.task_detail
                WHERE kind = 'outage' AND domain = 'rising.example'),
               '^hard bounces of rising.example: 4 of [0-9]+ mails within 1 hour, '
               'usually about 1; ',
               'its task says so in words');

-- the clock: what is older than the window does not count
SELECT is((SELECT seen
           FROM bounce_internal.hard_rate('domain', 'usual.example',
                                          now() + interval '30 minutes')), 5::bigint,
          'within the window');
SELECT is((SELECT seen
           FROM bounce_internal.hard_rate('domain', 'usual.example',
                                          now() + interval '75 minutes')), 0::bigint, 'after it');
SELECT is(bounce_internal.usual_rate('domain', 'rising.example',
                                     date_bin('1 day', now(),
                                              '2000-01-01 00:00+00') + interval '30 hours',
                                     '1 hour') > 0, true, 'today is usual tomorrow');

-- many domains, one text
DELETE FROM bounce.hard_count;
SELECT test.set('guard_minimum_overall', '5');
SELECT test.dead('t', 'd' || i || '.example', 1, 1, 'account is disabled')
FROM generate_series(1, 6) AS i;
SELECT is((SELECT count(*) FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
           WHERE o.scope = 'diagnostic' AND o.status = 'open'), 2::bigint,
          'one text from many domains: held');
SELECT is((SELECT string_agg(scope, ' ' ORDER BY scope) FROM bounce.outage
           WHERE status = 'open' AND scope <> 'domain'), 'diagnostic overall',
          'and all together are too many');
SELECT bounce.dismiss_outage(t.id, 'our DNS was broken', false) FROM bounce.task AS t
WHERE t.kind = 'outage' AND t.status = 'open' ORDER BY t.id;
SELECT is((SELECT count(*) FROM bounce.task WHERE kind = 'outage' AND status = 'open'), 0::bigint,
          'every outage has been decided');
SELECT is(test.state('t1@d6.example'), 'sent', 'dismissed without a resend: the bounce is void');

-- an outage that others explained holds nothing, and has no task: it ends by itself
SELECT is((SELECT string_agg(scope, ' ') FROM bounce.outage AS o
           WHERE status = 'open'
           AND NOT EXISTS (SELECT FROM bounce.held_block AS h
                           WHERE h.outage_id = o.id AND h.decision IS NULL)), 'overall',
          'one is left');
SELECT test.dead('s', 'later.example', 1, 1);
SELECT is(test.blocked('s1@later.example'), 0::bigint, 'while it lasts it holds what comes');
SELECT bounce.resolve_task_dead(t.id) FROM bounce.task AS t WHERE t.address = 's1@later.example';
SELECT bounce.dismiss_outage(t.id, 'over') FROM bounce.task AS t
WHERE t.kind = 'outage' AND t.status = 'open';
SELECT test.set('guard_minimum_overall', '1000');
INSERT INTO bounce.outage (scope, about, opened_at, seen, usual, time_window)
VALUES ('overall', '', now() - interval '2 hours', 9, 0, '1 hour');
SELECT test.dead('s', 'later.example', 2, 2);
SELECT is(test.blocked('s2@later.example') || ' '
          || (SELECT count(*) FROM bounce.outage WHERE status = 'open'), '1 0',
          'weeks later it holds nobody');

-- what comes back every night in one go is usual; what an outage had is not
CREATE FUNCTION test.burst(about text, ago interval, n integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bounce.hard_count (scope, about, span, bucket, slot, count)
  VALUES ('domain', about, 'minutes',
          date_bin('10 minutes', now() - ago, '2000-01-01 00:00+00'), 0, n)
$$;
SELECT test.burst('nightly.example', '1 day', 20), test.burst('weekly.example', '7 days', 20),
       test.burst('twodays.example', '2 days', 20);
SELECT is(bounce_internal.usual_rate('domain', about, now(), '1 hour'), usual::numeric,
          format('usual for %s: %s', about, usual))
FROM (VALUES ('nightly.example', '20.00'), ('weekly.example', '20.00'),
             ('twodays.example', '0.06')) AS v (about, usual);     -- 20 of 14 days, for an hour
SELECT test.dead('n', 'nightly.example', 1, 5), test.dead('n', 'twodays.example', 1, 5);
SELECT is(test.blocked('%@nightly.example') || ' ' || test.blocked('%@twodays.example'), '5 3',
          'the usual burst is not held, another one is');
INSERT INTO bounce.outage (scope, about, status, opened_at, seen, usual, time_window, decided_at,
                           decided_by) VALUES ('domain', 'nightly.example', 'dismissed',
                                               now() - interval '1 day', 20, 0, '1 hour',
                                               now() - interval '20 hours', 'maria');
SELECT is(bounce_internal.usual_rate('domain', 'nightly.example', now(), '1 hour'), 0.00,
          'yesterday''s outage does not make today''s usual');
UPDATE bounce.outage SET status = 'confirmed' WHERE about = 'nightly.example';
SELECT is(bounce_internal.usual_rate('domain', 'nightly.example', now(), '1 hour'), 20.00,
          'what was confirmed was none');
SELECT bounce.dismiss_outage(t.id, 'over') FROM bounce.task AS t
WHERE t.kind = 'outage' AND t.status = 'open';

-- who cannot block cannot raise the counters
DELETE FROM bounce.hard_count;
SELECT test.mail('f' || i, ARRAY['f' || i || '@forged.example']),
       test.record(test.report('user_unknown', 'f' || i || '@forged.example',
                               about => CASE WHEN i > 4 THEN 'f' || i ELSE '' END))
       FROM generate_series(1, 8) AS i;
SELECT is((SELECT count(*) FROM bounce.hard_count), 0::bigint, 'forged reports count for nothing');
SELECT is_empty('SELECT * FROM bounce.open_outage', 'and hold nothing');

-- what came back is compared with what was sent in that time, to that domain and in all
DELETE FROM bounce.hard_count;
UPDATE bounce.communication_recipient SET last_attempt_at = now() - interval '1 day';
SELECT bounce.set_parameter(p, NULL)
FROM unnest('{guard_minimum,guard_minimum_overall,guard_factor}'::text[]) AS p;
-- Mails to NAME1@domain .. NAMEn@domain, n of them
CREATE FUNCTION test.mailing(name text, domain text, n integer, sent_at timestamptz DEFAULT now())
  RETURNS void LANGUAGE sql AS $$
  SELECT test.mail(format('%s%s@%s', name, i, domain), ARRAY[format('%s%s@%s', name, i, domain)])
  FROM generate_series(1, n) AS i;
  UPDATE bounce.communication_recipient SET last_attempt_at = sent_at
  WHERE address_key LIKE name || '%@' || domain;
$$;
CREATE FUNCTION test.come_back(name text, domain text, n integer) RETURNS void LANGUAGE sql AS $$
  SELECT test.record(test.report('user_unknown', a, "to" => test.return_path(a)))
  FROM (SELECT format('%s%s@%s', name, i, domain) AS a FROM generate_series(1, n) AS i) AS q
$$;
CREATE FUNCTION test.held(pattern text) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM bounce.held_block WHERE decision IS NULL AND address LIKE pattern
$$;
SELECT test.mailing('m', 'large.example', 1000), test.mailing('m', 'gone.example', 20),
       test.mailing('m', 'some.example', 60);
SELECT test.come_back('m', 'large.example', 30);
SELECT is(test.blocked('%@large.example') || ' ' || test.held('%@large.example'), '30 0',
          'a mailing with some dead addresses is blocked as ever');
SELECT test.come_back('m', 'gone.example', 15);
SELECT is(test.blocked('%@gone.example') || ' ' || test.held('%@gone.example'), '9 6',
          '15 of 20 are held, from the tenth on');
SELECT is((SELECT seen || ' of ' || sent FROM bounce.outage WHERE about = 'gone.example'),
          '10 of 20', 'and the task says how many of how many');
SELECT test.come_back('m', 'some.example', 11);
SELECT is(test.held('%@some.example'), 0::bigint, '11 of 60 are not held');
SELECT test.set('guard_share', '0.1');
SELECT test.mailing('n', 'some.example', 1), test.come_back('n', 'some.example', 1);
SELECT is(test.held('%@some.example'), 1::bigint, 'but with guard_share = 0.1');
SELECT test.set('guard_share', '0.2');
-- what was sent hours ago, and whose bounces come only now, is compared with itself
SELECT test.mailing('l', 'late.example', 100, now() - interval '5 hours');
SELECT test.come_back('l', 'late.example', 15);
SELECT is(test.held('%@late.example'), 0::bigint, '15 of 100 that were sent five hours ago');
SELECT test.mailing('l', 'ill.example', 20, now() - interval '5 hours');
SELECT test.come_back('l', 'ill.example', 15);
SELECT is(test.held('%@ill.example'), 6::bigint, '15 of 20 that were sent then');
-- one stranger's address counts once, however many mails it gets
SELECT test.mailing('one', 'one.example', 1);
SELECT test.mail('again' || i, '{one1@one.example}') FROM generate_series(1, 20) AS i;
SELECT test.record(test.report('user_unknown', 'one1@one.example',
                               "to" => bounce.return_path(r.id)))
FROM bounce.communication_recipient AS r WHERE r.address_key = 'one1@one.example';
SELECT is((SELECT sum(h.count) FROM bounce.hard_count AS h
           WHERE h.about = 'one.example' AND h.span = 'minutes'), 1::bigint,
          'one address counts once');
-- all together: one text from many domains
SELECT test.set('guard_minimum_overall', '20');
SELECT test.mailing('x', 'x' || i || '.example', 1) FROM generate_series(1, 300) AS i;
SELECT bounce.dismiss_outage(t.id, 'over', false) FROM bounce.task AS t
WHERE t.kind = 'outage' AND t.status = 'open';
DELETE FROM bounce.hard_count;
SELECT test.come_back('x', 'x' || i || '.example', 1) FROM generate_series(1, 30) AS i;
SELECT is_empty($$SELECT FROM bounce.outage WHERE status = 'open'$$,
                '30 of more than a thousand are no outage of all');
UPDATE bounce.communication_recipient SET last_attempt_at = now() - interval '1 day'
WHERE address_key NOT LIKE 'x%';
SELECT test.come_back('x', 'x' || i || '.example', 1) FROM generate_series(31, 40) AS i;
SELECT is((SELECT string_agg(scope, ' ' ORDER BY scope) FROM bounce.outage WHERE status = 'open'),
          'diagnostic overall', 'but of three hundred');
-- a domain that was just confirmed as dead does not lead to another question about the same
SELECT bounce.dismiss_outage(t.id, 'over', false) FROM bounce.task AS t
WHERE t.kind = 'outage' AND t.status = 'open';
UPDATE bounce.outage SET status = 'confirmed', decided_at = now(), decided_by = 'maria'
WHERE status = 'open';
DELETE FROM bounce.hard_count;
SELECT test.mailing('z', 'closed.example', 60), test.come_back('z', 'closed.example', 12);
SELECT bounce.confirm_outage(o.task_id) FROM bounce.open_outage AS o;
SELECT test.come_back('z', 'closed.example', 60);
SELECT is(test.blocked('%@closed.example'), 60::bigint, 'all of it is blocked');
SELECT is_empty('SELECT FROM bounce.open_outage',
                'and nobody is asked, not about its words either');

-- switched off
SELECT test.set('guard', 'off');
SELECT test.dead('o', 'off.example', 1, 6);
SELECT is(test.blocked('%@off.example'), 6::bigint, 'off: nothing is held');

SELECT * FROM finish();
ROLLBACK;
