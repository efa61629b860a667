-- SPDX-License-Identifier: BSD-2-Clause
-- Who is served when, at given times: turns, priority, quiet hours, rates, the next try.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

CREATE FUNCTION test.chosen(batch integer, at timestamptz DEFAULT now()) RETURNS text
  LANGUAGE sql AS $$
  SELECT string_agg(c.process || coalesce(c.business_ref, ''), ' ' ORDER BY u.place)
  FROM unnest(bounce_internal.choose_communications($1, $2)) WITH ORDINALITY AS u (id, place)
  JOIN bounce.communication AS c ON c.id = u.id
$$;
CREATE FUNCTION test.many(process text, count integer, priority integer DEFAULT NULL,
                          due timestamptz DEFAULT NULL, domain text DEFAULT 'example.com')
                          RETURNS bigint LANGUAGE sql AS $$
  SELECT count(bounce.submit_communication(process => $1,
                                           recipients => ARRAY[format('%s%s@%s', $1, i, $5)],
                                           sender => 'office@example.org', body_text => 'x',
                                           priority => $3, not_before => $4,
                                           business_ref => i::text))
  FROM generate_series(1, $2) AS i
$$;

CREATE FUNCTION test.waiting(process text, count integer, due timestamptz,
                             priority integer DEFAULT 0) RETURNS void LANGUAGE sql AS $$
  WITH c AS (INSERT INTO bounce.communication (process, business_ref) SELECT $1, i
      FROM generate_series(1, $2) AS i RETURNING id),
  k AS (INSERT INTO bounce.communication_content (communication_id, body_text) SELECT c.id, ''
      FROM c)
  INSERT INTO bounce.communication_delivery (communication_id, process, due_at,
                                             priority) SELECT c.id, $1, $3, $4 FROM c
$$;

-- A newsletter of 20,000 and three invoices that come later; a receipt of higher priority.
SELECT test.waiting('newsletter', 20000, now() - interval '1 hour');
SELECT test.many('invoice', 3), test.many('receipt', 1, 5);
SELECT is(test.chosen(8),
          'receipt1 newsletter1 invoice1 newsletter2 invoice2 newsletter3 invoice3 newsletter4',
          'the processes take turns, after what has priority');
SELECT is(test.chosen(1), 'receipt1', 'priority is first');
SELECT test.many('invoice', 2, -1, now() - interval '1 day');
SELECT unalike(test.chosen(8), '%invoice1 invoice%',
               'lower priority comes after the newsletter, however old');
SELECT is((SELECT count(*) FROM regexp_matches(test.chosen(100), 'invoice', 'g')), 3::bigint,
          'three invoices are among the first hundred');
SELECT test.waiting('receipt', 2000, now() + interval '1 day', 100);
SELECT is(test.chosen(2), 'receipt1 newsletter1',
          'what is not due does not stand in the way, whatever its priority');
SELECT alike(test.chosen(2, now() + interval '2 days'), 'receipt% receipt%', 'until it is due');

-- What a claim reads does not depend on how many wait.
CREATE FUNCTION test.plan(query text) RETURNS SETOF text
  LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, '
                                                    'SUMMARY OFF) ' || query; END $$;
ANALYZE bounce.communication, bounce.communication_delivery;
SELECT is_empty($$SELECT p FROM test.plan('
    SELECT c.id FROM bounce.communication_delivery AS d
    JOIN bounce.communication AS c ON c.id = d.communication_id
    WHERE d.process = ''newsletter'' AND d.priority = 0 AND d.state IN (''PENDING'', ''RETRY'')
      AND d.held_at IS NULL AND d.due_at <= now()
    ORDER BY d.due_at LIMIT 50 FOR NO KEY UPDATE SKIP LOCKED') AS p
  WHERE p ~ 'Seq Scan|Sort|rows=[0-9]{4}|Removed by'$$,
  'a range of the index, read as far as the batch');
SELECT is_empty($$SELECT p FROM test.plan('
    SELECT c.id FROM bounce.communication_delivery AS d
    JOIN bounce.communication AS c ON c.id = d.communication_id
    WHERE d.process = ''receipt'' AND d.priority = 100 AND d.state IN (''PENDING'', ''RETRY'')
      AND d.held_at IS NULL AND d.due_at <= now()
    ORDER BY d.due_at LIMIT 50') AS p
  WHERE p ~ 'Seq Scan|Sort|rows=[1-9]|Removed by'$$,
  'of what is not due nothing is read');
SELECT is_empty($$SELECT p FROM test.plan('
    SELECT d.priority FROM bounce.communication_delivery AS d
    WHERE d.process = ''newsletter'' AND d.state IN (''PENDING'', ''RETRY'') AND d.held_at IS NULL
      AND d.priority < 100
    ORDER BY d.priority DESC LIMIT 1') AS p
  WHERE p ~ 'Seq Scan|Sort|rows=([2-9]|[1-9][0-9])|Removed by'$$,
  'one step to the next priority');
SELECT is((SELECT string_agg(process || ' ' || priority, ', ' ORDER BY process, priority DESC)
           FROM bounce_internal.queue_levels(now())),
          'invoice 0, invoice -1, newsletter 0, receipt 100, receipt 5', 'the ranges');
SELECT is(bounce.next_due('mx:25'), (SELECT min(due_at) FROM bounce.delivery),
          'when the next is due');
DELETE FROM bounce.communication;

-- Quiet hours: the clock on the wall, of that zone.
SELECT test.set('delivery_time_zone', 'Europe/Berlin', 'newsletter'),
       test.set('delivery_time_zone', 'America/New_York', 'receipt');
CREATE FUNCTION test.quiet(hours text, at timestamptz, process text DEFAULT 'newsletter')
  RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN PERFORM test.set('delivery_quiet_hours', hours,
                       process); RETURN bounce_internal.is_quiet_at(process, at); END
$$;
SELECT is(test.quiet(hours, at::timestamptz, process), quiet,
          format('%s for %s at %s', hours, process, at))
FROM (VALUES
  ('22:00-07:00', '2026-01-10 20:59:59+00', 'newsletter', false),
  ('22:00-07:00', '2026-01-10 21:00+00', 'newsletter', true),
  ('22:00-07:00', '2026-01-10 23:30+00', 'newsletter', true),
  ('22:00-07:00', '2026-01-11 05:59:59+00', 'newsletter', true),
  ('22:00-07:00', '2026-01-11 06:00+00', 'newsletter', false),
  ('22:00-07:00', '2026-07-10 20:00+00', 'newsletter', true),
  ('22:00-07:00', '2026-07-10 19:59+00', 'newsletter', false),
  ('22:00-07:00', '2026-01-11 03:00+00', 'receipt', true),
  ('22:00-07:00', '2026-01-10 23:30+00', 'receipt', false),
  ('08:00-12:00', '2026-01-10 07:00+00', 'newsletter', true),
  ('08:00-12:00', '2026-01-10 11:00+00', 'newsletter', false),
  -- 29 March 2026: 02:00 to 03:00 does not exist; 25 October: it is there twice
  ('02:00-03:00', '2026-03-29 00:59+00', 'newsletter', false),
  ('02:00-03:00', '2026-03-29 01:00+00', 'newsletter', false),
  ('02:00-03:00', '2026-10-25 00:30+00', 'newsletter', true),
  ('02:00-03:00', '2026-10-25 01:30+00', 'newsletter', true),
  ('02:00-03:00', '2026-10-25 02:00+00', 'newsletter', false),
  ('22:00-07:00', '2026-03-29 04:59+00', 'newsletter', true),
  ('22:00-07:00', '2026-03-29 05:00+00', 'newsletter', false),
  ('00:00-24:00', '2026-01-10 23:59:59.9+00', 'newsletter', true),
  ('00:00-24:00', '2026-01-10 23:00+00', 'newsletter', true),
  ('22:00-24:00', '2026-01-10 22:59:59+00', 'newsletter', true),
  ('22:00-24:00', '2026-01-10 23:00+00', 'newsletter', false),
  ('', '2026-01-10 23:00+00', 'newsletter', false)) AS v (hours, at, process, quiet);
SELECT throws_ok(format('SELECT test.set(%L, %L)', name, value), '22023', NULL,
                 format('%s cannot be %s', name, value))
FROM (VALUES ('delivery_quiet_hours', '22:00-22:00'), ('delivery_quiet_hours', '24:00-07:00'),
             ('delivery_quiet_hours', '22-7'), ('delivery_quiet_hours', '22:00'),
             ('delivery_quiet_hours', '25:00-07:00'),
             ('delivery_time_zone', 'Mars/Olympus'),
             ('delivery_time_zone', 'Europe/Berlin; --')) AS v (name, value);
SELECT test.set('delivery_quiet_hours', '22:00-07:00', 'newsletter'),
       test.set('delivery_quiet_hours', '', 'receipt');
SELECT test.many('newsletter', 2, due => '2026-01-10 12:00+00'),
       test.many('invoice', 1, due => '2026-01-10 12:00+00');
SELECT is(test.chosen(9, '2026-01-10 21:30+00'), 'invoice1',
          'in its quiet hours a process offers nothing');
SELECT is(test.chosen(9, '2026-01-11 06:00+00'), 'newsletter1 invoice1 newsletter2',
          'afterwards all');
DELETE FROM bounce.communication;

-- Rates: what is beyond goes into the next minutes, as many into each as fit.
SELECT test.set('delivery_quiet_hours', '', 'newsletter'), test.set('delivery_domain_rate', '3');
SELECT test.many('newsletter', 10, due => '2026-01-10 12:00+00', domain => 'slow.example'),
       test.many('invoice', 2, due => '2026-01-10 12:00+00', domain => 'fast.example');
CREATE FUNCTION test.send(at timestamptz) RETURNS text LANGUAGE sql AS $$
  WITH due AS (SELECT q.recipient_id AS id
               FROM unnest(bounce_internal.choose_communications(50, $1)) WITH ORDINALITY AS u (id,
                   place)
               JOIN bounce.recipient_delivery AS q ON q.communication_id = u.id AND q.state = 'due'
                 AND q.due_at <= $1 ORDER BY u.place, q.recipient_id),
  kept AS (SELECT bounce_internal.within_rate(ARRAY(SELECT id FROM due), $1) AS ids)
  SELECT count(*) FILTER (WHERE r.address LIKE '%slow%') || ' slow, '
         || count(*) FILTER (WHERE r.address LIKE '%fast%') || ' fast'
  FROM kept CROSS JOIN LATERAL unnest(kept.ids) AS k (id)
  JOIN bounce.communication_recipient AS r ON r.id = k.id
$$;
CREATE VIEW test.due AS SELECT r.id, r.communication_id, r.address, q.due_at
                        FROM bounce.communication_recipient AS r
                        JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id;
SELECT is(test.send('2026-01-10 12:00:30+00'), '3 slow, 2 fast',
          'no more to one domain than its rate');
SELECT results_eq($$SELECT due_at, count(*) FROM test.due
                    WHERE address LIKE '%slow%' AND due_at > '2026-01-10 12:00:30+00' GROUP BY 1
                  ORDER BY 1$$,
  $$VALUES ('2026-01-10 12:01+00'::timestamptz, 3::bigint), ('2026-01-10 12:02+00', 3),
  ('2026-01-10 12:03+00', 1)$$, 'each of the others has its minute');
SELECT is((SELECT string_agg(r.address, ' ' ORDER BY r.id) FROM test.due AS r
           WHERE r.due_at = '2026-01-10 12:01+00'),
          'newsletter4@slow.example newsletter5@slow.example newsletter6@slow.example',
          'in their order');
UPDATE bounce.recipient_delivery SET state = 'claimed' WHERE due_at <= '2026-01-10 12:00:30+00';
SELECT test.many('receipt', 2, due => '2026-01-10 12:00:40+00', domain => 'slow.example');
SELECT is(test.send('2026-01-10 12:00:45+00'), '0 slow, 0 fast',
          'another worker in the same minute gets none of them');
SELECT is((SELECT string_agg(to_char(r.due_at AT TIME ZONE 'UTC', 'HH24:MI'), ' ' ORDER BY r.id)
           FROM test.due AS r WHERE r.address LIKE 'receipt%'), '12:03 12:03',
          'who comes later queues behind');
SELECT is(test.send('2026-01-10 12:01:10+00'), '3 slow, 0 fast',
          'the next minute is used to the full');
SELECT test.set('delivery_domain_rate', '0'), test.set('delivery_rate', '4');
DELETE FROM bounce.communication;
SELECT test.many('newsletter', 5, due => '2026-01-10 13:00+00', domain => 'a.example'),
       test.many('invoice', 5, due => '2026-01-10 13:00+00', domain => 'b.example');
SELECT is(test.chosen(4, '2026-01-10 13:00+00'),
          'newsletter1 invoice1 newsletter2 invoice2', 'turns');
SELECT is(cardinality(
    bounce_internal.within_rate(ARRAY(SELECT r.id FROM bounce.communication_recipient AS r),
                                '2026-01-10 13:00+00')), 4, 'the rate over all');
SELECT is(cardinality(
    bounce_internal.within_rate(ARRAY(SELECT r.id FROM bounce.communication_recipient AS r),
                                '2026-01-10 13:00:59+00')), 0, 'is used up for this minute');
SELECT is(cardinality(
    bounce_internal.within_rate(ARRAY(SELECT r.id FROM bounce.communication_recipient AS r),
                                '2026-01-10 13:01+00')), 4, 'and there again in the next');

-- A probe takes the first of each process and priority: a sender that is refused, with mails of
-- a high priority, keeps nobody waiting.
DELETE FROM bounce.communication;
SELECT test.many('newsletter', 9, due => '2026-01-10 13:00+00', domain => 'a.example'),
       test.many('invoice', 3, due => '2026-01-10 13:01+00', domain => 'b.example');
UPDATE bounce.communication_delivery SET priority = 100 WHERE process = 'newsletter';
SELECT is(bounce_internal.has_problem('mx:25'), false, 'no problem, no probe');
SELECT count(*) FROM bounce.delivery_problem('mx:25', 'sender refused');
SELECT is(bounce_internal.has_problem('mx:25'), true, 'a problem: what is claimed now is a probe');
CREATE FUNCTION test.probed(batch integer) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(split_part(r.address, '@', 1), ' ' ORDER BY u.place)
  FROM unnest(bounce_internal.choose_for_probe(batch,
                                               '2026-01-10 13:05+00')) WITH ORDINALITY AS u (id,
                                                   place)
  JOIN bounce.communication_recipient AS r ON r.communication_id = u.id
$$;
SELECT is(test.chosen(3, '2026-01-10 13:05+00'), 'newsletter1 newsletter2 newsletter3',
          'the queue goes by priority');
SELECT is(test.probed(3), 'newsletter1 invoice1 newsletter2', 'a probe does not');
UPDATE bounce.recipient_delivery SET due_at = '2026-01-10 13:02+00'
WHERE recipient_id IN (SELECT id FROM test.due
                       WHERE address LIKE 'newsletter1@%' OR address LIKE 'newsletter2@%'
                       OR address LIKE 'newsletter3@%');
UPDATE bounce.communication_delivery SET due_at = '2026-01-10 13:02+00'
WHERE communication_id IN (SELECT communication_id FROM test.due
                           WHERE due_at = '2026-01-10 13:02+00');
SELECT is(test.probed(1), 'newsletter4',
          'what was given back is behind those that were not tried yet');
UPDATE bounce.communication_delivery SET due_at = due_at + interval '3 minutes'
WHERE process = 'newsletter';
SELECT is(test.probed(1), 'invoice1', 'also where only one is tried at a time');
SELECT test.many('newsletter', 1, due => '2026-01-10 13:04+00', domain => 'c.example');
UPDATE bounce.communication_delivery SET priority = 100 WHERE process = 'newsletter';
SELECT is((SELECT string_agg(DISTINCT split_part(r.address, '@', 2), ' ')
           FROM unnest(bounce_internal.choose_for_probe(4, '2026-01-10 13:05+00')) AS u (id)
           JOIN bounce.communication_recipient AS r ON r.communication_id = u.id),
          'a.example b.example c.example',
          'and behind many of a domain that is refused, one of another shows that it works');
DELETE FROM bounce.communication
WHERE id IN (SELECT communication_id FROM bounce.communication_recipient
             WHERE address LIKE '%@c.example');
UPDATE bounce.delivery_server SET probe_at = now();
SELECT is((SELECT string_agg(split_part(i.addresses[1], '@', 1), ' ' ORDER BY i.addresses[1])
           FROM bounce.claim_deliveries('worker', 'mx:25', 2) AS i), 'invoice1 newsletter4',
          'so does a claim');

-- "Try again in ...", in the words of the world's servers.
SELECT is(bounce_internal.retry_after(reply), wait::interval, reply)
FROM (VALUES
  ('451 4.7.1 Greylisting in action, please come back in 5 minutes', '5 min'),
  ('450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see '
   'http://x.example/help/12?a=3', NULL),
  ('450 4.7.1 Please try again in 300 seconds', '300 s'), ('451 retry after 60s', '60 s'),
  ('451 4.3.2 try again in 1 hour', '1 h'), ('421 wait 2 hours', '2 h'),
  ('451 try again in an hour', '1 h'),
  ('450 You are greylisted for 15 min.', '15 min'),
  ('450 graylisted, try later in 10 mins', '10 min'),
  ('451 Try again in 1 hour and 30 minutes', '90 min'),
  ('451 delayed for 4 minutes 30 seconds', '270 s'),
  ('450 4.7.1 Greylisted for 00:04:59', NULL), ('450 try again in 00:04:59', '299 s'),
  ('450 Greylisted, try again in 4:59', '299 s'), ('451 Retry-After: 120', '120 s'),
  ('451 retry=90', '90 s'),
  ('451 4.7.0 Temporary failure (retry after: 30)', '30 s'), ('450 try again at 14:30', NULL),
  ('450 4.1.8 try again later', NULL), ('452 4.5.3 500 recipients in 10 minutes', NULL),
  ('451 try again in 0 seconds', '0 s'), ('451 please wait one minute', '1 min'),
  ('451 try again in 5 minute(s)', '5 min'), ('', NULL),
  ('451 try again in 999999 hours', '999999 h')) AS v (reply, wait);
SELECT test.set('retry_jitter', '0'), test.set('retry_initial_delay', '100 seconds'),
       test.set('retry_max_delay', '200 seconds'), test.set('retry_after_max_delay', '1 hour');
SELECT is(bounce_internal.retry_delay('invoice', n, reply, 0), wait::interval,
          format('try %s, %s', n, reply))
FROM (VALUES (1, 'try again in 10 minutes', '10 min'), (1, 'try again in 5 hours', '1 h'),
             (1, 'try again in 3 seconds', '100 s'), (1, 'no', '100 s'),
             (9, 'no', '200 s')) AS v (n, reply, wait);
SELECT test.set('retry_after_max_delay', '0 seconds');
SELECT is(bounce_internal.retry_delay('invoice', 1, 'try again in 10 minutes', 0), interval '100 s',
          'a server may be asked not to say');
SELECT * FROM finish();
ROLLBACK;
