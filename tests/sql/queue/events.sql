-- SPDX-License-Identifier: BSD-2-Clause
-- The outbox of the webhook: what gets into it, in which order it is claimed, when it is given up.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.events(communication_id bigint) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', e.type, coalesce(e.data ->> 'status', e.data ->> 'kind')),
                    ', ' ORDER BY e.id)
  FROM bounce.event AS e WHERE e.communication_id = $1
$$;
CREATE FUNCTION test.bounce(name text, reason text DEFAULT 'user_unknown',
                            status text DEFAULT '5.1.1') RETURNS void LANGUAGE sql AS $$
  SELECT test.record(test.report(reason, name || '@example.com', status, about => name,
                                 "to" => test.return_path(name || '@example.com')))
$$;

-- Off ----------------------------------------------------------------------------------
SELECT test.set('follow_up', 'on');
SELECT test.mail('off', '{off@example.com}') AS off \gset
SELECT test.bounce('off');
SELECT is(pg_stat_get_xact_tuples_inserted('bounce.event'::regclass)
            + pg_stat_get_xact_numscans('bounce.event'::regclass), 0::bigint,
          'off: nothing is written, nor looked for');
SELECT is_empty('SELECT FROM bounce.event', 'and nothing kept');

-- What is told -----------------------------------------------------------------------------
SELECT test.set('webhook', 'on', 'invoice');
SELECT test.mail('a', '{a@example.com}') AS a \gset
SELECT test.mail('b', '{b@example.com}') AS b \gset
SELECT test.mail('n', '{n@example.com}', 'newsletter') AS n \gset
SELECT test.bounce('a'), test.bounce('b', 'mailbox_full', '4.2.2'), test.bounce('n');
SELECT is(test.events(:a), 'follow_up.open hard_bounce, communication.status bounced',
          'a hard bounce: the follow-up and the status, as they came');
SELECT ok(test.events(:b) ~ 'resend.scheduled', 'a soft one: the resend');
SELECT is(test.events(:n), NULL, 'not of a process that is not told of');
SELECT is(bounce_internal.event_body(e)::jsonb - 'timestamp',
          jsonb_build_object('type', 'communication.status', 'data', jsonb_build_object(
            'communication_id', :a, 'process', 'invoice', 'business_ref', 'a',
            'status', 'bounced')), 'the body')
FROM bounce.event AS e WHERE e.communication_id = :a AND e.type = 'communication.status';
SELECT unalike(string_agg(bounce_internal.event_body(e), ' '), '%example.com%', 'no address in it')
FROM bounce.event AS e;

-- Order ------------------------------------------------------------------------------------
DELETE FROM bounce.event WHERE communication_id = :b;
CREATE TEMPORARY TABLE c AS SELECT * FROM bounce.claim_events(10, '1 minute');
SELECT is((SELECT count(*) FROM c), 1::bigint, 'of a communication the oldest one only');
SELECT ok((SELECT body FROM c) ~ 'follow_up.open', 'which is the follow-up');
SELECT is_empty($$SELECT bounce.claim_events(10, '1 minute')$$,
                'nothing else while it is in somebody''s hand');
SELECT ok(NOT bounce.settle_event((SELECT id FROM c), gen_random_uuid(), 'taken', ''),
          'somebody else cannot settle it');
SELECT ok(bounce.settle_event(c.id, c.claim_id, 'failed', E'HTTP status 500\r\nx'), 'not taken')
FROM c;
SELECT ok(e.due_at BETWEEN clock_timestamp() + interval '7 seconds'
          AND clock_timestamp() + interval '12 seconds' AND e.attempts = 1 AND e.claim_id IS NULL
          AND e.response = 'HTTP status 500 x', 'it waits for the first pause')
FROM bounce.event AS e JOIN c USING (id);
SELECT is_empty($$SELECT bounce.claim_events(10, '1 minute')$$, 'and the next one behind it');
SELECT is((SELECT array_agg(e.due_at) FROM bounce.event AS e LEFT JOIN c USING (id)
           WHERE c.id IS NULL), ARRAY['infinity'::timestamptz], 'which is parked');
SELECT is_empty('SELECT FROM bounce.audit() WHERE fault ~ ''event''', 'nobody has forgotten it');
SELECT ok(bounce_internal.event_delay(3) BETWEEN '72 seconds' AND '108 seconds', 'pauses grow')
FROM generate_series(1, 20);
SELECT ok(bounce_internal.event_delay(40) BETWEEN '4.8 hours' AND '7.2 hours', 'to a limit');
UPDATE bounce.event SET due_at = now() WHERE id = (SELECT id FROM c);
CREATE TEMPORARY TABLE d AS SELECT * FROM bounce.claim_events(10, '-1 second');
CREATE TEMPORARY TABLE e AS SELECT * FROM bounce.claim_events(10, '1 minute');
SELECT is((SELECT id FROM e), (SELECT id FROM d), 'a lease that ended: somebody else has it');
SELECT ok(NOT bounce.settle_event(d.id, d.claim_id, 'taken', ''), 'the first one not any more')
FROM d;
SELECT is(bounce.release_events(e.claim_id, e.id + 1), 0, 'what is under way is not given back')
FROM e;
SELECT is(bounce.release_events(e.claim_id, e.id), 1, 'given back') FROM e;
CREATE TEMPORARY TABLE f AS SELECT * FROM bounce.claim_events(10, '1 minute');
SELECT ok(bounce.settle_event(f.id, f.claim_id, 'taken', ''), 'taken') FROM f;
SELECT is(test.events(:a), 'communication.status bounced', 'what was taken is gone');
SELECT ok(due_at <= clock_timestamp(), 'and the next one is due') FROM bounce.event;
UPDATE bounce.event SET due_at = 'infinity';
SELECT is((SELECT count || ' ' || mend FROM bounce.audit() WHERE fault = 'event parked for ever'),
          '1 bouncectl webhook retry EVENT', 'parked behind nothing: the audit finds it');
SELECT is(bounce.retry_events((SELECT id FROM bounce.event)), 1, 'and what it says mends it');

-- Giving up -----------------------------------------------------------------------------------
SELECT test.set('webhook_max_attempts', '2');
SELECT bounce.settle_event(k.id, k.claim_id, 'failed', 'HTTP status 500')
FROM bounce.claim_events(10, '1 minute') AS k;
SELECT is(test.open_tasks('delivery_problem', ''), 0::bigint, 'not yet');
UPDATE bounce.event SET due_at = now();
SELECT bounce.settle_event(k.id, k.claim_id, 'failed', 'HTTP status 503')
FROM bounce.claim_events(10, '1 minute') AS k;
SELECT is((SELECT state || ' ' || attempts || ' ' || response FROM bounce.event),
          'dead 2 HTTP status 503', 'given up');
SELECT test.mail('g', '{g@example.com}') AS g \gset
SELECT test.bounce('g');
SELECT bounce.settle_event(k.id, k.claim_id, 'gone', 'HTTP status 410')
FROM bounce.claim_events(10, '1 minute') AS k;
SELECT is((SELECT state || ' ' || attempts FROM bounce.event WHERE communication_id = :g
           ORDER BY id LIMIT 1), 'dead 1', '410: at once');
SELECT is((SELECT about || ' ' || (what_next ~ 'webhook retry') || ' ' || (why ~ '410')
           FROM bounce.open_task WHERE reason = 'webhook'), 'webhook true true', 'one task tells');
SELECT is((SELECT count FROM bounce.task WHERE reason = 'webhook'), 2, 'of both');
SELECT is((SELECT count(*) FROM bounce.claim_events(10, '1 minute')), 1::bigint,
          'a dead one holds up nothing');

-- Sending again -------------------------------------------------------------------------------
SELECT id AS dead FROM bounce.event WHERE state = 'dead' ORDER BY id LIMIT 1 \gset
SELECT is(bounce.retry_events(0), 0, 'no such event');
SELECT is((SELECT array_agg(id) FROM bounce.events_to_retry(:dead)), ARRAY[:dead::bigint],
          'what is shown of one');
SELECT is(bounce.retry_events(:dead), 1, 'one of them is sent again');
SELECT is((SELECT concat_ws(' ', e.state, e.attempts, e.task_id IS NULL,
                            e.due_at <= clock_timestamp())
           FROM bounce.event AS e WHERE e.id = :dead), 'waiting 0 t t', 'at once');
SELECT is((SELECT status FROM bounce.task WHERE reason = 'webhook'), 'open',
          'while another is given up, the task stays');
SELECT bounce.settle_event(k.id, k.claim_id, 'failed', 'HTTP status 500')
FROM bounce.claim_events(10, '1 minute') AS k WHERE k.id = :dead;
SELECT is(bounce.retry_events((SELECT id FROM bounce.event WHERE claim_id IS NOT NULL)), 0,
          'not what a worker has in hand');
SELECT is((SELECT count(*) FROM bounce.events_to_retry()), 2::bigint,
          'all: what was given up, and what waits for another attempt');
SELECT is(bounce.retry_events(), 2, 'are sent again');
SELECT is_empty('SELECT FROM bounce.event WHERE due_at > clock_timestamp() AND claim_id IS NULL',
                'at once');
SELECT is((SELECT status FROM bounce.task WHERE reason = 'webhook'), 'done', 'the task is closed');
SELECT is((SELECT count(*) FROM bounce.event WHERE state = 'waiting' AND task_id IS NULL),
          3::bigint, 'they wait');

-- A receiver that wants to be left alone --------------------------------------------------
SELECT test.mail('p', '{p@example.com}') AS p \gset
SELECT test.bounce('p');
UPDATE bounce.event SET due_at = now() WHERE communication_id <> :p;
CREATE TEMPORARY TABLE h AS SELECT * FROM bounce.claim_events(1, '1 minute');
SELECT bounce.settle_event(h.id, h.claim_id, 'failed', 'HTTP status 429', '20 minutes') FROM h;
SELECT ok(e.due_at BETWEEN clock_timestamp() + interval '19 minutes'
          AND clock_timestamp() + interval '20 minutes' AND e.due_at >= e.pause_until
          AND e.attempts = 1, 'one that was not taken waits for the end of the pause')
FROM bounce.event AS e JOIN h USING (id);
SELECT is((SELECT count(*) FROM bounce.claim_events(10, '1 minute')), 0::bigint, 'as all do');
UPDATE bounce.event SET pause_until = now() WHERE pause_until IS NOT NULL;
SELECT cmp_ok((SELECT count(*) FROM bounce.claim_events(10, '1 minute')), '>', 0::bigint,
              'until it has ended');
SELECT bounce.release_events(e.claim_id, 0) FROM bounce.event AS e WHERE e.claim_id IS NOT NULL;
CREATE TEMPORARY TABLE i AS SELECT * FROM bounce.claim_events(2, '1 minute');
SELECT bounce.settle_event(i.id, i.claim_id, 'failed', 'HTTP status 503', '0')
FROM i ORDER BY i.id LIMIT 1;
SELECT is((SELECT count(*) FROM bounce.event WHERE pause_until > clock_timestamp()), 0::bigint,
          'one that does not say is asked for the next event');
SELECT bounce.settle_event(i.id, i.claim_id, 'failed', 'HTTP status 503', '1 year')
FROM i ORDER BY i.id DESC LIMIT 1;
SELECT ok(max(e.pause_until) BETWEEN clock_timestamp() + interval '5.9 hours'
          AND clock_timestamp() + interval '6 hours', 'not for ever: webhook_max_delay')
FROM bounce.event AS e;
SELECT cmp_ok(bounce.retry_events(), '>', 0, 'a person sends again');
SELECT is((SELECT count(*) FROM bounce.event WHERE pause_until IS NOT NULL), 0::bigint,
          'which ends the pause');

-- After a night without the receiver: giving back a batch does not read all that waits.
INSERT INTO bounce.event (type, communication_id, data)
SELECT 'communication.status', :g, '{}' FROM generate_series(1, 5000);
SELECT pg_stat_get_xact_tuples_returned('bounce.event'::regclass) AS read_before \gset
SELECT bounce.release_events(gen_random_uuid(), 0);
SELECT cmp_ok(pg_stat_get_xact_tuples_returned('bounce.event'::regclass) - :read_before, '<',
              100::bigint, 'of five thousand that wait, few rows are read');

-- A thousand behind one that waits: they are read once.
UPDATE bounce.event SET due_at = now() + interval '1 hour' WHERE id = (SELECT min(id)
  FROM bounce.event WHERE communication_id = :g AND state = 'waiting');
DELETE FROM bounce.event WHERE communication_id <> :g
  OR id > (SELECT min(id) + 1000 FROM bounce.event WHERE communication_id = :g);
SELECT is((SELECT count(*) FROM bounce.claim_events(20, '1 minute')), 0::bigint, 'all are held up');
SELECT pg_stat_get_xact_tuples_fetched('bounce.event'::regclass) AS read_before \gset
SELECT bounce.claim_events(20, '1 minute');
SELECT cmp_ok(pg_stat_get_xact_tuples_fetched('bounce.event'::regclass) - :read_before, '<',
              20::bigint, 'the next claim does not pass over them again');

SELECT * FROM finish();
ROLLBACK;
