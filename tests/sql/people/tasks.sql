-- SPDX-License-Identifier: BSD-2-Clause
-- Tasks for people: what they show, how they are worked on, and each way to resolve one.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- This organisation writes to bluefin.example and postbox.example, and some mails bounced there too
SELECT test.mail('g' || i,
                 ARRAY[format('p%s@bluefin.example', i), format('q%s@postbox.example', i)])
                 FROM generate_series(1, 5) AS i;
SELECT test.mail('typo', '{Anna.Muster@bluefun.example}');
CREATE FUNCTION test.dies(name text, address text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(name, ARRAY[address]);
  PERFORM test.record(test.report('domain_unknown', lower(address), '5.1.2',
                                  "to" => test.return_path(address)));
  RETURN (SELECT max(t.id) FROM bounce.task AS t WHERE t.address = lower($2) AND t.status = 'open');
END
$$;
CREATE FUNCTION test.history(task bigint) RETURNS text
  LANGUAGE sql AS $$ SELECT string_agg(action, ' ' ORDER BY h.id) FROM bounce.task_history AS h
                     WHERE task_id = $1 $$;

-- Corrections
SELECT is(bounce.suggest_address(address), suggestion, address || ': ' || why)
FROM (VALUES
  ('anna@bluefun.example', 'anna@bluefin.example', 'one letter changed'),
  ('Anna@Bluefn.example', 'anna@bluefin.example', 'one left out, in any case'),
  ('anna@bleufin.example', 'anna@bluefin.example', 'two exchanged'),
  ('anna@bluefin.exampel', 'anna@bluefin.example', 'in the top level'),
  ('anna@bluefin.example', '', 'right as it is'),
  ('anna@redfin.example', '', 'too far'),
  ('anna@x.example', '', 'something else'),
  ('anna@', '', 'no domain'),
  ('', '', 'nothing'),
  (repeat('a', 900) || '@' || repeat('b', 900), '', 'too long')) AS v (address, suggestion, why);
SELECT is((SELECT recipient_id FROM bounce.known_domain_progress),
          (SELECT max(id) FROM bounce.communication_recipient), 'learned up to the last recipient');
SELECT test.mail('c' || i, '{z@rarely.example}') FROM generate_series(1, 2) AS i;
SELECT is(bounce.suggest_address('z@rarelt.example'), '', 'two mails to a domain prove nothing');
SELECT test.record(test.report('user_unknown', r.address, "to" => bounce.return_path(r.id)))
FROM bounce.communication_recipient AS r WHERE r.address LIKE '%@postbox.example';
SELECT is(bounce.suggest_address('z@postbix.example'), '',
          'a domain where all bounces is not suggested');

-- What a task shows
SELECT test.dies('R-7', 'Anna.Muster@bluefun.example') AS t \gset
SELECT results_eq(format(
    'SELECT kind, count, owner, is_overdue, address, correction, meaning, diagnosis, process, '
    'business_ref, subject FROM bounce.open_task WHERE id = %s', :t),
  $$VALUES ('hard_bounce', 1, '', false, 'anna.muster@bluefun.example',
            'anna.muster@bluefin.example',
            'the domain does not exist, or has no host that takes mail',
            'the domain does not exist, or has no host that takes mail; mx.example.com said: 550 '
            '5.1.2 the words of the other side', 'invoice', 'R-7', 'Your document')$$,
            'diagnosis, subject, process, correction');
SELECT is((SELECT due_at FROM bounce.task WHERE id = :t), now() + interval '3 days', 'a due date');
SELECT is(test.dies('R-8', 'anna.muster@bluefun.example'), :t::bigint,
          'the same address makes no second task');
SELECT is((SELECT count FROM bounce.task WHERE id = :t) || ' ' || test.history(:t),
          '2 created counted', 'it counts');

-- Working on it
SELECT lives_ok(format($$SELECT bounce.assign_task(%s, ' maria ', 'please')$$, :t), 'assigned');
SELECT lives_ok(format($$SELECT bounce.postpone_task(%s, '2030-01-02 08:00+00', 'on holiday')$$,
                       :t), 'postponed');
SELECT lives_ok(format($$SELECT bounce.note_task(%s, 'left a message')$$, :t), 'noted');
SELECT results_eq(format('SELECT action, text FROM bounce.task_story(%s) OFFSET 2', :t),
                  format($$VALUES ('assigned', 'to maria: please'), ('postponed', '%s: on holiday'),
                         ('note', 'left a message')$$,
  to_char(timestamptz '2030-01-02 08:00+00', 'YYYY-MM-DD HH24:MI')), 'its history');
SELECT is((SELECT owner || ' ' || due_at FROM bounce.task WHERE id = :t),
          'maria ' || timestamptz '2030-01-02 08:00+00', 'owner and due date');
SELECT lives_ok(format($$SELECT bounce.assign_task(%s, '')$$, :t), 'given back');
SELECT throws_ok(statement, state, NULL, 'refused: ' || statement)
FROM (VALUES ('SELECT bounce.assign_task(0, ''maria'')', 'P0002'),
             ('SELECT bounce.note_task(0, ''x'')', 'P0002'),
             ('SELECT bounce.postpone_task(0, now())', 'P0002'),
  (format('SELECT bounce.resolve_task_corrected(%s, ''nobody'')', :t), '22023'),
  (format('SELECT bounce.resolve_task_corrected(%s, ''Anna.Muster@BLUEFUN.example'')', :t),
   '22023'),
  (format('SELECT bounce.resolve_task_corrected(%s, ''q1@postbox.example'')', :t), '22023'),
  (format('SELECT bounce.resolve_task_unblocked(%s, '' '')', :t), '22023'),
  ('SELECT bounce.resolve_task_corrected(0, ''a@example.com'')', 'P0002'),
  (format('SELECT bounce.confirm_outage(%s)', :t), '22023')) AS v (statement, state);
SELECT min(id) AS r7 FROM bounce.communication WHERE business_ref = 'R-7' \gset
SELECT bounce.block_address('kept@example.com', 'asked for', 'invoice');
SELECT throws_ok(statement, '22023', words, statement)
FROM (VALUES
  (format($$SELECT bounce.resolve_task_corrected(%s, 'Anna.Muster@BLUEFUN.example')$$, :t),
   'Anna.Muster@BLUEFUN.example is the same address'),
  (format($$SELECT bounce.change_recipient(%s, 'anna.muster@bluefun.example',
                                           'Anna.Muster@BLUEFUN.example', 'typo')$$, :r7),
   'Anna.Muster@BLUEFUN.example is the same address'),
  (format($$SELECT bounce.change_recipient(%s, 'anna.muster@bluefun.example',
                                           'kept@example.com', 'typo')$$, :r7),
   'address kept@example.com is blocked'),
  (format($$SELECT bounce.add_recipient(%s, 'kept@example.com', 'a copy')$$, :r7),
   'address kept@example.com is blocked')) AS v (statement, words);
SELECT is((SELECT status FROM bounce.task WHERE id = :t), 'open',
          'after all that it is still open');

-- Resolved with a corrected address
SELECT is(bounce.resolve_task_corrected(:t, ' <Anna.Muster@bluefin.example>', 'typing error'), 2,
          'corrected: both mails are sent again');
SELECT results_eq($$SELECT c.business_ref, s.attempt FROM bounce.scheduled_resend AS s
                    JOIN bounce.communication AS c ON c.id = s.communication_id
                  WHERE s.recipient = 'Anna.Muster@bluefin.example' ORDER BY 1$$,
  $$VALUES ('R-7', 1), ('R-8', 1)$$, 'to the new address');
SELECT is(test.state('anna.muster@bluefun.example'), 'replaced hard domain_unknown',
          'the old recipient is replaced');
SELECT is((SELECT string_agg(concat_ws(' ', status,
                                       (SELECT d.state FROM bounce.delivery AS d
                                        WHERE d.communication_id = c.id)), ', ')
           FROM bounce.communication AS c WHERE business_ref IN ('R-7', 'R-8')), 'sent, sent',
          'the communications wait');
SELECT ok(bounce.is_address_blocked('anna.muster@bluefun.example'),
          'the old address stays blocked');
SELECT is_empty($$SELECT * FROM bounce.undelivered
                  WHERE business_ref IN ('R-7', 'R-8')$$, 'nothing is undelivered');
SELECT results_eq(format(
    'SELECT status, resolution, note, resolved_by FROM bounce.task WHERE id = %s', :t),
  $$VALUES ('done', 'corrected', 'Anna.Muster@bluefin.example: typing error',
            session_user::text COLLATE "default")$$, 'the task is closed');
SELECT matches((SELECT text FROM bounce.communication_log WHERE event = 'corrected' ORDER BY id
                LIMIT 1), '^Anna.Muster@bluefun.example replaced by Anna.Muster@bluefin.example: '
                          'task ', 'the log says so');
SELECT is(bounce.confirm_resend((test.recipient('anna.muster@bluefin.example')).id,
                                '<r8-2@example.org>'), 1, 'sent');
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', status,
                                                (SELECT d.state FROM bounce.delivery AS d
                                                 WHERE d.communication_id = c.id)), ', ')
           FROM bounce.communication AS c WHERE business_ref = 'R-8'), 'sent', 'arrived');
-- what comes late of the old address does not hit the new one
SELECT id AS old FROM bounce.communication_recipient
WHERE address_key = 'anna.muster@bluefun.example' ORDER BY id DESC LIMIT 1 \gset
SELECT test.record(test.report('user_unknown', 'anna.muster@bluefun.example', '5.1.1',
                               "to" => bounce.return_path(:old)));
SELECT is(test.state('anna.muster@bluefin.example') || ' '
          || bounce.is_address_blocked('anna.muster@bluefin.example') || ' '
          || test.state('anna.muster@bluefun.example'),
  'sent false replaced hard domain_unknown', 'a late bounce of the old address changes nothing');
SELECT throws_ok(format(
    'UPDATE bounce.communication_recipient SET state = ''sent'', replaced_by = NULL WHERE id = %s',
    :old), '23514', NULL, 'replaced is final, but for a person who takes it back');
-- the new address is in the mail already
SELECT test.mail('two', '{first@bluefun.example,second@bluefin.example}');
SELECT test.record(test.report('domain_unknown', 'first@bluefun.example',
                               "to" => test.return_path('first@bluefun.example')));
SELECT is(bounce.resolve_task_corrected((SELECT id FROM bounce.task
                                         WHERE address = 'first@bluefun.example'),
                                        'second@bluefin.example'), 0,
          'who has it already does not get it twice');
SELECT is(test.state('second@bluefin.example') || ' '
          || (test.recipient('first@bluefun.example')).state, 'sent replaced',
          'and nothing is undelivered');
-- all of it went elsewhere before
SELECT test.dies('M-1', 'moved@bluefun.example') AS moved \gset
SELECT bounce_internal.replace_recipient((test.recipient('moved@bluefun.example')).id,
                                         'moved@bluefin.example', 'typo');
SELECT throws_ok(format('SELECT bounce.resolve_task_corrected(%s, ''other@bluefin.example'')',
                        :moved), '22023',
                 format('task %s: no mail is left to be sent to other@bluefin.example', :moved),
                 'where no mail is left it is refused');
SELECT is(p.is_possible, false, 'and the preview says so')
FROM bounce.preview_task(:moved, 'corrected', 'because', 'other@bluefin.example') AS p;
SELECT is((SELECT status FROM bounce.task WHERE id = :moved), 'open', 'it is still open');

-- Resolved with a lifted block
SELECT test.dies('U-1', 'works@again.example') AS t \gset
SELECT test.dies('U-2', 'works@again.example');
SELECT is(bounce.resolve_task_unblocked(:t, 'rang him up, it works'), 2,
          'unblocked: both are sent again');
SELECT is(bounce.is_address_blocked('works@again.example'), false, 'not blocked');
SELECT is((SELECT count(*) FROM bounce.scheduled_resend
           WHERE recipient = 'works@again.example' AND attempt = 2), 2::bigint,
          'scheduled as the second send');
SELECT is((SELECT requested_by FROM bounce.communication_recipient
           WHERE address = 'works@again.example' LIMIT 1), session_user::text,
          'who asked for it is kept');
SELECT bounce.confirm_resend(r.id) FROM bounce.communication_recipient AS r
WHERE r.address = 'works@again.example';
SELECT is((SELECT string_agg(DISTINCT status, ' ') FROM bounce.communication
           WHERE business_ref LIKE 'U-%'), 'sent', 'sent');
SELECT test.dies('U-3', 'quiet@again.example') AS t \gset
SELECT is(bounce.resolve_task_unblocked(:t, 'he has the letter', resend => false), 0,
          'unblocked without a resend');
SELECT is(bounce.is_address_blocked('quiet@again.example') || ' '
          || (SELECT count(*) FROM bounce.scheduled_resend WHERE recipient = 'quiet@again.example'),
          'false 0', 'nothing is sent');

-- Resolved as dead
SELECT test.dies('D-1', 'dead@gone.example') AS t \gset
SELECT is(bounce.resolve_task_dead(:t, 'moved away'), false, 'dead, and blocked already');
SELECT test.mail('D-2', '{late@gone.example}');
SELECT test.record(test.report('user_unknown', 'late@gone.example', about => 'D-2'));
SELECT is(bounce.is_address_blocked('late@gone.example'), false, 'a block that was withheld');
SELECT is(bounce.resolve_task_dead((SELECT id FROM bounce.task
                                    WHERE address = 'late@gone.example')), true,
          'is made by a person');
SELECT matches((SELECT why FROM bounce.blocked_address WHERE address = 'late@gone.example'),
               '^task [0-9]+: no such mailbox', 'who says why');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient('late@gone.example')).id),
          'bounced block_withheld task blocked task_resolved', 'the log has all of it');
SELECT test.record(test.report('user_unknown', '', '', '', 'bounce@bounces.example.org',
                               kind => 'prose'));
SELECT throws_ok(format('SELECT bounce.resolve_task_dead(%s)', (SELECT max(id) FROM bounce.task)),
                 '22023', NULL, 'what names no address cannot be dead');

-- One task for an address, however many of its mails are given up
SELECT test.set('resend', 'off');
SELECT test.mail('X-' || i, '{full@gone.example}') FROM generate_series(1, 3) AS i;
SELECT test.record(test.report('mailbox_full', 'full@gone.example', '4.2.2', about => 'X-' || i))
FROM generate_series(1, 3) AS i;
SELECT results_eq($$SELECT kind, count FROM bounce.open_task
                    WHERE address = 'full@gone.example'$$, $$
                  VALUES ('resend_exhausted', 3)$$, 'three mails given up: one task');
SELECT is(bounce.resolve_task_unblocked(id, 'he has cleared it out'), 3,
          'which sends all of them again') FROM bounce.open_task
          WHERE address = 'full@gone.example';
SELECT test.set('resend', 'on');

-- Others
SELECT is(bounce.block_address('<Nobody@Example.com>', 'asked for it'), true, 'blocked by hand');
SELECT is(bounce.block_address('nobody@example.com', 'again'), false, 'once');
SELECT throws_ok($$SELECT bounce.block_address('nobody@example.com', ' ')$$, '22023', NULL,
                 'not without a reason');
SELECT throws_ok($$SELECT bounce.block_address('nobody', 'why not')$$, '22023', NULL,
                 'nor what is no address');
SELECT test.mail('tech', '{a@full.example}');
SELECT test.record(test.report('spam_rejected', 'a@full.example', '5.7.1',
                               "to" => test.return_path('a@full.example')));
SELECT is(bounce.resolve_task_unblocked((SELECT max(id) FROM bounce.task
                                         WHERE kind = 'delivery_problem'), 'they let us in'), 1,
          'a delivery problem is over: its mails are sent again');
SELECT throws_ok(format('SELECT bounce.resolve_task_dead(%s)',
                        (SELECT max(id) FROM bounce.task WHERE kind = 'delivery_problem')), 'P0002',
                 NULL, 'a closed task is not resolved again');
SELECT is(bounce.request_resend((test.recipient('second@bluefin.example')).id, 'please'), false,
          'what did not fail is not sent again');

SELECT * FROM finish();
ROLLBACK;
