-- SPDX-License-Identifier: BSD-2-Clause
-- Corrections taken back, of mails with other recipients beside the corrected one, and to addresses
-- that were given up before. Each step is a transaction of its own, so that the times differ.
\ir ../lib/helper.psql
\ir ../lib/queue.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.task_about(address text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(t.id) FROM bounce.task AS t WHERE t.address = $1
$$;
CREATE FUNCTION test.recipients(id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', split_part(r.address, '@', 1), r.state, q.state), ', '
                    ORDER BY r.id)
  FROM bounce.communication_recipient AS r
  LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
  WHERE r.communication_id = $1
$$;
CREATE FUNCTION test.header(id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT array_to_string(k.header_to, ' ') FROM bounce.communication_content AS k
  WHERE k.communication_id = $1
$$;
CREATE FUNCTION test.refused_one(domain text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  mail CONSTANT bigint := test.submit(ARRAY['a@' || domain, 'b@' || domain, 'c@' || domain]);
BEGIN
  UPDATE bounce.communication_delivery AS d SET held_at = now(), held_by = 'test'
  WHERE d.state IN ('PENDING', 'RETRY') AND d.communication_id <> mail AND d.held_at IS NULL;
  PERFORM test.claim(1), test.begin(mail);
  PERFORM test.settle(x.name || '@' || domain, 'rejected', '550 5.1.1 no', 'user_unknown', '5.1.1')
  FROM unnest(ARRAY['a', 'b']) AS x (name);
  PERFORM test.settle('c@' || domain, 'released');
  RETURN mail;
END $$;

-- To one who is a recipient anyway: taking it back must not cost him his mail
SELECT test.refused_one('beside.example') AS mail \gset
SELECT bounce.resolve_task_corrected(test.task_about('a@beside.example'), 'c@beside.example');
SELECT is(test.recipients(:mail), 'a replaced rejected, b bounced rejected, c open due',
          'corrected to one who is a recipient already');
SELECT is(test.header(:mail), 'a@beside.example b@beside.example c@beside.example',
          'To names nobody twice');
SELECT results_eq(format('SELECT restored, sent FROM bounce.reopen_task(%s, %L)',
                         test.task_about('a@beside.example'), 'w'), 'VALUES (1::bigint, 0::bigint)',
                  'and back');
SELECT is(test.recipients(:mail), 'a bounced rejected, b bounced rejected, c open due',
          'who still gets his mail');

-- Two to the same address
SELECT test.refused_one('both.example') AS mail \gset
SELECT bounce.resolve_task_corrected(test.task_about(x || '@both.example'), 'd@both.example')
FROM unnest('{a,b}'::text[]) AS x;
SELECT results_eq(format('SELECT restored, sent FROM bounce.reopen_task(%s, %L)',
                         test.task_about('a@both.example'), 'w'), 'VALUES (1::bigint, 0::bigint)',
                  'of two corrected to the same address, one is taken back');
SELECT is(test.recipients(:mail), 'a bounced rejected, b replaced rejected, c open due, d open due',
          'the other one stays');
SELECT bounce.reopen_task(test.task_about('b@both.example'), 'w');
SELECT is(test.recipients(:mail), 'a bounced rejected, b bounced rejected, c open due',
          'both, and the address is gone');
SELECT test.submit('{a@each.example,b@each.example,c@each.example}') AS mail \gset
SELECT bounce.change_recipient(:mail, 'a@each.example', 'd@each.example', 'w');
SELECT bounce.change_recipient(:mail, 'b@each.example', 'd@each.example', 'w');
SELECT is(bounce.change_recipient(:mail, 'c@each.example', 'd@each.example', 'w'), NULL,
          'a recipient already');
SELECT is(bounce.withdraw_resend(:mail, x.name || '@each.example', 'w'), true, x.what)
FROM (VALUES (1, 'd', 'the first, by the new address'),
             (2, 'b', 'the others, by the old one')) AS x (place, name, what) ORDER BY x.place;
SELECT is(test.recipients(:mail), 'a open due, b open due, c replaced rejected, d open due',
          'one is left');
SELECT is(bounce.withdraw_resend(:mail, 'd@each.example', 'w'), false, 'not twice');
SELECT is(bounce.withdraw_resend(:mail, 'c@each.example', 'w'), true, 'the last');
SELECT is(test.recipients(:mail) || ' ' || test.header(:mail),
          'a open due, b open due, c open due a@each.example b@each.example c@each.example',
          'and all is as it was');

-- To one who was added by hand
SELECT test.submit('{a@added.example}') AS mail \gset
SELECT bounce.add_recipient(:mail, 'b@added.example', 'w');
SELECT bounce.change_recipient(:mail, 'a@added.example', 'b@added.example', 'w');
SELECT throws_ok(format('SELECT bounce.withdraw_resend(%s, %L, %L)', :mail, 'b@added.example',
                        'w'), '22023', 'b@added.example is in the place of a@added.example as well',
                 'who is needed in the place of another one stays');
SELECT bounce.withdraw_resend(:mail, 'a@added.example', 'w'),
       bounce.withdraw_resend(:mail, 'b@added.example', 'w');
SELECT is(test.recipients(:mail), 'a open due', 'one after the other');

-- To the address that was given up before
SELECT test.submit('{first@turn.example}') AS mail \gset
SELECT bounce.change_recipient(:mail, 'first@turn.example', 'second@turn.example', 'wrong');
SELECT bounce.change_recipient(:mail, 'second@turn.example', 'first@turn.example', 'right');
SELECT is(bounce.withdraw_resend(:mail, 'first@turn.example', 'w'), true,
          'an address that was given up and is back is given up again');
SELECT is(test.recipients(:mail) || ' ' || test.header(:mail),
          'first replaced rejected, second open due second@turn.example', 'as it was');
SELECT test.mail('turned', '{first@turned.example}') AS mail \gset
SELECT test.record(test.report('user_unknown', 'first@turned.example',
                               "to" => test.return_path('first@turned.example')));
SELECT bounce.resolve_task_corrected(test.task_about('first@turned.example'),
                                     'second@turned.example');
SELECT bounce.lift_block('first@turned.example', 'w'),
       bounce.confirm_resend((test.recipient('second@turned.example')).id);
SELECT test.record(test.report('user_unknown', 'second@turned.example',
                               "to" => test.return_path('second@turned.example')));
SELECT test.recipients(:mail) AS were \gset
SELECT bounce.resolve_task_corrected(test.task_about('second@turned.example'),
                                     'first@turned.example');
SELECT bounce.reopen_task(test.task_about('second@turned.example'), 'w');
SELECT is(test.recipients(:mail), :'were', 'the same by a task: nothing goes to the first one');
SELECT is((SELECT count(*) FROM bounce.scheduled_resend
           WHERE communication_id = :mail), 0::bigint, 'nor waits');

SELECT * FROM finish();
