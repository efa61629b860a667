-- SPDX-License-Identifier: BSD-2-Clause
-- base32, HMAC and the tokens made of them.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- RFC 4648 section 10
SELECT is(bounce_internal.base32_encode(plain::bytea), coded, format('base32 of "%s"', plain))
       || E'\n' || is(bounce_internal.base32_decode(upper(coded)), plain::bytea,
                      format('and back, in capitals: "%s"', coded))
FROM (VALUES ('', ''), ('f', 'my'), ('fo', 'mzxq'), ('foo', 'mzxw6'), ('foob', 'mzxw6yq'),
             ('fooba', 'mzxw6ytb'),
             ('foobar', 'mzxw6ytboi')) AS v (plain, coded);
SELECT is(bounce_internal.base32_decode(text), NULL::bytea,
          format('"%s" is not base32: %s', text, why))
FROM (VALUES ('m', 'impossible length'), ('mz1q', 'foreign character'),
             ('mzxw6ytbob', 'stray bits at the end'),
             ('my======', 'padding'), ('mé', 'not ASCII')) AS v (text, why);
SELECT is(bounce_internal.base32_decode(NULL), NULL::bytea, 'nothing of nothing');

-- RFC 4231, test cases 1, 2 and 3; RFC 2104 keys are filled up to the block
SELECT is(encode(bounce_internal.hmac_sha256(bounce_internal.xor_pad(decode(secret, 'hex'), 54),
                                              bounce_internal.xor_pad(decode(secret, 'hex'), 92),
                                              message), 'hex'), expected,
          'HMAC-SHA-256, RFC 4231 case ' || number)
FROM (VALUES
  (1, repeat('0b', 20), 'Hi There'::bytea,
   'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'),
  (2, encode('Jefe', 'hex'), 'what do ya want for nothing?',
   '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
  (3, repeat('aa', 20), decode(repeat('dd', 50), 'hex'),
   '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe')
) AS v (number, secret, message, expected);

-- Tokens
SELECT bounce_internal.token_make(123456789012345, 7, now() + interval '30 days') AS token \gset
SELECT is(length(:'token'), 36, 'a token has 36 characters');
SELECT matches(:'token'::text, '^[a-z2-7]+$', 'of the base32 alphabet');
SELECT results_eq(format('SELECT * FROM bounce_internal.token_read(%L)', prefix || text),
                  'VALUES (123456789012345::bigint, 7, false)', 'read behind "' || prefix || '"')
FROM (VALUES ('', :'token'), ('bounce+', :'token'), ('b-', :'token'), ('bounce=', upper(:'token')),
             ('B', upper(:'token'))) AS v (prefix, text);
SELECT is_empty(format('SELECT * FROM bounce_internal.token_read(%L)', text),
                'not a token: ' || why)
FROM (VALUES (left(:'token', 35), 'too short'), (:'token' || 'a', 'one more character'),
             ('', 'empty'), (NULL, 'absent'),
             (repeat('a', 36), 'unsigned'),
             (overlay(:'token' placing '1' FROM 5), 'foreign character')) AS v (text, why);

-- every single bit counts
SELECT is((SELECT count(*) FROM generate_series(0, 175) AS i CROSS JOIN LATERAL
             bounce_internal.token_read(
                 bounce_internal.base32_encode(set_bit(bounce_internal.base32_decode(:'token'), i,
                                                       1 - get_bit(bounce_internal.base32_decode(
                                                           :'token'), i))))),
          0::bigint, 'no token with one bit changed is read');

SELECT is((SELECT expired
           FROM bounce_internal.token_read(bounce_internal.token_make(1, 1,
               now() - interval '2 days'))), true, 'an old token is read, as expired');
SELECT is((SELECT expired FROM bounce_internal.token_read(bounce_internal.token_make(1, 1, now()))),
          false, 'on its last day it is not');
SELECT is((SELECT recipient_id
           FROM bounce_internal.token_read(bounce_internal.token_make(9223372036854775807, 255,
               '2149-01-01'))),
          9223372036854775807, 'the greatest values fit');
SELECT throws_ok('SELECT bounce_internal.token_make(1, 256, now())', '22003', NULL,
                 'attempt 256 does not');
SELECT throws_ok('SELECT bounce_internal.token_make(1, 0, now())', '22003', NULL,
                 'there is no attempt 0');

-- Keys
SELECT is(bounce.rotate_token_key(), 2::smallint, 'a new key');
SELECT is((SELECT attempt FROM bounce_internal.token_read(:'token')), 7,
          'the retired key still verifies');
SELECT is(get_byte(bounce_internal.base32_decode(bounce_internal.token_make(1, 1, now())), 0), 2,
          'the new one signs');
DELETE FROM bounce.token_key WHERE id = 1;
SELECT is_empty(format('SELECT * FROM bounce_internal.token_read(%L)', :'token'),
                'a deleted one does not verify');

-- Return paths
SELECT test.mail('T1', '{anna@example.com}') AS mail \gset
SELECT matches(test.return_path('anna@example.com'), '^bounce\+[a-z2-7]{36}@bounces\.example\.org$',
               'a return path');
SELECT is((SELECT attempt
           FROM bounce_internal.token_read(split_part(test.return_path('anna@example.com'), '@',
                                                      1))), 1, 'of the send that was made');
SELECT is((SELECT attempt
           FROM bounce_internal.token_read(split_part(test.return_path('anna@example.com', 4), '@',
                                                      1))), 4, 'of the send asked for');
SELECT test.set('bounce_domain', 'b1.example.org, b2.example.org'),
       test.set('return_path_prefix', '');
SELECT matches(test.return_path('anna@example.com'), '^[a-z2-7]{36}@b1\.example\.org$',
               'in the first bounce domain, without a prefix');
SELECT test.set('return_path_prefix', repeat('p', 28));
SELECT is(length(split_part(test.return_path('anna@example.com'), '@', 1)), 64,
          'a local part has at most 64 octets');
SELECT throws_ok('SELECT bounce.return_path(0)', 'P0002', NULL, 'an unknown recipient has none');
SELECT test.set('bounce_domain', '');
SELECT throws_ok(format('SELECT bounce.return_path(%s)', (test.recipient('anna@example.com')).id),
                 '55000', 'no bounce domain is set', 'nor is there one without a bounce domain');

SELECT * FROM finish();
ROLLBACK;
