-- SPDX-License-Identifier: BSD-2-Clause
-- Several reports by one call: one row for each, in the order given, as record_report() says it, or
-- without bounce_message_id for one that is to be recorded alone.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- What callers make of an answer (db/record.h): the NULL ones alone, afterwards, in order.
CREATE FUNCTION test.record_all(reports jsonb[])
RETURNS TABLE (n bigint, result bounce.report_result) LANGUAGE plpgsql AS $$
DECLARE
  raws CONSTANT bytea[] := ARRAY(SELECT 'raw'::bytea FROM unnest(reports));
  results CONSTANT bounce.report_result[] :=
    ARRAY(SELECT r FROM bounce.record_reports(reports, raws) AS r);
BEGIN
  FOR i IN 1 .. cardinality(results) LOOP
    n := i;
    result := CASE WHEN results[i].bounce_message_id IS NULL
                   THEN bounce.record_report(reports[i], raws[i]) ELSE results[i] END;
    RETURN NEXT;
  END LOOP;
END $$;

SELECT test.mail('mail' || i, ARRAY[format('a%s@example%s.com', i, i)])
FROM generate_series(1, 12) AS i;
SELECT array_agg(test.report(CASE i % 3 WHEN 0 THEN 'mailbox_full' ELSE 'user_unknown' END, address,
                             CASE i % 3 WHEN 0 THEN '4.2.2' ELSE '5.1.1' END,
                             "to" => test.return_path(address)) ORDER BY i) AS reports
FROM generate_series(1, 12) AS i, format('a%s@example%s.com', i, i) AS address \gset

CREATE TEMP TABLE answer AS SELECT * FROM test.record_all(:'reports');
SELECT is((SELECT array_agg(c.business_ref ORDER BY a.n)
           FROM answer AS a
           JOIN bounce.communication AS c ON c.id = (a.result).communication_id),
          ARRAY(SELECT 'mail' || i FROM generate_series(1, 12) AS i), 'in the order given');
SELECT is((SELECT array_agg((a.result).class ORDER BY a.n) FROM answer AS a),
          ARRAY(SELECT CASE i % 3 WHEN 0 THEN 'soft' ELSE 'hard' END
                FROM generate_series(1, 12) AS i), 'each with a verdict of its own');
SELECT is((SELECT count(DISTINCT (a.result).bounce_message_id) FROM answer AS a
           JOIN bounce.bounce AS b ON b.id = (a.result).bounce_id
           AND b.bounce_message_id = (a.result).bounce_message_id), 12::bigint,
          'and a bounce of its own');
SELECT is((SELECT array_agg((a.result).duplicate) FROM test.record_all(:'reports') AS a),
          ARRAY(SELECT true FROM generate_series(1, 12)), 'once more: all are known');

SELECT is((SELECT array_agg((a.result).duplicate ORDER BY a.n)
           FROM test.record_all(ARRAY[test.report('user_unknown', 'twice@example.org'),
                                      test.report('user_unknown', 'twice@example.org')]) AS a),
          '{false,true}', 'the same report twice in one call: the second is known');
SELECT is((SELECT count(*) FROM bounce.record_reports(
             ARRAY[NULL, '{}', '"text"']::jsonb[], ARRAY['raw', NULL, NULL]::bytea[])), 3::bigint,
          'whatever the documents hold');
SELECT is((SELECT array_agg((a.result).bounce_message_id IS NULL)
           FROM test.record_all(ARRAY[NULL, '{}', '[]']::jsonb[]) AS a), '{f,f,f}',
          'and recorded they are');
SELECT is_empty($$SELECT * FROM bounce.record_reports('{}', '{}')$$, 'none: no row');

SELECT throws_ok(format('SELECT bounce.record_reports(%L, %L)', reports, raws), '22023', message)
FROM (VALUES ('{"{}"}', '{}', 'record_reports(): 1 reports and 0 messages'),
             ('{}', '{a}', 'record_reports(): 0 reports and 1 messages'),
             ('{"{}","{}"}', '{a}', 'record_reports(): 2 reports and 1 messages'),
             ('{"{}"}', NULL, 'record_reports(): 1 reports and 0 messages'),
             (NULL, NULL, 'record_reports(): 0 reports and 0 messages')) AS v (reports, raws,
                                                                               message);

SELECT * FROM finish();
ROLLBACK;
