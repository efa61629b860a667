-- SPDX-License-Identifier: BSD-2-Clause
-- A worker that was only slow: its lease has ended, the sweeper was there, and then it tells
-- what the server said.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- hands over, claims, begins, and lets the lease end
CREATE FUNCTION test.slow(address text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  new_id CONSTANT bigint := test.submit(ARRAY[address]);
BEGIN
  PERFORM test.claim();
  PERFORM test.begin(new_id);
  UPDATE bounce.communication_delivery AS d SET lease_expire_time = now() - interval '1 second'
  WHERE d.communication_id = new_id;
  PERFORM bounce.sweep_deliveries();
  RETURN new_id;
END
$$;
CREATE FUNCTION test.how(id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', d.state, q.state, r.state, r.attempts, d.attempts,
                   (SELECT t.status FROM bounce.task AS t WHERE t.id = r.task_id))
  FROM bounce.delivery AS d JOIN bounce.communication_recipient AS r USING (communication_id)
  JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
  WHERE d.communication_id = $1
$$;

-- unknown: what it says, and what follows
CREATE TEMP TABLE late AS
SELECT v.*, test.slow(v.outcome || v.unknown || '@example.com') AS id
FROM (VALUES ('accepted', 'ask', 'SUCCESS accepted sent 1 1 done', 'it was taken'),
             ('rejected', 'ask', 'RETRY due error 1 1 done', 'refused: it is sent again'),
             ('pending', 'ask', 'RETRY due error 1 1 done', 'put off: it is sent again'),
             ('unknown', 'ask', 'ERROR unknown error 1 1 open', 'still unknown')) AS v (outcome,
                 unknown, result, why);
SELECT is(test.how(id), 'ERROR unknown error 1 1 open', 'swept: unknown, and a task') FROM late
ORDER BY id;
SELECT is(test.settle(outcome || unknown || '@example.com', outcome), 'lost',
          'the worker hears that it was late') FROM late ORDER BY id;
SELECT is(test.how(id), result, why) FROM late ORDER BY id;
SELECT is(test.settle(outcome || unknown || '@example.com', outcome), 'lost', 'a repeat') FROM late
ORDER BY id;
SELECT is(test.how(id), result, 'is harmless') FROM late ORDER BY id;
SELECT is((SELECT count(*) FROM bounce.communication_log AS l
           WHERE l.event = 'heard_late' AND l.communication_id = late.id),
          (outcome <> 'unknown')::integer::bigint, 'logged once')
FROM late ORDER BY id;

-- where an unknown outcome is sent again by itself, it is called off in time
SELECT test.set('delivery_unknown', 'retry');
SELECT test.slow('again@example.com') AS again \gset
SELECT is(test.how(:again), 'RETRY due error 1 1', 'it waits to be sent again');
SELECT test.settle('again@example.com', 'accepted');
SELECT is(test.how(:again), 'SUCCESS accepted sent 1 1', 'it is not: the server has it');

-- claimed by another meanwhile: that one tells
SELECT test.slow('other@example.com') AS other \gset
SELECT claim_id AS late_claim FROM bounce.communication_delivery
WHERE communication_id = :other \gset
SELECT test.make_due();
SELECT is((SELECT array_agg(addresses[1]) FROM test.claim() WHERE communication_id = :other),
          '{other@example.com}', 'claimed again');
SELECT is(bounce.settle_delivery(:'late_claim', 'mx:25',
                                 jsonb_build_array(jsonb_build_object('recipient_id',
                                     (test.recipient('other@example.com')).id, 'outcome',
                                     'accepted', 'response', '250 ok'))),
          'lost', 'the first one is late');
SELECT is((test.delivery('other@example.com')).state, 'claimed', 'and changes nothing');

SELECT * FROM finish();
ROLLBACK;
