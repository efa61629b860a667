-- SPDX-License-Identifier: BSD-2-Clause
-- A state never goes back; the communication's status follows from its recipients.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
SELECT test.set('guard', 'off');

-- Sequences of bounces and sends of one recipient. h, s, t: a hard, soft or technical bounce of
-- the send with that number; r: sent again.
CREATE FUNCTION test.play(moves text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  number CONSTANT bigint := nextval('bounce.bounce_id_seq');
  address CONSTANT text := 'play' || number || '@example.com';
  move text;
  r bounce.communication_recipient;
BEGIN
  PERFORM test.mail('play' || number, ARRAY[address]);
  FOREACH move IN ARRAY moves LOOP
    IF move = 'r' THEN
      PERFORM bounce.confirm_resend((test.recipient(address)).id);
    ELSE
      PERFORM test.record(test.report(
        CASE left(move, 1) WHEN 'h' THEN 'user_unknown'
             WHEN 's' THEN 'mailbox_full' ELSE 'spam_rejected' END, address,
        CASE left(move, 1) WHEN 'h' THEN '5.1.' WHEN 's' THEN '4.2.' ELSE '5.7.' END || number
          || substr(move, 3),
        "to" => test.return_path(address, substr(move, 2, 1)::integer)));
    END IF;
  END LOOP;
  r := test.recipient(address);
  RETURN concat_ws(' ', r.state, r.class,
                   CASE WHEN r.next_attempt_at IS NOT NULL THEN 'scheduled' END, r.attempts,
                   CASE WHEN bounce.is_address_blocked(address) THEN 'blocked' END);
END
$$;
SELECT is(test.play(string_to_array(moves, ' ')), result, moves || ': ' || why)
FROM (VALUES
  ('h1', 'bounced hard 1 blocked', 'hard'),
  ('s1', 'bounced soft scheduled 1', 'soft'),
  ('t1', 'bounced technical 1', 'technical'),
  ('s1 h1', 'bounced hard 1 blocked', 'permanent supersedes transient and cancels the resend'),
  ('s1 t1', 'bounced technical 1', 'so does a final refusal'),
  ('t1 h1', 'bounced hard 1 blocked', 'dead for good supersedes refused'),
  ('h1 s1', 'bounced hard 1 blocked', 'transient does not supersede permanent'),
  ('h1 t1', 'bounced hard 1 blocked', 'nor does a refusal supersede dead'),
  ('t1 s1', 'bounced technical 1', 'nor transient a refusal'),
  ('s1 s1x', 'bounced soft scheduled 1', 'a second report of the same send'),
  ('s1 r', 'sent 2', 'sent again'),
  ('s1 r s1x', 'sent 2', 'a late soft bounce of send 1 does not disturb send 2'),
  ('s1 r t1', 'sent 2', 'nor does a late refusal'),
  ('s1 r h1', 'bounced hard 2 blocked', 'that the address is dead does, however late'),
  ('s1 r s2', 'bounced soft scheduled 2', 'the second send bounces'),
  ('s1 r s2 s1x', 'bounced soft scheduled 2', 'and what comes late of the first changes nothing'),
  ('s1 r s2 r s1x s2x', 'sent 3', 'nor that of the second after the third'),
  ('s2', 'bounced soft scheduled 2', 'a send that nobody told of is counted'),
  ('h1 s2', 'bounced soft 2 blocked',
   'news of a later send, but a blocked address is not sent to again')) AS v (moves, result, why);
-- Without a token, by envelope id and the Message-ID that came back
SELECT test.mail('late', '{late@example.com}') AS late \gset
CREATE FUNCTION test.late(reason text, status text, message_id text) RETURNS text
  LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.record(test.report(reason, 'late@example.com', status, about => message_id,
                                  more => jsonb_build_object('report',
                                                             jsonb_build_object('envelope_id',
    (SELECT c.envelope_id FROM bounce.communication AS c WHERE c.business_ref = 'late')))));
  RETURN test.state('late@example.com');
END
$$;
SELECT is(test.late('mailbox_full', '4.2.2', 'late'), 'bounced soft mailbox_full',
          'the first send bounces');
SELECT bounce.confirm_resend((test.recipient('late@example.com')).id, '<late-2@example.org>');
SELECT is(test.late('mailbox_full', '4.2.1', 'late'), 'sent',
          'a late report of the first send, soft: the second is not disturbed');
SELECT is(test.late('spam_rejected', '5.7.1', 'late'), 'sent', 'nor by a technical one');
SELECT is(test.late('mailbox_full', '4.2.2', 'late-2'), 'bounced soft mailbox_full',
          'the second send bounces');
SELECT is(test.late('user_unknown', '5.1.1', 'late'), 'bounced hard user_unknown',
          'that the address is dead counts, however late');
-- what changes nothing is in the log, and there alone
CREATE FUNCTION test.events(moves text[]) RETURNS text LANGUAGE sql AS $$
  SELECT test.play(moves);
  SELECT string_agg(l.event, ' ' ORDER BY l.id) FROM bounce.communication_log AS l
  WHERE l.communication_id = (SELECT max(c.id) FROM bounce.communication AS c);
$$;
SELECT is(test.events(string_to_array(moves, ' ')), events, moves || ': in the log')
FROM (VALUES ('s1 s1x', 'bounced resend_scheduled late_bounce'),
             ('h1 h1x', 'bounced blocked task late_bounce'), ('t1 t1x', 'bounced task late_bounce'),
             ('h1 s1', 'bounced blocked task late_bounce'),
             ('s1 r s1x', 'bounced resend_scheduled resent late_bounce'),
             ('s1 h1', 'bounced resend_scheduled bounced blocked task')) AS v (moves, events);

-- A person lifted the block: what is reported of sends before that does not bring it back, a
-- later send does.
SELECT test.mail('z', '{z@example.com}') AS z \gset
UPDATE bounce.communication_recipient SET created_at = now() - interval '2 days',
  last_attempt_at = now() - interval '2 days' WHERE address = 'z@example.com';
CREATE FUNCTION test.hard_of(attempt integer, status text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.record(test.report('user_unknown', 'z@example.com', status,
                                  "to" => test.return_path('z@example.com', attempt)));
  RETURN test.state('z@example.com')
         || CASE WHEN bounce.is_address_blocked('z@example.com') THEN ', blocked' ELSE ', free' END;
END
$$;
SELECT is(test.hard_of(1, '5.1.1'), 'bounced hard user_unknown, blocked', 'a hard bounce');
SELECT bounce.lift_block('z@example.com', 'the mailbox is there again');
SELECT is(test.hard_of(1, '5.1.2'), 'bounced hard user_unknown, free',
          'another report of that send does not block again');
SELECT bounce.confirm_resend((test.recipient('z@example.com')).id);
SELECT is(test.hard_of(1, '5.1.3'), 'sent, free', 'nor does a late one disturb the second send');
SELECT is(test.hard_of(2, '5.1.1'), 'bounced hard user_unknown, blocked',
          'the second send bounces: blocked');

-- What the tables refuse
SELECT test.mail('x', '{x@example.com}') AS x \gset
SELECT test.record(test.report('user_unknown', 'x@example.com', about => 'x'));
SELECT throws_ok(format('UPDATE bounce.communication_recipient SET %s WHERE address = %L', change,
                        'x@example.com'), '23514', message, 'refused: ' || change)
FROM (VALUES ('state = ''sent''', NULL), ('state = ''open''', NULL), ('class = ''soft''', NULL),
             ('class = ''technical''', NULL), ('class = NULL', NULL), ('attempts = 0', NULL),
             ('next_attempt_at = now()', NULL), ('state = ''lost''', NULL),
             ('attempts = 256', NULL)) AS v (change, message);
SELECT test.mail('y', '{y@example.com}') AS y \gset
SELECT throws_ok($$UPDATE bounce.communication_recipient SET state = 'open'
                   WHERE address = 'y@example.com'$$, '23514', NULL, 'refused: from sent to open');
SELECT throws_ok($$UPDATE bounce.communication_recipient SET next_attempt_at = now()
                   WHERE address = 'y@example.com'$$, '23514', NULL,
                 'refused: a resend of what did not bounce');
SELECT throws_ok(statement, state, NULL, 'refused: ' || statement)
FROM (VALUES
  ('INSERT INTO bounce.communication (process) VALUES (''unheard of'')', '23503'),
  ('INSERT INTO bounce.communication (process, status) VALUES (''invoice'', ''lost'')', '23514'),
  ('INSERT INTO bounce.communication (process, envelope_id) VALUES (''invoice'', ''R-1001'')',
   '23514'),
  ('INSERT INTO bounce.communication_recipient (communication_id, address) VALUES (1, ''nobody'')',
   '23514'),
  ('INSERT INTO bounce.communication_recipient (communication_id, address) VALUES (1, '
   '''@example.com'')', '23514'),
  ('INSERT INTO bounce.communication_recipient (communication_id, address) VALUES (0, '
   '''a@example.com'')', '23503')) AS v (statement, state);

-- Addresses that nothing can be sent to: by plain INSERT, by UPDATE, by register_communication()
SELECT throws_ok(format(statement, address), '23514', message, format(what, address))
FROM unnest(ARRAY['a b@example.com', E'a\tb@example.com', E'a@example.com\nRCPT TO:<c@example.com>',
                  E'a@exa\u0001mple.com', 'a<b@example.com', 'a@b>c.example',
                  'a@example.com b', 'a@', 'a', '', '@', '@example.com',
                  E'a@example.com\u007f']) AS address,
     (VALUES (format('INSERT INTO bounce.communication_recipient (communication_id, address) '
                     'VALUES (%s, %%L)', :y), format('communication %s: "', :y),
                     'INSERT refuses "%s"'),
             ('UPDATE bounce.communication_recipient SET address = %L WHERE address = '
              '''y@example.com''', format('communication %s: "', :y), 'UPDATE refuses "%s"'),
             ('SELECT bounce.register_communication(''invoice'', ARRAY[''fine@example.com'', %L])',
              NULL, 'register_communication refuses "%s"')) AS s (statement, start, what),
     LATERAL (SELECT start || btrim(address, E' \t\r\n<>')
              || '" is not a mail address') AS m (message);
SELECT throws_ok(format(
    'INSERT INTO bounce.communication_recipient (communication_id, address) VALUES (%s, NULL)', :y),
                 '23514', format('communication %s: "NULL" is not a mail address', :y),
                 'NULL is no address');
INSERT INTO bounce.communication_recipient (communication_id, address) SELECT :y, a
    FROM unnest(ARRAY[E' <trim@example.com>\r\n', 'o''brien+x@example.com', '"q@r"@example.com',
                      'jörg@bücher.example']) AS a;
SELECT is((SELECT string_agg(address, ' ' ORDER BY id) FROM bounce.communication_recipient
           WHERE communication_id = :y),
          'y@example.com trim@example.com o''brien+x@example.com "q@r"@example.com '
          'jörg@bücher.example', 'what can be one is taken, and stored bare');

-- The status follows the facts, whatever an application writes
SELECT throws_ok(format('UPDATE bounce.communication SET status = ''bounced'' WHERE id = %s', :y),
                 '23514',
                 format('communication %s: status cannot be bounced, none of its recipients is',
                        :y), 'refused: bounced, when nobody is');
SELECT throws_ok($$INSERT INTO bounce.communication (process, status)
                   VALUES ('invoice', 'bounced')$$, '23514', NULL,
                 'refused: bounced from the start');
SELECT throws_ok($$SELECT bounce.register_communication('invoice', '{a@example.com}',
                                                        status => 'bounced')$$, '23514', NULL,
                 'refused: registered as bounced');
SELECT throws_ok(format('UPDATE bounce.communication SET status = ''open'' WHERE id = %s', :y),
                 '23514',
                 format('communication %s: status cannot go from sent to open', :y),
                 'refused: from sent back to open');
CREATE FUNCTION test.write(communication_id bigint, status text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication AS c SET status = write.status, subject = 'touched'
  WHERE c.id = communication_id;
  RETURN test.status(communication_id);
END
$$;
SELECT is(test.write(:x, s), 'bounced', 'of a bounced recipient the status stays bounced: ' || s)
FROM unnest('{open,sent,error,bounced}'::text[]) AS s;

-- The application and the bounce overtake each other
SELECT bounce.register_communication('invoice', '{o1@example.com,o2@example.com}',
                                     message_id => test.message_id('o')) AS o \gset
SELECT is(test.status(:o) || ' ' || test.state('o1@example.com') || ' '
          || (test.recipient('o1@example.com')).attempts, 'open open 0',
          'registered before it is sent');
SELECT test.record(test.report('user_unknown', 'o1@example.com',
                               about => 'o'));
UPDATE bounce.communication SET status = 'sent' WHERE id = :o;
SELECT is(test.status(:o), 'bounced', 'the bounce was faster than the application''s "sent"');
SELECT bounce.register_communication('invoice', '{w1@example.com,w2@example.com}') AS w \gset
UPDATE bounce.communication SET status = 'sent', message_id = '<w@example.org>' WHERE id = :w;
SELECT is(test.state('w1@example.com') || ' ' || (test.recipient('w2@example.com')).attempts,
          'sent 1', 'sent: its recipients are sent to');
SELECT is((SELECT count(*) FROM bounce.communication_message_id
           WHERE communication_id = :w AND message_id = 'w@example.org'), 1::bigint,
          'a Message-ID told later is known');
SELECT bounce.register_communication('invoice', '{e1@example.com}') AS e \gset
UPDATE bounce.communication SET status = 'error' WHERE id = :e;
SELECT is(test.state('e1@example.com'), 'error', 'could not be handed over');
UPDATE bounce.communication SET status = 'sent' WHERE id = :e;
SELECT is(test.state('e1@example.com') || ' ' || test.status(:e), 'sent sent', 'then it could');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE communication_id = :e), 'error sent', 'both are logged');

-- Of two bounced recipients one is sent to again
SELECT test.mail('two', '{t1@example.com,t2@example.com}') AS two \gset
SELECT test.record(test.report('mailbox_full', a, '4.2.2', "to" => test.return_path(a)))
FROM unnest('{t1@example.com,t2@example.com}'::text[]) AS a;
SELECT bounce.confirm_resend((test.recipient('t1@example.com')).id);
SELECT is(test.status(:two), 'bounced', 'one of two is still bounced');
SELECT bounce.confirm_resend((test.recipient('t2@example.com')).id);
SELECT is(test.status(:two), 'sent', 'none is');

SELECT * FROM finish();
ROLLBACK;
