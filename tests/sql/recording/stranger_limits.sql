-- SPDX-License-Identifier: BSD-2-Clause
-- A stranger is bounded: rows, tasks, bytes and mails to people that one mail, or an hour of them,
-- can cause. A customer's bounces are not.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.names(report jsonb, pattern text, n integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT report || jsonb_build_object('recipients', (
    SELECT jsonb_agg(test.reported('user_unknown', format(pattern, i)))
    FROM generate_series(1, n) AS i))
$$;
CREATE FUNCTION test.rows() RETURNS bigint LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM bounce.bounce) + (SELECT count(*) FROM bounce.bounce_message)
         + (SELECT count(*) FROM bounce.communication_log) + (SELECT count(*) FROM bounce.task)
         + (SELECT count(*) FROM bounce.task_history) + (SELECT count(*) FROM bounce.report_key)
$$;

-- addresses that we write to, and no proof
SELECT test.mail('c' || i, ARRAY[format('c%s@customer.example', i)])
FROM generate_series(1, 900) AS i;
SELECT test.rows() AS before \gset
SELECT test.record(test.names(test.report('user_unknown', ''), 'c%s@customer.example', 900));
SELECT is((SELECT count(*) FROM bounce.task), 1::bigint, '900 addresses in one mail ask once');
SELECT cmp_ok(test.rows() - :before, '<', 150::bigint, 'and are 150 rows at most');
SELECT is((SELECT count(*) FROM bounce.communication_recipient WHERE state <> 'sent'), 0::bigint,
          'they mark nobody');
SELECT test.record(test.report('user_unknown', format('c%s@customer.example', i)))
FROM generate_series(1, 300) AS i;
SELECT cmp_ok((SELECT count(*) FROM bounce.task WHERE status = 'open'), '<=', 102::bigint,
              'nor do 300 mails that name one each ask more than a hundred times');
SELECT is((SELECT count(*) FROM bounce.task WHERE dedup_key = 'bounce_without_communication:'),
          1::bigint, 'the others are gathered in one task');

-- one token, three mails
SELECT test.mail('token', '{token@customer.example}');
SELECT test.rows() AS before \gset
SELECT test.record(test.names(test.report('user_unknown', '',
                                          "to" => test.return_path('token@customer.example')),
                              'x' || n || '-%s@customer.example', 1000))
FROM generate_series(1, 3) AS n;
SELECT cmp_ok(test.rows() - :before, '<', 300::bigint,
              'three mails to one return path are three hundred rows at most');
SELECT is(test.state('token@customer.example'), 'bounced hard user_unknown', 'it counts');

-- a report about many of ours is whole
SELECT test.mail('many', ARRAY(SELECT format('many%s@customer.example', i)
                               FROM generate_series(1, 200) AS i));
SELECT test.record(test.names(test.report('user_unknown', '', about => 'many', own_mta => true),
                              'many%s@customer.example', 200));
SELECT is((SELECT count(*) FROM bounce.communication_recipient
           WHERE address_key LIKE 'many%' AND state = 'bounced'), 200::bigint,
          'all 200 recipients of a mail have bounced');

-- what nobody can classify: mails to the operator, and bytes
SELECT test.set('operator_mailbox', 'operator@example.org'), test.set('operator_max_per_hour', '5'),
       test.set('raw_max_bytes_per_hour', '3000000');
CREATE FUNCTION test.large(i integer) RETURNS text LANGUAGE sql AS $$
  SELECT disposition FROM bounce.record_report(
    test.report('undetermined', format('u%s@stranger.example', i)) || '{"size": 1000000}',
    convert_to(repeat(i || ' words ', 140000), 'UTF8'))
$$;
CREATE TABLE test.answer AS SELECT i, test.large(i) AS disposition FROM generate_series(1, 20) AS i;
SELECT is((SELECT string_agg(n || ' ' || disposition, ', ' ORDER BY disposition DESC)
           FROM (SELECT disposition, count(*) AS n FROM test.answer GROUP BY 1) AS q),
          '5 forward, 15 discard', 'the operator gets five an hour');
SELECT is((SELECT count(*) FROM bounce.bounce WHERE class = 'unclassified'), 20::bigint,
          'all are stored');
SELECT is((SELECT count(*) FROM bounce.bounce AS b JOIN bounce.task AS t ON t.id = b.task_id
           WHERE b.class = 'unclassified' AND t.status = 'open'
             AND t.dedup_key = 'bounce_without_communication:'), 15::bigint,
          'a task tells of those that are not forwarded');
SELECT cmp_ok((SELECT sum(length(raw)) FROM bounce.bounce_message WHERE class = 'unclassified'),
              '<', 5000000::bigint, 'of 20 MB five are kept at most');
SELECT is((SELECT min(length(raw)) FROM bounce.bounce_message WHERE class = 'unclassified'), 16384,
          'of each its beginning');
SELECT is((SELECT o.disposition
           FROM bounce.record_report(test.report('undetermined', 'u1@stranger.example')
                                     || '{"size": 1000000}', NULL) AS o) IS NOT NULL, true,
          'a report without its text is recorded');

-- the operator's mailbox by bytes: large ones are held back, small ones come as before
SELECT test.set('operator_max_per_hour', '60'), test.set('operator_max_bytes_per_hour', '9000000');
SELECT is((SELECT string_agg(test.large(i), ' ') FROM generate_series(21, 27) AS i),
          'forward forward forward forward discard discard discard',
          'with the five before, the operator gets nine mails of 1 MB an hour');
SELECT is((SELECT o.disposition FROM bounce.record_report(
             test.report('undetermined', 'small@stranger.example') || '{"size": 16384}', 'x') AS o),
          'forward', 'a small one still comes');
SELECT is((SELECT count(*) FROM bounce.bounce AS b JOIN bounce.task AS t ON t.id = b.task_id
           WHERE b.class = 'unclassified' AND t.status = 'open'
             AND t.dedup_key = 'bounce_without_communication:'), 18::bigint,
          'the task tells of the large ones, too');
-- the bounces of customers go on as ever
SELECT test.mail('ever', '{ever@customer.example}');
SELECT bounce.record_report(test.report('user_unknown', 'ever@customer.example',
                                        "to" => test.return_path('ever@customer.example')),
                            convert_to(repeat('x', 500000), 'UTF8'));
SELECT is((SELECT max(length(raw)) FROM bounce.bounce_message WHERE class = 'hard'), 500000,
          'a proven bounce is kept whole');

-- who has a return path has one bounce to tell of; what he tells beside it is bounded as well
SELECT test.mail('reader', '{reader@customer.example}');
SELECT test.return_path('reader@customer.example') AS path \gset
SELECT bounce.record_report(
  test.report(reason, 'reader@customer.example', '', '', "to" => :'path', kind => kind)
    || jsonb_build_object('size', 1000000),
  convert_to(repeat(i || ' words ', 140000), 'UTF8'))
FROM (VALUES ('vacation', 'auto_reply'), ('read_receipt', 'read_receipt')) AS v (reason, kind),
     generate_series(1, 20) AS i;
SELECT is((SELECT string_agg(q.n || ' ' || q.class || ', ' || (q.kept < 5000000), '; '
                             ORDER BY q.class)
           FROM (SELECT m.class, count(*) AS n, sum(length(m.raw)) AS kept
                 FROM bounce.bounce_message AS m
                 WHERE m.reason IN ('vacation', 'read_receipt') GROUP BY 1) AS q),
          '20 auto_reply, true; 20 technical, true',
          'of 20 MB of replies and receipts five are kept at most');
SELECT bounce.record_report(test.report(reason, 'reader@customer.example', status, "to" => :'path'),
                            convert_to(repeat('x', 500000), 'UTF8'))
FROM (VALUES ('mailbox_full', '4.2.2'), ('user_unknown', '5.1.1')) AS v (reason, status);
SELECT is((SELECT string_agg(m.reason || ' ' || length(m.raw), ', ' ORDER BY m.id)
           FROM bounce.bounce_message AS m JOIN bounce.bounce AS b ON b.bounce_message_id = m.id
           WHERE b.recipient_id = (test.recipient('reader@customer.example')).id
             AND m.class IN ('soft', 'hard')), 'mailbox_full 500000, user_unknown 500000',
          'what changes a recipient is kept whole');

SELECT * FROM finish();
ROLLBACK;
