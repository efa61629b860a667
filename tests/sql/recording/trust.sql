-- SPDX-License-Identifier: BSD-2-Clause
-- How far a report is believed, and what it may do. The rows are a forger's tries and the honest
-- ones beside them.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- Every row has a mail and a victim of its own: v1@example.com is of the mail named v1 ...
CREATE TEMPORARY TABLE try (number serial, name text, what text, trust text, marked boolean,
                            blocked boolean, hard_tasks bigint);
INSERT INTO try (name, what, trust, marked, blocked, hard_tasks) VALUES
  ('a valid token',                            'token',        'token',      true,  true,  1),
  ('our own MTA, Message-ID',                  'own',          'own_mta',    true,  true,  1),
  ('our own MTA, envelope id',                 'own envelope id', 'own_mta', true,  true,  1),
  ('our own MTA, the envelope id of one mail and the Message-ID of another', 'own contradiction',
   'address', false, false, 1),
  ('envelope id and Message-ID of two mails',  'contradiction', 'address',   false, false, 1),
  ('our own MTA, address only: who handed the mail to it chose the address', 'own address',
   'address', false, false, 1),
  ('our own MTA, the address as ORCPT',        'own orcpt',    'address',    false, false, 1),
  ('our own MTA, a made-up Message-ID and ENVID', 'own made up', 'address',  false, false, 1),
  ('our own MTA, a reference only',            'own reference', 'message_id', true, false, 1),
  ('Message-ID of the original',               'message id',   'message_id', true,  false, 1),
  ('Message-ID of the original, a counter',    'counter',      'address',    false, false, 1),
  ('our own MTA, Message-ID a counter',        'own counter',  'address',    false, false, 1),
  ('envelope id',                              'envelope id',  'message_id', true,  false, 1),
  ('an expired token',                         'expired',      'message_id', true,  false, 1),
  ('forged: the address alone',                'address',      'address',    false, false, 1),
  ('forged: address and a made-up Message-ID', 'made up id',   'address',    false, false, 1),
  ('forged: a token made up',                  'made up token', 'address',   false, false, 1),
  ('forged: the key id of a key that is not there', 'other key', 'address',  false, false, 1),
  ('forged: a token of somebody else''s mail', 'other token',  'token',      false, false, 0),
  ('forged: says that it is our own MTA',      'says own',     'address',    false, false, 1),
  ('forged: own_mta as a number',              'own as 1',     'address',    false, false, 1);
SELECT test.mail('v' || number, ARRAY['v' || number || '@example.com']) FROM try;
SELECT test.mail('forger', '{forger@example.net}');

-- A report about the mail when its Message-ID is a counter.
CREATE FUNCTION test.about_counter(address text, own_mta boolean) RETURNS jsonb
  LANGUAGE plpgsql AS $$
DECLARE
  counter CONSTANT text := (test.recipient($1)).communication_id || '.invoice-2026@example.org';
BEGIN
  DELETE FROM bounce.communication_message_id AS m
  WHERE m.communication_id = (test.recipient($1)).communication_id;
  UPDATE bounce.communication AS c SET message_id = counter
  WHERE c.id = (test.recipient($1)).communication_id;
  RETURN test.report('user_unknown', $1, own_mta => $2, more =>
    jsonb_build_object('original', jsonb_build_object('message_id', counter)));
END
$$;

-- A report with the envelope id of the victim's mail and the Message-ID of the forger's.
CREATE FUNCTION test.contradiction(victim text, own_mta boolean) RETURNS jsonb
  LANGUAGE sql AS $$
  SELECT test.report('user_unknown', $1 || '@example.com', about => 'forger', own_mta => $2)
      || jsonb_build_object('report', jsonb_build_object('envelope_id',
           (SELECT c.envelope_id FROM bounce.communication AS c WHERE c.business_ref = $1)))
$$;

CREATE FUNCTION test.attempt(what text, victim text) RETURNS bounce.report_result
  LANGUAGE plpgsql AS $$
DECLARE
  address CONSTANT text := victim || '@example.com';
  path CONSTANT text := test.return_path(address);
  id CONSTANT bigint := (test.recipient(address)).id;
  plain CONSTANT jsonb := test.report('user_unknown', address);
  sent_to CONSTANT text := CASE what
    WHEN 'token' THEN path
    WHEN 'expired' THEN bounce_internal.token_make(id, 1, now() - interval '2 days')
      || '@bounces.example.org'
    WHEN 'made up token'
      THEN bounce_internal.base32_encode(bounce_internal.token_payload(1, 1, 65535, id)
                                         || decode('00010203040506070809', 'hex'))
      || '@bounces.example.org'
    WHEN 'other key' THEN bounce_internal.token_text(
      bounce_internal.signer_with(9, 65535, decode(repeat('00', 32), 'hex')), id, 1)
      || '@bounces.example.org'
    WHEN 'other token' THEN test.return_path('forger@example.net')
    ELSE 'bounce@bounces.example.org' END;
BEGIN
  RETURN test.record(CASE what
    WHEN 'own' THEN test.report('user_unknown', address, about => victim, own_mta => true)
    WHEN 'own address' THEN test.report('user_unknown', address, own_mta => true)
    WHEN 'own envelope id' THEN test.report('user_unknown', address, own_mta => true)
      || jsonb_build_object('report', jsonb_build_object('envelope_id',
           (SELECT c.envelope_id FROM bounce.communication AS c WHERE c.business_ref = victim)))
    WHEN 'own contradiction' THEN test.contradiction(victim, own_mta => true)
    WHEN 'contradiction' THEN test.contradiction(victim, own_mta => false)
    WHEN 'own orcpt' THEN test.report('user_unknown', '', own_mta => true)
           || jsonb_build_object('recipients',
                                 jsonb_build_array(test.reported('user_unknown', 'gone@remote.test',
                                     original => address)))
    WHEN 'own made up' THEN test.report('user_unknown', address, about => 'never sent',
                                        own_mta => true, more =>
                                        '{"report": {"envelope_id": "made up"}}')
    WHEN 'own reference'
      THEN test.report('user_unknown', address, own_mta => true,
                       more => jsonb_build_object('references',
                                                  jsonb_build_array(test.message_id(victim))))
    WHEN 'counter' THEN test.about_counter(address, false)
    WHEN 'own counter' THEN test.about_counter(address, true)
    WHEN 'message id' THEN test.report('user_unknown', address, about => victim)
    WHEN 'envelope id' THEN plain || jsonb_build_object('report', jsonb_build_object('envelope_id',
           (SELECT c.envelope_id FROM bounce.communication AS c WHERE c.business_ref = victim)))
    WHEN 'made up id' THEN test.report('user_unknown', address, about => 'made up')
    WHEN 'says own' THEN plain
      || '{"own_mta": true, "report": {"reporting_mta": "mail.example.org"}, "header": {"from": '
         '"mailer-daemon@example.org"}}'
    WHEN 'own as 1' THEN jsonb_set(plain, '{envelope,own_mta}', '1')
    ELSE jsonb_set(plain, '{envelope,recipients}', jsonb_build_array(sent_to)) END);
END
$$;

SELECT test.attempt(what, 'v' || number) FROM try;
SELECT is((SELECT concat_ws(', ', b.trust,
                            CASE test.state(victim) WHEN 'sent' THEN 'untouched' ELSE 'marked' END,
                            CASE WHEN bounce.is_address_blocked(victim) THEN 'blocked'
                                 ELSE 'not blocked' END, test.open_tasks('hard_bounce', victim))
           FROM bounce.bounce AS b WHERE victim IN (b.recipient, b.original_recipient)),
          concat_ws(', ', trust, CASE WHEN marked THEN 'marked' ELSE 'untouched' END,
                    CASE WHEN blocked THEN 'blocked' ELSE 'not blocked' END, hard_tasks), name)
FROM try, concat('v', number, '@example.com') AS victim ORDER BY number;
SELECT is(test.state('forger@example.net'), 'bounced hard user_unknown',
          'who uses his own token hurts himself');

-- soft: an address alone schedules nothing
SELECT test.mail('s', '{s@example.com}');
SELECT test.record(test.report('mailbox_full', 's@example.com', '4.2.2'));
SELECT is(concat_ws(' ', test.state('s@example.com'),
                    (test.recipient('s@example.com')).next_attempt_at,
                    test.open_tasks('bounce_without_communication', 's@example.com')), 'sent 1',
          'soft, by an address alone: a task, nothing marked, nothing sent again');
SELECT test.mail('t', '{t@bank.example}');
SELECT test.record(test.report('spam_rejected', 't@bank.example', '5.7.1'));
SELECT is(concat_ws(' ', test.state('t@bank.example'),
                    test.open_tasks('delivery_problem', 'bank.example')), 'sent 1',
          'a refusal, by an address alone: a task, nothing marked');

-- the words for people say why
SELECT 'v' || number || '@example.com' AS by_id FROM try WHERE what = 'message id' \gset
SELECT 'v' || number || '@example.com' AS by_address FROM try WHERE what = 'address' \gset
SELECT alike((SELECT summary FROM bounce.task WHERE address = :'by_id'),
             '%not blocked, trust is message_id only%', 'the task says why the block was withheld');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient(:'by_id')).id), 'bounced block_withheld task',
          'so does the log');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE recipient_id = (test.recipient(:'by_address')).id), 'untrusted task',
          'also of what was not believed');

-- the levels are parameters, global and per process
SELECT test.mail('p1', '{p1@example.com}'), test.mail('p2', '{p2@example.com}', 'newsletter'),
       test.mail('p3', '{p3@example.com}', 'receipt');
SELECT test.set('block_min_trust', 'message_id'),
       test.set('block_min_trust', 'token', 'newsletter'),
       test.set('mark_min_trust', 'token', 'receipt');
SELECT test.record(test.report('user_unknown', p || '@example.com', about => p))
FROM unnest('{p1,p2,p3}'::text[]) AS p;
SELECT is(concat_ws(' ', bounce.is_address_blocked('p1@example.com'),
                    bounce.is_address_blocked('p2@example.com')), 't f',
          'block_min_trust, per process');
SELECT is(concat_ws(', ', test.state('p2@example.com'), test.state('p3@example.com')),
          'bounced hard user_unknown, sent', 'mark_min_trust, per process');

-- a token proves its own recipient only
SELECT test.mail('pair', '{q1@example.com,q2@example.com}');
SELECT test.set('block_min_trust', 'own_mta');
SELECT test.record(test.report('user_unknown', 'q2@example.com',
                               "to" => test.return_path('q1@example.com')));
SELECT is(concat_ws(', ', test.state('q1@example.com'), test.state('q2@example.com'),
                    bounce.is_address_blocked('q2@example.com')),
          'sent, bounced hard user_unknown, f',
          'a recipient cannot have another one blocked by his own token');
SELECT test.mail('fellows', '{f1@example.com,f2@example.com,f3@example.com,f4@example.com}'),
       test.mail('single', '{f5@example.com}');
SELECT envelope_id AS fellows_envid FROM bounce.communication WHERE business_ref = 'fellows' \gset
SELECT test.record(test.report('mailbox_full', 'f1@example.com', '4.2.2',
                               "to" => test.return_path('f4@example.com'))),
       test.record(test.report('mailbox_full', 'f2@example.com', '4.2.2', about => 'fellows')),
       test.record(test.report('mailbox_full', 'f3@example.com', '4.2.2',
                               more => jsonb_build_object('report',
                                                          jsonb_build_object('envelope_id',
                                                              :'fellows_envid'))));
SELECT is((SELECT concat_ws(', ', test.state(a), (test.recipient(a)).next_attempt_at,
                            test.open_tasks('resend_exhausted', a))),
          'bounced soft mailbox_full, 1', 'nor sent to again, by ' || name)
FROM (VALUES ('f1@example.com', 'his own token'), ('f2@example.com', 'their Message-ID'),
             ('f3@example.com', 'their envelope id')) AS v (a, name);
SELECT alike((SELECT summary FROM bounce.task WHERE address = 'f1@example.com'),
             '%trust is message_id only, and several got the mail%', 'the task says why');
SELECT test.record(test.report('mailbox_full', 'f5@example.com', '4.2.2', about => 'single')),
       test.record(test.report('mailbox_full', 'f4@example.com', '4.2.2', about => 'fellows',
                               own_mta => true));
SELECT is((SELECT count(*) FROM unnest('{f4@example.com,f5@example.com}'::text[]) AS a
           WHERE (test.recipient(a)).next_attempt_at > now()), 2::bigint,
          'a mail to one alone is, and what our MTA says');

-- who is a recipient himself, and knows the ids, cannot name another one as ORCPT
SELECT test.mail('trio', '{u1@example.com,u2@example.com,u3@example.com}');
SELECT test.record(test.report('user_unknown', '', about => 'trio', own_mta => true)
  || jsonb_build_object('recipients',
                        jsonb_build_array(test.reported('user_unknown', 'u1@example.com',
                                                        original => 'u2@example.com'))));
SELECT is(concat_ws(', ', test.state('u1@example.com'), test.state('u2@example.com'),
                    bounce.is_address_blocked('u2@example.com')), 'sent, sent, f',
          'where Final-Recipient and Original-Recipient name two of ours, neither is marked');
SELECT test.record(test.report('user_unknown', '', about => 'trio', own_mta => true)
  || jsonb_build_object('recipients',
                        jsonb_build_array(test.reported('user_unknown', 'gone@remote.test',
                                                        original => 'u3@example.com'))));
SELECT is(concat_ws(', ', (test.last()).trust, bounce.is_address_blocked('u3@example.com')),
          'message_id, f', 'nor behind an address of his own that does not exist: our MTA tried '
                           'that one');
SELECT test.mail('own', '{u4@example.com}');
SELECT test.record(test.report('user_unknown', '<U4@Example.com>', about => 'own',
                               own_mta => true));
SELECT is(concat_ws(', ', (test.last()).trust, bounce.is_address_blocked('u4@example.com')),
          'own_mta, t', 'what our MTA tried itself is believed');

SELECT test.mail('kelvin', '{kate@example.com}');
SELECT test.record(test.report('user_unknown', E'\u212Aate@example.com', about => 'kelvin',
                               own_mta => true));
SELECT is(concat_ws(', ', (test.last()).trust, bounce.is_address_blocked('kate@example.com')),
          'message_id, f', 'but not of an address that is ours in lower case only');
SELECT test.mail('angstrom', ARRAY[E'\u00E5sa@example.com']);
SELECT test.record(test.report('user_unknown', E'\u212Bsa@example.com', about => 'angstrom',
                               own_mta => true));
SELECT is(concat_ws(', ', (test.last()).trust, bounce.is_address_blocked(E'\u00E5sa@example.com')),
          'message_id, f', 'nor beyond ASCII');
SELECT test.mail('capitals', ARRAY[E'\u00C5ke@example.com']);
SELECT test.record(test.report('user_unknown', E'\u00C5ke@example.com', about => 'capitals',
                               own_mta => true));
SELECT is(concat_ws(', ', (test.last()).trust, bounce.is_address_blocked(E'\u00E5ke@example.com')),
          'own_mta, t', 'but with a capital that is one');

-- Which ids can be guessed
SELECT is(bounce_internal.is_unguessable(v.id), v.expected, v.id)
FROM (VALUES ('4711@example.org', false), ('invoice-2026-11-28-000004711@example.org', false),
             ('20261128063500.123456.789@example.org', false),
             ('123456789.42.1732775700000.JavaMail.app@example.org', false),
             ('6f9619ff-8b86-d011-b42d-00c04fc964ff@example.org', true),
             ('2f6b1c0e8a4d97351e60@example.org', true),
             ('CAKgNAkiQZnqfV8Rm5t3vY0pXw@mail.example.org', true),
             ('Pine.LNX.4.44.0209261134250.1234-100000@example.org', false)) AS v (id, expected);

-- One that we make is none of them, nor are the columns of another line than their own
SELECT bounce.register_communication('invoice', '{fresh@example.com}',
                                     sender => 'Office <office@example.org>',
                                     subject => E'Your invoice\r\nBcc: x@example.net')
  AS fresh \gset
SELECT is(c.message_id, c.envelope_id || '@example.org', 'made where none is given')
FROM bounce.communication AS c WHERE c.id = :fresh;
SELECT ok(bounce_internal.is_unguessable(c.message_id), 'and nobody can guess it')
FROM bounce.communication AS c WHERE c.id = :fresh;
SELECT is(c.sender || '|' || c.subject, 'office@example.org|Your invoice Bcc: x@example.net',
          'one line, and a bare address')
FROM bounce.communication AS c WHERE c.id = :fresh;
SELECT throws_ok($$SELECT bounce.register_communication('invoice', '{a@example.com}',
                                                        message_id => E'<a@b>\r\nBcc: x')$$,
                 '23514', NULL, 'a Message-ID with a second line is refused');

SELECT * FROM finish();
ROLLBACK;
