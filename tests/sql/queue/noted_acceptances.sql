-- SPDX-License-Identifier: BSD-2-Clause
-- That a mail was accepted is noted in the commit that begins the next one, and settled with
-- others: what was noted is never lost, whoever comes to settle it, and nothing else is taken for
-- it.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

CREATE TABLE test.item AS SELECT NULL::text AS address, i.* FROM test.claim(1) AS i WITH NO DATA;
-- submits mails to these addresses, with priorities so that they are sent in this order; claims
-- them
CREATE FUNCTION test.take(VARIADIC addresses text[]) RETURNS void LANGUAGE sql AS $$
  SELECT test.submit(ARRAY[u.address], priority => (50 - u.place)::integer)
  FROM unnest(addresses) WITH ORDINALITY AS u (address, place);
  INSERT INTO test.item
  SELECT (SELECT r.address FROM bounce.communication_recipient AS r
          WHERE r.id = i.recipient_ids[1]),
         i.*
  FROM test.claim(20) AS i
$$;
-- what a worker says when one is accepted and it goes on with the next; '': there is none
CREATE FUNCTION test.step(done text, next text) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*)
  FROM (VALUES (1)) AS one (one)
  LEFT JOIN test.item AS d ON d.address = done
  LEFT JOIN test.item AS n ON n.address = next
  CROSS JOIN LATERAL bounce.settle_and_begin(
    d.claim_id, 'mx:25',
    CASE WHEN d.address IS NOT NULL
         THEN jsonb_build_array(jsonb_build_object('recipient_id', d.recipient_ids[1], 'outcome',
                                                   'accepted', 'response', '250 2.0.0 ' || done))
    END, n.claim_id, n.recipient_ids)
$$;
CREATE FUNCTION test.claim_of(address text) RETURNS uuid LANGUAGE sql AS $$
  SELECT i.claim_id FROM test.item AS i WHERE i.address = $1
$$;
CREATE FUNCTION test.lose(address text) RETURNS void LANGUAGE sql AS $$
  UPDATE bounce.communication_delivery AS d SET lease_expire_time = now() - interval '1 second'
  WHERE d.claim_id = test.claim_of($1) AND d.state = 'PROCESSING';
  SELECT bounce.sweep_deliveries();
$$;
-- what is known of one: its delivery, recipient and sends, and the replies that are kept
CREATE FUNCTION test.story(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', d.state, q.state, r.state, r.attempts, d.attempts, nullif(d.response, ''))
  FROM test.recipient($1) AS r
  JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
  JOIN bounce.communication_delivery AS d ON d.communication_id = r.communication_id
$$;

SELECT test.take('a1@example.com', 'a2@example.com', 'a3@example.com', 'a4@example.com');
SELECT test.step('', 'a1@example.com');
SELECT is(test.step('a1@example.com', 'a2@example.com'), 1::bigint, 'the next one is begun');
SELECT is(test.story('a1@example.com'), 'PROCESSING sending open 0 0', 'the first is noted');
SELECT isnt((test.delivery('a1@example.com')).accepted_at, NULL, 'as accepted');
SELECT test.step('a2@example.com', 'a3@example.com');
SELECT bounce.settle_noted(ARRAY[test.claim_of('a1@example.com')]);
SELECT is(test.story('a1@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 a1@example.com',
          'settled while the claim goes on');
SELECT is(test.story('a2@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 a2@example.com',
          'and the second, with a reply of its own');
SELECT is(test.story('a3@example.com'), 'PROCESSING sending open 0 0', 'what is under way is not');
SELECT is((test.delivery('a1@example.com')).accepted_at, NULL, 'it is noted no more');
SELECT test.step('a3@example.com', '');
SELECT bounce.release_claim(test.claim_of('a1@example.com'));
SELECT is(test.story('a3@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 a3@example.com',
          'whoever gives a claim back settles what was noted');
SELECT is(test.story('a4@example.com'), 'PENDING due open 0 0', 'and what was not begun is due');

DELETE FROM test.item;
SELECT test.take('b1@example.com', 'b2@example.com', 'b3@example.com');
SELECT test.step('', 'b1@example.com');
SELECT test.step('b1@example.com', 'b2@example.com');
SELECT test.lose('b1@example.com');
SELECT is(test.story('b1@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 b1@example.com',
          'a worker is gone: what was noted is known');
SELECT is(test.story('b2@example.com'), 'ERROR unknown error 1 1', 'what was begun is unknown');
SELECT is(test.story('b3@example.com'), 'PENDING due open 0 0', 'what was not begun is due');

DELETE FROM test.item;
SELECT test.take('c1@example.com', 'c2@example.com');
SELECT test.step('', 'c1@example.com');
SELECT test.step('c1@example.com', 'c2@example.com');
SELECT test.lose('c1@example.com');
SELECT test.step('c2@example.com', '');
SELECT is(test.story('c2@example.com'), 'SUCCESS accepted sent 1 1',
          'what is heard after the lease is heard late, as before');

DELETE FROM test.item;
SELECT test.take('d1@example.com', 'd2@example.com', 'd3@example.com');
SELECT test.step('', 'd1@example.com');
SELECT bounce.delivery_problem('mx:25', 'mail is refused: 451 4.3.2 later');
SELECT test.step('d1@example.com', 'd2@example.com');
SELECT is(test.story('d1@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 d1@example.com',
          'what ends a problem of the server is settled at once');
SELECT is((SELECT s.problem FROM bounce.delivery_server AS s WHERE s.name = 'mx:25'), '',
          'and ends it');
UPDATE bounce.communication_delivery AS d SET urgent_at = now()
WHERE d.communication_id = (test.recipient('d2@example.com')).communication_id;
SELECT test.step('d2@example.com', 'd3@example.com');
SELECT is(test.story('d2@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 d2@example.com',
          'so is what somebody waits for');
SELECT bounce.release_claim(test.claim_of('d1@example.com'));

-- one that cannot be settled
CREATE FUNCTION test.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'not this one' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER refuse_e2 BEFORE UPDATE ON bounce.communication_recipient
FOR EACH ROW WHEN (NEW.address = 'e2@example.com' AND NEW.state = 'sent')
EXECUTE FUNCTION test.refuse();
DELETE FROM test.item;
SELECT test.take('e1@example.com', 'e2@example.com', 'e3@example.com', 'e4@example.com');
SELECT test.step('', 'e1@example.com');
SELECT test.step('e1@example.com', 'e2@example.com');
SELECT test.step('e2@example.com', 'e3@example.com');
SELECT test.step('e3@example.com', 'e4@example.com');
SELECT bounce.settle_noted(ARRAY[test.claim_of('e1@example.com')]);
SELECT is(test.story('e1@example.com') || ', ' || test.story('e3@example.com'),
          'SUCCESS accepted sent 1 1 250 2.0.0 e1@example.com, '
          'SUCCESS accepted sent 1 1 250 2.0.0 e3@example.com',
          'one that cannot be settled keeps no other');
SELECT test.lose('e1@example.com');
SELECT is(test.story('e2@example.com'), 'ERROR unknown error 1 1', 'it is unknown itself');

-- a bounce that is faster
DELETE FROM test.item;
SELECT test.take('f1@example.com', 'f2@example.com');
SELECT test.step('', 'f1@example.com');
SELECT test.step('f1@example.com', 'f2@example.com');
SELECT test.record(test.report('user_unknown', 'f1@example.com',
                               "to" => test.return_path('f1@example.com', 1)));
SELECT bounce.release_claim(test.claim_of('f1@example.com'));
SELECT is(test.story('f1@example.com'), 'SUCCESS accepted bounced 1 1 250 2.0.0 f1@example.com',
          'the later news stands');

-- and one of a send that is not the first
CREATE FUNCTION test.take_again(address text, and_another text) RETURNS void LANGUAGE sql AS $$
  SELECT bounce.release_claim(test.claim_of(address));
  SELECT bounce.retry_communication((test.recipient(address)).communication_id);
  DELETE FROM test.item;
  SELECT test.take(and_another);
  SELECT test.step('', address);
  SELECT test.step(address, and_another);
$$;
DELETE FROM test.item;
SELECT test.take('g1@example.com');
SELECT test.step('', 'g1@example.com');
SELECT test.step('g1@example.com', '');
SELECT test.take_again('g1@example.com', 'g2@example.com');
SELECT test.record(test.report('user_unknown', 'g1@example.com',
                               more => jsonb_build_object('report', jsonb_build_object(
                                 'reporting_mta', 'mx.example.net', 'envelope_id', c.envelope_id))))
FROM bounce.communication AS c WHERE c.id = (test.recipient('g1@example.com')).communication_id;
SELECT bounce.release_claim(test.claim_of('g1@example.com'));
SELECT is(test.story('g1@example.com'), 'SUCCESS accepted bounced 2 2 250 2.0.0 g1@example.com',
          'it is about what was noted, though it does not say which send it is about');

DELETE FROM test.item;
SELECT test.take('h1@example.com');
SELECT test.step('', 'h1@example.com');
SELECT test.step('h1@example.com', '');
SELECT test.record(test.report('user_unknown', 'h1@example.com',
                               "to" => test.return_path('h1@example.com', 1)));
SELECT bounce.lift_block('h1@example.com', 'the mailbox is there again');
-- now() is the beginning of this transaction
UPDATE bounce.address_block AS b SET lifted_at = clock_timestamp()
WHERE b.address = 'h1@example.com';
SELECT test.take_again('h1@example.com', 'h2@example.com');
SELECT test.record(test.report('user_unknown', 'h1@example.com',
                               "to" => test.return_path('h1@example.com', 2)));
SELECT is((SELECT count(*) FROM bounce.address_block AS b
           WHERE b.address = 'h1@example.com' AND b.lifted_at IS NULL), 1::bigint,
          'a block that was lifted before it was sent does not keep it from another');

-- a second transaction of the mail finds no content
DELETE FROM test.item;
SELECT test.submit(ARRAY['i1@example.com', 'i2@example.com']) AS mail \gset
INSERT INTO test.item SELECT NULL, i.* FROM test.claim(20) AS i;
UPDATE test.item AS i SET address = r.address FROM bounce.communication_recipient AS r
WHERE r.id = i.recipient_ids[1];
SELECT is((SELECT count(*) FROM test.item WHERE cardinality(recipient_ids) = 1), 2::bigint,
          'each recipient has a transaction');
SELECT test.step('', 'i1@example.com');
SELECT test.step('i1@example.com', '');
SELECT is((SELECT count(*) FROM test.item AS i
           CROSS JOIN LATERAL bounce.begin_delivery(i.claim_id, i.recipient_ids) AS b
           WHERE i.address = 'i1@example.com' AND b.message_id IS NOT NULL), 0::bigint,
          'what was accepted is not begun again');
DELETE FROM bounce.communication_content WHERE communication_id = :mail;
SELECT test.step('', 'i2@example.com');
SELECT is((test.recipient('i1@example.com')).state, 'sent', 'who has it already has it');
SELECT is((test.recipient('i2@example.com')).state, 'error', 'who has it not has it not');

-- the one before was accepted, and the next cannot be begun
CREATE FUNCTION test.then(done text, next text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE test.step(done, next) WHEN 0 THEN 'not begun' ELSE 'begun' END || ', '
         || CASE WHEN (test.delivery(done)).accepted_at IS NULL THEN 'not noted' ELSE 'noted' END
$$;
DELETE FROM test.item;
SELECT test.take('j1@example.com', 'j2@example.com', 'j3@example.com', 'j4@example.com',
                 'j5@example.com');
SELECT test.step('', 'j1@example.com');
SELECT bounce.block_address('j2@example.com', 'left');
SELECT is(test.then('j1@example.com', 'j2@example.com'), 'not begun, noted',
          'an address that was blocked meanwhile');
SELECT is(test.story('j2@example.com'), 'ERROR rejected error 0 0', 'it is refused');
UPDATE bounce.communication_delivery AS d SET held_at = now(), held_by = 'somebody'
WHERE d.communication_id = (test.recipient('j3@example.com')).communication_id;
SELECT is(test.then('j1@example.com', 'j3@example.com'), 'not begun, noted', 'a mail on hold');
SELECT is(test.story('j3@example.com'), 'PENDING due open 0 0', 'it is given back');
DELETE FROM bounce.communication_content AS k
WHERE k.communication_id = (test.recipient('j4@example.com')).communication_id;
SELECT is(test.then('j1@example.com', 'j4@example.com'), 'not begun, noted', 'an erased one');
SELECT is(test.story('j4@example.com'), 'ERROR rejected error 0 0', 'it fails');
UPDATE test.item AS i SET claim_id = gen_random_uuid() WHERE i.address = 'j5@example.com';
SELECT is(test.then('j1@example.com', 'j5@example.com'), 'not begun, noted',
          'one that another worker has');
SELECT is(test.story('j5@example.com'), 'PROCESSING claimed open 0 0', 'it is left alone');
UPDATE test.item AS i SET claim_id = test.claim_of('j1@example.com')
WHERE i.address = 'j5@example.com';
SELECT is(test.then('j1@example.com', 'j5@example.com'), 'begun, noted', 'or can be');
SELECT is(test.then('j1@example.com', 'j5@example.com'), 'begun, noted', 'and said once more');
SELECT bounce.release_claim(test.claim_of('j1@example.com'));
SELECT is(test.story('j1@example.com'), 'SUCCESS accepted sent 1 1 250 2.0.0 j1@example.com',
          'it was sent once');

DELETE FROM test.item;
SELECT test.take('k1@example.com');
UPDATE bounce.communication AS c SET message_id = NULL
WHERE c.id = (test.recipient('k1@example.com')).communication_id;
DELETE FROM bounce.communication_message_id AS m
WHERE m.communication_id = (test.recipient('k1@example.com')).communication_id;
SELECT test.step('', 'k1@example.com');
SELECT is((SELECT count(*) FROM bounce.communication_message_id AS m
           WHERE m.communication_id = (test.recipient('k1@example.com')).communication_id),
          1::bigint, 'a Message-ID that is made for the send is remembered');

SELECT * FROM finish();
ROLLBACK;
