-- SPDX-License-Identifier: BSD-2-Clause
-- An outsider forges: with everything he can know he never blocks, marks or resends, and never
-- keeps the genuine report out.
--
-- He knows the victim's address, our bounce domain, the form of our tokens and Message-IDs, that
-- ids are counted up, when mails go out; and he gets mail from us himself, so he has return
-- paths, envelope ids and Message-IDs of his own.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.set('follow_up', 'on'), test.set('owner_notice', 'on'),
       test.set('owner_mailbox', 'owner@example.org');
SELECT test.mail('mine', '{forger@evil.example}', 'newsletter'),
       test.mail('mine2', '{forger@evil.example,friend@evil.example}', 'invoice');
SELECT test.return_path('forger@evil.example') AS my_path,
       test.return_path('friend@evil.example') AS friends_path,
       (test.recipient('forger@evil.example')).id AS my_id \gset
SELECT split_part(substr(:'my_path', 8), '@', 1) AS my_token \gset
SELECT envelope_id AS my_envid FROM bounce.communication WHERE business_ref = 'mine' \gset

-- own parts: bytes 1-2 of a token are key and attempt, 3-4 the day, 5-12 the recipient, 13-22
-- the signature
CREATE FUNCTION test.spliced(token text, id bigint, day integer DEFAULT NULL,
                             key_id integer DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
  SELECT bounce_internal.base32_encode(substring(int4send(coalesce(key_id, get_byte(b, 0))) FROM 4)
                                       || substring(b FROM 2 FOR 1)
           || CASE WHEN day IS NULL THEN substring(b FROM 3 FOR 2)
                   ELSE substring(int4send(day) FROM 3) END || int8send(id) || substring(b FROM 13))
  FROM (SELECT bounce_internal.base32_decode(token) AS b) AS x
$$;

CREATE TEMPORARY TABLE try (number serial, name text, how text);
INSERT INTO try (name, how) VALUES
  ('the address alone', 'plain'), ('a hard bounce in prose', 'prose'), ('a soft bounce', 'soft'),
  ('a final refusal', 'technical'), ('a complaint', 'complaint'),
  ('an automatic reply that says user unknown', 'auto_reply'),
  ('the class and the trust written into the document', 'document'),
  ('a reason that is none', 'bad reason'), ('own_mta outside of the envelope', 'own_mta 1'),
  ('own_mta as a text', 'own_mta 2'), ('own_mta as a list', 'own_mta 3'),
  ('a Message-ID as ours are made', 'guessed id'), ('a Message-ID with a wildcard', 'wildcard id'),
  ('an empty Message-ID', 'empty id'), ('a communication id that is counted up', 'counted id'),
  ('an envelope id that is counted up', 'counted envid'), ('an envelope id of zeros', 'zero envid'),
  ('his own return path, the victim as recipient', 'own path'),
  ('his own return path, the victim as original recipient', 'own path original'),
  ('his own return path, the victim beside himself', 'own path both'),
  ('his own envelope id', 'own envid'), ('his own Message-ID', 'own id'),
  ('his own mail in the references', 'own reference'),
  ('his own token as an envelope id', 'own token as envid'),
  ('many return paths, his own first', 'many paths'),
  ('his own token, the recipient changed', 'splice id'),
  ('his own token, recipient and day changed', 'splice day'),
  ('his own token, another key id', 'splice key'),
  ('a token signed with zeros', 'zero key'), ('a token without a signature', 'no signature'),
  ('two halves of two tokens', 'halves'), ('an old token of a key that was deleted', 'deleted key'),
  ('the victim''s address in capitals', 'capitals'), ('every address there is', 'all addresses'),
  ('a pattern of addresses', 'pattern'), ('an attempt far ahead', 'attempt'),
  ('a thousand times the same recipient', 'thousand'), ('a queue id of ours', 'queue id');
SELECT test.mail('v' || number, ARRAY['v' || number || '@victim.example']) FROM try;
SELECT bounce.add_token_key() AS k \gset
SELECT bounce_internal.token_text(bounce_internal.signer_with(9, 65535, sha256('gone')), :my_id,
                                  1) AS gone_token \gset

CREATE FUNCTION test.forge(how text, victim text, my_path text, my_token text, my_envid text)
  RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  address CONSTANT text := victim || '@victim.example';
  id CONSTANT bigint := (test.recipient(address)).id;
  plain CONSTANT jsonb := test.report('user_unknown', address);
  original CONSTANT jsonb := '{"message_id": "", "communication_id": "", "queue_id": ""}';
  key_id CONSTANT integer := (SELECT max(k.id) FROM bounce.token_key AS k);
  token CONSTANT text := CASE how
    WHEN 'splice id' THEN test.spliced(my_token, id)
      WHEN 'splice day' THEN test.spliced(my_token, id, 65535)
      WHEN 'splice key' THEN test.spliced(my_token, id, NULL, key_id)
    WHEN 'zero key' THEN bounce_internal.token_text(
      bounce_internal.signer_with(1, 65535, decode(repeat('00', 32), 'hex')), id, 1)
    WHEN 'no signature' THEN bounce_internal.base32_encode(bounce_internal.token_payload(1, 1,
        65535, id)) WHEN 'halves' THEN left(my_token, 18) || repeat('a', 18)
    WHEN 'deleted key' THEN bounce_internal.token_text(
      bounce_internal.signer_with(9, 65535, sha256('gone')), id, 1) END;
BEGIN
  IF token IS NOT NULL THEN
    RETURN jsonb_set(plain, '{envelope,recipients}',
                     jsonb_build_array('bounce+' || token || '@bounces.example.org'));
  END IF;
  RETURN CASE how
    WHEN 'prose' THEN test.report('user_unknown', address, '', '', kind => 'prose')
    WHEN 'soft' THEN test.report('mailbox_full', address, '4.2.2')
    WHEN 'technical' THEN test.report('spam_rejected', address, '5.7.1')
    WHEN 'complaint' THEN test.report('complaint', address, '', '', kind => 'complaint')
    WHEN 'auto_reply' THEN test.report('user_unknown', address, kind => 'auto_reply')
    WHEN 'document' THEN plain
      || '{"trust": "token", "matched_by": "token", "class": "hard", "attempt": 1}'
      || jsonb_build_object('recipient_id', id, 'recipients',
      jsonb_build_array(plain -> 'recipients' -> 0
                        || jsonb_build_object('trust', 'token', 'recipient_id', id,
                                              'communication_id', (
                                                  test.recipient(address)).communication_id,
                                              'blocks', true)))
    WHEN 'bad reason' THEN jsonb_set(plain, '{recipients,0,reason}', '"hard"')
    WHEN 'own_mta 1' THEN plain
      || '{"own_mta": true, "report": {"own_mta": true, "reporting_mta": "mail.example.org"}, '
         '"header": {"own_mta": true, "from": "MAILER-DAEMON@example.org"}}'
    WHEN 'own_mta 2' THEN jsonb_set(plain, '{envelope,own_mta}', '"TRUE"')
    WHEN 'own_mta 3' THEN jsonb_set(plain, '{envelope,own_mta}', '[true]')
    WHEN 'guessed id' THEN jsonb_set(plain, '{original}',
                                     original || jsonb_build_object('message_id',
                                         '<' || victim || '-1@example.org>'))
    WHEN 'wildcard id' THEN jsonb_set(plain, '{original}',
                                      original || '{"message_id": "%@example.org"}')
                                      || '{"references": ["%", "", "<>", "_"]}'
    WHEN 'empty id' THEN jsonb_set(plain, '{original}', original || '{"message_id": "<>"}')
      || '{"references": ["<>", " "]}'
    WHEN 'counted id' THEN jsonb_set(plain, '{original}',
                                     original || jsonb_build_object('communication_id',
                                         (test.recipient(address)).communication_id::text))
    WHEN 'counted envid' THEN jsonb_set(plain, '{report,envelope_id}', to_jsonb(id::text))
    WHEN 'zero envid' THEN jsonb_set(plain, '{report,envelope_id}', to_jsonb(repeat('0', 32)))
    WHEN 'own path' THEN jsonb_set(plain, '{envelope,recipients,0}', to_jsonb(my_path))
    WHEN 'own path original'
      THEN jsonb_set(jsonb_set(plain, '{envelope,recipients,0}', to_jsonb(my_path)),
                     '{recipients,0}', test.reported('user_unknown', 'forger@evil.example',
                                                     original => address))
    WHEN 'own path both'
      THEN jsonb_set(jsonb_set(plain, '{envelope,recipients,0}', to_jsonb(my_path)), '{recipients}',
                     jsonb_build_array(test.reported('user_unknown', address),
                                       test.reported('user_unknown', 'forger@evil.example')))
    WHEN 'own envid' THEN jsonb_set(plain, '{report,envelope_id}', to_jsonb(my_envid))
    WHEN 'own id' THEN test.report('user_unknown', address, about => 'mine')
    WHEN 'own reference' THEN plain || '{"references": ["mine@example.org", "mine2@example.org"]}'
    WHEN 'own token as envid' THEN jsonb_set(plain, '{report,envelope_id}', to_jsonb(my_token))
    WHEN 'many paths' THEN jsonb_set(plain, '{envelope,recipients}',
                                     jsonb_build_array(my_path, address,
                                                       'bounce+' || test.spliced(my_token, id)
                                                       || '@bounces.example.org'))
    WHEN 'capitals' THEN test.report('user_unknown', upper(address))
    WHEN 'all addresses'
      THEN jsonb_set(plain, '{recipients,0,addresses}',
                     (SELECT jsonb_agg(r.address_key) FROM bounce.communication_recipient AS r))
    WHEN 'pattern' THEN test.report('user_unknown', '%@victim.example')
    WHEN 'attempt' THEN jsonb_set(plain, '{recipients,0,attempt}', '255') || '{"attempt": 255}'
    WHEN 'thousand' THEN jsonb_set(plain, '{recipients}',
                                   (SELECT jsonb_agg(test.reported('user_unknown', address,
                                       '5.1.' || i)) FROM generate_series(1, 1000) AS i))
    WHEN 'queue id' THEN jsonb_set(plain, '{original}', original || '{"queue_id": "4XyZ"}')
    ELSE plain END;
END
$$;
-- all that is the victim's
CREATE FUNCTION test.victim(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', r.state, r.attempts, r.next_attempt_at, r.class, c.status,
                   (SELECT d.state FROM bounce.delivery AS d WHERE d.communication_id = c.id),
    CASE WHEN EXISTS (SELECT FROM bounce.address_block AS b WHERE b.address_key = r.address_key)
         THEN 'blocked' END,
    CASE WHEN EXISTS (SELECT FROM bounce.held_block AS h WHERE h.address = r.address_key)
         THEN 'held' END,
    CASE WHEN EXISTS (SELECT FROM bounce.follow_up AS u WHERE u.recipient_id = r.id)
         THEN 'told' END)
  FROM bounce.communication_recipient AS r JOIN bounce.communication AS c
    ON c.id = r.communication_id WHERE r.address = $1
$$;
SELECT lives_ok(format('SELECT test.record(test.forge(%L, %L, %L, %L, %L))', how, 'v' || number,
                       :'my_path', :'my_token', :'my_envid'), 'forged: ' || name) FROM try
                ORDER BY number;
SELECT is(test.victim('v' || number || '@victim.example'), 'sent 1 sent', 'in vain: ' || name)
FROM try ORDER BY number;
SELECT is((SELECT count(*) FROM bounce.address_block WHERE address NOT LIKE '%@evil.example'),
          0::bigint, 'nobody is blocked but himself');
SELECT is((SELECT count(*) FROM bounce.communication_recipient WHERE next_attempt_at IS NOT NULL),
          0::bigint, 'nothing is sent again');
SELECT is((SELECT count(*) FROM bounce.bounce AS b
           JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
           WHERE r.address LIKE '%@victim.example' AND b.trust <> 'address'), 0::bigint,
          'no report about a victim is trusted');
SELECT is((SELECT coalesce(sum(count), 0) FROM bounce.hard_count WHERE about LIKE '%victim%'),
          0::bigint, 'the outage guard counts none of it');
SELECT is((SELECT count(*) FROM bounce.task WHERE status = 'open' AND kind = 'outage'), 0::bigint,
          'and holds nothing');
SELECT cmp_ok((SELECT count(*) FROM bounce.task
               WHERE status = 'open' AND address LIKE '%@victim.example'), '<=',
              (SELECT count(*) + 1 FROM try), 'a task for an address at most');

-- the genuine report is no duplicate of a forged one
SELECT is((test.record(test.report('user_unknown', a, "to" => test.return_path(a)))).duplicate
          || ' ' || number, 'false ' || number, 'genuine, after: ' || name)
          FROM try, concat('v', number, '@victim.example') AS a ORDER BY number;
SELECT is((SELECT string_agg(DISTINCT test.state(address), ', ') FROM bounce.communication_recipient
           WHERE address LIKE '%@victim.example'), 'bounced hard user_unknown',
          'each genuine one counts');
SELECT is((SELECT count(*) FROM bounce.address_block
           WHERE address LIKE '%@victim.example') + (SELECT count(*) FROM bounce.held_block),
          (SELECT count(*) FROM try), 'each is blocked, or held as an outage');

-- with his own return path he can hurt himself only, and get no more than the resends there are
-- for him
SELECT test.mail('own', '{own@evil.example}', 'newsletter');
SELECT test.record(test.report('mailbox_full', 'own@evil.example', '4.2.' || i,
                               "to" => test.return_path('own@evil.example', 1)))
                   FROM generate_series(1, 50) AS i;
SELECT is((SELECT count(*) FROM bounce.communication_log
           WHERE event = 'resend_scheduled'
           AND recipient_id = (test.recipient('own@evil.example')).id), 1::bigint,
          'fifty reports about one send schedule one resend');

-- an address whose letters are other ones, and the same in lower case, would be blocked by his own
SELECT test.mail('kim', '{kim@victim.example}');
SELECT throws_ok(format('SELECT test.mail(%L, ARRAY[%L])', a, a || '@victim.example'), '23514',
                 NULL, 'no mail to the ' || name)
FROM (VALUES (E'\u212Aim', 'Kelvin sign'), (E'k\u0130m', 'dotted capital I')) AS x (a, name);
SELECT throws_ok(format('SELECT bounce.block_address(%L, %L)', E'\u212Aim@victim.example',
                        'gone'), '22023', NULL, 'nor can a person block it by mistake');
SELECT is((SELECT bool_or(bounce.is_address_blocked('kim@victim.example'))), false,
          'the other one is not blocked');
-- but for U+1E9E, which is the capital of the letter that it becomes
SELECT is((SELECT string_agg('U+' || to_hex(code), ' ') FROM generate_series(128, 131071) AS code,
             chr(code) AS letter
           WHERE code NOT BETWEEN 55296 AND 57343 AND code <> 7838 AND lower(letter) <> letter
             AND upper(lower(letter)) <> upper(letter)
             AND bounce_internal.is_address(letter || '@victim.example')), NULL,
          'there are no more such letters');

-- thousands of reports about nobody are no thousands of tasks
SELECT count(*) AS tasks FROM bounce.task WHERE status = 'open'
       AND kind = 'bounce_without_communication' \gset
SELECT test.record(jsonb_set(test.report('user_unknown',
                                         'n' || i || '@nobody' || i % 7 || '.example'), '{digest}',
                             to_jsonb(i::text))) FROM generate_series(1, 150) AS i;
SELECT is((SELECT count(*) FROM bounce.task WHERE status = 'open'
           AND kind = 'bounce_without_communication'), 101::bigint,
          'a hundred, and one for the rest');
SELECT is((SELECT concat_ws(' ', t.count, quote_literal(t.address), quote_literal(t.domain),
                            (SELECT count(*) FROM bounce.task_history AS h WHERE h.task_id = t.id))
           FROM bounce.task_detail AS t JOIN bounce.task AS k USING (id)
           WHERE k.dedup_key = 'bounce_without_communication:'),
          concat_ws(' ', 150 - (100 - :tasks), '''''', '''''', 1),
          'which counts them, and names nobody');
SELECT throws_ok($$SELECT bounce.resolve_task_dead(t.id) FROM bounce.task AS t
                   WHERE t.dedup_key = 'bounce_without_communication:'$$, '22023', NULL,
                 'nor can it block the last one');
SELECT throws_ok($$SELECT bounce.resolve_task_corrected(t.id, 'new@example.com')
                   FROM bounce.task AS t WHERE t.dedup_key = 'bounce_without_communication:'$$,
                 '22023', NULL, 'nor correct it');
SELECT bounce.resolve_task((SELECT t.id FROM bounce.task AS t
                            WHERE t.dedup_key = 'bounce_without_communication:'), 'a forger');

SELECT * FROM finish();
ROLLBACK;
