-- SPDX-License-Identifier: BSD-2-Clause
-- From a report to a communication and to one recipient of it.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.mail('one', '{anna@example.com}') AS one \gset
SELECT test.mail('five',
                 '{r1@example.com,r2@example.com,r3@example.com,r4@example.com,r5@example.com}')
  AS five \gset
SELECT envelope_id AS one_envid FROM bounce.communication WHERE id = :one \gset
SELECT envelope_id AS five_envid FROM bounce.communication WHERE id = :five \gset
SELECT test.return_path('anna@example.com') AS anna_path,
       test.return_path('r3@example.com') AS r3_path \gset

-- the address with one bit of its token's signature changed
CREATE FUNCTION test.flip(path text) RETURNS text LANGUAGE sql AS $$
  SELECT 'bounce+' || bounce_internal.base32_encode(set_bit(t.bytes, 120,
                                                            1 - get_bit(t.bytes, 120)))
                                                    || '@bounces.example.org'
  FROM (SELECT bounce_internal.base32_decode(substring(path FROM '\+(.*)@')) AS bytes) AS t
$$;

CREATE FUNCTION test.expired(path text) RETURNS text LANGUAGE sql AS $$
  SELECT bounce_internal.token_make(t.recipient_id, t.attempt, now() - interval '2 days')
         || '@bounces.example.org'
  FROM bounce_internal.token_read(split_part(path, '@', 1)) AS t
$$;

-- A row: what the report has; what it must lead to: matched_by, trust, communication, recipient.
-- delayed is a notice: nothing is changed.
CREATE TEMPORARY TABLE way (name text, report jsonb, matched_by text, trust text,
                            communication_id bigint, recipient text);
INSERT INTO way VALUES
  ('token', test.report('delayed', 'anna@example.com', "to" => :'anna_path'), 'token', 'token',
   :one, 'anna@example.com'),
  ('token in capitals', test.report('delayed', 'anna@example.com', "to" => upper(:'anna_path')),
   'token', 'token', :one, 'anna@example.com'),
  ('token, quoted', test.report('delayed', 'anna@example.com',
                                "to" => regexp_replace(:'anna_path', '^(.*)@', '"\1"@')), 'token',
   'token', :one, 'anna@example.com'),
  ('token, quoted character by character',
   test.report('delayed', 'anna@example.com',
               "to" => regexp_replace(:'anna_path', '^(b)(.*)@', '"\\\1\2"@')), 'token', 'token',
   :one, 'anna@example.com'),
  ('token, the domain with a dot at its end',
   test.report('delayed', 'anna@example.com', "to" => :'anna_path' || '.'), 'token', 'token', :one,
   'anna@example.com'),
  ('token in brackets',
   test.report('delayed', 'anna@example.com', "to" => '<' || :'anna_path' || '>'), 'token', 'token',
   :one, 'anna@example.com'),
  ('token, forwarded', test.report('delayed', 'anna@home.example', "to" => :'anna_path'), 'token',
   'token', :one, 'anna@example.com'),
  ('token, nobody named', test.report('delayed', '', "to" => :'anna_path'), 'token', 'token', :one,
   'anna@example.com'),
  ('token, one of five, forwarded',
   test.report('delayed', 'somebody@home.example', "to" => :'r3_path'), 'token', 'token', :five,
   'r3@example.com'),
  ('token of another one of the five', test.report('delayed', 'r4@example.com', "to" => :'r3_path'),
   'token', 'message_id', :five, 'r4@example.com'),
  ('token among several recipients', test.report('delayed', 'anna@example.com')
   || jsonb_build_object('envelope',
     jsonb_build_object('recipients',
                        jsonb_build_array('bounce@bounces.example.org', :'anna_path'))), 'token',
                        'token', :one, 'anna@example.com'),
  ('an expired token behind two that are none',
   test.report('delayed', 'anna@example.com')
   || jsonb_build_object('envelope', jsonb_build_object('recipients',
     jsonb_build_array('x@bounces.example.org', test.flip(:'r3_path'),
                       test.expired(:'anna_path')))), 'token', 'message_id', :one,
                       'anna@example.com'),
  ('a token in date behind an expired one', test.report('delayed', '')
   || jsonb_build_object('envelope', jsonb_build_object('recipients',
     jsonb_build_array(test.expired(:'r3_path'), :'anna_path'))), 'token', 'token', :one,
     'anna@example.com'),
  ('token as envelope id',
   test.report('delayed', 'x@home.example', more => jsonb_build_object('report',
     jsonb_build_object('envelope_id', split_part(:'anna_path', '@', 1)))), 'envelope_id', 'token',
     :one, 'anna@example.com'),
  ('token before a wrong envelope id',
   test.report('delayed', 'anna@example.com', "to" => :'anna_path',
               more => jsonb_build_object('report',
     jsonb_build_object('envelope_id', :'five_envid'))), 'token', 'token', :one,
     'anna@example.com'),
  ('envelope id', test.report('delayed', 'anna@example.com',
                              more => jsonb_build_object('report',
                                                         jsonb_build_object('envelope_id',
                                                             :'one_envid'))),
     'envelope_id', 'message_id', :one, 'anna@example.com'),
  ('envelope id in capitals',
   test.report('delayed', 'R2@example.com',
               more => jsonb_build_object('report',
                                          jsonb_build_object('envelope_id', upper(:'five_envid')))),
     'envelope_id', 'message_id', :five, 'r2@example.com'),
  ('header of the original',
   test.report('delayed', 'anna@example.com',
               more => jsonb_build_object('original',
                                          jsonb_build_object('communication_id', :'one_envid'))),
     'communication_id', 'message_id', :one, 'anna@example.com'),
  ('message id', test.report('delayed', 'anna@example.com', about => 'one'), 'message_id',
   'message_id', :one, 'anna@example.com'),
  ('message id in brackets',
   test.report('delayed', 'anna@example.com',
               more => '{"original": {"message_id": " <one.5c0e9f3a7b1d42e8@example.org> "}}'),
     'message_id', 'message_id', :one, 'anna@example.com'),
  ('message id, forwarded', test.report('delayed', 'anna@home.example', about => 'one'),
   'message_id', 'message_id', :one, 'anna@example.com'),
  ('message id, one of five', test.report('delayed', 'r5@example.com', about => 'five'),
   'message_id', 'message_id', :five, 'r5@example.com'),
  ('message id, five, nobody named', test.report('delayed', '', about => 'five'), 'message_id',
   'message_id', :five, NULL),
  ('message id, five, a stranger named', test.report('delayed', 'r6@example.com', about => 'five'),
   'message_id', 'message_id', :five, NULL),
  ('references', test.report('vacation', '', action => '', kind => 'auto_reply',
                             more => '{"references": ["x@y", "one.5c0e9f3a7b1d42e8@example.org"]}'),
     'reference', 'message_id', :one, 'anna@example.com'),
  ('address', test.report('delayed', 'ANNA@example.com'), 'address', 'address', :one,
   'anna@example.com'),
  ('the author of an automatic reply',
   test.report('vacation', '', action => '', kind => 'auto_reply',
               more => '{"header": {"from": "Anna@Example.com"}}'),
     'address', 'address', :one, 'anna@example.com'),
  ('address, from our own MTA', test.report('delayed', 'anna@example.com', own_mta => true),
   'address', 'address', :one, 'anna@example.com'),
  ('message id, from our own MTA',
   test.report('delayed', 'anna@example.com', about => 'one', own_mta => true), 'message_id',
   'own_mta', :one, 'anna@example.com'),
  ('unknown message id, known address',
   test.report('delayed', 'anna@example.com', about => 'never sent'), 'address', 'address', :one,
   'anna@example.com'),
  ('unknown address', test.report('delayed', 'nobody@example.com'), '', 'address', NULL, NULL),
  ('a blank before our address', test.report('delayed', 'max anna@example.com'), '', 'address',
   NULL, NULL),
  ('a quote before it', test.report('delayed', '"anna@example.com'), '', 'address', NULL, NULL),
  ('another at sign', test.report('delayed', 'jo@anna@example.com'), '', 'address', NULL, NULL),
  ('a comma behind it', test.report('delayed', 'anna@example.com,de'), '', 'address', NULL, NULL),
  ('message id, five, a blank before the address',
   test.report('delayed', 'max r1@example.com', about => 'five'), 'message_id', 'message_id', :five,
   NULL),
  ('nothing at all', test.report('delayed', ''), '', 'address', NULL, NULL),
  ('a wrong signature', test.report('delayed', 'x@home.example', "to" => test.flip(:'anna_path')),
   '', 'address', NULL, NULL);

CREATE FUNCTION test.way(report jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', coalesce(nullif(f.matched_by, ''), '-'), f.trust,
                   coalesce(f.communication_id::text, '-'),
                   coalesce((SELECT r.address FROM bounce.communication_recipient AS r
                             WHERE r.id = f.recipient_id), '-'))
  FROM unnest(bounce_internal.findings_of(report)) AS f
$$;
SELECT is(test.way(report),
          concat_ws(' ', coalesce(nullif(matched_by, ''), '-'), trust,
                    coalesce(communication_id::text, '-'), coalesce(recipient, '-')), name)
FROM way;

-- No empty criterion matches, not even an empty thing in the tables.
INSERT INTO bounce.communication (process, message_id)
VALUES ('invoice', ''), ('invoice', '<>'), ('invoice', ' ');
SELECT is((SELECT count(*) FROM bounce.communication WHERE message_id IS NULL), 3::bigint,
          'an empty Message-ID is none');
SELECT is(test.way(report), '- address - -', 'nothing matches ' || report::text)
FROM (VALUES ('{}'::jsonb), ('{"envelope": {"recipients": []}}'),
             ('{"envelope": {"recipients": ["", "@bounces.example.org", " "]}}'),
  ('{"report": {"envelope_id": ""}}'), ('{"report": {"envelope_id": "<>"}}'),
  ('{"report": {"envelope_id": " "}}'),
  ('{"original": {"communication_id": "", "message_id": ""}}'),
  ('{"original": {"message_id": "<>"}}'), ('{"original": {"message_id": null}}'),
  ('{"original": {"message_id": ["one.5c0e9f3a7b1d42e8@example.org"]}}'), ('{"original": []}'),
  ('{"original": "one.5c0e9f3a7b1d42e8@example.org"}'),
  ('{"references": [""]}'), ('{"references": ["<>", " ", null, {}]}'),
  ('{"references": "one.5c0e9f3a7b1d42e8@example.org"}'),
  ('{"recipients": [{"recipient": "", "addresses": [""]}]}'),
  ('{"recipients": [{"recipient": "@"}]}'), ('{"recipients": [{"recipient": "%"}]}'),
  ('{"recipients": [{"recipient": "@example.com"}]}'), ('{"recipients": [null]}'),
  ('{"recipients": [[]]}'), ('{"recipients": "anna@example.com"}')) AS v (report);

-- Several communications fit: only what tells them apart counts.
SELECT test.mail('two', '{anna@example.com}') AS two \gset
SELECT is(test.way(test.report('delayed', 'anna@example.com')), '- address - -',
          'an address of two mails matches neither');
UPDATE bounce.communication_recipient SET last_attempt_at = now() - interval '8 days'
WHERE communication_id = :one;
SELECT is(test.way(test.report('delayed', 'anna@example.com')),
          'address address ' || :two || ' anna@example.com',
          'outside the time window it does not count');
SELECT test.set('address_match_window', '9 days');
SELECT is(test.way(test.report('delayed', 'anna@example.com')), '- address - -',
          'the window is a parameter');

UPDATE bounce.communication SET message_id = test.message_id('reused') WHERE id IN (:one, :five);
SELECT is(test.way(test.report('delayed', 'r2@example.com', about => 'reused')),
          'message_id message_id ' || :five || ' r2@example.com',
          'of two mails with one Message-ID the address decides');
SELECT is(test.way(test.report('delayed', 'x@home.example', about => 'reused')), '- address - -',
          'or none is taken');
SELECT is(test.way(test.report('delayed', 'x@home.example', about => 'one')),
          'message_id message_id ' || :one || ' anna@example.com',
          'the former Message-ID still matches');

-- One mail with one registered recipient, a report about that one and somebody else.
SELECT test.mail('carbon', '{main@example.com}') AS carbon \gset
SELECT is((SELECT string_agg(f.recipient || '=' || (f.recipient_id IS NOT NULL), ' '
                             ORDER BY f.recipient) FROM unnest(bounce_internal.findings_of(
             test.report('delayed', '', about => 'carbon') || jsonb_build_object('recipients',
               jsonb_build_array(test.reported('delivered', 'main@example.com', '2.0.0',
                                               'delivered'), test.reported('user_unknown',
                                                   'copy@example.com'))))) AS f),
          'copy@example.com=false main@example.com=true',
          'who is named beside our recipient is not our recipient');

-- Who was written to is not where a mail was forwarded: a copy with the same return path, and a
-- number that a restored database, or a copy of it, gave out again
SELECT is(test.way(jsonb_set(test.report('delayed', 'x@home.example', "to" => :'anna_path',
                                         kind => kind),
                             '{original,to}', written_to)), expected, name)
FROM (VALUES
  ('forwarded', 'dsn', '["anna@example.com"]'::jsonb,
   'token token ' || :one || ' anna@example.com'),
  ('a copy', 'dsn', '["anna@example.com", "X@Home.example"]', 'token message_id ' || :one || ' -'),
  ('somebody else''s number', 'dsn', '["x@home.example"]', 'token message_id ' || :one || ' -'),
  ('a mail to a list', 'dsn', '["list@example.org"]',
   'token token ' || :one || ' anna@example.com'),
  ('in words the address may be from To', 'prose', '["x@home.example"]',
   'token token ' || :one || ' anna@example.com')) AS v (name, kind, written_to, expected);
SELECT test.record(jsonb_set(test.report('user_unknown', 'x@home.example',
                                         "to" => :'anna_path'),
                             '{original,to}', '["x@home.example"]'));
SELECT is(test.state('anna@example.com') || ' ' || count(*), 'sent 0',
          'nobody is marked or blocked')
FROM bounce.address_block;

-- Original-Recipient and Final-Recipient: one of them is enough, unless both are ours
SELECT is(test.way(test.report('delayed', '', "to" => "to", about => 'five')
                   || jsonb_build_object('recipients',
             jsonb_build_array(test.reported('delayed', final, original => original)))),
             expected, name)
FROM (VALUES
  ('the address that we wrote, forwarded to a stranger', 'bounce@bounces.example.org',
   'x@home.example', 'r4@example.com', 'message_id message_id ' || :five || ' r4@example.com'),
  ('a stranger''s as the address that we wrote', 'bounce@bounces.example.org', 'r4@example.com',
   'x@home.example', 'message_id message_id ' || :five || ' r4@example.com'),
  ('two of ours: nobody', 'bounce@bounces.example.org', 'r1@example.com', 'r4@example.com',
   'message_id message_id ' || :five || ' -'),
  ('two of ours: the token''s', :'r3_path', 'r1@example.com', 'r3@example.com',
   'token token ' || :five || ' r3@example.com'),
  ('two of ours, a third one''s token: nobody', :'r3_path', 'r1@example.com', 'r4@example.com',
   'token message_id ' || :five || ' -')) AS v (name, "to", final, original, expected);

-- One report for two tokens of two mails: each finding takes its own
SELECT is((SELECT string_agg(concat_ws(' ', f.communication_id, f.recipient, f.trust, f.attempt),
                             ', ' ORDER BY f.communication_id, f.recipient)
           FROM unnest(bounce_internal.findings_of(
             jsonb_set(test.report('delayed', ''), '{envelope,recipients}', to_jsonb(paths))
               || jsonb_build_object('recipients',
               jsonb_build_array(test.reported('user_unknown', 'r3@example.com'),
                                 test.reported('user_unknown', 'anna@example.com'),
                                 test.reported('user_unknown', 'r1@example.com'))))) AS f),
          expected, name)
FROM (VALUES ('two tokens', ARRAY[:'anna_path', :'r3_path'],
              format('%s anna@example.com token 1, %s r1@example.com message_id 1, %s '
                     'r3@example.com token 1', :one, :one, :five)),
             ('two tokens, the other way round', ARRAY[:'r3_path', :'anna_path'],
              format('%s anna@example.com token 1, %s r1@example.com message_id 1, %s '
                     'r3@example.com token 1', :one, :five, :five))) AS v (name, paths, expected);

-- The Message-ID that came back tells the send, where the id that matched does not
SELECT bounce.confirm_resend(r.id, test.message_id('one-2'))
FROM bounce.communication_recipient AS r
WHERE r.communication_id = :one;
SELECT is((SELECT concat_ws(' ', f.matched_by, f.attempt)
           FROM unnest(bounce_internal.findings_of(test.report('delayed', 'anna@example.com',
                                                            about => about) || more)) AS f),
          expected, name)
FROM (VALUES
  ('envelope id and the first Message-ID', 'one',
   jsonb_build_object('report', jsonb_build_object('envelope_id', :'one_envid')), 'envelope_id 1'),
  ('envelope id and the second Message-ID', 'one-2',
   jsonb_build_object('report', jsonb_build_object('envelope_id', :'one_envid')), 'envelope_id 2'),
  ('envelope id and another mail''s Message-ID', 'five',
   jsonb_build_object('report', jsonb_build_object('envelope_id', :'one_envid')), 'envelope_id'),
  ('header of the original and the first Message-ID', '',
   jsonb_build_object('original',
                      jsonb_build_object('communication_id', :'one_envid', 'message_id',
                                         '<' || test.message_id('one') || '>')),
   'communication_id 1'),
  ('envelope id alone', '',
   jsonb_build_object('report', jsonb_build_object('envelope_id', :'one_envid')),
   'envelope_id')) AS v (name, about, more, expected);
UPDATE bounce.communication_recipient SET last_attempt_at = now() - interval '8 days'
WHERE communication_id = :one;

-- an internationalised domain is compared in both spellings
SELECT test.mail('idn', '{rosa@bücher.example}') AS idn \gset
SELECT is(test.way(test.report('delayed', 'rosa@xn--bcher-kva.example',
                               about => '') #- '{recipients,0,addresses}'
            || '{"recipients": [{"recipient": "rosa@xn--bcher-kva.example", "addresses": '
               '["rosa@xn--bcher-kva.example", "rosa@bücher.example"], "action": "delayed"}]}'),
          'address address ' || :idn || ' rosa@bücher.example', 'as A-label and as U-label');

SELECT * FROM finish();
ROLLBACK;
