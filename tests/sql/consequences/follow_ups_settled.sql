-- SPDX-License-Identifier: BSD-2-Clause
-- Each kind of follow-up, and each way in which what it asks for may be done otherwise: it is
-- closed by itself, with the words for how, or stays. By the table in doc/applications.md.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql
SELECT test.set('follow_up', 'on'), test.set('complaint', 'task'),
       test.set('resend_max_attempts', '0', 'receipt');

CREATE FUNCTION test.comes_back(a text, reason text, status text, kind text DEFAULT 'dsn')
  RETURNS void LANGUAGE sql AS $$
  SELECT test.record(test.report($2, $1, $3, "to" => test.return_path($1), kind => $4))
$$;
CREATE FUNCTION test.bounce_of(a text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(b.id) FROM bounce.bounce AS b JOIN bounce.communication_recipient AS r
    ON r.id = b.recipient_id WHERE r.address = $1
$$;
CREATE FUNCTION test.mail_of(a text) RETURNS bigint LANGUAGE sql AS $$
  SELECT (test.recipient($1)).communication_id
$$;
CREATE FUNCTION test.task_of(a text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(t.id) FROM bounce.task AS t
  WHERE t.address = $1 OR t.id = (test.recipient($1)).task_id
$$;

-- A is the address, N the number of the row. The last one that a kind leaves open is looked at.
CREATE TABLE test.kind (kind text, name text, sql text);
INSERT INTO test.kind VALUES
  ('hard_bounce', 'hard',
   $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'user_unknown', '5.1.1')$$),
  ('hard_bounce', 'refused', $$SELECT test.sent(A, 'rejected', '550 5.1.1 no', 'user_unknown')$$),
  ('resend_exhausted', 'exhausted',
   $$SELECT test.mail(A, ARRAY[A], 'receipt'), test.comes_back(A, 'mailbox_full', '4.2.2')$$),
  ('technical', 'technical',
   $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'spam_rejected', '5.7.1')$$),
  ('technical', 'unknown', $$SELECT test.sent(A, 'unknown', 'not heard', '')$$),
  ('corrected', 'corrected', $$SELECT test.mail(A, ARRAY[A]),
     bounce.change_recipient(test.mail_of(A), A, 'other.' || A, 'typo')$$),
  ('block_lifted', 'lifted', $$SELECT test.mail(A, ARRAY[A]),
     test.comes_back(A, 'user_unknown', '5.1.1'), bounce.lift_block(A, 'works')$$),
  ('complaint', 'complaint',
   $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'complaint', '', 'complaint')$$),
  ('has_left', 'has left',
   $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'mailbox_moved', '5.1.6')$$);
CREATE FUNCTION test.sent(a text, outcome text, reply text, reason text) RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  mail CONSTANT bigint := test.submit(ARRAY[a], priority => 100);
BEGIN
  PERFORM test.claim(1), test.begin(mail);
  PERFORM test.settle(a, outcome, reply, reason, '5.1.1');
  UPDATE bounce.communication_delivery SET priority = 0 WHERE communication_id = mail;
END $$;

CREATE TABLE test.way (name text, of text, sql text, result text);
INSERT INTO test.way VALUES
  ('the application has sent it again', 'hard|exhausted|technical',
   $$SELECT bounce.confirm_resend((test.recipient(A)).id)$$, 'it was sent again, or had arrived'),
  ('the queue has sent it again', 'refused|unknown',
   $$SELECT bounce.lift_block(A, 'works') WHERE bounce.is_address_blocked(A);
     SELECT bounce.retry_communication(test.mail_of(A));
     UPDATE bounce.communication_delivery SET priority = 100
     WHERE communication_id = test.mail_of(A);
     SELECT test.deliver(test.mail_of(A), A, 'accepted')$$,
   'it was sent again, or had arrived'),
  ('it had arrived', 'unknown', $$SELECT bounce.resolve_task_arrived(test.task_of(A))$$,
   'it was sent again, or had arrived'),
  ('a person gives another address', 'hard|refused|exhausted|technical|unknown',
   $$SELECT bounce.change_recipient(test.mail_of(A), A, 'new.' || A, 'typo')$$,
   'it goes to new.A'),
  ('a task gives another address', 'hard|refused|exhausted',
   $$SELECT bounce.resolve_task_corrected(test.task_of(A), 'new.' || A)$$, 'it goes to new.A'),
  ('the bounces are undone', 'hard|refused|exhausted|technical|complaint|has left',
   $$SELECT bounce.undo_bounces(NULL, NULL, 'x', domain => split_part(A, '@', 2))$$,
   'taken back: undo \d+: x'),
  ('the verdict was wrong', 'hard|refused|exhausted|technical|complaint|has left',
   $$SELECT bounce.reclassify(test.bounce_of(A), 'vacation', 'x')$$,
   'taken back: reclassified: x|it was sent again, or had arrived'),
  ('the correction is taken back', 'corrected',
   $$SELECT bounce.withdraw_resend(test.mail_of(A), 'other.' || A, 'no')$$,
   'the correction was taken back'),
  ('it is blocked again by a person', 'lifted', $$SELECT bounce.block_address(A, 'no')$$,
   'the address is blocked again'),
  ('the lift is taken back', 'lifted', $$SELECT bounce.restore_block(A, 'no')$$,
   'the address is blocked again'),
  ('it bounces again', 'lifted', $$SELECT test.mail(A || N, ARRAY[A]),
     test.comes_back(A, 'user_unknown', '5.1.1')$$, 'the address is blocked again'),
  ('the address is erased', '.', $$SELECT bounce.erase_address(A, 'asked for')$$,
   'the address is erased'),
  -- what is still to be done
  ('it is only scheduled', 'hard|exhausted|technical',
   $$SELECT bounce.request_resend((test.recipient(A)).id, 'x')$$, NULL),
  ('the block is lifted', 'hard', $$SELECT bounce.lift_block(A, 'works')$$, NULL),
  ('the task is closed', 'hard|refused|exhausted|complaint',
   $$SELECT bounce.resolve_task(test.task_of(A))$$, NULL),
  ('he is blocked', 'complaint', $$SELECT bounce.resolve_task_dead(test.task_of(A))$$, NULL),
  ('it is sent again', 'complaint|has left',
   $$SELECT bounce.confirm_resend((test.recipient(A)).id)$$, NULL);

CREATE FUNCTION test.filled(sql text, id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT regexp_replace(regexp_replace($1, '\mA\M', format('''a@d%s.example''', $2), 'g'),
                        '\mN\M', format('''n%s''', $2), 'g')
$$;
-- How it is settled, in its words; NULL: it is open.
CREATE FUNCTION test.settled(kind text, setting text, way text, id bigint, in_hand boolean)
  RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  a CONSTANT text := format('a@d%s.example', id);
  u bounce.follow_up;
BEGIN
  EXECUTE test.filled(setting, id);
  SELECT f.* INTO STRICT u FROM bounce.follow_up AS f
  WHERE f.kind = settled.kind AND f.status = 'open'
    AND f.recipient_id IN (SELECT r.id FROM bounce.communication_recipient AS r
                           WHERE r.address = a);
  IF in_hand THEN
    UPDATE bounce.follow_up AS f
    SET claimed_by = 'crm', lease_expire_time = now() + interval '1 minute' WHERE f.id = u.id;
  END IF;
  EXECUTE test.filled(way, id);
  SELECT f.* INTO STRICT u FROM bounce.follow_up AS f WHERE f.id = u.id;
  RETURN CASE WHEN u.is_moot THEN replace(u.result, a, 'A') ELSE nullif(u.status, 'open') END;
END $$;
SELECT CASE WHEN v.result IS NULL
            THEN is(v.outcome, NULL, v.title || ': it stays')
            ELSE matches(v.outcome, '^(' || v.result || ')$', v.title || ': it is closed') END
FROM (SELECT k.name || ', ' || w.name AS title, w.result,
             test.settled(k.kind, k.sql, w.sql, row_number() OVER (), false) AS outcome
      FROM test.kind AS k JOIN test.way AS w ON k.name ~ ('^(' || w.of || ')')) AS v;
-- In hand it is left alone, but for one that is erased, and closed when the next one looks.
SELECT is(test.settled(k.kind, k.sql, w.sql, 1000 + row_number() OVER (), true), NULL,
          k.name || ', ' || w.name || ', in hand: it stays')
FROM test.kind AS k JOIN test.way AS w ON k.name ~ ('^(' || w.of || ')')
WHERE w.result IS NOT NULL AND w.name <> 'the address is erased';
UPDATE bounce.follow_up SET lease_expire_time = now() WHERE claimed_by = 'crm';
SELECT count(*) FROM bounce.claim_follow_up('erp', 100);
SELECT is((SELECT count(*) FROM bounce.follow_up AS f
           WHERE f.status = 'open' AND f.claimed_by = 'crm'), 0::bigint,
          'the lease over, nobody is given what is moot');
SELECT * FROM finish();
ROLLBACK;
