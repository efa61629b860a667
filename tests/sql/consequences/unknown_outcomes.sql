-- SPDX-License-Identifier: BSD-2-Clause
-- Sends of which nobody heard the outcome: one task for each mail, and what a person may say of it.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.unheard(addresses text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  new_id bigint := bounce.submit_communication('invoice', addresses, 'office@example.org',
                                               'Your document', 'Hello');
BEGIN
  PERFORM bounce.begin_delivery(c.claim_id, c.recipient_ids)
    FROM bounce.claim_deliveries('here', 'mx', 10) AS c;
  UPDATE bounce.communication_delivery SET lease_expire_time = now() - interval '1 second'
  WHERE communication_id = new_id;
  PERFORM bounce.sweep_deliveries();
  RETURN new_id;
END
$$;
CREATE FUNCTION test.task_of(mail bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT id
    FROM bounce.task WHERE communication_id = $1 AND reason = 'unknown' $$;
CREATE FUNCTION test.how(mail bigint) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', c.status,
                   (SELECT d.state FROM bounce.delivery AS d WHERE d.communication_id = c.id),
                   (SELECT string_agg(r.state || '/' || q.state, ' ' ORDER BY r.id)
                    FROM bounce.communication_recipient AS r
                    JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
                    WHERE r.communication_id = c.id))
  FROM bounce.communication AS c WHERE c.id = $1
$$;

SELECT test.unheard('{a@example.com}') AS a, test.unheard('{b@example.com,b2@example.com}') AS b,
       test.unheard('{c@example.com}') AS c, test.unheard('{d@example.com}') AS d \gset
SELECT is(test.how(:a), 'error ERROR error/unknown', 'its outcome is unknown');
SELECT results_eq($$SELECT count, address, is_overdue, due_at > now() + interval '2 days'
                    FROM bounce.open_task WHERE reason = 'unknown' ORDER BY id$$,
  $$VALUES (1, 'a@example.com', false, true), (2, 'b@example.com', false, true),
  (1, 'c@example.com', false, true), (1, 'd@example.com', false, true)$$,
  'each mail is a task of its own, with a due date');
SELECT matches((SELECT diagnosis FROM bounce.task WHERE id = test.task_of(:b)),
               'b@example.com.*b2@example.com', 'which names each recipient');
SELECT is((SELECT string_agg(action, ' ' ORDER BY id) FROM bounce.task_history
           WHERE task_id = test.task_of(:b)), 'created counted', 'it has a history');

SELECT is(bounce.resolve_task_arrived(test.task_of(:a), 'he has it on his desk'), 1,
          'it did arrive');
SELECT is(test.how(:a), 'sent SUCCESS sent/accepted', 'so it counts as sent');
SELECT is((SELECT count(*) FROM bounce.undelivered WHERE communication_id = :a), 0::bigint,
          'and is not undelivered');
SELECT is(bounce.resolve_task_unblocked(test.task_of(:b), 'not in the log of the server'), 2,
          'it did not: sent again, to each');
SELECT is(test.how(:b), 'error RETRY error/due error/due', 'it waits for a worker');
SELECT is((SELECT array_agg(addresses[1] || attempt ORDER BY addresses[1])
           FROM bounce.claim_deliveries('here', 'mx', 10)), '{b2@example.com2,b@example.com2}',
          'as another send');
SELECT lives_ok(format('SELECT bounce.resolve_task(%s, %L)', test.task_of(:c), 'too old to matter'),
                'or left as it is');
SELECT is(test.how(:c), 'error ERROR error/unknown', 'as it is');
SELECT throws_ok(format('SELECT bounce.resolve_task_dead(%s)', test.task_of(:d)), '22023',
                 format('task %s is of kind delivery_problem: it is not resolved so',
                        test.task_of(:d)), 'it is not a dead address');
SELECT is(test.how(:d), 'error ERROR error/unknown', 'nothing else has changed');
SELECT throws_ok(format(
    'UPDATE bounce.recipient_delivery SET state = ''accepted'' WHERE communication_id = %s', :d),
                 '23514', NULL, 'by functions only');

-- "it works" where nothing is blocked and nothing can be sent
SELECT bounce.record_report(test.report('user_unknown', 'stranger@example.com'), 'raw');
SELECT id AS stray FROM bounce.task WHERE kind = 'bounce_without_communication' \gset
SELECT throws_ok(format('SELECT bounce.resolve_task_unblocked(%s, ''it works'')', :stray), '22023',
                 format('task %s: no address is blocked, and no mail is to be sent again', :stray),
                 'nothing to do is said');
SELECT throws_ok(format('SELECT bounce.resolve_task_arrived(%s)', :stray), '22023', NULL,
                 'nor has it arrived');
SELECT is((SELECT status FROM bounce.task WHERE id = :stray), 'open', 'and the task stays');
SELECT bounce.delivery_problem('mx', 'connection refused');
SELECT throws_ok(format('SELECT bounce.resolve_task_unblocked(%s, ''it works'')',
                        (SELECT max(id) FROM bounce.task)), '22023', NULL,
                 'a server that has a problem does not work because somebody says so');

SELECT * FROM finish();
ROLLBACK;
