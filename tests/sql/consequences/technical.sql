-- SPDX-License-Identifier: BSD-2-Clause
-- Final refusals that are not the address's fault, notices, automatic replies, what nobody can
-- classify, and what fits no mail.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- final refusals: one task per reason and remote domain
SELECT test.mail('s' || i, ARRAY['s' || i || '@bank.example']) FROM generate_series(1, 3) AS i;
SELECT test.mail('s4', '{s4@museum.example}'), test.mail('s5', '{s5@bank.example}');
SELECT test.record(test.report('spam_rejected', r.address, '5.7.1',
                               "to" => bounce.return_path(r.id)))
                   FROM bounce.communication_recipient AS r WHERE r.address <> 's5@bank.example';
SELECT test.record(test.report('message_too_large', 's5@bank.example', '5.3.4',
                               "to" => test.return_path('s5@bank.example')));
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', c.status, r.state, r.class), ', ')
           FROM bounce.communication AS c
           JOIN bounce.communication_recipient AS r ON r.communication_id = c.id),
             'bounced bounced technical',
             'communication and recipient are bounced: it did not arrive');
SELECT is((SELECT count(*) FROM bounce.address_block) + (SELECT count(*)
                                                         FROM bounce.scheduled_resend), 0::bigint,
          'nothing blocked, nothing sent again');
SELECT results_eq('SELECT kind, domain, reason, count, address FROM bounce.task_detail '
                  'ORDER BY domain, reason',
  $$VALUES ('delivery_problem', 'bank.example', 'message_too_large', 1, ''),
  ('delivery_problem', 'bank.example', 'spam_rejected', 3, ''),
           ('delivery_problem', 'museum.example', 'spam_rejected', 1, '')$$,
           'one task per reason and remote domain');

-- notices and automatic replies change nothing but the log
SELECT test.mail('notice', '{hanna@example.com}') AS notice \gset
SELECT test.return_path('hanna@example.com') AS path \gset
CREATE TEMPORARY TABLE before AS SELECT (SELECT to_jsonb(c) FROM bounce.communication AS c
                                         WHERE c.id = :notice) AS c,
  to_jsonb(test.recipient('hanna@example.com')) AS r, (SELECT count(*) FROM bounce.task) AS tasks;
SELECT is((test.record(test.report(reason, 'hanna@example.com', status, action, :'path',
                                   kind => kind))).disposition, 'discard', name || ': stored')
       || E'\n' || is((test.last()).class || ' ' || (test.last()).consequence,
                      concat(class, ' logged', more), name || ': ' || class || ', logged' || more)
FROM (VALUES
  ('delay warning', 'delayed', '4.4.1', 'delayed', 'delay', 'technical', ''),
  ('delay warning with a reason of its own', 'mailbox_full', '4.2.2', 'delayed', 'delay',
   'technical', ''),
  ('delay warning that looks hard', 'user_unknown', '5.1.1', 'delayed', 'dsn', 'technical', ''),
  ('delay in prose', 'mailbox_full', '', '', 'delay', 'technical', ''),
  ('success', 'delivered', '2.0.0', 'delivered', 'success', 'technical', ', delivered'),
  ('success that looks hard', 'user_unknown', '5.1.1', 'relayed', 'success', 'technical', ''),
  ('expanded', 'delivered', '2.0.0', 'Expanded', 'success', 'technical', ''),
  ('read receipt', 'read_receipt', '', '', 'read_receipt', 'technical', ''),
  ('complaint', 'complaint', '', '', 'complaint', 'technical', ''),
  ('DMARC failed', 'feedback', '', '', 'feedback', 'technical', ''),
  ('challenge', 'challenge', '', '', 'challenge', 'technical', ''),
  ('out of office', 'vacation', '', '', 'auto_reply', 'auto_reply', '')) AS v (name, reason, status,
      action, kind, class, more);
SELECT results_eq(format(
    'SELECT (SELECT to_jsonb(c) FROM bounce.communication AS c WHERE c.id = %s), '
    'to_jsonb(test.recipient(%L)) || ''{"delivered_at": null}'', '
    '(SELECT count(*) FROM bounce.task)',
                         :notice, 'hanna@example.com'), 'SELECT * FROM before',
                         'nothing else has changed');
SELECT is((SELECT string_agg(DISTINCT event, ' ') || ' ' || count(*) FROM bounce.communication_log
           WHERE communication_id = :notice), 'auto_reply delivered notice 13',
          'all of it is logged');
SELECT is((SELECT count(*) FROM bounce.undelivered WHERE communication_id = :notice), 0::bigint,
          'the document is not undelivered');

-- unclassified
SELECT test.mail('riddle', '{jonas@example.com}') AS riddle \gset
SELECT is((test.record(test.report('undetermined', '', '', '',
                                   test.return_path('jonas@example.com'),
                                   kind => 'other'))).disposition, 'deliver',
          'unclassified without an operator mailbox: stays where it was sent');
SELECT test.set('operator_mailbox', 'post@example.org');
SELECT is(concat_ws(' ', o.disposition, o.forward_to, o.class, o.reason),
          'forward post@example.org unclassified undetermined', 'with one: forwarded')
FROM test.record(test.report('undetermined', 'x', '', '', test.return_path('jonas@example.com'),
                             kind => 'other')) AS o;
SELECT is(test.state('jonas@example.com') || ' ' || test.status(:riddle), 'sent sent',
          'the communication stays as it was');
SELECT is((SELECT raw FROM bounce.bounce_message ORDER BY id DESC LIMIT 1),
          'the raw message'::bytea, 'it is stored');
SELECT is(concat_ws(' ', o.disposition, o.class), 'forward unclassified',
          'one unclassified among others: a person has to see it')
FROM test.record(test.report('user_unknown', '', "to" => test.return_path('jonas@example.com'))
                 || jsonb_build_object('recipients', jsonb_build_array(
  test.reported('user_unknown', 'jonas@example.com'),
  test.reported('undetermined', 'list@example.com')))) AS o;

-- no communication
SELECT count(*) AS tasks FROM bounce.task \gset
SELECT is((test.record(test.report(reason, 'lost-' || reason || '@example.com', status, action,
                                   kind => kind, own_mta => true))).disposition, 'discard',
          reason || ' of no mail of ours: stored')
       || E'\n' || is(test.open_tasks('bounce_without_communication',
                                      'lost-' || reason || '@example.com'), expected,
                      'with ' || expected || ' tasks')
FROM (VALUES ('user_unknown', '5.1.1', 'failed', 'dsn', 1::bigint),
             ('mailbox_full', '4.2.2', 'failed', 'dsn', 1),
             ('spam_rejected', '5.7.1', 'failed', 'dsn', 1),
  ('delayed', '4.4.1', 'delayed', 'delay', 0), ('vacation', '', '', 'auto_reply', 0),
  ('complaint', '', '', 'complaint', 0), ('feedback', '', '', 'feedback', 0))
  AS v (reason, status, action, kind, expected);
SELECT is((SELECT count(*) FROM bounce.task), :tasks + 3::bigint, 'and no other task');
SELECT is((SELECT count(*) FROM bounce.address_block WHERE address LIKE 'lost%'), 0::bigint,
          'nothing is blocked, not even on our own MTA''s word');

SELECT count(*) AS tasks FROM bounce.task \gset
SELECT test.record(test.report('user_unknown', '') || jsonb_build_object('recipients',
  (SELECT jsonb_agg(test.reported('user_unknown', 'stranger' || i || '@example.net'))
   FROM generate_series(1, 50) AS i)));
SELECT is((SELECT concat_ws(' ', count(*) - :tasks, max(count)) FROM bounce.task), '1 20',
          'fifty strangers in one report are one task, which names some of them');
SELECT is((SELECT summary LIKE '%' || address || '%' FROM bounce.task ORDER BY id DESC LIMIT 1),
          true, 'about one of them');

-- the communication is known, the recipient within it is not
SELECT test.mail('several', '{m1@example.com,m2@example.com}') AS several \gset
SELECT test.record(test.report('user_unknown', 'elsewhere@home.example', about => 'several',
                               own_mta => true));
SELECT is(test.state('m1@example.com') || ' ' || test.state('m2@example.com') || ' '
          || test.status(:several), 'sent sent sent', 'no recipient is guessed');
SELECT is((SELECT kind FROM bounce.task WHERE communication_id = :several),
          'bounce_without_communication', 'a person has to look');

-- the parameter deliver_stored
SELECT test.set('deliver_stored', 'on');
SELECT is((test.record(test.report('delayed', 'hanna@example.com', '4.0.0', 'delayed',
                                   :'path'))).disposition, 'deliver',
          'deliver_stored: delivered as well');

SELECT * FROM finish();
ROLLBACK;
