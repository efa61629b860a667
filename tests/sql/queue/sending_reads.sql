-- SPDX-License-Identifier: BSD-2-Clause
-- What sending a mail reads does not grow with the queue, though a worker planned its statements
-- while that was short, and nothing has counted it since.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql
\ir ../lib/reads.psql

-- What a worker does of one mail that is accepted, and of the next; rows read.
CREATE FUNCTION test.step(settled bounce.delivery_item, begun bounce.delivery_item) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  outcomes CONSTANT jsonb := jsonb_build_array(jsonb_build_object(
    'recipient_id', settled.recipient_ids[1], 'outcome', 'accepted', 'response', '250 2.0.0 ok'));
  before CONSTANT bigint := test.entries_read();
BEGIN
  PERFORM FROM bounce.settle_and_begin(settled.claim_id, 'mx:25', outcomes, begun.claim_id,
                                       begun.recipient_ids);
  RETURN test.entries_read() - before;
END $$;
-- Claims two mails, begins the first, and notes it with the begin of the second; settles the claim.
CREATE FUNCTION test.entries_for_two() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  items CONSTANT bounce.delivery_item[] := ARRAY(SELECT i FROM test.claim(2) AS i);
  read bigint;
BEGIN
  PERFORM test.step(NULL, items[1]);
  read := test.step(items[1], items[2]);
  PERFORM bounce.settle_noted(ARRAY[items[1].claim_id]);
  RETURN read;
END $$;

-- Read by the last step of a claim of that many.
CREATE FUNCTION test.entries_at_end_of(batch integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  items CONSTANT bounce.delivery_item[] := ARRAY(SELECT i FROM test.claim(batch) AS i);
  read bigint;
BEGIN
  PERFORM test.step(NULL, items[1]);
  FOR place IN 2 .. batch LOOP
    read := test.step(items[place - 1], items[place]);
  END LOOP;
  RETURN read;
END $$;

-- as db/queue.c
SET LOCAL plan_cache_mode = force_generic_plan;
SELECT test.submit(ARRAY['first' || i || '@example.com']) FROM generate_series(1, 2) AS i;
ANALYZE;
-- as a new session
DISCARD PLANS;
SELECT cmp_ok(test.entries_for_two(), '<', 100::bigint, 'a mail of two reads few rows');
SELECT test.submit(ARRAY['later' || i || '@example.com']) FROM generate_series(1, 1000) AS i;
SELECT cmp_ok(test.entries_for_two(), '<', 100::bigint, 'one of a thousand does as well');
UPDATE bounce.communication_delivery SET priority = 50
WHERE communication_id > (SELECT max(c.id) - 2 FROM bounce.communication AS c);
SELECT cmp_ok(test.entries_for_two(), '<', 100::bigint, 'the last of a thousand as well');
SELECT is((SELECT array_agg(d.state ORDER BY d.communication_id)
           FROM bounce.communication_delivery AS d WHERE d.state <> 'PENDING'),
          '{SUCCESS,PROCESSING,SUCCESS,PROCESSING,SUCCESS,PROCESSING}',
          'and they were sent');
SELECT cmp_ok(test.entries_at_end_of(100), '<', 60::bigint,
              'a mail does not read the others of its claim');

SELECT * FROM finish();
ROLLBACK;
