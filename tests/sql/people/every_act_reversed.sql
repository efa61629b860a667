-- SPDX-License-Identifier: BSD-2-Clause
-- Each act of a person and what takes it back: every table is as it was, but for the histories.
-- Each step is a transaction of its own, so that the times differ.
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql
SELECT test.set('follow_up', 'on'), test.set('retry_jitter', '0'), test.set('complaint', 'task'),
       test.set('operator_copy', 'smtp');

-- What there is, a line for each column of each row. Not looked at: logs, histories, figures, what
-- is lifted, closed or withdrawn, and what counts or dates the taking back itself.
CREATE FUNCTION test.rows() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('process', 'name', 'resumed_at', 'true'), ('system_parameter', 'name', '', 'true'),
    ('process_application', 'process', '', 'true'),
    ('communication', 'id', 'updated_at', 'true'),
    ('communication_recipient', 'id', 'corrections', 'true'),
    ('communication_content', 'communication_id', '', 'true'),
    ('communication_delivery', 'communication_id', '', 'true'),
    ('recipient_delivery', 'recipient_id', '', 'true'), ('bounce', 'id', '', 'true'),
    ('task', 'id', '', 'x.status = ''open'''), ('outage', 'id', '', 'true'),
    ('held_block', 'id', '', 'true'), ('operator_copy', 'id', '', 'x.state <> ''withdrawn'''),
    ('soft_bounce_day', 'address_key', '', 'true'),
    ('follow_up', 'id', '', 'x.status = ''open'''),
    ('address_block', 'address_key', 'id blocked_at blocked_by', 'x.lifted_at IS NULL')
    ) AS v (name, key, without, which)
  LOOP
    RETURN QUERY EXECUTE format(
      $q$SELECT concat_ws(' ', %L, to_jsonb(x) ->> %L, e.key, e.value)
         FROM bounce.%1$I AS x CROSS JOIN jsonb_each_text(to_jsonb(x)) AS e
         WHERE %4$s AND e.key <> ALL (%3$L::text[])$q$,
      t.name, t.key, string_to_array(t.without, ' '), t.which);
  END LOOP;
END $$;
CREATE TABLE test.was (line text);
CREATE FUNCTION test.look() RETURNS void LANGUAGE sql AS $$
  DELETE FROM test.was;
  INSERT INTO test.was SELECT * FROM test.rows();
$$;
CREATE FUNCTION test.difference() RETURNS text LANGUAGE sql AS $$
  WITH gone AS (SELECT line FROM test.was EXCEPT ALL SELECT * FROM test.rows()),
  new AS (SELECT * FROM test.rows() AS r (line) EXCEPT ALL SELECT line FROM test.was)
  SELECT coalesce(string_agg(d.line, E'\n' ORDER BY substr(d.line, 3), d.line), '')
  FROM (SELECT 'was ' || line FROM gone UNION ALL SELECT 'is  ' || line FROM new) AS d (line)
$$;

-- Words for what follows.
CREATE FUNCTION test.mail_of(a text) RETURNS bigint LANGUAGE sql AS $$
  SELECT (test.recipient($1)).communication_id
$$;
CREATE FUNCTION test.bounce_of(a text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(b.id) FROM bounce.bounce AS b WHERE b.recipient_id = (test.recipient($1)).id
$$;
CREATE FUNCTION test.task_of(a text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(t.id) FROM bounce.task AS t
  WHERE t.address = $1 OR t.id = (test.recipient($1)).task_id
$$;
CREATE FUNCTION test.comes_back(a text, reason text, status text, kind text DEFAULT 'dsn')
  RETURNS void LANGUAGE sql AS $$
  SELECT test.record(test.report($2, $1, $3, "to" => test.return_path($1), kind => $4))
$$;
-- A mail of the queue; the others are on hold.
CREATE FUNCTION test.hand_over(a text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  mail CONSTANT bigint := test.submit(ARRAY[a]);
BEGIN
  UPDATE bounce.communication_delivery AS d SET held_at = now(), held_by = 'test'
  WHERE d.state IN ('PENDING', 'RETRY') AND d.communication_id <> mail AND d.held_at IS NULL;
  RETURN mail;
END $$;
-- and what the server says of it
CREATE FUNCTION test.sent(a text, outcome text, reply text DEFAULT '250 ok',
                          reason text DEFAULT '', status text DEFAULT '') RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  mail CONSTANT bigint := test.hand_over(a);
BEGIN
  PERFORM test.claim(1), test.begin(mail);
  PERFORM test.settle(a, outcome, reply, reason, status);
END $$;

-- A mail of the queue to a blocked address; one that came back, and is deferred the next time.
CREATE FUNCTION test.refused(a text) RETURNS void LANGUAGE sql AS $$
  SELECT test.submit(ARRAY[$1], priority => 90), test.claim(1)
$$;
CREATE FUNCTION test.tried_again(a text) RETURNS void LANGUAGE sql AS $$
  UPDATE bounce.recipient_delivery SET due_at = now() WHERE recipient_id = (test.recipient($1)).id;
  UPDATE bounce.communication_delivery SET priority = 90
  WHERE communication_id = test.mail_of($1);
  SELECT test.claim(1), test.begin(test.mail_of($1)),
         test.settle($1, 'pending', '451 4.2.2 full', 'mailbox_full', '4.2.2')
$$;

-- A is the address, B another one.
CREATE TABLE test.setting (name text PRIMARY KEY, sql text);
INSERT INTO test.setting VALUES
  ('sent', $$SELECT test.mail(A, ARRAY[A])$$),
  ('hard', $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'user_unknown', '5.1.1')$$),
  ('soft', $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'mailbox_full', '4.2.2')$$),
  ('technical', $$SELECT test.mail(A, ARRAY[A]), test.comes_back(A, 'spam_rejected', '5.7.1')$$),
  ('exhausted', $$SELECT test.set('resend_max_attempts', '0'), test.mail(A, ARRAY[A]),
                         test.comes_back(A, 'mailbox_full', '4.2.2'),
                         test.set('resend_max_attempts', '3')$$),
  ('complaint', $$SELECT test.mail(A, ARRAY[A]),
                         test.comes_back(A, 'complaint', '', 'complaint')$$),
  ('queue: pending', $$SELECT bounce.submit_communication(
     process => 'invoice', recipients => ARRAY[A], sender => 'o@example.org', body_text => 'x',
     not_before => now() + interval '1 day')$$),
  ('queue: retry', $$SELECT test.sent(A, 'pending', '451 4.2.2 full', 'mailbox_full', '4.2.2')$$),
  ('queue: success', $$SELECT test.sent(A, 'accepted')$$),
  ('queue: unknown', $$SELECT test.sent(A, 'unknown', 'the final reply was not heard')$$),
  ('queue: refused', $$SELECT test.sent(A, 'rejected', '550 5.1.1 no', 'user_unknown', '5.1.1')$$),
  ('queue: spam', $$SELECT test.sent(A, 'rejected', '554 5.7.1 no', 'spam_rejected', '5.7.1')$$),
  ('queue: given up', $$SELECT test.set('retry_max_attempts', '1'),
     test.sent(A, 'pending', '451 4.2.2 full', 'mailbox_full', '4.2.2'),
     test.set('retry_max_attempts', '10')$$),
  ('queue: came back', $$SELECT test.sent(A, 'accepted'),
                                test.comes_back(A, 'user_unknown', '5.1.1')$$),
  ('queue: came back softly', $$SELECT test.sent(A, 'accepted'),
                                       test.comes_back(A, 'mailbox_full', '4.2.2')$$),
  ('queue: kept back', $$SELECT bounce.block_address(A, 'x'), test.refused(A)$$),
  ('queue: kept back by a bounce', $$SELECT test.mail(A, ARRAY[A]),
                                            test.comes_back(A, 'user_unknown', '5.1.1'),
                                            test.refused(A)$$),
  ('queue: sent again in vain', $$SELECT test.sent(A, 'accepted'),
                                         test.comes_back(A, 'mailbox_full', '4.2.2'),
                                         test.tried_again(A)$$);

CREATE TABLE test.act (name text PRIMARY KEY, of text, sql text, back text);
INSERT INTO test.act VALUES
  ('task: nothing else', 'hard|exhausted|complaint|queue: (unknown|refused|given up|came back)$',
   $$SELECT bounce.resolve_task(test.task_of(A))$$, NULL),
  ('task: dead', 'hard|exhausted|complaint|queue: (refused|given up|came back)$',
   $$SELECT bounce.resolve_task_dead(test.task_of(A))$$, NULL),
  ('task: works', 'hard|exhausted|queue: (unknown|refused|given up|came back$|kept back by)',
   $$SELECT bounce.resolve_task_unblocked(test.task_of(A), 'x')$$, NULL),
  ('task: works, not sent', 'hard|queue: (refused|came back)$',
   $$SELECT bounce.resolve_task_unblocked(test.task_of(A), 'x', false)$$, NULL),
  ('task: address', 'hard|exhausted|queue: (refused|given up|came back)$',
   $$SELECT bounce.resolve_task_corrected(test.task_of(A), B, 'x')$$, NULL),
  ('task: address, then cancelled', 'queue: (refused|given up|came back$)',
   $$SELECT bounce.resolve_task_corrected(test.task_of(A), B, 'x'),
            bounce.cancel_communication(test.mail_of(B))$$, NULL),
  ('task: address, then blocked', 'queue: (refused|given up|came back$)',
   $$SELECT bounce.resolve_task_corrected(test.task_of(A), B, 'x'),
            bounce.block_address(B, 'x'), test.claim(9)$$,
   $$SELECT bounce.withdraw_block(B, 'no'), bounce.reopen_task(test.task_of(A), 'no')$$),
  ('task: arrived', 'queue: unknown',
   $$SELECT bounce.resolve_task_arrived(test.task_of(A))$$, NULL),
  ('task: assign', 'hard', $$SELECT bounce.assign_task(test.task_of(A), 'eva')$$,
   $$SELECT bounce.assign_task(test.task_of(A), '')$$),
  ('send again', 'hard|soft|technical|exhausted|queue: (refused|spam|given up|came back|pending)',
   $$SELECT bounce.request_resend((test.recipient(A)).id, 'x')$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(A), A, 'no')$$),
  ('another address', '.', $$SELECT bounce.change_recipient(test.mail_of(A), A, B, 'x')$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(B), B, 'no')$$),
  ('another address, then cancelled', 'queue: [^rp]',
   $$SELECT bounce.change_recipient(test.mail_of(A), A, B, 'x'),
            bounce.cancel_communication(test.mail_of(B))$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(B), B, 'no')$$),
  ('one more address', '.', $$SELECT bounce.add_recipient(test.mail_of(A), B, 'x')$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(B), B, 'no')$$),
  ('queue retry', 'queue: [^p]', $$SELECT bounce.retry_communication(test.mail_of(A))$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(A), A, 'no')$$),
  ('queue retry at once', 'queue: pending', $$SELECT bounce.retry_communication(test.mail_of(A))$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(A), A, 'no')$$),
  ('RETRY', 'queue: (success|unknown|refused|spam|given up|came back$)',
   $$UPDATE bounce.delivery SET state = 'RETRY' WHERE communication_id = test.mail_of(A)$$,
   $$SELECT bounce.withdraw_resend(test.mail_of(A), A, 'no')$$),
  ('queue cancel', 'queue: (pending|retry|came back softly|sent again)',
   $$SELECT bounce.cancel_communication(test.mail_of(A))$$,
   $$SELECT bounce.retry_communication(test.mail_of(A))$$),
  ('queue hold', 'queue: (pending|retry|came back softly)',
   $$SELECT bounce.hold_communication(test.mail_of(A))$$,
   $$SELECT bounce.release_communication(test.mail_of(A))$$),
  ('block', 'sent|soft|queue: (pending|retry|success|spam|unknown|came back softly)',
   $$SELECT bounce.block_address(A, 'x')$$, $$SELECT bounce.withdraw_block(A, 'no')$$),
  ('block for one', 'sent|soft|queue: (pending|retry|success|spam|unknown|came back softly)',
   $$SELECT bounce.block_address(A, 'x', 'invoice')$$,
   $$SELECT bounce.withdraw_block(A, 'no', 'invoice')$$),
  ('unblock', 'hard|queue: (refused|came back$)', $$SELECT bounce.lift_block(A, 'x')$$,
   $$SELECT bounce.restore_block(A, 'no')$$),
  ('import', 'sent|queue: pending',
   $$SELECT bounce.import_blocks(E'address\n' || A || E'\n', 'x')$$,
   $$SELECT bounce.withdraw_block_import((SELECT max(i.id) FROM bounce.block_import AS i), 'no')$$),
  ('undo', 'hard|soft|technical|queue: (refused|came back|spam|kept back by|sent again)',
   $$SELECT bounce.undo_bounces(NULL, NULL, 'x', domain => split_part(A, '@', 2))$$,
   $$SELECT bounce.redo_bounces((SELECT max(u.id) FROM bounce.undo AS u), 'no')$$),
  ('undo, not sent', 'hard|soft|technical|queue: (refused|came back|spam|kept back by|sent again)',
   $$SELECT bounce.undo_bounces(NULL, NULL, 'x', domain => split_part(A, '@', 2),
                                resend => false)$$,
   $$SELECT bounce.redo_bounces((SELECT max(u.id) FROM bounce.undo AS u), 'no')$$),
  ('hand on', 'hard',
   $$SELECT bounce.forward_letter(test.bounce_of(A), 'eva@office.example', 'x')$$,
   $$SELECT bounce.withdraw_letter(test.bounce_of(A), 'eva@office.example', 'no')$$),
  ('pause', 'sent', $$SELECT bounce.pause_process('receipt', 'x')$$,
   $$SELECT bounce.resume_process('receipt', 'no')$$);
UPDATE test.act SET back = $$SELECT bounce.reopen_task(test.task_of(A), 'no')$$ WHERE back IS NULL;

CREATE TABLE test.outcome (id integer, name text, was_done boolean, difference text);
CREATE PROCEDURE test.try_all() LANGUAGE plpgsql AS $$
DECLARE
  v record;
  changed boolean;
BEGIN
  FOR v IN SELECT row_number() OVER (ORDER BY a.name, s.name)::integer AS id,
                  a.name || ', ' || s.name AS name, s.sql AS setting, a.sql, a.back
           FROM test.act AS a JOIN test.setting AS s ON s.name ~ ('^(' || a.of || ')') LOOP
    EXECUTE test.filled(v.setting, v.id);
    COMMIT;
    PERFORM test.look();
    COMMIT;
    EXECUTE test.filled(v.sql, v.id);
    changed := test.difference() <> '';
    COMMIT;
    BEGIN
      EXECUTE test.filled(v.back, v.id);
      INSERT INTO test.outcome VALUES (v.id, v.name, changed, test.difference());
    EXCEPTION WHEN OTHERS THEN
      INSERT INTO test.outcome VALUES (v.id, v.name, changed, SQLERRM);
    END;
    COMMIT;
  END LOOP;
END $$;
CREATE FUNCTION test.filled(sql text, id integer) RETURNS text LANGUAGE sql AS $$
  SELECT regexp_replace(regexp_replace($1, '\mA\M', format('''a%s@d%1$s.example''', $2), 'g'),
                        '\mB\M', format('''b%s@e%1$s.example''', $2), 'g')
$$;
CALL test.try_all();

SELECT ok(o.was_done, o.name || ': something is done') FROM test.outcome AS o ORDER BY o.id;
SELECT is(o.difference, '', o.name || ': and taken back') FROM test.outcome AS o ORDER BY o.id;
-- What was not sent because of a block goes out when that is lifted, though a person had it sent
-- again meanwhile and took that back.
SELECT test.hand_over('blocked@example.com') AS mail \gset
SELECT bounce.block_address('blocked@example.com', 'x');
SELECT count(*) FROM test.claim(1);
SELECT (test.delivery('blocked@example.com')).refused_at AS refused_at \gset
SELECT bounce.retry_communication(:mail);
SELECT bounce.withdraw_resend(:mail, 'blocked@example.com', 'no');
SELECT is((test.delivery('blocked@example.com')).refused_at, :'refused_at'::timestamptz,
          'it was refused when it was');
SELECT bounce.lift_block('blocked@example.com', 'x');
SELECT is((test.delivery('blocked@example.com')).state, 'due', 'and is sent when it may be');
SELECT * FROM finish();
