-- SPDX-License-Identifier: BSD-2-Clause
-- Rotation of the keys of return paths, with overlap.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.keys() RETURNS text
  LANGUAGE sql AS $$ SELECT string_agg(id || ' ' || state, ', ' ORDER BY id)
                     FROM bounce.token_key_state $$;
CREATE FUNCTION test.signer(token text) RETURNS integer
  LANGUAGE sql AS $$ SELECT get_byte(bounce_internal.base32_decode(token), 0) $$;

SELECT is(test.keys(), '1 signs', 'a database begins with one key');
SELECT bounce_internal.token_make(7, 1, now() + interval '90 days') AS first \gset
SELECT throws_ok('SELECT bounce.retire_token_key(1::smallint)', '55000',
                 'token key 1 is the only one that signs', 'which cannot be retired');
SELECT is(bounce.add_token_key(), 2::smallint, 'a second');
SELECT is(test.keys(), '1 verifies, 2 signs', 'signs from now on');
SELECT is(test.signer(bounce_internal.token_make(7, 1, now())), 2, 'as tokens show');
SELECT is((SELECT recipient_id FROM bounce_internal.token_read(:'first')), 7::bigint,
          'the older one verifies');
SELECT is(bounce.retire_token_key(1::smallint), now() + interval '91 days',
          'retired: it verifies as long as its tokens are in date');
SELECT is((SELECT recipient_id FROM bounce_internal.token_read(:'first')), 7::bigint,
          'it still does');
SELECT throws_ok('SELECT bounce.retire_token_key(1::smallint)', 'P0002', NULL, 'once');
SELECT throws_ok('SELECT bounce.retire_token_key(9::smallint)', 'P0002', NULL,
                 'an unknown one is not retired');
SELECT is(bounce.drop_expired_token_keys(), 0::bigint, 'nothing has expired');

-- a lifetime that was longer before counts
SELECT test.set('token_lifetime', '200 days'), test.set('token_lifetime', '30 days');
SELECT bounce.add_token_key();
SELECT is(bounce.retire_token_key(2::smallint), now() + interval '201 days',
          'tokens of a longer lifetime before are waited for');

-- over
UPDATE bounce.token_key SET expires_at = now() - interval '1 second' WHERE id = 1;
SELECT is(test.keys(), '1 expired, 2 verifies, 3 signs', 'one of each');
SELECT is_empty(format('SELECT * FROM bounce_internal.token_read(%L)', :'first'),
                'an expired key verifies nothing');
SELECT results_eq('SELECT refuse_bad_token, return_path_prefix, keys FROM bounce.token_settings()',
  $$SELECT false, 'bounce+', string_agg(id || ':' || encode(secret, 'hex'), ' ' ORDER BY id)
    FROM bounce.token_key WHERE id > 1$$, 'the milter gets those that verify');
SELECT is(bounce.drop_expired_token_keys(), 1::bigint, 'it is dropped');
SELECT is(bounce.rotate_token_key(), 1::smallint, 'its id is free again');
SELECT is(test.keys(), '1 signs, 2 verifies, 3 verifies', 'rotation retires all others');
SELECT isnt((SELECT secret FROM bounce.token_key WHERE id = 1),
            (SELECT secret FROM bounce.token_key WHERE id = 2), 'no two secrets are the same');
SELECT test.set('refuse_bad_token', 'on');
SELECT is((SELECT refuse_bad_token FROM bounce.token_settings()), true,
          'refusing at RCPT is a parameter');

INSERT INTO bounce.token_key (id, secret) SELECT i, sha256(int4send(i))
                                          FROM generate_series(4, 255) AS i;
SELECT throws_ok('SELECT bounce.add_token_key()', '55000', NULL, 'there are 255 at most');

SELECT * FROM finish();
ROLLBACK;
