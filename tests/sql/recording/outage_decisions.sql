-- SPDX-License-Identifier: BSD-2-Clause
-- People decide about outages while several sessions record: nothing that was held is forgotten,
-- nobody is asked again about what he has just confirmed, and nobody waits for a long decision.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '5'), test.set('guard_minimum_overall', '100000'),
       test.set('guard_factor', '1');
SELECT test.connect('a', 'b', 'c', 'd');

-- Two recipients a mail: their bounces come by different sessions, which meet in the mail.
CREATE PROCEDURE test.record_dead(place text, recipient integer, first integer, last integer)
LANGUAGE plpgsql AS $$
DECLARE
  address text;
BEGIN
  FOR i IN first .. last LOOP
    address := format('%s%s.%s@%s.example', place, i, recipient, place);
    PERFORM test.record(test.report('user_unknown', address, "to" => test.return_path(address)));
    COMMIT;
  END LOOP;
END $$;
CREATE FUNCTION test.is_busy(VARIADIC sessions text[]) RETURNS boolean LANGUAGE sql AS $$
  SELECT bool_or(dblink_is_busy(s) = 1) FROM unnest(sessions) AS s
$$;
CREATE FUNCTION test.errors(VARIADIC sessions text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  s text;
BEGIN
  FOREACH s IN ARRAY sessions LOOP
    PERFORM FROM dblink_get_result(s, false) AS d (status text);
    RETURN QUERY SELECT dblink_error_message(s) WHERE dblink_error_message(s) <> 'OK';
    PERFORM FROM dblink_get_result(s, false) AS d (status text);
  END LOOP;
END $$;

-- Decides whatever is open until the sessions have ended and nothing is open any more: who decides
-- may be slower than those who record.
CREATE PROCEDURE test.decide_while_busy(way text) LANGUAGE plpgsql AS $$
DECLARE
  t bigint;
  busy boolean;
BEGIN
  LOOP
    busy := test.is_busy('a', 'b', 'c', 'd');
    SELECT o.task_id INTO t FROM bounce.open_outage AS o WHERE o.held >= 3 LIMIT 1;
    IF FOUND THEN
      IF way = 'confirm' THEN
        PERFORM bounce.confirm_outage(t, 'they are dead');
      ELSE
        PERFORM bounce.dismiss_outage(t, 'they were down');
      END IF;
      INSERT INTO test.decided VALUES (way, t);
    ELSIF NOT busy THEN
      EXIT;
    END IF;
    COMMIT;
    PERFORM pg_sleep(0.02);
  END LOOP;
END $$;
CREATE TABLE test.decided (way text, task_id bigint);
CREATE FUNCTION test.undecided() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
  WHERE h.decision IS NULL AND o.status <> 'open'
$$;

SELECT test.mail(place || i, ARRAY[format('%s%s.1@%1$s.example', place, i),
                                   format('%s%s.2@%1$s.example', place, i)])
FROM unnest('{confirm,dismiss}'::text[]) AS place CROSS JOIN generate_series(1, 300) AS i;
CREATE FUNCTION test.record_in_background(place text, first integer, last integer)
RETURNS void LANGUAGE sql AS $$
  SELECT dblink_send_query(s, format('CALL test.record_dead(%L, %s, %s, %s)', place, n, first,
                                     last))
  FROM (VALUES ('a', 1), ('b', 2), ('c', 2), ('d', 1)) AS v (s, n)
$$;

SELECT test.record_in_background('dismiss', 1, 150);
CALL test.decide_while_busy('dismiss');
SELECT is_empty($$SELECT test.errors('a', 'b', 'c', 'd')$$, 'nobody who records fails');
SELECT test.record_in_background('dismiss', 151, 300);
CALL test.decide_while_busy('dismiss');
SELECT is_empty($$SELECT test.errors('a', 'b', 'c', 'd')$$, 'nor afterwards');
SELECT ok((SELECT count(*) FROM test.decided WHERE way = 'dismiss') > 1,
          'dismissed more than once meanwhile');
SELECT is(test.undecided(), 0::bigint, 'no block is held for a dismissed outage');

SELECT test.record_in_background('confirm', 1, 300);
CALL test.decide_while_busy('confirm');
SELECT is_empty($$SELECT test.errors('a', 'b', 'c', 'd')$$, 'nobody who records fails');
SELECT is((SELECT count(*) FROM test.decided WHERE way = 'confirm'), 1::bigint,
          'who has confirmed is not asked again');
SELECT is(test.undecided(), 0::bigint, 'no block is held for a confirmed outage');
SELECT is_empty($$
  SELECT r.address, b.consequence, (SELECT string_agg(l.event || ' ' || l.text, '; ' ORDER BY l.id)
                     FROM bounce.communication_log AS l WHERE l.recipient_id = r.id)
  FROM bounce.communication_recipient AS r JOIN bounce.bounce AS b ON b.id = r.bounce_id
  WHERE r.state = 'bounced' AND r.class = 'hard' AND r.requested_by IS NULL
    AND NOT bounce.is_address_blocked(r.address)
    AND NOT EXISTS (SELECT FROM bounce.held_block AS h
                    WHERE h.recipient_id = r.id AND h.decision IS NULL)$$,
  'whoever bounced is blocked, held, or sent to again');
SELECT is((SELECT count(*) FROM bounce.communication_recipient AS r
           WHERE r.address_key LIKE '%@confirm.example'
             AND NOT bounce.is_address_blocked(r.address)), 0::bigint, 'all the dead are blocked');

SELECT is_empty('SELECT * FROM bounce.audit()', 'the audit finds nothing');

-- A session in the middle of a mail of which the other recipient is held: the decision waits for
-- it, and does not deadlock with it.
SELECT bounce.dismiss_outage(o.task_id, 'over') FROM bounce.open_outage AS o;
SELECT test.mail('pair' || i, ARRAY[format('pair%s.1@pair.example', i),
                                    format('pair%s.2@pair.example', i)])
FROM generate_series(1, 6) AS i;
CALL test.record_dead('pair', 1, 1, 6);
SELECT is((SELECT held FROM bounce.open_outage), 2::bigint, 'two are held');
SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', $$SELECT test.record(test.report('user_unknown', 'pair6.2@pair.example',
                          "to" => test.return_path('pair6.2@pair.example')))$$) AS d (r text);
SELECT dblink_send_query('b', format('SELECT bounce.confirm_outage(%s)', o.task_id))
FROM bounce.open_outage AS o;
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT d.n FROM dblink_get_result('b') AS d (n integer)), 3,
          'decided with what was being recorded');
SELECT FROM dblink_get_result('b') AS d (n integer);

-- What was left over from anything is decided as its outage was.
INSERT INTO bounce.outage (scope, about, status, seen, usual, time_window, decided_at, decided_by)
VALUES ('domain', 'left.example', 'confirmed', 5, 0, '1 hour', now() - interval '1 day', 'maria'),
       ('domain', 'left2.example', 'dismissed', 5, 0, '1 hour', now() - interval '1 day', 'maria'),
       ('domain', 'left3.example', 'open', 5, 0, '1 hour', NULL, NULL);
SELECT test.set('guard', 'off'), test.set('block_hard', 'off');
SELECT test.mail(a, ARRAY[a])
FROM unnest('{x@left.example,x@left2.example,x@left3.example}'::text[]) AS a;
SELECT test.record(test.report('user_unknown', a, "to" => test.return_path(a)))
FROM unnest('{x@left.example,x@left2.example,x@left3.example}'::text[]) AS a;
INSERT INTO bounce.held_block (outage_id, address, reason, why, bounce_id, communication_id,
                               recipient_id)
SELECT o.id, b.recipient, b.reason, 'why', b.id, b.communication_id, b.recipient_id
FROM bounce.outage AS o JOIN bounce.bounce AS b ON b.recipient = 'x@' || o.about;
SELECT is(bounce_internal.decide_leftovers(100), 3::bigint, 'the sweeper finds them');
SELECT is((SELECT string_agg(h.address || ' ' || coalesce(h.decision, 'held'), ', '
                             ORDER BY h.address)
           FROM bounce.held_block AS h WHERE h.address LIKE 'x@left%'),
          'x@left.example blocked, x@left2.example dropped, x@left3.example held', 'and decides');
SELECT is(bounce.is_address_blocked('x@left.example'), true, 'blocked');
SELECT is((test.recipient('x@left2.example')).requested_by IS NOT NULL, true, 'sent again');
SELECT is((SELECT o.about FROM bounce.open_outage AS o), 'left3.example',
          'an open outage that had lost its task has one');
SELECT is(bounce_internal.decide_leftovers(100), 0::bigint, 'once');

-- An outage without held blocks ends by itself, but not under somebody who is holding one.
SELECT is(bounce_internal.close_stale(o, now() + interval '2 hours'), false, 'it holds a block')
FROM bounce.outage AS o WHERE o.about = 'left3.example';

-- Who undoes has mails that a session waits for which holds a block for the same outage: he does
-- not wait for it.
SELECT bounce.dismiss_outage(o.task_id, 'over') FROM bounce.open_outage AS o;
SELECT test.set('guard', 'on'), test.set('block_hard', 'on');
SELECT test.mail('knot' || i, ARRAY[format('knot%s.1@knot.example', i),
                                    format('knot%s.2@knot.example', i)])
FROM generate_series(1, 7) AS i;
CALL test.record_dead('knot', 1, 1, 6);
SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', $$SELECT test.record(test.report('user_unknown', 'knot7.1@knot.example',
                          "to" => test.return_path('knot7.1@knot.example')))$$) AS d (r text);
SELECT dblink_send_query('b', $$SELECT undo_id FROM bounce.undo_bounces(
  now() - interval '1 hour', NULL, 'not so', domain => 'knot.example')$$);
CREATE PROCEDURE test.await_lock(mail text) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 1000 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM bounce.communication AS c WHERE c.business_ref = mail
                          FOR NO KEY UPDATE SKIP LOCKED);
    COMMIT;
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
CALL test.await_lock('knot6');
SELECT dblink_send_query('a', $$SELECT test.record(test.report('user_unknown',
  'knot6.2@knot.example', "to" => test.return_path('knot6.2@knot.example')))$$);
SELECT is_empty($$SELECT test.errors('a', 'b')$$, 'neither of them is refused');
SELECT dblink_exec('a', 'COMMIT');
SELECT is_empty('SELECT * FROM bounce.audit()', 'and nothing is forgotten');

-- Two decisions about the same mails at once: the later one waits, and takes them as the first one
-- has left them; nobody who takes it back brings back what was before both.
CREATE FUNCTION test.outage_of(place text) RETURNS bigint LANGUAGE sql AS $$
  SELECT o.task_id FROM bounce.open_outage AS o WHERE o.about = place || '.example'
$$;
CREATE FUNCTION test.undo(place text) RETURNS text LANGUAGE sql AS $$
  SELECT format('SELECT undo_id FROM bounce.undo_bounces(now() - interval ''1 hour'', NULL, '
                '''not so'', domain => ''%s.example'', resend => false)', place)
$$;
SELECT test.mail(place || i, ARRAY[format('%s%s.1@%1$s.example', place, i)])
FROM unnest('{first,second,third}'::text[]) AS place CROSS JOIN generate_series(1, 9) AS i;
CALL test.record_dead('first', 1, 1, 9);
CALL test.record_dead('second', 1, 1, 9);
CALL test.record_dead('third', 1, 1, 9);

SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', format('SELECT bounce.dismiss_outage(%s, ''over'', false)',
                               test.outage_of('first'))) AS d (n integer);
SELECT ok(test.send_and_block('b', test.undo('first')), 'who undoes waits for who dismisses');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT d.id FROM dblink_get_result('b') AS d (id bigint)), NULL::bigint,
          'and finds nothing that is left to be undone');
SELECT FROM dblink_get_result('b') AS d (id bigint);
SELECT is_empty('SELECT * FROM bounce.audit()', 'nobody is forgotten');

SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', $$SELECT u.undo_id FROM bounce.undo_bounces(
  (SELECT b.received_at FROM bounce.bounce AS b WHERE b.recipient = 'second9.1@second.example'),
  NULL, 'not so', domain => 'second.example', resend => false) AS u$$) AS d (id bigint);
CREATE TABLE test.second AS SELECT test.outage_of('second') AS task_id;
SELECT ok(test.send_and_block('b', format('SELECT bounce.dismiss_outage(%s, ''over'', false)',
                                          s.task_id)), 'who dismisses waits for who undoes')
FROM test.second AS s;
SELECT dblink_exec('a', 'COMMIT');
SELECT is_empty($$SELECT test.errors('b')$$, 'and dismisses the others');
SELECT bounce.reopen_task(s.task_id, 'so after all') FROM test.second AS s;
SELECT is_empty('SELECT * FROM bounce.audit()', 'nobody is forgotten when that is taken back');

-- A mail that bounced before the outage was noticed is not of its task: whoever has it waits for a
-- mail that is.
SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', $$SELECT c.business_ref FROM bounce.communication AS c
                          WHERE c.business_ref = 'third1' FOR NO KEY UPDATE$$) AS d (mail text);
SELECT ok(test.send_and_block('b', format('SELECT bounce.dismiss_outage(%s, ''over'')',
                                          test.outage_of('third'))),
          'who dismisses waits for one mail');
SELECT dblink_send_query('a', $$SELECT c.business_ref FROM bounce.communication AS c
                                WHERE c.business_ref = 'third9' FOR NO KEY UPDATE$$);
SELECT is_empty($$SELECT test.errors('a')$$, 'and has no other that is waited for');
SELECT dblink_exec('a', 'COMMIT');
SELECT is_empty($$SELECT test.errors('b')$$, 'so that neither is refused');
SELECT is_empty('SELECT * FROM bounce.audit()', 'and nobody is forgotten');

-- A mail that comes in while somebody waits to dismiss, and is undone before he comes to it, is not
-- brought back with his decision.
SELECT test.mail('fourth' || i, ARRAY[format('fourth%s.1@fourth.example', i)])
FROM generate_series(1, 9) AS i;
CALL test.record_dead('fourth', 1, 1, 8);
CREATE TABLE test.fourth AS SELECT test.outage_of('fourth') AS task_id;
SELECT dblink_exec('a', 'BEGIN'), dblink_exec('c', 'BEGIN');
SELECT FROM dblink('a', $$SELECT c.business_ref FROM bounce.communication AS c
                          WHERE c.business_ref = 'fourth1' FOR NO KEY UPDATE$$) AS d (mail text);
SELECT FROM dblink('c', $$SELECT g.gate FROM bounce.guard_gate AS g
  WHERE g.gate = bounce_internal.guard_gate('domain', 'fourth.example') FOR UPDATE$$)
  AS d (gate smallint);
SELECT ok(test.send_and_block('b', format('SELECT bounce.dismiss_outage(%s, ''over'')', f.task_id)),
          'who dismisses waits for a mail')
FROM test.fourth AS f;
CALL test.record_dead('fourth', 1, 9, 9);
SELECT dblink_exec('a', 'COMMIT');
CREATE PROCEDURE test.await_gate() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 1000 LOOP
    EXIT WHEN EXISTS (SELECT FROM pg_locks AS l
                      WHERE l.locktype = 'tuple' AND l.relation = 'bounce.guard_gate'::regclass
                        OR l.locktype = 'transactionid' AND NOT l.granted);
    COMMIT;
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
CALL test.await_gate();
SELECT isnt(u.undo_id, NULL, 'another one undoes the one that has come')
FROM bounce.undo_bounces((SELECT b.received_at FROM bounce.bounce AS b
                          WHERE b.recipient = 'fourth9.1@fourth.example'), NULL, 'not so',
                         domain => 'fourth.example', resend => false) AS u;
SELECT dblink_exec('c', 'COMMIT');
SELECT is_empty($$SELECT test.errors('b')$$, 'the others are dismissed');
SELECT bounce.reopen_task(f.task_id, 'so after all') FROM test.fourth AS f;
SELECT is_empty('SELECT * FROM bounce.audit()', 'and nobody is forgotten when that is taken back');

SELECT * FROM finish();
