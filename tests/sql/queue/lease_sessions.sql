-- SPDX-License-Identifier: BSD-2-Clause
-- Renewing the leases of a claim waits for no mail of it that is being settled: whoever settles one
-- goes on to the next one of the claim, which is being renewed.
\ir ../lib/helper.psql
\ir ../lib/queue.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.connect('a', 'b');
SELECT test.submit(ARRAY['m' || i || '@example.com']) FROM generate_series(1, 3) AS i;
SELECT count(*) FROM test.claim(3);
SELECT array_agg(d.claim_id) AS claims FROM bounce.communication_delivery AS d \gset
CREATE FUNCTION test.leases() RETURNS timestamptz[] LANGUAGE sql AS $$
  SELECT array_agg(d.lease_expire_time ORDER BY d.communication_id)
  FROM bounce.communication_delivery AS d WHERE d.state = 'PROCESSING'
$$;
CREATE TABLE test.before AS SELECT test.leases() AS leases;
SELECT is(cardinality(leases), 3, 'three are claimed') FROM test.before;

SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', $$SELECT d.communication_id FROM bounce.communication_delivery AS d
                          ORDER BY d.communication_id DESC LIMIT 1 FOR UPDATE$$) AS d (id bigint);
SELECT dblink_exec('b', $$SET lock_timeout = '1s'$$);
SELECT is((SELECT d.renewed FROM dblink('b', format('SELECT bounce.renew_leases(%L)', :'claims'))
                                 AS d (renewed integer)),
          2, 'two are renewed while the third is being settled');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT array_agg(l > b ORDER BY place) FROM test.before,
           unnest(test.leases(), leases) WITH ORDINALITY AS u (l, b, place)),
          '{t,t,f}', 'and only they');
SELECT is(bounce.renew_leases(:'claims'), 3, 'the next time all of them');

SELECT * FROM finish();
