-- SPDX-License-Identifier: BSD-2-Clause
-- What follows from an automatic reply: its date and address are kept, a person hears of those
-- who have left, and nobody is marked or blocked.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- Records a reply of this address to a mail NAME; says what there is afterwards.
CREATE FUNCTION test.reply(name text, address text, reason text, new_address text DEFAULT '',
                           return_date text DEFAULT '', trusted boolean DEFAULT true)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(name, ARRAY[address]);
  PERFORM test.record(test.report(reason, address, '', '', kind => 'auto_reply',
    "to" => CASE WHEN trusted THEN test.return_path(address) ELSE 'bounce@bounces.example.org' END,
    more => jsonb_build_object('digest', gen_random_uuid(), 'report', jsonb_build_object(
      'new_address', new_address, 'return_date', return_date))));
  RETURN test.outcome(address);
END
$$;
CREATE FUNCTION test.outcome(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(', ', test.state($1),
    CASE WHEN bounce.is_address_blocked($1) THEN 'blocked' END,
    (SELECT string_agg(concat_ws(' ', 'task', t.reason, nullif(t.new_address, '')), ', ')
     FROM bounce.task AS t WHERE t.address = $1 AND t.status = 'open'),
    (SELECT string_agg(u.kind || ' ' || u.status, ', ') FROM bounce.follow_up AS u
     JOIN bounce.communication_recipient AS r ON r.id = u.recipient_id WHERE r.address = $1))
$$;
CREATE FUNCTION test.columns() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', b.class, b.reason, b.return_date, nullif(b.new_address, ''),
                   CASE WHEN b.has_left THEN 'left' END) FROM test.last() AS b
$$;

SELECT is(test.reply('A', 'a@x.example', 'vacation', return_date => '2026-12-05'), 'sent',
          'away: logged');
SELECT is(test.columns(), 'auto_reply vacation 2026-12-05', 'with the day');
SELECT is((test.last()).consequence, 'logged, back on 2026-12-05', 'which the story says');
SELECT is(test.reply('B', 'b@x.example', 'has_left', 'c@x.example'),
          'sent, task has_left c@x.example', 'left: a task');
SELECT is(test.columns(), 'auto_reply has_left c@x.example left', 'and columns');
SELECT is((test.last()).consequence,
          'logged, has left, names c@x.example, task auto_reply ' || t.id, 'and a story')
FROM bounce.open_task AS t WHERE t.address = 'b@x.example';
SELECT matches(t.why, '^an automatic reply of b@x.example says that the person has left and to '
                      'write to c@x.example', 'why, in words')
FROM bounce.open_task AS t WHERE t.address = 'b@x.example';
SELECT matches(t.what_next, 'ask whether it is true', 'what next')
FROM bounce.open_task AS t WHERE t.address = 'b@x.example';
SELECT is(test.reply('D', 'd@x.example', 'address_changed', 'd@y.example'),
          'sent, task address_changed d@y.example', 'another address: a task');

SELECT is((SELECT concat_ws(' ', a.business_ref, a.recipient, a.return_date, a.new_address,
                            a.has_left, a.trust)
           FROM bounce.auto_reply AS a WHERE a.recipient = 'b@x.example'),
          'B b@x.example c@x.example t token', 'the application can read it');

-- The application hears of it where it wants to
SELECT test.set('follow_up', 'on', 'invoice');
SELECT is(test.reply('E', 'e@x.example', 'has_left'), 'sent, task has_left, has_left open',
          'a follow-up');

-- What a stranger can do
SELECT is(test.reply('F', 'f@x.example', 'has_left', 'evil@y.example', trusted => false), 'sent',
          'one who proves nothing makes no task');
SELECT is(test.columns(), 'auto_reply has_left evil@y.example left', 'it is kept all the same');
SELECT is(test.reply('G' || n, 'g' || n || '@x.example', 'address_changed', address)
          || ', ' || test.columns(), 'sent, auto_reply vacation', 'no address, number ' || n)
FROM unnest(ARRAY['$(id)@y.example', '-x@y.example', '`id`@y.example', 'a b@y.example',
                  E'a@y.example\nBcc: b@y.example', 'a@y', 'Anna <a@y.example>', '<a@y.example>',
                  'a;id@y.example', 'a@b@y.example', 'anna@exаmple.org', 'a@y.example.',
                  repeat('a', 300) || '@y.example'])
     WITH ORDINALITY AS u (address, n);
SELECT is(test.reply('H', 'h@x.example', 'address_changed', 'H@X.example'), 'sent',
          'his own address is no other one');
SELECT is(test.reply('I', 'i@x.example', 'vacation', return_date => day) || ', '
          || test.columns(), concat_ws(' ', 'sent, auto_reply vacation', kept), 'day ' || day)
FROM (VALUES ('2026-02-31', '2026-03-03'), ('0000-01-01', NULL), ('2026-13-01', NULL),
             ('tomorrow', NULL), ('2026-12-05; x', NULL)) AS d (day, kept);

-- Once put to a person, it is not put to him again
SELECT bounce.resolve_task(t.id, 'she knows') FROM bounce.open_task AS t
WHERE t.address = 'b@x.example';
SELECT is(test.reply('B2', 'b@x.example', 'has_left', 'c@x.example'), 'sent, has_left open',
          'the same again is no task');
SELECT is(test.reply('B3', 'b@x.example', 'has_left', 'other@x.example'),
          'sent, task has_left other@x.example, has_left open, has_left open',
          'another address is one');

-- A person decides
SELECT is(bounce.resolve_task_corrected(t.id, 'd@y.example', 'she said so'), 1, 'sent there')
FROM bounce.open_task AS t WHERE t.address = 'd@x.example';
SELECT is(test.state('d@x.example') || ', ' || test.state('d@y.example'), 'replaced, open',
          'the mail goes to the new address');
UPDATE bounce.follow_up SET created_at = now() - interval '1 hour'
WHERE recipient_id = (test.recipient('e@x.example')).id;
SELECT bounce.resolve_task_dead(t.id) FROM bounce.open_task AS t WHERE t.address = 'e@x.example';
SELECT is(bounce.is_address_blocked('e@x.example'), true, 'or says that it is dead');
SELECT bounce.reopen_task(t.id, 'not so') FROM bounce.task AS t WHERE t.address = 'e@x.example';
SELECT is(test.outcome('e@x.example'), 'sent, task has_left, has_left open',
          'and takes it back');
SELECT throws_like(format('SELECT bounce.resolve_task_unblocked(%s, %L)', t.id, 'x'),
                   '%not resolved so%', 'there is no block to lift')
FROM bounce.open_task AS t WHERE t.address = 'e@x.example';
SELECT throws_like(format($$SELECT * FROM bounce_internal.resolve_in_words(%s, 'suggested', '', '',
                            true)$$, t.id), '%no address is suggested%',
                   'what a reply names is not taken by itself')
FROM bounce.open_task AS t WHERE t.new_address = 'other@x.example';

-- Switched off, in shadow, and set right
SELECT test.set('auto_reply_task', 'off', 'invoice');
SELECT is(test.reply('J', 'j@x.example', 'has_left'), 'sent, has_left open', 'no task');
SELECT test.set('auto_reply_task', 'on', 'invoice'), test.set('shadow', 'on', 'invoice');
SELECT is(test.reply('K', 'k@x.example', 'has_left'), 'sent', 'in shadow mode nothing is done');
SELECT test.set('shadow', 'off', 'invoice');
SELECT is(test.reply('L', 'l@x.example', 'has_left', 'm@x.example'),
          'sent, task has_left m@x.example, has_left open', 'left');
SELECT bounce.reclassify((test.last()).id, 'vacation', 'she is only ill');
SELECT is(test.outcome('l@x.example') || '; ' || test.columns(),
          'sent, has_left done; auto_reply vacation m@x.example', 'reclassified');

-- Erasing: of him who has left, and of him who is named
SELECT is(test.reply('N', 'n@x.example', 'has_left', 'o@x.example'),
          'sent, task has_left o@x.example, has_left open', 'left');
SELECT bounce.erase_address('o@x.example', 'asked for');
SELECT is((SELECT count(*) FROM bounce.bounce AS b WHERE b.new_address = 'o@x.example')
          + (SELECT count(*) FROM bounce.task AS t WHERE t.new_address = 'o@x.example'
             OR t.summary LIKE '%o@x.example%'), 0::bigint, 'erased where a reply names him');

SELECT * FROM finish();
ROLLBACK;
