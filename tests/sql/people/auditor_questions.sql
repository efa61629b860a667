-- SPDX-License-Identifier: BSD-2-Clause
-- What an auditor asks: why was this address blocked, what was decided then, who changed it, and
-- why.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

SELECT test.set('block_hard', 'on', 'invoice');
SELECT test.mail('a', '{anna@example.com}') AS a \gset
SELECT test.record(test.report('user_unknown', 'anna@example.com',
                               "to" => test.return_path('anna@example.com')));
SELECT (test.last()).id AS b, (test.last()).bounce_message_id AS m \gset
-- an hour passes, the parameters change; what was in force then is told
UPDATE bounce.system_parameter_history SET changed_at = now() - interval '2 hours';
UPDATE bounce.address_block SET blocked_at = now() - interval '1 hour';
SELECT test.set('block_min_trust', 'token'), test.set('block_hard', 'off', 'invoice');
UPDATE bounce.system_parameter_history SET changed_at = now() - interval '30 minutes'
WHERE changed_at = now();
SELECT is(bounce_internal.parameter_at(name, process, now() - at::interval), value,
          format('%s of %s %s ago', name, coalesce(process, 'all'), at))
FROM (VALUES ('block_hard', 'invoice', '1 hour', 'on'), ('block_hard', 'invoice', '0', 'off'),
             ('block_hard', 'receipt', '0', 'on'), ('block_hard', 'invoice', '3 hours', NULL),
             ('block_min_trust', 'invoice', '1 hour', 'own_mta'),
             ('block_min_trust', NULL, '0', 'token')) AS v (name, process, at, value);

SELECT results_eq('SELECT event, text, bounce_message_id FROM bounce.block_story('' Anna '
                  '<ANNA@example.com> '')',
  format($$VALUES ('parameters',
                   'block_hard on, block_min_trust own_mta, guard on, shadow off (process invoice)',
                   NULL::bigint),
           ('blocked', 'user_unknown: 550 5.1.1 the words of the other side', NULL),
           ('report', 'hard user_unknown: dsn from mx.example.net, matched by token, trust token, '
                      'rule test.rule, bounce %s: 550 5.1.1 the words of the other side',
                      %s)$$, :m, :m),
  'the report with rule, trust and words, the parameters in force, the block');
SELECT is_empty('SELECT * FROM bounce.block_story(''ben@example.com'')', 'never blocked');
SELECT throws_ok('SELECT * FROM bounce.block_story(''ben'')', '22023',
                 '"ben" is not a mail address', 'no address');

SELECT test.set('block_hard', 'on', 'invoice');
SELECT matches(bounce.reclassify(:b, 'spam_rejected', 'their filter, they say'),
               '^hard user_unknown -> technical spam_rejected: bounced, task delivery_problem '
               '[0-9]+$', 'set right by a person');
SELECT is(bounce.reclassify(:b, 'spam_rejected', 'their filter, they say'),
          'nothing to do, it is technical spam_rejected already', 'the same again does nothing');
SELECT is((SELECT count(*) FROM bounce.verdict_change), 1::bigint, 'and is not counted');
SELECT is((SELECT text FROM bounce.communication_story(:a) WHERE event = 'report'),
  format('hard user_unknown: dsn from mx.example.net, matched by token, trust token, rule '
         'test.rule, bounce %s: 550 5.1.1 the words of the other side', :m),
         'the story has the verdict as it was');
SELECT is((SELECT text || ' by ' || actor FROM bounce.communication_story(:a)
           WHERE event = 'reclassified'),
  'hard user_unknown (rule test.rule) -> technical spam_rejected (rule person): reclassified: '
  'their filter, they say by ' || session_user, 'and who changed it, and why');
SELECT results_eq($$SELECT event, text FROM bounce.block_story('anna@example.com')
                    WHERE event IN ('reclassified', 'lifted', 'report') ORDER BY event$$,
  format($$VALUES ('lifted', 'reclassified: their filter, they say'),
    ('reclassified', 'hard user_unknown (rule test.rule) -> technical spam_rejected (rule person): '
                     'reclassified: their filter, they say'),
    ('report', 'hard user_unknown: dsn from mx.example.net, matched by token, trust token, rule '
               'test.rule, bounce %s: 550 5.1.1 the words of the other side')$$, :m),
               'so has the block''s');
SELECT matches((SELECT old_consequence FROM bounce.verdict_change),
               '^bounced, address blocked, task hard_bounce [0-9]+$', 'what had followed is kept');

-- blocked by a person
SELECT bounce.block_address('Ben <ben@example.com>', 'asked for it'),
       bounce.lift_block('ben@example.com', 'changed his mind');
SELECT results_eq($$SELECT event, text, actor FROM bounce.block_story('ben@example.com')$$,
  $$VALUES ('blocked', 'asked for it', session_user::text COLLATE "default"),
  ('lifted', 'changed his mind', session_user)$$, 'by hand, and lifted');

-- lifted and made again, twice: the report came once
SELECT bounce.restore_block('anna@example.com', 'no'), bounce.lift_block('anna@example.com', 'x'),
       bounce.restore_block('anna@example.com', 'no');
SELECT is((SELECT string_agg(n || ' ' || event, ', ' ORDER BY event)
           FROM (SELECT s.event, count(*) AS n FROM bounce.block_story('anna@example.com') AS s
                 GROUP BY s.event) AS e),
          '3 blocked, 2 lifted, 1 parameters, 1 reclassified, 1 report',
          'a block that is made again does not repeat why');
SELECT bounce.lift_block('anna@example.com', 'for what follows');

-- what a proposed rule would judge otherwise
SELECT results_eq($$SELECT other_reason, class, bounces
                    FROM bounce.rule_hits('words  of THE', 'user_unknown')$$,
                  'SELECT NULL::text, NULL::text, NULL::bigint WHERE false',
                  'two blanks are none of its words');
SELECT results_eq($$SELECT other_reason, class, bounces, sample
                    FROM bounce.rule_hits('words of THE', 'user_unknown')$$,
                  format($$VALUES ('spam_rejected', 'technical', 1::bigint, %s::bigint)$$, :b),
                  'bounces of another reason with these words');
SELECT is_empty($$SELECT * FROM bounce.rule_hits('words of the', 'spam_rejected')$$,
                'those of its own reason are no harm');
SELECT throws_ok(format('SELECT * FROM bounce.rule_hits(%L, %L)', pattern, reason), '22023', NULL,
                 format('refused: "%s" as %s', pattern, reason))
                 FROM (VALUES ('(', 'user_unknown'), ('x', 'user_unkown')) AS v (pattern, reason);

-- undone twice
SELECT test.mail('u', '{u@example.com}');
SELECT test.record(test.report('user_unknown', 'u@example.com',
                               "to" => test.return_path('u@example.com')));
SELECT results_eq($$SELECT bounces, blocks, tasks, requeued, undo_id IS NULL
                    FROM bounce.undo_bounces(now(), NULL, 'too early',
                                             domain => 'example.com')$$, $$
                  VALUES (2::bigint, 1::bigint, 2::bigint, 2::bigint, false)$$, 'undone');
SELECT results_eq($$SELECT bounces, blocks, tasks, requeued, undo_id IS NULL
                    FROM bounce.undo_bounces(now(), NULL, 'too early',
                                             domain => 'example.com')$$, $$
                  VALUES (0::bigint, 0::bigint, 0::bigint, 0::bigint, true)$$, 'once');
SELECT is((SELECT count(*) FROM bounce.undo), 1::bigint, 'the second is not one');

SELECT * FROM finish();
ROLLBACK;
