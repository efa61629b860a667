-- SPDX-License-Identifier: BSD-2-Clause
--
-- What metrics() counts of today is what a plain count says, whatever is recorded, sent, corrected
-- or taken back meanwhile, and however far it is counted; and asking costs what has come since the
-- last time, not what the day has brought.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
\ir ../lib/reads.psql
SELECT * FROM no_plan();
SELECT test.connect('a', 'counter');
SELECT test.set('guard', 'off');

-- The definitions, one row at a time.
CREATE FUNCTION test.plain(at timestamptz) RETURNS SETOF text LANGUAGE sql AS $$
  WITH today AS (
    SELECT b.*, c.process FROM bounce.bounce AS b
    LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
    LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
    WHERE b.received_at >= date_trunc('day', at, 'UTC')
      AND coalesce(r.address, '') NOT LIKE '%@bounce-test.invalid')
  SELECT format('reports %s %s %s %s = %s', t.class, t.reason, t.process, t.trust, count(*))
  FROM today AS t GROUP BY t.class, t.reason, t.process, t.trust
  UNION ALL
  SELECT format('failed %s = %s', t.process, count(DISTINCT t.recipient_id)) FROM today AS t
  WHERE t.recipient_id IS NOT NULL AND t.trust > 'address' AND NOT t.is_notice
    AND t.class IN ('hard', 'soft', 'technical') GROUP BY t.process
  UNION ALL
  SELECT format('messages %s %s = %s', m.source, m.kind, count(*)) FROM bounce.bounce_message AS m
  WHERE m.received_at >= date_trunc('day', at, 'UTC') GROUP BY m.source, m.kind
  UNION ALL
  SELECT format('sent %s = %s', c.process, count(*)) FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  WHERE r.attempts > 0 AND r.created_at >= date_trunc('day', at, 'UTC')
    AND r.address NOT LIKE '%@bounce-test.invalid' GROUP BY c.process
$$;
CREATE FUNCTION test.told(at timestamptz) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT CASE m.name
           WHEN 'bounce_reports_total' THEN format('reports %s %s %s %s', v[1], v[2], v[3], v[4])
           WHEN 'bounce_messages_total' THEN format('messages %s %s', v[1], v[2])
           WHEN 'bounce_recipients_sent_total' THEN format('sent %s', v[1])
           ELSE format('failed %s', v[1]) END || ' = ' || m.value
  FROM bounce.metrics(at) AS m
  CROSS JOIN LATERAL (SELECT array_agg(s[1]) FROM regexp_matches(m.labels, '"([^"]*)"', 'g') AS s)
    AS l (v)
  WHERE m.name IN ('bounce_reports_total', 'bounce_recipients_failed_total',
                   'bounce_messages_total', 'bounce_recipients_sent_total') AND m.value <> 0
$$;
CREATE FUNCTION test.holds(what text, at timestamptz DEFAULT now()) RETURNS text LANGUAGE sql AS $$
  SELECT set_eq(format('SELECT * FROM test.told(%L)', at),
                format('SELECT * FROM test.plain(%L)', at), what)
$$;
-- Counts until all that is there is counted: other sessions of the cluster may be at work.
CREATE FUNCTION test.count(at timestamptz DEFAULT now()) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  mark CONSTANT text := 'SELECT min(k.last_id) FROM bounce.counted_today AS k '
                        'WHERE k.what = ''bounce'' '
                        'AND k.midnight = date_trunc(''day'', %L::timestamptz, ''UTC'')';
  last CONSTANT bigint := (SELECT max(b.id) FROM bounce.bounce AS b);
BEGIN
  FOR i IN 1 .. 30000 LOOP
    PERFORM FROM dblink('counter', format('SELECT bounce_internal.count_today_at(%L, 7000)', at))
      AS d (is_more boolean);
    IF EXISTS (SELECT FROM dblink('counter', format(mark, at)) AS d (id bigint)
               WHERE d.id >= last) THEN
      RETURN true;
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN false;
END $$;
CREATE FUNCTION test.try_to_count() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 3 LOOP
    PERFORM FROM dblink('counter', 'SELECT bounce_internal.count_today_at(now(), 7000)')
      AS d (is_more boolean);
  END LOOP;
END $$;
CREATE FUNCTION test.is_counted_up_to(id bigint) RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS (SELECT FROM bounce.counted_today AS k WHERE k.what = 'bounce' AND k.last_id >= id)
$$;
CREATE FUNCTION test.bounce_of(address text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(b.id) FROM bounce.bounce AS b WHERE b.recipient_id = (test.recipient($1)).id
$$;

-- A day ------------------------------------------------------------------------------------

SELECT test.mail('m' || i, ARRAY[format('m%s@d.example', i)],
                 CASE i % 2 WHEN 0 THEN 'invoice' ELSE 'receipt' END)
FROM generate_series(1, 40) AS i;
SELECT test.mail('t', '{reject@bounce-test.invalid}');
SELECT test.record(test.report('user_unknown', 'reject@bounce-test.invalid',
                               "to" => test.return_path('reject@bounce-test.invalid')));
SELECT test.record(test.report('user_unknown', format('m%s@d.example', i),
                               "to" => test.return_path(format('m%s@d.example', i))))
FROM generate_series(1, 10) AS i;
SELECT test.record(test.report('mailbox_full', 'stranger@e.example', '4.2.2'));
SELECT test.holds('nothing is counted');
SELECT ok(test.count(), 'all is counted');
SELECT test.holds('what is counted is told');
SELECT isnt_empty('SELECT * FROM bounce.today_figure', 'there are sums');
SELECT test.record(test.report('mailbox_full', format('m%s@d.example', i), '4.2.2',
                               "to" => test.return_path(format('m%s@d.example', i))))
FROM generate_series(8, 15) AS i;
SELECT test.holds('some came since, and some of them had failed before');
SELECT test.count();
SELECT test.holds('which are counted as well');

-- what people change
SELECT bounce.reclassify(test.bounce_of('m1@d.example'), 'vacation', 'no failure');
SELECT test.holds('a failure that was none');
SELECT bounce.reclassify(test.bounce_of('m8@d.example'), 'vacation', 'one of two');
SELECT test.holds('one of two failures of a recipient');
SELECT bounce.reclassify(min(b.id), 'vacation', 'the other') FROM bounce.bounce AS b
WHERE b.recipient_id = (test.recipient('m8@d.example')).id;
SELECT test.holds('both of them');
SELECT bounce.reclassify(test.bounce_of('m1@d.example'), 'user_unknown', 'after all');
SELECT test.holds('one is a failure after all');
SELECT test.count();
SELECT test.record(test.report('user_unknown', 'm20@d.example',
                               "to" => test.return_path('m20@d.example')));
SELECT test.count();
SELECT is_empty('SELECT * FROM bounce.today_figure WHERE is_change', 'changes are added up');
SELECT test.holds('with the same sums');
SELECT bounce.reclassify(test.bounce_of('m15@d.example'), 'vacation', 'its failure is counted');
SELECT test.record(test.report('user_unknown', 'm15@d.example',
                               "to" => test.return_path('m15@d.example')));
SELECT test.holds('it failed again since');
SELECT bounces FROM bounce.undo_bounces(now() - interval '1 hour', NULL, 'all of them');
SELECT test.holds('undone');
SELECT restored FROM bounce.redo_bounces((SELECT max(id) FROM bounce.undo), 'not so');
SELECT test.holds('and taken back');
UPDATE bounce.process SET name = 'bill' WHERE name = 'invoice';
SELECT test.holds('a process has another name');
UPDATE bounce.process SET name = 'invoice' WHERE name = 'bill';
SELECT bounce.erase_address('m2@d.example', 'he asked for it');
SELECT test.holds('a recipient is erased');
UPDATE bounce.communication_recipient SET address = 'accept@bounce-test.invalid'
WHERE id = (test.recipient('m3@d.example')).id;
SELECT test.holds('a recipient becomes a test address');
SELECT test.count();
SELECT test.holds('and the day is counted anew');

-- what was unmatched is matched
UPDATE bounce.bounce SET (communication_id, recipient_id, trust) =
  (SELECT r.communication_id, r.id, 'token'::bounce.trust
   FROM test.recipient('m30@d.example') AS r) WHERE recipient = 'stranger@e.example';
SELECT test.holds('a mail is found to an unmatched bounce');

-- mails that are sent later, or never, or taken back
SELECT bounce.submit_communication('invoice', '{q1@d.example,q2@d.example}', 'office@example.org',
                                   'x', 'Hello');
SELECT test.record(test.report('user_unknown', 'm31@d.example',
                               "to" => test.return_path('m31@d.example')));
SELECT test.count();
SELECT test.holds('a mail waits');
UPDATE bounce.communication_recipient SET attempts = 1 WHERE address = 'q1@d.example';
SELECT test.holds('one of its recipients is sent to');
DELETE FROM bounce.communication_recipient WHERE address IN ('q2@d.example', 'm40@d.example');
SELECT test.holds('recipients go, sent to or not');

-- Who is on the way ------------------------------------------------------------------------

SELECT dblink_exec('a', 'BEGIN');
SELECT ok(o.id > 0, 'a session draws ids, and records') FROM dblink('a', format(
  'SELECT bounce_message_id FROM test.record(%L)',
  test.report('user_unknown', 'm32@d.example', "to" => test.return_path('m32@d.example'))))
  AS o (id bigint);
SELECT test.record(test.report('user_unknown', 'm33@d.example',
                               "to" => test.return_path('m33@d.example')));
SELECT test.try_to_count();
SELECT ok(NOT test.is_counted_up_to(test.bounce_of('m33@d.example')),
          'a later one that is there already waits for it');
SELECT test.holds('it is told');
SELECT dblink_exec('a', 'COMMIT');
SELECT test.holds('both are');
SELECT ok(test.count(), 'both are counted');
SELECT test.holds('and told once');

SELECT dblink_exec('a', 'BEGIN');
SELECT isnt(o.said, NULL, 'somebody corrects a verdict') FROM dblink('a', format(
  'SELECT bounce.reclassify(%s, ''vacation'', ''w'')', test.bounce_of('m33@d.example')))
  AS o (said text);
SELECT test.record(test.report('user_unknown', 'm34@d.example',
                               "to" => test.return_path('m34@d.example')));
SELECT test.try_to_count();
SELECT ok(NOT test.is_counted_up_to(test.bounce_of('m34@d.example')), 'nobody counts meanwhile');
SELECT test.holds('it is told');
SELECT dblink_exec('a', 'COMMIT');
SELECT test.count();
SELECT test.holds('the correction, too');

-- Other days, other clusters, other ways ----------------------------------------------------

SELECT test.holds('tomorrow', now() + interval '1 day');
SELECT test.count(now() + interval '1 day');
SELECT test.holds('tomorrow, counted', now() + interval '1 day');
SELECT test.holds('today, when the clock is set back');
SELECT test.count();
SELECT test.holds('and counted anew');
SELECT test.holds('next month', now() + interval '33 days');
UPDATE bounce.counted_today SET horizon = '9000000000000';
SELECT test.record(test.report('user_unknown', 'm35@d.example',
                               "to" => test.return_path('m35@d.example')));
SELECT ok(test.count(), 'the horizon of another cluster, out of a dump, holds nothing up');
SELECT test.holds('after a restore');
BEGIN READ ONLY;
SELECT ok(NOT bounce.count_today(), 'who may not write does not count');
COMMIT;
BEGIN;
SELECT test.set('guard', 'off');
SELECT ok(NOT bounce.count_today(), 'nor who has written before');
COMMIT;
-- the next day, so that there is something to do
UPDATE bounce.counted_today SET midnight = midnight - interval '1 day';
CREATE ROLE today_reader LOGIN IN ROLE bounce_auditor;
CREATE ROLE today_monitor LOGIN IN ROLE bounce_milter;
SET SESSION AUTHORIZATION today_reader;
SELECT ok(NOT bounce.count_today(), 'an auditor');
RESET SESSION AUTHORIZATION;
SELECT is(count(*), 0::bigint, 'changes nothing') FROM bounce.counted_today
WHERE midnight = date_trunc('day', now(), 'UTC');
SET SESSION AUTHORIZATION today_monitor;
SELECT bounce.count_today();
RESET SESSION AUTHORIZATION;
SELECT is(count(*), 3::bigint, 'a monitor does') FROM bounce.counted_today
WHERE midnight = date_trunc('day', now(), 'UTC');
DROP ROLE today_reader, today_monitor;
SELECT test.holds('both are told the same');

-- What it costs ----------------------------------------------------------------------------

CREATE FUNCTION test.fill(first integer, last integer) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bounce.communication (id, process, business_ref, sender, subject, message_id, status)
  SELECT i, 'invoice', 'R', 'office@example.org', 'x', i || '@f.example', 'sent'
  FROM generate_series(first, last) AS i;
  INSERT INTO bounce.communication_recipient (id, communication_id, address, state, attempts)
  SELECT i, i, format('f%s@f.example', i), 'sent', 1 FROM generate_series(first, last) AS i;
  INSERT INTO bounce.bounce_message
  SELECT (jsonb_populate_record(m, jsonb_build_object('id', i))).*
  FROM (SELECT q FROM bounce.bounce_message AS q ORDER BY q.id LIMIT 1) AS o (m)
  CROSS JOIN generate_series(first, last) AS i;
  INSERT INTO bounce.bounce
  SELECT (jsonb_populate_record(b, jsonb_build_object(
            'id', i, 'bounce_message_id', i, 'communication_id', i, 'recipient_id', i))).*
  FROM (SELECT q FROM bounce.bounce AS q WHERE q.class = 'hard' ORDER BY q.id LIMIT 1) AS o (b)
  CROSS JOIN generate_series(first, last) AS i;
  SELECT setval(s, last) FROM unnest('{bounce.communication_id_seq,bounce.bounce_id_seq,
    bounce.communication_recipient_id_seq,bounce.bounce_message_id_seq}'::regclass[]) AS s
$$;
CREATE FUNCTION test.entries_asked() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  before CONSTANT bigint := test.entries_read();
BEGIN
  PERFORM FROM bounce_internal.metrics_of_reports(now());
  RETURN test.entries_read() - before;
END $$;
\if :{?rows} \else \set rows 20000 \endif
SET session_replication_role = replica;
SELECT test.fill(1001, 2000);
SELECT ok(test.count(), 'a thousand are counted');
SELECT test.holds('a thousand');
CREATE TABLE test.few AS SELECT test.entries_asked() AS entries;
SELECT test.fill(2001, 2000 + :rows);
SELECT cmp_ok(test.entries_asked(), '>', :rows::bigint, 'uncounted ones are read');
SELECT ok(test.count(), 'many are counted');
SELECT test.holds('many');
SELECT cmp_ok(test.entries_asked(), '<=', entries + 10, 'and cost what a thousand did')
FROM test.few;
SELECT diag(format('%s entries were read with %s bounces', test.entries_asked(),
                   (SELECT count(*) FROM bounce.bounce)));
SELECT test.fill(3001 + :rows, 3100 + :rows);
SELECT cmp_ok(test.entries_asked(), '<', entries + 2000, 'of what comes behind, all is read')
FROM test.few;
SELECT test.holds('that comes behind');

SELECT * FROM finish();
