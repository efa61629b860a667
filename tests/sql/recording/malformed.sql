-- SPDX-License-Identifier: BSD-2-Clause
-- Whatever the document holds, record_report() stores it and answers.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT lives_ok(format('SELECT bounce.record_report(%L, %L)', report, 'raw'),
                'recorded: ' || left(coalesce(report, 'NULL'), 80))
FROM (VALUES (NULL), ('null'), ('1'), ('"text"'), ('[]'), ('{}'), ('{"recipients": null}'),
             ('{"recipients": {}}'), ('{"recipients": []}'),
  ('{"recipients": [null, 1, "x", [], {}]}'),
  ('{"envelope": 1, "header": [], "report": "x", "original": null, "references": {"a": 1}}'),
  ('{"size": "many", "truncated": "perhaps", "kind": {}, "digest": 5}'), ('{"size": -1}'),
  ('{"size": 1e30}'), ('{"size": 99999999999999999999}'),
  ('{"recipients": [{"recipient": {"a": 1}, "addresses": "x", "action": 5, "permanence": "maybe", '
   '"reason": ["user_unknown"]}]}'),
  ('{"recipients": [{"recipient": "a@b", "action": "FAILED", "status": "5.1.1", "reason": '
   '"user_unknown", "class": "hard"}]}'),
  ('{"recipients": [{"recipient": "'' OR true --@example.com", "reason": "user_unknown"}]}'),
  ('{"recipients": [{"recipient": "' || repeat('x', 100000)
   || '@example.com", "reason": "user_unknown", "diagnostic": "' || repeat('y', 100000) || '"}]}'),
  ('{"references": [' || repeat('"x", ', 5000) || '"y"]}'),
  ('{"recipients": [' || repeat('{"recipient": "a@example.com", "reason": "user_unknown"}, ', 1500)
   || '{}]}')) AS v (report);
-- what does not compress, in an index
SELECT string_agg(chr(65536 + i * 31), '') AS long_word FROM generate_series(1, 5000) AS i \gset
SELECT lives_ok(format('SELECT test.record(%L)', report), 'recorded: ' || name)
FROM (VALUES ('an address', test.report('user_unknown', :'long_word' || '@example.com')),
             ('a domain', test.report('spam_rejected', 'a@' || :'long_word')),
             ('a blank', test.report('address_syntax', 'max anna@example.com')),
             ('a quote', test.report('address_syntax', '"anna.@example.com')),
             ('two at signs', test.report('address_syntax', 'jo@anna@example.com')),
  ('a Message-ID', test.report('user_unknown', 'a@example.com', about => :'long_word')),
  ('a reason', test.report(:'long_word', 'a@example.com')),
  ('an address, from our own MTA',
   test.report('spam_rejected', :'long_word' || '@example.com',
               own_mta => true))) AS v (name, report);
SELECT lives_ok('SELECT bounce.record_report(NULL, NULL)', 'neither document nor message');
SELECT is((SELECT count(*) FROM bounce.bounce_message
           WHERE kind = '' AND disposition = 'deliver' AND class = 'unclassified') > 0, true,
          'what is not there is ""');
SELECT cmp_ok((SELECT max(length(diagnostic)) FROM bounce.bounce), '<=', 2000, 'texts are cut');
SELECT cmp_ok((SELECT max(n)
               FROM (SELECT count(*) AS n FROM bounce.bounce GROUP BY bounce_message_id) AS c),
              '<=', 1000::bigint, 'so are lists');

SELECT test.set('raw_max_bytes', '10');
SELECT bounce.record_report('{"kind": "other"}', '0123456789abcdef');
SELECT is((SELECT raw FROM bounce.bounce_message ORDER BY id DESC LIMIT 1), '0123456789'::bytea,
          'of the message raw_max_bytes are kept');
SELECT is((SELECT size FROM bounce.bounce_message ORDER BY id DESC LIMIT 1), 16::bigint,
          'its size is known');

SELECT * FROM finish();
ROLLBACK;
