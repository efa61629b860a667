-- SPDX-License-Identifier: BSD-2-Clause
-- The delivery state follows from the recipients; no hand can make it say anything else.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- One of each.
SELECT test.submit('{waits@example.com}') AS pending \gset
SELECT test.submit('{claimed@example.com}', priority => 9) AS processing \gset
SELECT count(*) FROM test.claim(1);
SELECT test.submit('{done@example.com}', priority => 8) AS success \gset
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:success), test.settle('done@example.com', 'accepted');
SELECT test.submit('{failed@example.com}', priority => 7) AS error \gset
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:error),
       test.settle('failed@example.com', 'rejected', '550 5.7.1 spam', 'spam_rejected', '5.7.1');
SELECT test.submit('{again@example.com}', priority => 6) AS retry \gset
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:retry),
       test.settle('again@example.com', 'pending', '451 4.3.0 later', 'system_error', '4.3.0');
CREATE TABLE test.example (state text, id bigint);
INSERT INTO test.example VALUES ('PENDING', :pending), ('PROCESSING', :processing),
  ('SUCCESS', :success), ('ERROR', :error), ('RETRY', :retry);
SELECT is(test.in_queue(e.id), e.state, 'there is one ' || e.state) FROM test.example AS e;

-- What a hand gets to hear; nothing stays of it.
CREATE FUNCTION test.hand(role text, id bigint, state text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('role', hand.role, true);
  UPDATE bounce.delivery AS d SET state = hand.state WHERE d.communication_id = hand.id;
  RAISE EXCEPTION 'done' USING ERRCODE = 'BM002';
EXCEPTION
  WHEN SQLSTATE 'BM002' THEN RETURN 'done';
  WHEN OTHERS THEN RETURN concat_ws(' ', SQLSTATE, SQLERRM);
END
$$;
SELECT CASE WHEN o.state IN ('SUCCESS', 'ERROR') AND n.state IN ('RETRY', 'PENDING')
            THEN is(test.hand(w.role, o.id, n.state), 'done',
                    format('%s may set %s to %s', w.role, o.state, n.state))
            ELSE matches(test.hand(w.role, o.id, n.state),
                         format('^23514 communication %s: delivery state cannot (go|be set) from '
                                '%s to %s', o.id, o.state, n.state),
                         format('%s may not set %s to %s', w.role, o.state, n.state)) END
FROM test.example AS o CROSS JOIN test.example AS n
CROSS JOIN (VALUES ('none'), ('bounce_application'), ('bounce_operator')) AS w (role)
WHERE o.state <> n.state;
SELECT matches(test.hand('none', e.id, NULL), '^23514 communication \d+: delivery state cannot go',
               e.state || ' cannot be taken away') FROM test.example AS e;
SELECT matches(test.hand('none', e.id, 'SENT'), '^23514',
               e.state || ' is not followed by a word of one''s own') FROM test.example AS e;
SELECT test.mail('own', '{own@example.com}') AS own \gset
CREATE FUNCTION test.put_in(id bigint, state text) RETURNS text LANGUAGE sql AS $$
  SELECT format('INSERT INTO bounce.communication_delivery
                   (communication_id, process, state, due_at, claim_id, lease_expire_time)
                 VALUES (%s, ''invoice'', %L,
                         CASE WHEN %2$L IN (''PENDING'', ''RETRY'') THEN now() END,
                         gen_random_uuid(), CASE %2$L WHEN ''PROCESSING'' THEN now() END)', $1, $2)
$$;
SELECT throws_ok(test.put_in(:own, s), '23514',
                 format('communication %s: a new one cannot be %s', :own, s),
                 'a new one cannot be ' || s)
FROM unnest('{PROCESSING,SUCCESS,ERROR,RETRY}'::text[]) AS s;
SELECT throws_ok(test.put_in(:own, 'PENDING'), '23514',
                 format('communication %s: there is no content to send', :own),
                 'what the application sends cannot be PENDING');
SELECT is_empty(format(
    'UPDATE bounce.delivery SET state = ''RETRY'' WHERE communication_id = %s RETURNING state',
    :own), 'what the application sends is not in the queue');
SELECT throws_ok(format('UPDATE bounce.delivery SET %s = NULL WHERE communication_id = %s', c,
                        :pending), '0A000', format(
                            'communication %s: of a delivery only state can be set', :pending),
                 c || ' cannot be set')
FROM unnest('{error,due_at,info,process}'::text[]) AS c;
SET LOCAL ROLE bounce_operator;
SELECT throws_ok(format('UPDATE bounce.delivery SET due_at = now() WHERE communication_id = %s',
                        :pending), '42501', NULL, 'an operator has no right to set more');
RESET ROLE;
SELECT throws_ok(
  format('UPDATE bounce.recipient_delivery SET state = %L, '
         'due_at = CASE WHEN %1$L IN (''sending'', ''pending'', ''due'', ''claimed'') '
         'THEN now() END '
         'WHERE recipient_id = (test.recipient(%L)).id', d, a),
  '23514', NULL, format('%s cannot become %s', a, d))
FROM (VALUES ('done@example.com', 'sending'), ('done@example.com', 'rejected'),
             ('failed@example.com', 'accepted'), ('waits@example.com', 'sending'),
             ('claimed@example.com', 'accepted')) AS v (a, d);

-- Two outcomes, in either order: the same end.
CREATE SEQUENCE test.turn;
CREATE FUNCTION test.settle_two(first text, second text, backwards boolean) RETURNS text
  LANGUAGE plpgsql AS $$
DECLARE
  n CONSTANT bigint := nextval('test.turn');
  addresses CONSTANT text[] := ARRAY[format('one%s@example.com', n),
                                     format('two%s@example.com', n)];
  outcomes CONSTANT text[] := ARRAY[first, second];
  mail CONSTANT bigint := test.submit(addresses, priority => 50);
  i integer;
BEGIN
  PERFORM test.claim(1);
  PERFORM test.begin(mail);
  FOREACH i IN ARRAY CASE WHEN backwards THEN '{2,1}'::integer[] ELSE '{1,2}' END LOOP
    PERFORM test.settle(addresses[i], outcomes[i],
                        CASE outcomes[i] WHEN 'accepted' THEN '250 ok'
                             WHEN 'pending' THEN '451 later'
                             WHEN 'rejected' THEN '554 spam' ELSE 'not heard' END,
                        CASE outcomes[i] WHEN 'pending' THEN 'system_error'
                             WHEN 'rejected' THEN 'spam_rejected' ELSE '' END,
                             CASE outcomes[i] WHEN 'pending' THEN '4.3.0'
                                  WHEN 'rejected' THEN '5.7.1' ELSE '' END);
  END LOOP;
  RETURN (SELECT format('%s a%s r%s p%s u%s, attempts %s, sends %s: %s', d.state,
                        jsonb_array_length(d.info -> 'accepted'),
                        jsonb_array_length(d.info -> 'rejected'),
                        jsonb_array_length(d.info -> 'pending'),
                        jsonb_array_length(d.unknown), d.attempts,
                        (SELECT string_agg(r.attempts::text, '+' ORDER BY r.id)
                         FROM bounce.communication_recipient AS r WHERE r.communication_id = mail),
                        regexp_replace(replace(d.error, E'\n', ' | '),
                                       '(one|two)\d+@example.com', '\1', 'g'))
          FROM bounce.delivery AS d WHERE d.communication_id = mail);
END
$$;
SELECT is(test.settle_two(v.one, v.two, backwards), v.want,
          format('%s and %s%s', v.one, v.two,
                 CASE WHEN backwards THEN ', the second first' ELSE '' END))
FROM (VALUES
  ('accepted', 'accepted', 'SUCCESS a2 r0 p0 u0, attempts 1, sends 1+1: '),
  ('accepted', 'rejected', 'SUCCESS a1 r1 p0 u0, attempts 1, sends 1+1: two: 554 spam'),
  ('accepted', 'pending',  'RETRY a1 r0 p1 u0, attempts 1, sends 1+0: two: 451 later'),
  ('accepted', 'unknown',
   'ERROR a1 r0 p0 u1, attempts 1, sends 1+1: two: outcome unknown: not heard'),
  ('rejected', 'rejected',
   'ERROR a0 r2 p0 u0, attempts 1, sends 1+1: one: 554 spam | two: 554 spam'),
  ('rejected', 'pending',
   'RETRY a0 r1 p1 u0, attempts 1, sends 1+0: one: 554 spam | two: 451 later'),
  ('rejected', 'unknown',
   'ERROR a0 r1 p0 u1, attempts 1, sends 1+1: two: outcome unknown: not heard | one: 554 spam'),
  ('pending',  'pending',
   'RETRY a0 r0 p2 u0, attempts 1, sends 0+0: one: 451 later | two: 451 later'),
  ('pending',  'unknown',
   'RETRY a0 r0 p1 u1, attempts 1, sends 0+1: two: outcome unknown: not heard | one: 451 later'),
  ('unknown',  'unknown',
   'ERROR a0 r0 p0 u2, attempts 1, sends 1+1: one: outcome unknown: not heard | two: outcome '
   'unknown: not heard')) AS v (one, two, want)
CROSS JOIN (VALUES (false), (true)) AS b (backwards);

-- RETRY of what somebody got already: the end is the same by every path.
SELECT test.submit('{got@example.com,not@example.com}', priority => 60) AS part \gset
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:part), test.settle('got@example.com', 'accepted');
SELECT is(test.settle('not@example.com', 'rejected', '554 no', 'spam_rejected', '5.7.1'), 'SUCCESS',
          'one has it, one has not');
UPDATE bounce.delivery SET state = 'PENDING' WHERE communication_id = :part;
SELECT is((SELECT info ->> 'pending' FROM bounce.delivery WHERE communication_id = :part),
          '["not@example.com"]', 'PENDING sends to the one who has not got it');
SELECT is(bounce.cancel_communication(:part), 1, 'called off');
SELECT is(test.in_queue(:part), 'SUCCESS', 'it ends as it was');
SELECT bounce.retry_communication(:part);
SELECT is((SELECT array_agg(addresses[1]) FROM test.claim(1)), '{not@example.com}',
          'claimed again');
SELECT test.begin(:part);
SELECT is(test.settle('not@example.com', 'accepted'), 'SUCCESS', 'now he has it');
SELECT is((SELECT concat(attempts, ' ', error) FROM bounce.delivery WHERE communication_id = :part),
          '2 ', 'two attempts, no error is left');

-- Cancelled, and taken back: it waits for what it waited for, and goes at once when told once more.
SELECT bounce.submit_communication(process => 'invoice', recipients => '{waits@example.com}',
  sender => 'office@example.org', subject => 'x', body_text => 'x',
  not_before => now() + interval '2 hours') AS waits \gset
SELECT bounce.cancel_communication(:waits);
SELECT is(test.in_queue(:waits), 'ERROR', 'cancelled');
SELECT bounce.retry_communication(:waits);
SELECT is((SELECT d.due_at - now() FROM bounce.communication_delivery AS d
           WHERE d.communication_id = :waits), '2 hours', 'taken back, it waits as before');
SELECT is((test.delivery('waits@example.com')).cancelled_due_at, NULL, 'and is cancelled no more');
SELECT bounce.retry_communication(:waits);
SELECT is((SELECT d.due_at FROM bounce.communication_delivery AS d
           WHERE d.communication_id = :waits), now(), 'once more: at once');
SELECT bounce.cancel_communication(:waits);

-- A worker dies: what it began is unknown and counts, on both sides.
SELECT test.submit('{k1@example.com,k2@example.com}', priority => 61) AS killed \gset
SELECT count(*) FROM test.claim(1);
SELECT count(*) FROM bounce.communication_delivery AS d,
       bounce.begin_delivery(d.claim_id, ARRAY[(test.recipient('k1@example.com')).id])
       WHERE d.communication_id = :killed;
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE communication_id = :killed;
SELECT is(bounce.sweep_deliveries(), 1, 'swept');
SELECT is((SELECT d.state || d.attempts || (d.info ->> 'pending') || d.unknown
           FROM bounce.delivery AS d WHERE d.communication_id = :killed),
          'RETRY1["k2@example.com"]["k1@example.com"]',
          'one attempt; pending and unknown are told apart');
SELECT is((SELECT string_agg(r.attempts || '/' || q.tries, ' ' ORDER BY r.id)
           FROM bounce.communication_recipient AS r
           JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
           WHERE r.communication_id = :killed), '1/1 0/0', 'one send');
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:killed);
SELECT is(test.settle('k2@example.com', 'accepted'), 'ERROR', 'the unknown one keeps it ERROR');
SELECT is((SELECT attempts FROM bounce.delivery WHERE communication_id = :killed), 2,
          'two attempts');
SELECT test.submit('{k3@example.com}', priority => 62) AS idle \gset
SELECT count(*) FROM test.claim(1);
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE communication_id = :idle;
SELECT bounce.sweep_deliveries();
SELECT is((SELECT state || attempts FROM bounce.delivery WHERE communication_id = :idle),
          'PENDING0', 'nothing was begun: nothing is counted');
SELECT bounce.cancel_communication(:idle);

-- Held, or blocked, while a worker has it: given back at once, not when the lease ends.
SELECT test.submit('{h1@example.com}', priority => 63) AS held \gset
SELECT count(*) FROM test.claim(1);
SELECT bounce.hold_communication(:held);
SELECT is(test.begin(:held), 0::bigint, 'what was held meanwhile is not begun');
SELECT is(test.in_queue(:held), 'PENDING', 'and given back');
SELECT test.submit('{b1@example.com}', priority => 64) AS blocked \gset
SELECT count(*) FROM test.claim(1);
INSERT INTO bounce.address_block (address, why) VALUES ('B1@example.com', 'asked for it');
SELECT is(test.begin(:blocked), 0::bigint, 'what was blocked meanwhile is not begun');
SELECT is((SELECT d.state || ' ' || d.error FROM bounce.delivery AS d
           WHERE d.communication_id = :blocked), 'ERROR b1@example.com: the address is blocked',
          'and has ended');

-- When the block is lifted, what was refused only for it goes out.
SELECT results_eq('SELECT communication_id, address, is_blocked, why FROM bounce.refused_delivery',
                  format($$VALUES (%s::bigint, 'b1@example.com', true, 'asked for it')$$, :blocked),
                  'it can be seen');
SELECT test.submit('{b1@example.com}', priority => 64) AS second \gset
SELECT test.submit('{b1@example.com}', priority => 64) AS old \gset
SELECT test.submit('{b1@example.com}', 'receipt', 64) AS never \gset
SELECT is_empty('SELECT * FROM test.claim(3)', 'three more are refused');
UPDATE bounce.recipient_delivery SET refused_at = now() - interval '31 days'
WHERE communication_id = :old;
SELECT test.set('resend_after_block', '0 seconds', 'receipt');
SELECT ok(bounce.lift_block('b1@example.com', 'he asked for it again'), 'the block is lifted');
SELECT is((SELECT string_agg(state, ' ' ORDER BY communication_id) FROM bounce.delivery
           WHERE communication_id IN (:blocked, :second, :old, :never)), 'RETRY RETRY ERROR ERROR',
          'what was refused lately waits again; not what is too old, nor where the process does '
          'not want it');
SELECT is((SELECT text FROM bounce.communication_log
           WHERE communication_id = :second AND event = 'requeued'),
          'b1@example.com is blocked no more', 'the log says why');
SELECT is((SELECT array_agg(communication_id ORDER BY communication_id) FROM test.claim(2)),
          ARRAY[:blocked, :second]::bigint[], 'and goes out');
SELECT test.begin(:blocked), test.begin(:second);
SELECT is((SELECT bounce.settle_delivery(d.claim_id, 'mx:25',
                                         jsonb_build_array(jsonb_build_object('recipient_id', r.id,
                                             'outcome', 'accepted', 'response', '250 ok')))
           FROM bounce.communication_delivery AS d JOIN bounce.communication_recipient AS r
           USING (communication_id) WHERE d.communication_id = :second), 'SUCCESS', 'taken');
SELECT is((SELECT status FROM bounce.communication WHERE id = :second), 'sent',
          'it was sent after all');
SELECT results_eq('SELECT communication_id, is_blocked FROM bounce.refused_delivery ORDER BY 1',
                  format('VALUES (%s::bigint, false), (%s, false)', :old, :never),
                  'what is left can be seen and retried');
SELECT bounce.retry_communication(:old);
SELECT is(test.in_queue(:old), 'RETRY', 'by a person');
-- where lifting could not, the sweeper does
SELECT test.set('resend_after_block', '1 hour', 'receipt');
SELECT bounce.sweep_deliveries();
SELECT is(test.in_queue(:never), 'RETRY', 'the sweeper finds the rest');

-- While the task about the block is open, what is refused belongs to it: with the corrected
-- address it goes there.
SELECT test.submit('{typo@example.com}', priority => 70) AS typo \gset
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:typo),
       test.settle('typo@example.com', 'rejected', '550 5.1.1 no such user',
                   'user_unknown', '5.1.1');
SELECT test.submit('{TYPO@example.com}', priority => 70) AS typo2 \gset
SELECT is_empty('SELECT * FROM test.claim(1)', 'refused');
SELECT is((SELECT t.kind || ' ' || u.what_next FROM bounce.undelivered AS u
           JOIN bounce.task AS t ON t.id = u.task_id WHERE u.communication_id = :typo2),
          (SELECT format('hard_bounce task %s waits for a person', id) FROM bounce.task
           WHERE status = 'open' AND dedup_key = 'hard_bounce:typo@example.com'),
           'it belongs to the task about the address');
SELECT is(bounce.resolve_task_corrected(id, 'right@example.com', 'typing error'), 2,
          'both go to the corrected address') FROM bounce.task
          WHERE status = 'open' AND dedup_key = 'hard_bounce:typo@example.com';
SELECT is((SELECT string_agg(d.state || (d.info ->> 'pending') || (d.info ->> 'rejected'), ' ')
           FROM bounce.delivery AS d WHERE d.communication_id IN (:typo, :typo2)),
          'RETRY["right@example.com"][] RETRY["right@example.com"][]', 'where they wait');
SELECT bounce.cancel_communication(m) FROM unnest(ARRAY[:typo, :typo2]::bigint[]) AS m;

-- Who was erased is not sent to, whatever becomes of the block.
INSERT INTO bounce.address_block (address, why) VALUES ('gone@example.com', 'asked for it');
SELECT test.submit('{gone@example.com}', priority => 71) AS gone \gset
SELECT is_empty('SELECT * FROM test.claim(1)', 'refused');
SELECT bounce.erase_address('gone@example.com', 'asked for it');
SELECT bounce.sweep_deliveries();
SELECT is(test.in_queue(:gone), 'ERROR', 'erased: it stays so');

-- The status of what the queue sends is the queue's to say.
SELECT test.submit('{status@example.com}', priority => -50) AS status \gset
SET LOCAL ROLE bounce_application;
SELECT throws_ok(format('UPDATE bounce.communication SET status = %L WHERE id = %s', s, :status),
                 '23514', NULL, 'an application cannot say ' || s)
                 FROM unnest('{sent,error,bounced}'::text[]) AS s;
RESET ROLE;

-- A recipient that is added later is sent to as well.
SET LOCAL ROLE bounce_application;
INSERT INTO bounce.communication_recipient (communication_id, address)
VALUES (:success, 'late@example.com');
RESET ROLE;
SELECT is((SELECT d.state || (d.info ->> 'accepted') || (d.info ->> 'pending')
           FROM bounce.delivery AS d WHERE d.communication_id = :success),
          'RETRY["done@example.com"]["late@example.com"]', 'added: to be sent to');
SELECT is(test.state('late@example.com') || (test.recipient('late@example.com')).attempts, 'open0',
          'not sent yet');
UPDATE bounce.communication_delivery SET priority = 90 WHERE communication_id = :success;
SELECT is((SELECT array_agg(addresses[1] || attempt) FROM test.claim(1)), '{late@example.com1}',
          'claimed, alone');

-- The JSON form.
SET LOCAL TimeZone = 'Asia/Kolkata';
SELECT is((SELECT array_agg(k ORDER BY k COLLATE "C")
           FROM bounce.delivery, jsonb_object_keys(json) AS k WHERE communication_id = :success),
          '{attempts,cameBack,endTime,error,info,leaseExpireTime,startTime,state}', 'its names');
SELECT is((SELECT array_agg(k ORDER BY k COLLATE "C")
           FROM bounce.delivery, jsonb_object_keys(json -> 'info') AS k
           WHERE communication_id = :success),
          '{accepted,delivered,messageId,pending,rejected,response}',
          'those of info');
SELECT matches(json ->> k, '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$',
               k || ' is a time of RFC 3339') FROM bounce.delivery,
               unnest('{startTime,leaseExpireTime}'::text[]) AS k WHERE communication_id = :success;
SELECT is((json ->> 'leaseExpireTime')::timestamptz, lease_expire_time, 'the same time')
FROM bounce.delivery WHERE communication_id = :success;
SELECT is(jsonb_typeof(json -> 'endTime') || jsonb_typeof(json -> 'error')
          || jsonb_typeof(json -> 'attempts'), 'nullnullnumber', 'nothing is null')
          FROM bounce.delivery WHERE communication_id = :success;

-- Erased while a worker has it, and before one had it: failed, with a task, and never claimed
-- again.
SELECT test.submit('{erased1@example.com,erased2@example.com}', priority => 90) AS had \gset
SELECT count(*) FROM test.claim(1);
SELECT bounce_internal.erase_content(:had);
SELECT is(test.begin(:had), 0::bigint, 'erased after the claim: there is nothing to send');
SELECT test.submit('{erased3@example.com}', priority => 90) AS waited \gset
SELECT bounce_internal.erase_content(:waited);
SELECT is_empty($$SELECT * FROM test.claim(1)$$, 'erased before the claim: the same');
SELECT is(test.in_queue(:waited), 'PROCESSING', 'nobody can give that claim back');
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE communication_id = :waited;
SELECT is(bounce.sweep_deliveries(), 1, 'but the sweeper');
SELECT is(format('%s %s %s', d.state, d.attempts, d.error), format('ERROR 0 %s', e.error),
          'it has failed, and says why')
FROM bounce.delivery AS d
JOIN (VALUES (:had, E'erased1@example.com: there is no content to send any '
                     'more\nerased2@example.com: there is no content to send any more'),
                                            (:waited, 'erased3@example.com: there is no content to '
                                                      'send any more')) AS e (id, error)
                                                        ON e.id = d.communication_id;
SELECT is((SELECT count(*) FROM bounce.task AS t
           WHERE t.communication_id IN (:had, :waited) AND t.status = 'open'
           AND t.reason = 'no_content'), 2::bigint, 'with a task each');

SELECT is_empty($$SELECT d.communication_id, d.state,
                bounce_internal.summary_state(d.communication_id, d.state, d.attempts)
                FROM bounce.communication_delivery AS d
                  WHERE d.state IS DISTINCT FROM bounce_internal.summary_state(d.communication_id,
                      d.state, d.attempts)$$, 'every state is what follows from the recipients');
SELECT is_empty($$SELECT d.communication_id FROM bounce.delivery AS d
                  WHERE jsonb_array_length(d.info -> 'accepted') + jsonb_array_length(
                      d.info -> 'rejected') + jsonb_array_length(
                          d.info -> 'pending') + jsonb_array_length(d.unknown)
                     <> (SELECT count(*) FROM bounce.communication_recipient AS r
                         WHERE r.communication_id = d.communication_id AND r.state <> 'replaced')$$,
                         'every recipient is in one of the four lists');

-- The fields of Firebase's Trigger Email, transition by transition: state, startTime, endTime,
-- leaseExpireTime (+: there), attempts, error, accepted, rejected, pending.
CREATE FUNCTION test.fields(id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', j ->> 'state',
                   concat(CASE WHEN j ->> 'startTime' IS NULL THEN '-' ELSE '+' END,
                          CASE WHEN j ->> 'endTime' IS NULL THEN '-' ELSE '+' END,
                          CASE WHEN j ->> 'leaseExpireTime' IS NULL THEN '-' ELSE '+' END),
                   j ->> 'attempts', coalesce('"' || (j ->> 'error') || '"', 'null'),
                   concat_ws('/', jsonb_array_length(j #> '{info,accepted}'),
                             jsonb_array_length(j #> '{info,rejected}'),
                             jsonb_array_length(j #> '{info,pending}')), j #>> '{info,response}')
  FROM (SELECT d.json AS j FROM bounce.delivery AS d WHERE d.communication_id = $1) AS s
$$;
-- What is in the way waits till tomorrow.
UPDATE bounce.recipient_delivery SET due_at = now() + interval '1 day'
WHERE state IN ('due', 'pending');
SELECT test.submit('{f@example.com}') AS f \gset
SELECT is(test.fields(:f), 'PENDING --- 0 null 0/0/1 ', 'handed over');
SELECT count(*) FROM test.claim(1);
SELECT is(test.fields(:f), 'PROCESSING +-+ 0 null 0/0/1 ', 'a worker has it');
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE communication_id = :f;
SELECT bounce.sweep_deliveries();
SELECT is(test.fields(:f), 'PENDING +-- 0 null 0/0/1 ', 'which died before it began');
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:f);
SELECT is(test.fields(:f), 'PROCESSING +-+ 0 null 0/0/1 ', 'another one begins');
SELECT test.settle('f@example.com', 'pending', '451 later', 'system_error', '4.3.0');
SELECT is(test.fields(:f), 'RETRY ++- 1 "f@example.com: 451 later" 0/0/1 451 later',
          'refused for now');
UPDATE bounce.recipient_delivery SET due_at = now() WHERE communication_id = :f;
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:f);
SELECT is(test.fields(:f), 'PROCESSING +-+ 1 "f@example.com: 451 later" 0/0/1 451 later',
          'tried again');
UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
WHERE communication_id = :f;
SELECT bounce.sweep_deliveries();
SELECT matches(test.fields(:f), '^ERROR \+\+- 2 "f@example.com: outcome unknown: .*" 0/0/0 ',
               'the worker died while it was sending');
UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = :f;
SELECT matches(test.fields(:f), '^RETRY \+\+- 2 .* 0/0/1 ', 'RETRY');
SELECT is((SELECT count(*) FROM bounce.task AS t WHERE t.status = 'open'
           AND t.dedup_key = 'delivery_problem:unknown:' || :f), 0::bigint,
          'what the task asked for is done');
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:f);
SELECT test.settle('f@example.com', 'rejected', '554 5.7.1 no', 'spam_rejected', '5.7.1');
SELECT is(test.fields(:f), 'ERROR ++- 3 "f@example.com: 554 5.7.1 no" 0/1/0 554 5.7.1 no',
          'refused for good');
UPDATE bounce.delivery SET state = 'PENDING' WHERE communication_id = :f;
SELECT is(test.fields(:f), 'PENDING ++- 3 "f@example.com: 554 5.7.1 no" 0/0/1 554 5.7.1 no',
          'PENDING does the same');
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:f);
SELECT test.settle('f@example.com', 'accepted', '250 ok');
SELECT is(test.fields(:f), 'SUCCESS ++- 4 null 1/0/0 250 ok', 'accepted');
UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = :f;
SELECT is(test.fields(:f), 'RETRY ++- 4 null 0/0/1 250 ok', 'RETRY of what all have');
SELECT bounce.cancel_communication(:f);
SELECT is(test.fields(:f), 'SUCCESS ++- 4 null 1/0/0 250 ok', 'cancelled: they have it still');

-- Offered twice and accepted; sent again by a person, who calls it off: it was offered twice.
SELECT test.submit('{twice@example.com}', priority => 90) AS twice \gset
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:twice), test.settle('twice@example.com', 'pending', '451 4.3.0 later', '', '');
SELECT test.make_due();
SELECT count(*) FROM test.claim(1);
SELECT test.begin(:twice), test.settle('twice@example.com', 'accepted');
CREATE FUNCTION test.sends(a text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', r.state, q.state, q.tries)
  FROM test.recipient($1) AS r JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
$$;
SELECT is(test.sends('twice@example.com'), 'sent accepted 2', 'offered twice');
SELECT bounce.retry_communication(:twice);
SELECT is(test.sends('twice@example.com'), 'sent due 0', 'to be sent again');
SELECT bounce.cancel_communication(:twice);
SELECT is(test.sends('twice@example.com'), 'sent accepted 2', 'called off: as it was');

-- Accepted, and back for a full mailbox; deferred when it was sent again. Whatever says that he had
-- it after all, he has.
CREATE FUNCTION test.deferred(a text, priority integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  mail CONSTANT bigint := test.submit(ARRAY[a], priority => priority);
BEGIN
  PERFORM test.claim(1), test.begin(mail), test.settle(a, 'accepted');
  PERFORM test.record(test.report('mailbox_full', a, '4.2.2', "to" => test.return_path(a)));
  PERFORM test.make_due(), test.claim(1), test.begin(mail);
  PERFORM test.settle(a, 'pending', '451 4.2.2 full', 'mailbox_full', '4.2.2');
  RETURN mail;
END $$;
SELECT test.deferred('vain' || i || '@example.com', 90 + i) FROM generate_series(1, 4) AS i;
SELECT is(test.sends('vain1@example.com'), 'bounced pending 1', 'deferred');
CREATE FUNCTION test.vain(n integer) RETURNS bounce.communication_recipient LANGUAGE sql AS $$
  SELECT test.recipient(format('vain%s@example.com', $1))
$$;
SELECT bounce.reclassify((test.vain(1)).bounce_id, 'vacation', 'he was away');
SELECT is(test.sends('vain1@example.com'), 'sent accepted 1', 'reclassified as no bounce');
SELECT bounce.confirm_resend((test.vain(2)).id);
SELECT is(test.sends('vain2@example.com'), 'sent accepted 1', 'sent by the application');
SELECT bounce.undo_bounces(NULL, NULL, 'x', domain => 'example.com', diagnostic => 'other side',
                           resend => false);
SELECT is(test.sends('vain3@example.com'), 'sent accepted 1', 'undone');
SELECT is((SELECT string_agg(d.state, ' ') FROM bounce.delivery AS d
           WHERE d.communication_id IN (SELECT (test.vain(i)).communication_id
                                        FROM generate_series(1, 3) AS i)),
          'SUCCESS SUCCESS SUCCESS', 'all of them have ended');
SELECT throws_ok(format($$UPDATE bounce.recipient_delivery SET state = 'accepted', due_at = NULL
                          WHERE recipient_id = %s$$, (test.recipient('again@example.com')).id),
                 '23514', NULL, 'who never had it, does not have it');

-- Nor does the application know better than the queue what became of a mail that has failed.
SELECT test.submit('{lost@example.com}', priority => 99) AS lost \gset
SELECT bounce.cancel_communication(:lost);
SELECT is(test.status(:lost), 'error', 'it has failed');
SELECT throws_ok(format('UPDATE bounce.communication SET status = %L WHERE id = %s', s, :lost),
                 '23514', NULL, 'and cannot be called ' || s)
FROM unnest('{sent,open}'::text[]) AS s;
SELECT bounce.retry_communication(:lost);
SELECT is(test.status(:lost), 'open', 'but by sending it');

SELECT * FROM finish();
ROLLBACK;
