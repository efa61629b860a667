-- SPDX-License-Identifier: BSD-2-Clause
-- What a report locks does not grow with the months that are kept, and each is stored alike.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/queue.psql

-- The partitions that this transaction has locked, by table.
CREATE FUNCTION test.months_opened() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(q.parent || ' ' || q.months, ', ' ORDER BY q.parent)
  FROM (SELECT i.inhparent::regclass::text AS parent, count(DISTINCT l.relation) AS months
        FROM pg_locks AS l JOIN pg_inherits AS i ON i.inhrelid = l.relation
        JOIN pg_class AS c ON c.oid = l.relation AND c.relkind = 'r'
        WHERE l.pid = pg_backend_pid() GROUP BY 1) AS q
$$;

SELECT test.mail('m' || i, ARRAY[format('m%s@customer.example', i)])
FROM generate_series(1, 2) AS i;
SELECT test.record(test.report(k.reason, k.address, k.status,
                               "to" => test.return_path(k.address)))
FROM (VALUES ('user_unknown', 'm1@customer.example', '5.1.1'),
             ('mailbox_full', 'm2@customer.example', '4.2.2')) AS k (reason, address, status);
SELECT is(test.months_opened(),
          'bounce.bounce 1, bounce.bounce_message 1, bounce.communication_log 1',
          'a bounce opens this month alone, however many there are');
SELECT test.submit('{full@customer.example}') AS m \gset
SELECT test.deliver(:m, 'full@customer.example', 'rejected', '552 4.2.2 full', 'mailbox_full',
                    '4.2.2');
SELECT is(test.state('full@customer.example'), 'bounced soft mailbox_full', 'refused while sent');
SELECT is(test.months_opened(),
          'bounce.bounce 1, bounce.bounce_message 1, bounce.communication_log 1',
          'a refusal as well');

SELECT is((SELECT count(DISTINCT a.attcompression)
           FROM pg_partition_tree('bounce.bounce_message') AS p
           JOIN pg_attribute AS a ON a.attrelid = p.relid
           WHERE a.attname IN ('report', 'raw')),
          1::bigint, 'each month compresses reports as their table does');

SELECT * FROM finish();
ROLLBACK;
