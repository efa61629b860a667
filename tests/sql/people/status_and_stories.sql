-- SPDX-License-Identifier: BSD-2-Clause
-- What people read: status, stories, figures, parameters; and what applications ask.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.status(name text, at timestamptz DEFAULT now()) RETURNS text LANGUAGE sql AS $$
  SELECT s.value || CASE s.warning WHEN '' THEN '' ELSE ' !' END FROM bounce.status($2) AS s
  WHERE s.name = $1
$$;
SELECT is((SELECT string_agg(name, ' ') FROM bounce.status()),
          'last_report_at reports_day unclassified_day tasks_open oldest_task_at tasks_overdue '
          'outages_open blocks blocks_held '
  'resends_scheduled resends_due resends_unclaimed follow_ups_open shadow_processes '
  'processes_paused copies_waiting copies_given_up token_key_at partition_until',
  'the figures, in order');
SELECT is((SELECT string_agg(name || warning, ' ') FROM bounce.status() WHERE warning <> ''), NULL,
          'an empty database has no warning');

-- some life
SELECT test.mail('i1', '{a@one.example,b@two.example}') AS i1 \gset
SELECT test.mail('n1', '{c@one.example}', 'newsletter');
SELECT test.record(test.report('user_unknown', 'a@one.example',
                               "to" => test.return_path('a@one.example')));
SELECT test.record(test.report('mailbox_full', 'b@two.example', '4.2.2',
                               "to" => test.return_path('b@two.example')));
SELECT test.record(test.report('spam_rejected', 'c@one.example', '5.7.1',
                               "to" => test.return_path('c@one.example')));
SELECT test.record('{}');
SELECT is(test.status(name), value, name)
FROM (VALUES ('reports_day', '4'), ('unclassified_day', '1'), ('tasks_open', '2'),
             ('tasks_overdue', '0'), ('blocks', '1'), ('blocks_held', '0'),
             ('resends_scheduled', '1'), ('resends_due', '0'),
             ('last_report_at', now()::text), ('shadow_processes', '')) AS v (name, value);
SELECT is(test.status('tasks_overdue', now() + interval '4 days'), '2 !',
          'overdue tasks are warned of');
SELECT is(test.status('resends_due', now() + interval '2 days'), '1 !',
          'so are resends that nobody sends');
SELECT is(test.status('token_key_at', now() + interval '2 years') LIKE '% !', true, 'an old key');
SELECT is(test.status('partition_until', now() + interval '5 months') LIKE '% !', true,
          'missing months');
SELECT test.set('shadow', 'on', 'newsletter');
SELECT is(test.status('shadow_processes'), 'newsletter !', 'and a process in shadow mode');
-- silence: twice the longest gap of 14 days
UPDATE bounce.bounce_message SET received_at = now() - interval '90 days';
SELECT is(test.status('last_report_at', now()) LIKE '% !', false,
          'too few reports to say what is usual');
INSERT INTO bounce.bounce_message (received_at, source, envelope_sender, envelope_recipients,
                                   queue_id, client, own_mta, kind, dialect, message_id,
                                   header_from, subject, reporting_mta, truncated, size, digest,
  disposition, class, reason, report) SELECT now() - make_interval(hours => 3 * (40 - i)), 'milter',
  '', '{}', '', '', false, 'dsn', '', '', '', '', '', false, 1, '', 'discard', 'soft', 'expired',
  '{}' FROM generate_series(1, 40) AS i;
SELECT is(test.status('last_report_at', now() + interval '5 hours') LIKE '% !', false,
          'five hours are usual where three are');
SELECT is(test.status('last_report_at', now() + interval '7 hours') LIKE '% !', true,
          'seven are not');
SELECT matches(warning, '^nothing has come for [0-9]+ (hours|minutes), usually not longer than '
                         '[0-9]+ (hours|minutes): ', 'in words')
FROM bounce_internal.status_of_reports(now() + interval '7 hours') WHERE name = 'last_report_at';

-- the story of a mail
SELECT results_eq(format('SELECT recipient, event FROM bounce.communication_story(%s)', :i1), $$
                  VALUES ('', 'registered'), ('a@one.example', 'report'),
                  ('b@two.example', 'report'),
  ('a@one.example', 'bounced'), ('a@one.example', 'blocked'), ('a@one.example', 'task'),
  ('b@two.example', 'bounced'), ('b@two.example', 'resend_scheduled')$$, 'its story');
SELECT bounce.assign_task(id, 'maria', 'ring her up') FROM bounce.open_task
WHERE kind = 'hard_bounce';
SELECT results_eq(format(
    'SELECT event, text, actor, task_id IS NOT NULL FROM bounce.communication_story(%s) WHERE '
    'event LIKE ''task_%%''', :i1), $$
                  VALUES ('task_assigned', 'to maria: ring her up',
                          session_user::text COLLATE "default", true)$$, 'with what people did');
SELECT is((SELECT text FROM bounce.communication_story(:i1) WHERE event = 'report'
           ORDER BY bounce_id LIMIT 1),
          'hard user_unknown: report from unknown, matched by token, trust token, rule test.rule, '
          'bounce 1: 550 5.1.1 the words of the other side', 'and why it was believed');
SELECT is_empty('SELECT * FROM bounce.communication_story(0)', 'no mail, no story');
SELECT results_eq(format('SELECT id, matched FROM bounce.find_communications(%L)', what),
                  format('VALUES (%s::bigint, %L)', :i1, matched), 'found by ' || matched)
FROM (SELECT :i1::text, 'id' UNION ALL SELECT envelope_id, 'envelope id' FROM bounce.communication
                                       WHERE id = :i1 UNION ALL
      VALUES ('<' || test.message_id('i1') || '>', 'Message-ID'), ('i1', 'business reference'),
        ('B@Two.example', 'address')) AS v (what, matched);
SELECT results_eq(format('SELECT id, matched FROM bounce.find_communications(%L)', what),
                  format('VALUES (%s::bigint, ''token'')', :i1), 'found by a token: ' || what)
FROM (SELECT bounce.return_path(r.id) FROM bounce.communication_recipient AS r
      WHERE r.communication_id = :i1 ORDER BY r.id LIMIT 1) AS v (path),
LATERAL unnest(ARRAY[v.path, upper(v.path), '<' || v.path || '>',
                     substring(v.path FROM '.{36}(?=@)')]) AS what;
SELECT is_empty(format('SELECT * FROM bounce.find_communications(%L)', what),
                'nothing is found by "' || what || '"')
                FROM unnest(ARRAY['', ' ', '<>', '%', '99999999999999999999999',
                                  'nobody@nowhere.example']) AS what;

-- figures
CREATE FUNCTION test.figures(dimension text, since timestamptz DEFAULT NULL,
                             until timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', label, total, hard, soft, technical, auto_reply, unclassified),
                    ', ') FROM bounce.report_by($1, $2, $3)
$$;
SELECT is(test.figures(dimension), figures, 'by ' || dimension)
FROM (VALUES ('class', 'hard 1 1 0 0 0 0, soft 1 0 1 0 0 0, technical 1 0 0 1 0 0, '
                       'unclassified 1 0 0 0 0 1'),
             ('process', 'invoice 2 1 1 0 0 0,  1 0 0 0 0 1, newsletter 1 0 0 1 0 0'),
             ('domain', 'one.example 2 1 0 1 0 0,  1 0 0 0 0 1, two.example 1 0 1 0 0 0'),
             ('reason', 'mailbox_full 1 0 1 0 0 0, spam_rejected 1 0 0 1 0 0, undetermined 1 0 0 0 '
                        '0 1, user_unknown 1 1 0 0 0 0'),
             ('trust', 'token 3 1 1 1 0 0, address 1 0 0 0 0 1'),
             ('rule', 'test.rule 3 1 1 1 0 0,  1 0 0 0 0 1'),
             ('remote_mta', 'mx.example.com 3 1 1 1 0 0,  1 0 0 0 0 1')) AS v (dimension, figures);
UPDATE bounce.bounce
SET received_at = ('2030-05-0' || CASE class WHEN 'hard' THEN '1' WHEN 'soft' THEN '3' ELSE '4' END
                   || ' 12:00+00')::timestamptz;
SET LOCAL timezone = 'UTC';
SELECT is(test.figures('day', '2030-05-01', '2030-05-05'),
          '2030-05-01 1 1 0 0 0 0, 2030-05-02 0 0 0 0 0 0, 2030-05-03 1 0 1 0 0 0, 2030-05-04 2 0 '
          '0 1 0 1', 'over time, without gaps');
SELECT is(test.figures('month', '2030-05-01', '2030-07-01'),
          '2030-05 4 1 1 1 0 1, 2030-06 0 0 0 0 0 0', 'by months');
SELECT is(test.figures('class', '2030-05-02', '2030-05-04'), 'soft 1 0 1 0 0 0', 'of a time');
SELECT lives_ok($$SELECT * FROM bounce.report_by('month', '-infinity', 'infinity')$$,
                'for ever ends');
SELECT throws_ok($$SELECT * FROM bounce.report_by('address', NULL, NULL)$$, '22023', NULL,
                 'an unknown dimension is refused');

-- parameters
SELECT is(bounce.set_parameter('resend', ' No '), 'off', 'set, as it is stored');
SELECT is(bounce.set_parameter('resend', 'yes', 'invoice'), 'on', 'for a process');
SELECT is(bounce.parameter('resend', 'invoice') || ' ' || bounce.parameter('resend'), 'on off',
          'which has its own');
SELECT is(bounce.set_parameter('resend', NULL, 'invoice'), 'off', 'taken away: the global one');
SELECT is(bounce.set_parameter('resend', NULL), 'on', 'back to the default');
SELECT throws_ok($$SELECT bounce.set_parameter('resend', 'perhaps')$$, '22023', NULL,
                 'a wrong value');
SELECT throws_ok($$SELECT bounce.set_parameter('unheard_of', 'on')$$, '22023', NULL,
                 'an unknown name');
SELECT throws_ok($$SELECT bounce.set_parameter('resend', 'on', 'unheard of')$$, '23503', NULL,
                 'an unknown process');
SELECT results_eq($$SELECT process, value, is_default, type FROM bounce.parameter_setting
                    WHERE name = 'shadow' ORDER BY process NULLS FIRST$$,
  $$VALUES (NULL, 'off', true, 'boolean'), ('newsletter', 'on', false, 'boolean')$$,
  'all there is to know of a parameter');
SELECT results_eq('SELECT address, process, reason FROM bounce.blocked_address', $$
                  VALUES ('a@one.example', 'invoice', 'user_unknown')$$, 'blocked addresses');

-- applications
SELECT bounce.register_communication('receipt',
                                     '{x@person.example,bare@person.example,X@person.example}',
                                     person_refs => '{K-1,NULL,NULL}') AS p \gset
SELECT results_eq(format(
    'SELECT address, person_ref FROM bounce.communication_recipient WHERE communication_id = %s '
    'ORDER BY id', :p), $$VALUES ('x@person.example', 'K-1'), ('bare@person.example', '')$$,
                  'a person reference, or none');
SELECT throws_ok($$SELECT bounce.register_communication('receipt', '{a@b.example}',
                                                        person_refs => '{K-1,K-2}')$$, '22023',
                 NULL, 'one for each');
SELECT bounce.set_person(:p, 'BARE@person.example', 'K-2');
SELECT is((SELECT person_ref FROM bounce.communication_recipient WHERE communication_id = :p
           ORDER BY id DESC LIMIT 1), 'K-2', 'told later');
SELECT throws_ok(format('SELECT bounce.set_person(%s, ''nobody@person.example'', ''K-3'')', :p),
                 'P0002', NULL, 'of a recipient that is there');
SELECT results_eq('SELECT process, recipient FROM bounce.undelivered_documents(''invoice'', now(), '
                  'NULL)', $$VALUES ('invoice', 'a@one.example'), ('invoice', 'b@two.example')$$,
                  'undelivered by process');
SELECT is((SELECT count(*) FROM bounce.undelivered_documents(NULL, NULL, NULL)),
          3::bigint, 'of all');
SELECT is((SELECT count(*) FROM bounce.undelivered_documents('invoice', NULL, now())), 0::bigint,
          'by period');

SELECT * FROM finish();
ROLLBACK;
