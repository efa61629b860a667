-- SPDX-License-Identifier: BSD-2-Clause
-- The table of reasons is the same as the classifier's; an administrator may change a class.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- psql runs at the top of the tree
\set reasons `cat etc/reasons.txt`
CREATE TEMPORARY TABLE defined AS
  SELECT m[1] AS reason, m[2] AS class, coalesce(m[3], m[2]) AS class_temporary,
         m[4] IS NOT NULL AS is_notice, m[5] AS meaning
  FROM regexp_matches(:'reasons', '^\[(\w+)\]\nclass +=  *(\w+)\n(?:temporary = (\w+)\n)?'
                                  '(?:notice +=  *(yes)\n)?meaning +=  *([^\n]*)$', 'gn') AS m;
SELECT cmp_ok((SELECT count(*) FROM defined), '>', 30::bigint, 'etc/reasons.txt was read');
SELECT set_eq('SELECT reason, class::text, class_temporary::text, is_notice, meaning FROM '
              'bounce.bounce_reason',
              'SELECT * FROM defined', 'bounce_reason has the rows of etc/reasons.txt');

SELECT throws_ok($$UPDATE bounce.bounce_reason SET class = 'fatal'
                   WHERE reason = 'expired'$$, '23514', NULL, 'an unknown class is refused');
SELECT throws_ok($$UPDATE bounce.bounce_reason SET class_temporary = 'hard'
                   WHERE reason = 'user_unknown'$$, '23514', NULL,
                 'a temporary refusal cannot be made hard');
SELECT throws_ok($$UPDATE bounce.bounce_reason SET class = 'hard'
                   WHERE reason = 'vacation'$$, '23514', NULL, 'nor can a notice');

SELECT throws_ok(format('UPDATE bounce.bounce_reason SET %s WHERE reason = ''undetermined''',
                        change), '23514', NULL,
                 'what nobody can read stays unclassified: ' || change)
FROM unnest(ARRAY['class = ''hard''', 'class = ''soft''', 'class = ''technical''',
                  'class_temporary = ''soft''']) AS change;
SELECT lives_ok($$UPDATE bounce.bounce_reason SET class = 'technical'
                  WHERE reason = 'expired'$$, 'other classes can be changed');

-- class = by reason and permanence, whatever the document says
SELECT test.mail('K1', ARRAY['k1@example.com', 'k2@example.com', 'k3@example.com']);
SELECT test.record(test.report('user_unknown', 'k1@example.com', about => 'K1'));
SELECT is((test.last()).class::text, 'hard', 'user_unknown with a 5.x.x is hard');
SELECT test.record(test.report('user_unknown', 'k2@example.com', status => '4.1.1', about => 'K1'));
SELECT is((test.last()).class::text, 'soft', 'with a 4.x.x it is soft');
UPDATE bounce.bounce_reason SET class = 'technical' WHERE reason = 'mailbox_disabled';
SELECT test.record(test.report('mailbox_disabled', 'k3@example.com', about => 'K1'));
SELECT is((test.last()).class::text, 'technical', 'an administrator''s change acts at once');
SELECT is((test.record(test.report('martian_weather', 'k4@example.com', about => 'K1'))).class,
          'unclassified', 'an unknown reason is unclassified');
SELECT is((test.last()).reason, 'undetermined', 'and stored as undetermined');

SELECT * FROM finish();
ROLLBACK;
