-- SPDX-License-Identifier: BSD-2-Clause
-- What one report reads does not grow with what is recorded, nor while the statistics are of a
-- time before.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();
\ir ../lib/reads.psql

CREATE FUNCTION test.letter(what text, n integer) RETURNS jsonb LANGUAGE sql AS $$
  SELECT CASE $1
    WHEN 'of no mail of ours' THEN test.report('user_unknown', format('x%s@d%s.example', n, n))
    WHEN 'by address'         THEN test.report('user_unknown', format('a%s@d%s.example', n, n))
    WHEN 'an automatic reply' THEN
      test.report('vacation', format('a%s@d%s.example', n, n), '', '',
                  test.return_path(format('a%s@d%s.example', n, n)), kind => 'auto_reply')
    ELSE test.report(split_part($1, ' ', 1), format('r%s@d%s.example', n, n),
                     split_part($1, ' ', 2),
                     "to" => test.return_path(format('r%s@d%s.example', n, n)))
  END
$$;
CREATE FUNCTION test.entries_for(what text, n integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  report CONSTANT jsonb := test.letter(what, n);
  before CONSTANT bigint := test.entries_read();
  o CONSTANT bounce.report_result := test.record(report);
BEGIN
  RETURN CASE WHEN NOT o.duplicate THEN test.entries_read() - before END;
END $$;

SELECT test.set('guard_minimum_overall', '1000000');
SELECT test.mail(k || i, ARRAY[format('%s%s@d%s.example', k, i, i)])
FROM unnest('{r,a}'::text[]) AS k, generate_series(1, 1000) AS i;
-- as a nightly ANALYZE leaves it, before the first bounce
ANALYZE;
SELECT test.record(test.letter('user_unknown 5.1.1', i)) FROM generate_series(1, 500) AS i;
SELECT test.record(test.letter('by address', i)) FROM generate_series(1, 50) AS i;
-- as a new session
DISCARD PLANS;
SELECT cmp_ok(test.entries_for(k.what, 900 + k.n::integer), '<', 200::bigint,
              k.what || ' reads few rows')
FROM unnest('{user_unknown 5.1.1,mailbox_full 4.2.2,spam_rejected 5.7.1,by address,
              of no mail of ours,an automatic reply}'::text[]) WITH ORDINALITY AS k (what, n);

-- Mails that were registered together fill their pages; some of each page bounce.
CREATE FUNCTION test.updates(OUT mails bigint, OUT mails_in_place bigint, OUT recipients bigint,
                             OUT recipients_in_place bigint) LANGUAGE sql AS $$
  SELECT c.n_tup_upd, c.n_tup_hot_upd, r.n_tup_upd, r.n_tup_hot_upd
  FROM pg_stat_xact_user_tables AS c, pg_stat_xact_user_tables AS r
  WHERE c.relid = 'bounce.communication'::regclass
    AND r.relid = 'bounce.communication_recipient'::regclass
$$;
SELECT count(bounce.register_communication('invoice', ARRAY[format('f%s@d%s.example', i, i)],
                                           status => 'sent'))
FROM generate_series(1, 1000) AS i;
CREATE TABLE test.before AS SELECT * FROM test.updates();
SELECT test.record(test.report('user_unknown', format('f%s@d%s.example', i, i),
                               "to" => test.return_path(format('f%s@d%s.example', i, i))))
FROM generate_series(20, 1000, 20) AS i;
SELECT is((SELECT (u.mails - b.mails, u.mails_in_place - b.mails_in_place)
           FROM test.updates() AS u, test.before AS b)::text, '(50,50)',
          'a status that changes goes to the page where the mail is, and into no index');
SELECT is((SELECT (u.recipients - b.recipients, u.recipients_in_place - b.recipients_in_place)
           FROM test.updates() AS u, test.before AS b)::text, '(50,50)',
          'a recipient that bounces stays on its page, too, and goes into no index');

SELECT * FROM finish();
ROLLBACK;
