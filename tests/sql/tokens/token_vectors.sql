-- SPDX-License-Identifier: BSD-2-Clause
-- The tokens that db/values/token.c is held against as well (tests/unit/db/values/test_token.c).
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE TEMPORARY TABLE vector (key_id integer, secret text, attempt integer, expiry_day integer,
                               recipient_id bigint, token text);
\copy vector FROM 'tests/vectors/tokens.tsv' WITH (FORMAT csv, DELIMITER E'\t', HEADER)
SELECT cmp_ok(count(*), '>=', 6::bigint, 'there are vectors') FROM vector;

SELECT is(bounce_internal.token_text(
            bounce_internal.signer_with(v.key_id, v.expiry_day, decode(v.secret, 'hex')),
            v.recipient_id, v.attempt), v.token, 'made: ' || v.token)
FROM vector AS v;

DELETE FROM bounce.token_key;
INSERT INTO bounce.token_key (id, secret) SELECT key_id, decode(secret, 'hex') FROM vector;
SELECT results_eq(format('SELECT recipient_id, attempt FROM bounce_internal.token_read(%L)',
                         upper('bounce+' || v.token)),
                  format('VALUES (%L::bigint, %s)', v.recipient_id, v.attempt), 'read: ' || v.token)
FROM vector AS v;

SELECT * FROM finish();
ROLLBACK;
