-- SPDX-License-Identifier: BSD-2-Clause
-- Soft bounces over several mails: the score of an address, a task, a probe, a block.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- Yesterday everything was a day younger.
CREATE FUNCTION test.sleep(days integer) RETURNS void LANGUAGE sql AS $$
  UPDATE bounce.soft_bounce_day SET day = day - $1, at = at - make_interval(days => $1),
    probe_since = probe_since - make_interval(days => $1);
  UPDATE bounce.task SET resolved_at = resolved_at - make_interval(days => $1);
  UPDATE bounce.address_block SET blocked_at = blocked_at - make_interval(days => $1),
    lifted_at = lifted_at - make_interval(days => $1);
  UPDATE bounce.communication_recipient SET last_attempt_at = last_attempt_at
                                                              - make_interval(days => $1);
$$;
-- A mail a day that bounces softly, N days; what there is then
CREATE FUNCTION test.bounces(address text, days integer, every integer DEFAULT 1,
                             trusted boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOR i IN 1 .. days LOOP
    PERFORM test.sleep(every);
    name := address || clock_timestamp();
    PERFORM test.mail(name, ARRAY[address]);
    PERFORM test.record(test.report('mailbox_full', address, '4.2.2',
              "to" => CASE WHEN trusted THEN test.return_path(address)
                           ELSE 'bounce@bounces.example.org' END));
  END LOOP;
  RETURN test.outcome(address);
END
$$;
CREATE FUNCTION test.outcome(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(', ',
    (SELECT 'blocked by ' || b.source FROM bounce.blocked_address AS b WHERE b.address_key = $1),
    (SELECT string_agg('task ' || t.kind, ', ' ORDER BY t.kind) FROM bounce.task AS t
     WHERE t.address = $1 AND t.status = 'open'))
$$;

SELECT is(bounce_internal.soft_score(days::date[], 1, 0.25, at::date), score, name)
FROM (VALUES
  ('{}', '2026-11-10', 0, 'no day'), ('{2026-11-10}', '2026-11-10', 1, 'one'),
  ('{2026-11-10}', '2026-11-11', 1, 'the day after'),
  ('{2026-11-10}', '2026-11-13', 0.5, 'two days without'),
  ('{2026-11-10}', '2026-12-10', 0, 'never below 0'),
  ('{2026-11-01,2026-11-02,2026-11-05}', '2026-11-05', 2.5, 'three with a gap'),
  ('{2026-11-01,2026-11-30}', '2026-11-30', 1, 'begun anew'))
  AS v (days, at, score, name);

-- A task
SELECT is(test.bounces('a@x.example', 4), '', 'four days are below the threshold');
SELECT test.record(test.report('mailbox_full', 'a@x.example', '4.2.3',
                               "to" => test.return_path('a@x.example')));
SELECT is(test.outcome('a@x.example'), '', 'a second one on the same day does not count');
SELECT is(test.bounces('a@x.example', 1), 'task soft_bounces', 'the fifth is one too many');
SELECT matches((SELECT t.why FROM bounce.open_task AS t WHERE t.address = 'a@x.example'),
  '^a@x.example keeps bouncing softly: on 5 days since .*, score 5.0 of 5; lately mailbox_full',
  'in words');
SELECT test.bounces('a@x.example', 1);
SELECT is((SELECT count FROM bounce.open_task WHERE address = 'a@x.example'), 2, 'one task');
SELECT bounce.resolve_task((SELECT id FROM bounce.open_task WHERE address = 'a@x.example'), 'ok');
SELECT is(test.bounces('a@x.example', 4), '', 'who has closed it has judged: counted anew');
SELECT is(test.bounces('a@x.example', 1), 'task soft_bounces', 'and again');
SELECT is(test.bounces('b@x.example', 12, every => 7), '', 'once a week is no reason');
SELECT test.bounces('s@x.example', 8, trusted => false);
SELECT is_empty($$SELECT FROM bounce.soft_bounce_day WHERE address_key = 's@x.example'$$,
                'strangers do not count');

-- A block, after a probe
SELECT test.set('soft_score', 'block', 'invoice');
SELECT test.set('resend', 'off', 'invoice');
SELECT is(test.bounces('c@x.example', 5), 'task resend_exhausted', 'not blocked at once');
SELECT matches((SELECT b.consequence FROM bounce.bounce AS b ORDER BY b.id DESC LIMIT 1),
  'soft bounces on 5 days, the next mail decides', 'the next mail is the probe');
SELECT test.sleep(1);
SELECT test.record(test.report('mailbox_full', 'c@x.example', '4.2.4',
                               "to" => test.return_path('c@x.example')));
SELECT is(test.outcome('c@x.example'), 'task resend_exhausted', 'an older one does not decide');
SELECT is(test.bounces('c@x.example', 1), 'blocked by score, task resend_exhausted',
          'that bounced too: blocked');
SELECT bounce.lift_block('c@x.example', 'emptied');
SELECT is(test.bounces('c@x.example', 4), 'task resend_exhausted', 'lifted: counted anew');
SELECT test.bounces('d@x.example', 5);
SELECT test.sleep(40);
SELECT is(test.bounces('d@x.example', 1), 'task resend_exhausted',
          'a probe that arrived, and a bounce long after it');
SELECT test.set('soft_score_probe', '0 seconds', 'invoice');
SELECT is(test.bounces('e@x.example', 5), 'blocked by score, task resend_exhausted',
          'without a probe');
SELECT test.set('block_min_trust', 'token', 'invoice');
SELECT test.set('soft_score_threshold', '2', 'invoice');
SELECT is(test.bounces('f@x.example', 2), 'blocked by score, task resend_exhausted',
          'soft_score_threshold');
SELECT test.mail('g' || i, '{g@x.example}') FROM generate_series(1, 2) AS i;
SELECT test.sleep(1), test.record(test.report('mailbox_full', 'g@x.example', '4.2.2',
                                              about => 'g' || i))
FROM generate_series(1, 2) AS i;
SELECT is(test.outcome('g@x.example'), 'task resend_exhausted, task soft_bounces',
          'not trusted for a block: a task');

-- Whoever knows the Message-IDs of former mails cannot make a genuine bounce the last straw
CREATE FUNCTION test.known(address text, days integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. days LOOP
    PERFORM test.sleep(1), test.mail('known' || i, ARRAY[address]);
    PERFORM test.record(test.report('mailbox_full', address, '4.2.2', about => 'known' || i));
  END LOOP;
END
$$;
SELECT test.set('soft_score_threshold', '3', 'invoice');
SELECT test.known('k@x.example', 2);
SELECT is(test.bounces('k@x.example', 1), 'task resend_exhausted, task soft_bounces',
          'days that are not trusted for a block do not count for it');
SELECT matches((SELECT t.why FROM bounce.open_task AS t
                WHERE t.address = 'k@x.example' AND t.kind = 'soft_bounces'),
  'on 3 days since .*, score 3.0 of 3, not blocked, trust is message_id only; lately',
  'in words');
SELECT is(test.bounces('k@x.example', 2),
          'blocked by score, task resend_exhausted, task soft_bounces', 'three that are do');

-- Taken back
SELECT bounce.undo_bounces(now(), NULL, 'full by mistake', domain => 'x.example');
SELECT is_empty($$SELECT FROM bounce.soft_bounce_day WHERE address_key <> 'a@x.example'$$,
                'what is undone counts no more');
SELECT is(test.outcome('f@x.example'), '', 'its block and its tasks are gone');

-- A day is the day on which it bounced, whatever is reclassified, and stays while one is left
CREATE FUNCTION test.days(address text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(((now() AT TIME ZONE 'UTC')::date - day)::text, ' ' ORDER BY day)
  FROM bounce.soft_bounce_day WHERE address_key = $1
$$;
CREATE FUNCTION test.bounced(name text, reason text, status text) RETURNS bigint LANGUAGE sql AS $$
  SELECT test.mail($1, ARRAY[split_part($1, '/', 1) || '@y.example']);
  SELECT (test.record(test.report($2, split_part($1, '/', 1) || '@y.example', $3, about => $1,
    "to" => test.return_path(split_part($1, '/', 1) || '@y.example')))).bounce_id
$$;
SELECT test.bounced('late', 'spam_rejected', '5.7.1') AS late,
       test.bounced('twice/1', 'mailbox_full', '5.2.2') AS first,
       test.bounced('twice/2', 'mailbox_full', '5.2.2') AS second \gset
UPDATE bounce.bounce SET received_at = received_at - interval '3 days' WHERE id = :late;
SELECT bounce.reclassify(:late, 'mailbox_full', 'it was full');
SELECT is(test.days('late@y.example'), '3', 'reclassified as soft: on its own day');
SELECT bounce.reclassify(:first, 'spam_rejected', 'it was spam');
SELECT is(test.days('twice@y.example'), '0', 'one is none any more, the other one is');
SELECT bounce.reclassify(:second, 'spam_rejected', 'it was spam');
SELECT is(test.days('twice@y.example'), NULL, 'the other one neither');

SELECT test.set('soft_score', 'off', 'invoice');
SELECT test.bounces('h@x.example', 3);
SELECT is_empty($$SELECT FROM bounce.soft_bounce_day WHERE address_key = 'h@x.example'$$,
                'off: nothing is counted');

SELECT * FROM finish();
ROLLBACK;
