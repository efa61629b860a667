-- SPDX-License-Identifier: BSD-2-Clause
--
-- Figures say the same whether their days are counted or not, whatever was changed before or
-- afterwards: a send, a verdict, an undo and its end, an address that is erased.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
SET LOCAL TimeZone = 'Europe/Zurich';

CREATE FUNCTION test.figures(dimension text, since timestamptz, until timestamptz,
                             only_process text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
  SELECT string_agg(r::text, ' ') FROM bounce.report_by($1, $2, $3, $4) AS r
$$;
CREATE FUNCTION test.rates() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', r.process, r.sent_day, r.failed_day, r.sent_week, r.failed_week,
                              r.sent_usual, r.failed_usual, r.verdict), ', ')
  FROM bounce.process_rates() AS r
$$;
CREATE FUNCTION test.days() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(d.total::text, ' ') FROM bounce.bounces_by_day(10) AS d
$$;
CREATE FUNCTION test.hours() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws('=', d.label, d.total), ' ') FROM bounce.bounces_by_hour(240) AS d
$$;
-- All dimensions, from days, within days and without end, of one process and of all.
CREATE FUNCTION test.all_figures() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(E'\n', test.rates(), test.days(), test.hours(),
           string_agg(concat_ws(' ', d, p.since, p.until, o,
                                test.figures(d, p.since, p.until, o)), E'\n'
                      ORDER BY d, p.since, p.until, o))
  FROM unnest('{class,reason,process,domain,rule,hour,day}'::text[]) AS d
  CROSS JOIN (VALUES (NULL), ('receipt')) AS n (o)
  CROSS JOIN (VALUES (now() - interval '8 days', NULL),
                     (now() - interval '7 days 5 hours', now() - interval '3 days 2 hours'),
                     (date_trunc('day', now()) - interval '5 days', date_trunc('day', now())))
           AS p (since, until)
$$;
-- The same, counted one by one.
CREATE FUNCTION test.all_figures_uncounted() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  BEGIN
    DELETE FROM bounce.counted_day;
    said := test.all_figures();
    RAISE EXCEPTION 'as it was before';
  EXCEPTION WHEN raise_exception THEN
    RETURN said;
  END;
END $$;
CREATE FUNCTION test.holds(what text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT is(test.all_figures(), test.all_figures_uncounted(), what)
  UNION ALL
  SELECT ok(EXISTS (SELECT FROM bounce.counted_day), what || ': of days that are counted')
  UNION ALL
  SELECT is_empty($q$
    SELECT f.day, f.process, f.class, f.reason, f.is_failure FROM bounce.day_figure AS f
    GROUP BY f.day, f.process, f.class, f.reason, f.is_failure
    HAVING coalesce(sum(f.sent) FILTER (WHERE f.domain IS NULL), 0)
           <> coalesce(sum(f.sent) FILTER (WHERE f.domain IS NOT NULL), 0)
        OR coalesce(sum(f.bounces) FILTER (WHERE f.domain IS NULL), 0)
           <> coalesce(sum(f.bounces) FILTER (WHERE f.domain IS NOT NULL), 0)$q$,
    what || ': all domains are the sum of them')
$$;

SELECT test.set('guard', 'off');
CREATE TEMPORARY TABLE mail AS SELECT n, format('m%s@d%s.example', n, n % 4) AS address
                               FROM generate_series(1, 27) AS n;
SELECT count(test.mail('m' || n, ARRAY[address],
                       CASE n % 2 WHEN 0 THEN 'invoice' ELSE 'receipt' END))
FROM mail;
SELECT count(test.record(test.report(CASE n % 3 WHEN 1 THEN 'mailbox_full' ELSE 'user_unknown' END,
                                     address, CASE n % 3 WHEN 1 THEN '4.2.2' ELSE '5.1.1' END,
                                     "to" => test.return_path(address)))) FROM mail;
SELECT test.record(test.report('user_unknown', 'stranger@d9.example'));
SELECT test.mail('t', '{accept@bounce-test.invalid}');
-- three of each day, the first ones nine days ago
CREATE TEMPORARY TABLE moved AS
SELECT r.id, now() - (9 - row_number() OVER (ORDER BY r.id) / 3) * interval '1 day' AS at
FROM bounce.communication_recipient AS r WHERE r.address LIKE 'm%';
UPDATE bounce.communication_recipient AS r SET created_at = m.at FROM moved AS m WHERE m.id = r.id;
UPDATE bounce.bounce_message AS q SET received_at = m.at
FROM moved AS m JOIN bounce.bounce AS b ON b.recipient_id = m.id WHERE q.id = b.bounce_message_id;
UPDATE bounce.bounce AS b SET received_at = m.at FROM moved AS m WHERE b.recipient_id = m.id;

SELECT isnt(test.figures('domain', NULL, NULL), NULL, 'there is something to count');
SELECT isnt(test.figures('domain', NULL, NULL, 'receipt'), test.figures('domain', NULL, NULL),
            'one process has not all of it');
SELECT is((SELECT d.total FROM bounce.bounces_by_hour(1) AS d),
          (SELECT count(*) FROM bounce.bounce AS b
           WHERE b.received_at >= date_trunc('hour', now())), 'this hour');
SELECT throws_ok($$SELECT * FROM bounce.bounces_by_hour(0)$$, '22023', NULL, 'no hour');
SELECT throws_ok($$SELECT * FROM bounce.report_by('day', NULL, NULL, 'nobody')$$, '23503', NULL,
                 'a process that is not there');
CREATE TEMPORARY TABLE live AS SELECT test.all_figures() AS said;
SELECT is(bounce_internal.count_days(now(), 3), 3::bigint, 'so many days at a time');
SELECT is(test.all_figures(), said, 'the latest days counted: as before') FROM live;
SELECT ok(bounce_internal.count_days(now(), 100) BETWEEN 5 AND 6, 'the others, but not today');
SELECT is(bounce_internal.count_days(now(), 100), 0::bigint, 'each once');
SELECT is(test.all_figures(), said, 'all counted: as before') FROM live;
SELECT is((SELECT count(*) FROM bounce.day_figure WHERE domain LIKE '%.invalid'), 0::bigint,
          'test addresses are not counted');

UPDATE bounce.communication_recipient SET attempts = attempts + 2 WHERE id % 2 = 0;
SELECT test.holds('sent again');
SELECT isnt(test.all_figures(), said, 'which is seen') FROM live;
SELECT count(bounce.reclassify(b.id, 'mailbox_full', 'a test')) FROM bounce.bounce AS b
WHERE b.reason = 'user_unknown' AND b.recipient_id % 2 = 0;
SELECT test.holds('reclassified');
SELECT ok((SELECT bool_or(is_change) FROM bounce.day_figure), 'as changes');
CREATE TEMPORARY TABLE changed AS SELECT test.all_figures() AS said;
SELECT cmp_ok(bounce_internal.gather_changes(1000), '>', 0::bigint, 'which are gathered');
SELECT is((SELECT count(*) FROM bounce.day_figure WHERE is_change), 0::bigint, 'all');
SELECT is(test.all_figures(), said, 'and say the same') FROM changed;

SELECT bounces FROM bounce.undo_bounces(now() - interval '6 days', NULL, 'w',
                                        domain => 'd1.example');
SELECT test.holds('undone');
SELECT isnt(test.all_figures(), said, 'which is seen') FROM changed;
SELECT bounce.reclassify(b.id, 'user_unknown', 'after all') FROM bounce.bounce AS b
JOIN bounce.undo AS u ON b.id = ANY (u.bounces) WHERE b.reason = 'mailbox_full';
SELECT test.holds('judged anew after that');
SELECT restored FROM bounce.redo_bounces((SELECT max(id) FROM bounce.undo), 'not so');
SELECT test.holds('taken back');

SELECT bounce.erase_address((SELECT r.address FROM bounce.communication_recipient AS r
                             WHERE r.created_at < now() - interval '2 days' ORDER BY r.id LIMIT 1),
                            'he asked for it');
SELECT test.holds('erased');
SELECT cmp_ok(bounce_internal.count_days(now(), 100), '>', 0::bigint, 'its days are counted anew');
SELECT test.holds('counted anew');
UPDATE bounce.process SET name = 'bill' WHERE name = 'invoice';
SELECT test.holds('a process has another name');
SET LOCAL TimeZone = 'America/New_York';
SELECT test.holds('somebody elsewhere asks');

-- What is usual, and what is more than that
SELECT is(bounce_internal.is_above_usual(v.sent, v.failed, v.usual, v.failed_usual), v.above,
          concat_ws(' ', v.failed, 'of', v.sent, 'against', v.failed_usual, 'of', v.usual))
FROM (VALUES (1000, 30, 10000, 100, true), (1000, 19, 10000, 100, false),
             (10, 4, 10000, 100, false), (10, 5, 10000, 100, true), (0, 0, 10000, 100, false),
             (100, 4, 10000, 0, true), (100, 3, 10000, 0, false), (100, 100, 99, 0, false),
             (100, 100, 0, 0, false)) AS v (sent, failed, usual, failed_usual, above);

-- What is forgotten is not counted for ever.
SELECT test.set('keep_events', '90 days');
SELECT bounce_internal.count_days(now() + interval '96 days', 0);
SELECT ok(NOT EXISTS (SELECT FROM bounce.counted_day
                      WHERE since < now() + interval '96 days' - interval '90 days'),
          'days that are forgotten');
SELECT * FROM finish();
ROLLBACK;
