-- SPDX-License-Identifier: BSD-2-Clause
-- What a preview says of a task: what will happen, when, and if it will not, what to do instead.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.bounced(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  address CONSTANT text := name || '@old.example';
BEGIN
  PERFORM test.mail(name, ARRAY[address]);
  PERFORM test.record(test.report('user_unknown', address, "to" => test.return_path(address)));
  RETURN (SELECT t.id FROM bounce.task AS t WHERE t.address = bounced.name || '@old.example');
END $$;
CREATE FUNCTION test.preview(task_id bigint, way text) RETURNS text LANGUAGE sql AS $$
  SELECT concat(p.is_possible, ' ', p.outcome)
  FROM bounce.preview_task(task_id, way, 'because', 'right@new.example') AS p
$$;

SELECT test.bounced('anna') AS task \gset
SELECT is(test.preview(:task, v.way), v.outcome, v.way || ': it is sent now')
FROM (VALUES ('unblocked', 't block lifted, 1 mail sent again'),
             ('corrected', 't 1 mail sent to right@new.example')) AS v (way, outcome);
SELECT bounce.pause_process('invoice', 'a wrong list');
SELECT is(test.preview(:task, v.way), v.outcome, v.way || ': nothing goes out while it is paused')
FROM (VALUES
  ('unblocked', 't block lifted, 1 mail sent again, as soon as process invoice sends again'),
  ('corrected', 't 1 mail sent to right@new.example, as soon as process invoice sends again'),
  ('dead', 't address stays blocked'), ('done', 't closed')) AS v (way, outcome);
SELECT is(p.outcome, 'block lifted, 0 mails sent again', 'nor is anything to wait for')
FROM bounce.preview_task(:task, 'unblocked', 'because', '', false) AS p;
SELECT bounce.resume_process('invoice', 'mended');

-- what a block has kept back goes out when it is lifted, whatever the way
\ir ../lib/queue.psql
SELECT test.bounced('kept') AS kept \gset
SELECT test.submit('{kept@old.example}'), test.submit('{kept@old.example}', 'receipt');
SELECT count(*) FROM test.claim(9);
SELECT is(test.preview(:kept, 'unblocked'), 't block lifted, 3 mails sent again',
          'what came back, and two that were not sent');
SELECT is(p.outcome, 'block lifted, 2 mails sent again', 'without what came back')
FROM bounce.preview_task(:kept, 'unblocked', 'because', '', false) AS p;
SELECT is(bounce.resolve_task_unblocked(:kept, 'because'), 3, 'so many are');
SELECT is(count(*), 3::bigint, 'indeed')
FROM bounce.communication_recipient AS r LEFT JOIN bounce.recipient_delivery AS q
  ON q.recipient_id = r.id
WHERE r.address = 'kept@old.example' AND coalesce(q.due_at, r.next_attempt_at) = now();

SELECT test.bounced('again') AS again \gset
SELECT test.submit('{again@old.example}') AS mail, test.submit('{again@old.example}', 'receipt'),
       bounce.block_address('again@old.example', 'by hand', 'receipt') \gset
SELECT count(*) FROM test.claim(9);
SELECT results_eq($$SELECT process_name FROM bounce.preview_unblock('Again@old.example')
                    ORDER BY 1$$, $$VALUES ('invoice'), ('receipt')$$,
                  'lifting the blocks lets both go');
SELECT is_empty($$SELECT FROM bounce.preview_unblock('again@old.example', 'receipt')$$,
                'one of two blocks: none');
SELECT is_empty($$SELECT FROM bounce.preview_unblock('other@old.example')$$, 'no block: none');
SELECT throws_ok($$SELECT bounce.preview_unblock('nonsense')$$, '22023', NULL, 'no address');
SELECT is(p.kept_back, 2::bigint, 'nor is an undo silent about them')
FROM bounce.undo_preview(NULL, NULL, 'old.example') AS p WHERE p.recipient = 'again@old.example'
  AND p.lifts_block;
SELECT ok(bounce.is_address_blocked('again@old.example'), 'nothing was changed');
UPDATE bounce.recipient_delivery SET refused_at = now() - interval '31 days'
WHERE communication_id = :mail;
SELECT is(u.blocks || ' ' || u.mails, '2 1', 'without what is too old: resend_after_block')
FROM bounce.unblock_address('again@old.example', 'it works') AS u;

-- The hint of a refusal is of its own words, and names what ways() has for the kind.
SELECT is((SELECT string_agg(DISTINCT n.name[1], ' ' ORDER BY n.name[1])
           FROM regexp_matches(bounce_internal.ways_to_resolve(
                                 jsonb_populate_record(NULL::bounce.task,
                                   jsonb_build_object('kind', k.kind, 'reason', ''))),
                               '[a-z]+_[a-z_]+', 'g') AS n (name)),
          (SELECT string_agg(DISTINCT w.act, ' ' ORDER BY w.act)
           FROM bounce_internal.ways() AS w
           WHERE k.kind = ANY (w.kinds) AND w.way <> 'arrived'),
          'the hint of ' || k.kind)
FROM (SELECT DISTINCT unnest(w.kinds) FROM bounce_internal.ways() AS w) AS k (kind)
WHERE k.kind NOT IN ('process_paused', 'bounce_without_communication');

-- who may, if not the caller
CREATE FUNCTION test.as_role(who name, task_id bigint, way text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  said := (SELECT concat(p.is_possible, ' ', p.outcome)
           FROM bounce.preview_task(task_id, way, 'because', 'right@new.example') AS p);
  RESET ROLE;
  RETURN said;
END $$;
GRANT USAGE ON SCHEMA test TO bounce_auditor, bounce_clerk;
SELECT is(test.as_role(v.who, :task, v.way), v.outcome, v.who || ', ' || v.way)
FROM (VALUES
  ('bounce_auditor', 'dead', 'f your account may not do that: a clerk may'),
  ('bounce_auditor', 'confirmed', 'f your account may not do that: an operator may'),
  ('bounce_clerk', 'confirmed', 'f your account may not do that: an operator may'))
  AS v (who, way, outcome);

-- the ways of a task are those of its kind that the caller may take
SELECT is((SELECT string_agg(w.way || CASE WHEN w.takes_address THEN ' ...' ELSE '' END, ', ')
           FROM bounce.task_ways(:task) AS w), 'corrected ..., unblocked, dead, done',
          'of an address that bounced');
CREATE FUNCTION test.ways_of(who name, kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
  ways text;
BEGIN
  INSERT INTO bounce.task (kind, dedup_key, summary, address, correction)
  VALUES (ways_of.kind, 'test:' || ways_of.kind, 'x', 'x@old.example', 'x@new.example')
  RETURNING id INTO made;
  EXECUTE format('SET LOCAL ROLE %I', who);
  ways := (SELECT string_agg(w.way, ' ') FROM bounce.task_ways(made) AS w);
  RESET ROLE;
  DELETE FROM bounce.task WHERE id = made;
  RETURN ways;
END $$;
SELECT is(test.ways_of(v.who, v.kind), v.ways, v.who || ', ' || v.kind)
FROM (VALUES
  ('bounce_operator', 'outage', 'dismissed confirmed'), ('bounce_clerk', 'outage', NULL),
  ('bounce_clerk', 'process_paused', 'done'), ('bounce_auditor', 'hard_bounce', NULL),
  ('bounce_clerk', 'delivery_problem', 'unblocked arrived done'),
  ('bounce_clerk', 'complaint', 'unblocked dead done'),
  ('bounce_clerk', 'auto_reply', 'corrected suggested dead done'),
  ('bounce_clerk', 'soft_bounces', 'corrected suggested unblocked dead done'))
  AS v (who, kind, ways);

-- what is not resolved so, and how it is
SELECT is(test.preview(:task, 'confirmed'),
  format('f task %s is of kind hard_bounce: it is not resolved so. It is resolved with '
         'resolve_task_corrected (another address), resolve_task_unblocked (it works), '
         'resolve_task_dead or resolve_task (nothing else).', :task), 'it says what to do instead');

-- what comes next of a task that is closed
SELECT isnt((SELECT what_next FROM bounce.task_detail WHERE id = :task), '', 'open: there is more');
SELECT bounce.resolve_task_dead(:task);
SELECT is((SELECT what_next FROM bounce.task_detail WHERE id = :task), '', 'closed: nothing');
SELECT finish();
ROLLBACK;
