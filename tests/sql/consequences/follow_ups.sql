-- SPDX-License-Identifier: BSD-2-Clause
-- Follow-ups: one for every end of a mail, closed by itself when it has been done otherwise.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- "hard_bounce open, corrected done" of an address
CREATE FUNCTION test.follow_ups(address text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(u.kind || ' ' || u.status || CASE WHEN u.is_moot THEN ' moot' ELSE '' END,
                    ', ' ORDER BY u.id)
  FROM bounce.follow_up AS u JOIN bounce.communication_recipient AS r ON r.id = u.recipient_id
  WHERE r.address_key = lower($1)
$$;
CREATE FUNCTION test.bounce(name text, reason text, status text DEFAULT '5.1.1',
                            process text DEFAULT 'invoice') RETURNS text LANGUAGE sql AS $$
  SELECT test.mail($1, ARRAY[$1 || '@example.com'], $4);
  SELECT test.record(test.report($2, $1 || '@example.com', $3,
                                 "to" => test.return_path($1 || '@example.com')));
  SELECT test.follow_ups($1 || '@example.com')
$$;
CREATE FUNCTION test.task_of(address text) RETURNS bigint LANGUAGE sql AS $$
  SELECT (test.recipient($1)).task_id
$$;
SELECT test.set('retry_max_attempts', '1'), test.set('resend_max_attempts', '1'),
       test.set('resend_jitter', '0');

SELECT is(test.bounce('off', 'user_unknown'), NULL, 'off, there is none');
SELECT test.set('follow_up', 'on', 'invoice');

-- Each end
SELECT is(test.bounce('hard', 'user_unknown'), 'hard_bounce open', 'a hard bounce');
SELECT is(test.bounce('moved', 'mailbox_moved'), 'hard_bounce open, has_left open',
          'the person is elsewhere now');
SELECT is(test.bounce('tech', 'spam_rejected', '5.7.1'), 'technical open', 'a technical one');
SELECT is(test.bounce('soft', 'mailbox_full', '4.2.2'), NULL, 'a soft one is no end');
SELECT bounce.confirm_resend((test.recipient('soft@example.com')).id);
SELECT test.record(test.report('mailbox_full', 'soft@example.com', '4.2.2', about => 'x',
                               "to" => test.return_path('soft@example.com')));
SELECT is(test.follow_ups('soft@example.com'), 'resend_exhausted open', 'but the last resend is');
SELECT is(test.bounce('news', 'user_unknown', '5.1.1', 'newsletter'), NULL, 'per process');
SELECT test.mail('spam', '{spam@example.com}');
SELECT test.record(test.report('complaint', 'spam@example.com', '', '', kind => 'complaint',
                               "to" => test.return_path('spam@example.com')));
SELECT is(test.follow_ups('spam@example.com'), 'complaint open', 'a complaint');
SELECT test.submit('{given@example.com}') AS given \gset
SELECT test.deliver(:given, 'given@example.com', 'pending', '450 4.2.0 later', 'mailbox_full',
                    '4.2.0');
SELECT is(test.follow_ups('given@example.com'), 'resend_exhausted open',
          'the server''s last refusal');
SELECT test.submit('{lost@example.com}') AS lost \gset
SELECT test.deliver(:lost, 'lost@example.com', 'unknown', 'the line broke');
SELECT is(test.follow_ups('lost@example.com'), 'technical open', 'a lost reply');
SELECT bounce.block_address('barred@example.com', 'rang up');
SELECT test.submit('{barred@example.com}') AS barred \gset
SELECT count(*) FROM test.claim();
SELECT is(test.follow_ups('barred@example.com'), 'blocked open',
          'not sent, the address is blocked');

SELECT bounce.lift_block('barred@example.com', 'wrote to us');
SELECT is(test.follow_ups('barred@example.com'), 'blocked done moot, block_lifted open',
          'the queue sends it now: who waits for it need not write a letter');
SELECT is((SELECT text FROM bounce.communication_log
           WHERE communication_id = :barred AND event = 'blocked_done'),
          'by itself: it is sent again', 'and the story says so');
SELECT bounce.restore_block('barred@example.com', 'did not');
SELECT count(*) FROM test.claim();
SELECT is(test.follow_ups('barred@example.com'),
          'blocked done moot, block_lifted done moot, blocked open',
          'blocked again before it was sent: there is another one');
DELETE FROM bounce.communication_content WHERE communication_id = :barred;
SELECT bounce.lift_block('barred@example.com', 'wrote to us');
SELECT is(test.follow_ups('barred@example.com'), 'blocked done moot, block_lifted done moot, '
          'blocked open, block_lifted open', 'what the queue cannot send stays to be done');

-- Corrected: both addresses and the person
SELECT test.mail('typo', '{typo@exmaple.com}') AS typo \gset
SELECT bounce.set_person(:typo, 'typo@exmaple.com', 'customer 17');
SELECT test.record(test.report('user_unknown', 'typo@exmaple.com',
                               "to" => test.return_path('typo@exmaple.com')));
SELECT test.task_of('typo@exmaple.com') AS task \gset
SELECT bounce.resolve_task_corrected(:task, 'typo@example.com', 'rang her up');
SELECT is(test.follow_ups('typo@exmaple.com'), 'hard_bounce done moot, corrected open',
          'a correction is told, and what it settles is closed');
SELECT results_eq($$SELECT kind, process, business_ref, address, new_address, person_ref, text
                    FROM bounce.claim_follow_up('crm', kinds => '{corrected}')$$,
  format($$VALUES ('corrected', 'invoice', 'typo', 'typo@exmaple.com', 'typo@example.com',
                   'customer 17', 'task %s')$$, :task), 'old address, new address, person');
SELECT is((SELECT text FROM bounce.communication_log
           WHERE communication_id = :typo AND event = 'hard_bounce_done'),
          'by itself: it goes to typo@example.com', 'the story says how it was closed');
UPDATE bounce.follow_up SET claimed_by = NULL, lease_expire_time = NULL WHERE kind = 'corrected';
SELECT bounce.reopen_task(:task, 'the other customer');
SELECT is(test.follow_ups('typo@exmaple.com'), 'hard_bounce open, corrected done moot',
          'taken back, all is as before');

-- Sent again by another hand
SELECT bounce.resolve_task_unblocked(test.task_of('hard@example.com'), 'it works');
SELECT is(test.follow_ups('hard@example.com'), 'hard_bounce open, block_lifted open',
          'a lifted block is told; the mail has not arrived yet');
SELECT bounce.confirm_resend((test.recipient('hard@example.com')).id);
SELECT is(test.follow_ups('hard@example.com'), 'hard_bounce done moot, block_lifted open',
          'now it has');
SELECT test.record(test.report('user_unknown', 'hard@example.com', about => 'y',
                               "to" => test.return_path('hard@example.com')));
SELECT is(test.follow_ups('hard@example.com'),
          'hard_bounce done moot, block_lifted done moot, hard_bounce open',
          'dead again: what told that it works is closed');
SELECT bounce.lift_block('hard@example.com', 'works');
SELECT bounce.block_address('hard@example.com', 'does not');
SELECT is(test.follow_ups('hard@example.com'), 'hard_bounce done moot, block_lifted done moot, '
          'hard_bounce open, block_lifted done moot', 'so it is by a person');
UPDATE bounce.communication_delivery SET priority = 9 WHERE communication_id = :given;
SELECT bounce.retry_communication(:given), test.deliver(:given, 'given@example.com', 'accepted');
SELECT is(test.follow_ups('given@example.com'), 'resend_exhausted done moot',
          'what the queue sends again');
SELECT bounce.resolve_task_arrived(test.task_of('lost@example.com'), 'she has it');
SELECT is(test.follow_ups('lost@example.com'), 'technical done moot', 'what had arrived');
SELECT test.mail('undone', '{u@undone.example}');
SELECT test.record(test.report('spam_rejected', 'u@undone.example', '5.7.1',
                               "to" => test.return_path('u@undone.example')));
SELECT bounce.undo_bounces(NULL, NULL, 'an error', domain => 'undone.example');
SELECT is(test.follow_ups('u@undone.example'), 'technical done moot', 'what is undone');

-- Nothing is left to tell of who is erased
SELECT test.bounce('gone', 'user_unknown'), (test.recipient('gone@example.com')).id AS gone \gset
SELECT bounce.erase_address('gone@example.com', 'she asked for it');
SELECT is((SELECT concat_ws(' ', u.kind, u.status, u.is_moot, u.result) FROM bounce.follow_up AS u
           WHERE u.recipient_id = :gone), 'hard_bounce done t the address is erased', 'erased');
SELECT is((SELECT count(*) FROM bounce.claim_follow_up('crm', 100) AS f
           WHERE f.recipient_id = :gone), 0::bigint, 'and nobody is given it');
UPDATE bounce.follow_up SET claimed_by = NULL, lease_expire_time = NULL WHERE status = 'open';

-- Who has heard of no block hears of no end of it
CREATE FUNCTION test.doubted(name text) RETURNS text LANGUAGE sql AS $$
  SELECT test.mail($1, ARRAY[$1 || '@example.com']);
  SELECT test.record(test.report('user_unknown', $1 || '@example.com', about => $1));
  SELECT test.follow_ups($1 || '@example.com')
$$;
SELECT is(test.doubted('doubted'), 'hard_bounce open', 'a bounce that does not block');
SELECT test.task_of('doubted@example.com') AS task \gset
UPDATE bounce.follow_up SET created_at = now() - interval '1 hour'
WHERE recipient_id = (test.recipient('doubted@example.com')).id;
SELECT bounce.resolve_task_dead(:task), bounce.reopen_task(:task, 'another one');
SELECT is(test.follow_ups('doubted@example.com'), 'hard_bounce open', 'called dead by mistake');
SELECT bounce.resolve_task_dead(:task);
SELECT test.submit('{doubted@example.com}') AS kept \gset
SELECT count(*) FROM test.claim();
UPDATE bounce.follow_up SET status = 'done', result = 'a letter' WHERE kind = 'blocked'
  AND communication_id = :kept;
SELECT bounce.reopen_task(:task, 'another one');
SELECT is(test.follow_ups('doubted@example.com'),
          'hard_bounce open, blocked done, block_lifted open', 'a mail was kept back meanwhile');

-- Each process once, and only where the address may be written to
SELECT bounce.block_address('twice@example.com', 'a', 'invoice'),
       bounce.block_address('twice@example.com', 'b', 'receipt');
SELECT is(test.bounce('twice', 'user_unknown'), 'hard_bounce open', 'three blocks');
SELECT bounce.lift_block('twice@example.com', 'c', 'receipt');
SELECT is(test.follow_ups('twice@example.com'), 'hard_bounce open', 'that of another is lifted');
SELECT bounce.lift_block('twice@example.com', 'd', 'invoice');
SELECT is(test.follow_ups('twice@example.com'), 'hard_bounce open', 'that for all is there still');
SELECT bounce.block_address('twice@example.com', 'a', 'invoice');
SELECT bounce.lift_block('twice@example.com', 'e');
SELECT is(test.follow_ups('twice@example.com'), 'hard_bounce open, block_lifted open',
          'both are lifted: it is told once');
SELECT bounce.block_address('twice@example.com', 'f', 'receipt');
SELECT is(test.follow_ups('twice@example.com'), 'hard_bounce open, block_lifted open',
          'blocked for another process, it works still');
SELECT bounce.block_address('twice@example.com', 'g', 'invoice');
SELECT is(test.follow_ups('twice@example.com'), 'hard_bounce open, block_lifted done moot',
          'blocked for this one, it does not');

-- A claimer at work is left alone, and nobody gets it after him
SELECT test.bounce('work', 'user_unknown');
SELECT count(*) FROM bounce.claim_follow_up('crm', 100, kinds => '{hard_bounce}');
SELECT bounce.change_recipient((test.recipient('work@example.com')).communication_id,
                               'work@example.com', 'work2@example.com', 'she moved');
SELECT is(test.follow_ups('work@example.com'), 'hard_bounce open, corrected open',
          'he works on it');
UPDATE bounce.follow_up SET lease_expire_time = now() WHERE claimed_by = 'crm' AND status = 'open';
SELECT ok(NOT EXISTS (SELECT FROM bounce.claim_follow_up('erp', 1, kinds => '{hard_bounce}')
                      WHERE address = 'work@example.com'), 'nobody else does');
SELECT results_eq($$SELECT address FROM bounce.claim_follow_up('erp', 9, kinds => '{hard_bounce}')
                    WHERE address NOT IN ('typo@exmaple.com', 'moved@example.com',
                                          'doubted@example.com', 'twice@example.com')$$,
                  $$VALUES ('hard@example.com')$$, 'the others are there');
SELECT is(test.follow_ups('work@example.com'), 'hard_bounce done moot, corrected open',
          'it is closed when the next one looks');

-- Only what is wanted; nothing about our own notices
-- A correction stands, whatever becomes of the bounce
SELECT test.bounce('right', 'user_unknown');
SELECT bounce.change_recipient((test.recipient('right@example.com')).communication_id,
                               'right@example.com', 'left@example.com', 'w');
SELECT bounce.undo_bounces(NULL, NULL, 'w', domain => 'example.com');
SELECT is(test.follow_ups('right@example.com'),
          'hard_bounce done moot, corrected open, block_lifted open',
          'the bounce was taken back, and not the correction');
SELECT is((SELECT count(*) FROM bounce.claim_follow_up('crm', 100, kinds => '{corrected}')
           WHERE address = 'right@example.com'), 1::bigint, 'so the application hears of it');

SELECT test.set('follow_up_kinds', 'complaint,corrected', 'invoice');
SELECT is(test.bounce('other', 'user_unknown'), NULL, 'a kind that is not wanted');
SELECT throws_ok($$SELECT test.set('follow_up_kinds', 'complaint,calls')$$, '22023', NULL,
                 'a kind that does not exist');
SELECT throws_ok($$SELECT * FROM bounce.claim_follow_up('crm', kinds => '{calls}')$$, '22023',
                 'unknown kind of follow-up "calls"', 'nor can it be claimed');

SELECT * FROM finish();
ROLLBACK;
