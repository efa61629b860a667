-- SPDX-License-Identifier: BSD-2-Clause
-- Undo in bulk, reclassifying, replaying.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

CREATE FUNCTION test.bounced(name text, address text, reason text, status text,
                             rule text DEFAULT 'test.rule', words text DEFAULT 'no',
                             process text DEFAULT 'invoice') RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(name, ARRAY[address], process);
  PERFORM test.record(
      jsonb_set(jsonb_set(test.report(reason, address, status, "to" => test.return_path(address)),
                          '{recipients,0,rule}', to_jsonb(rule)), '{recipients,0,diagnostic}',
                to_jsonb(words)));
  RETURN (test.last()).id;
END
$$;
-- "sent", "bounced hard user_unknown blocked due task"
CREATE FUNCTION test.fate(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', test.state($1), CASE WHEN bounce.is_address_blocked($1) THEN 'blocked' END,
    CASE WHEN (test.recipient($1)).next_attempt_at <= now() THEN 'due'
         WHEN (test.recipient($1)).next_attempt_at IS NOT NULL THEN 'scheduled' END,
    CASE WHEN EXISTS (SELECT FROM bounce.task AS t
                      WHERE t.status = 'open' AND t.recipient_id = (test.recipient($1)).id)
         THEN 'task' END)
$$;

-- Each condition chooses its own
SELECT test.bounced('h1', 'h1@one.example', 'user_unknown', '5.1.1', 'bad.rule', 'go away'),
       test.bounced('h2', 'h2@two.example', 'user_unknown', '5.1.1', 'good.rule', 'No Such User'),
       test.bounced('s1', 's1@one.example', 'mailbox_full', '4.2.2', 'good.rule', 'full'),
       test.bounced('t1', 't1@two.example', 'spam_rejected', '5.7.1', 'bad.rule', 'spam');
SELECT test.record(test.report('vacation', 'h1@one.example', '', '',
                               test.return_path('h1@one.example'), kind => 'auto_reply'));
SELECT is((SELECT string_agg(p.recipient, ' ' ORDER BY p.recipient)
           FROM bounce.undo_preview(since, until, domain, rule, diagnostic) AS p), chosen,
          'chosen by ' || name)
FROM (VALUES
  ('nothing: all that failed', NULL, NULL, NULL, NULL, NULL,
   'h1@one.example h2@two.example s1@one.example t1@two.example'),
  ('a time', now(), now() + interval '1 second', NULL, NULL, NULL,
   'h1@one.example h2@two.example s1@one.example t1@two.example'),
  ('a time before', now() - interval '1 day', now(), NULL, NULL, NULL, NULL),
  ('a time after', now() + interval '1 second', NULL, NULL, NULL, NULL, NULL),
  ('domain', NULL, NULL, 'ONE.example', NULL, NULL, 'h1@one.example s1@one.example'),
  ('rule', NULL, NULL, NULL, 'bad.rule', NULL, 'h1@one.example t1@two.example'),
  ('part of the text', NULL, NULL, NULL, NULL, 'such user', 'h2@two.example'),
  ('domain and rule', NULL, NULL, 'one.example', 'bad.rule', NULL, 'h1@one.example'),
  ('a text with a wildcard', NULL, NULL, NULL, NULL, '%', NULL)) AS v (name, since, until, domain,
      rule, diagnostic, chosen);
SELECT results_eq($$SELECT recipient, lifts_block, closes_task IS NOT NULL, requeues
                    FROM bounce.undo_preview(NULL, NULL)$$,
  $$VALUES ('h1@one.example', true, true, true), ('h2@two.example', true, true, true),
  ('s1@one.example', false, false, true), ('t1@two.example', false, true, true)$$,
  'the preview says what would happen');
SELECT throws_ok($$SELECT bounce.undo_bounces(NULL, NULL, 'because')$$, '22023', NULL,
                 'not everything at once');
SELECT throws_ok($$SELECT bounce.undo_bounces(now(), NULL, ' ')$$, '22023', NULL,
                 'not without a reason');

-- by a rule
SELECT results_eq($$SELECT bounces, blocks, tasks, requeued
                    FROM bounce.undo_bounces(NULL, NULL, 'the rule was wrong',
                                             rule => 'bad.rule')$$,
                  'VALUES (2::bigint, 1::bigint, 2::bigint, 2::bigint)', 'undone');
SELECT is(test.fate(address), fate, 'after it: ' || address)
FROM (VALUES ('h1@one.example', 'bounced hard user_unknown due'),
             ('h2@two.example', 'bounced hard user_unknown blocked task'),
             ('s1@one.example', 'bounced soft mailbox_full scheduled'),
             ('t1@two.example', 'bounced technical spam_rejected due')) AS v (address, fate);
SELECT results_eq('SELECT why, actor, conditions, cardinality(bounces) FROM bounce.undo', $$
                  VALUES ('the rule was wrong', session_user::text COLLATE "default",
                          '{"rule": "bad.rule"}'::jsonb, 2)$$, 'who, why, what');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE communication_id = (test.recipient('h1@one.example')).communication_id),
  'bounced blocked task auto_reply taken_back resend_scheduled block_lifted task_resolved',
  'each step is in the mail''s log');
SELECT alike((SELECT lift_why FROM bounce.address_block WHERE address = 'h1@one.example'),
             'undo %: the rule was wrong', 'the block says why it was lifted');
SELECT is_empty($$SELECT * FROM bounce.undo_preview(NULL, NULL, NULL, 'bad.rule')
                  WHERE lifts_block OR closes_task IS NOT NULL$$, 'once is enough');
SELECT bounce.confirm_resend((test.recipient('h1@one.example')).id);
SELECT is(test.fate('h1@one.example'), 'sent', 'sent again');
-- without a resend the bounce is void
SELECT bounce.undo_bounces(NULL, NULL, 'they got a letter', domain => 'one.example',
                           resend => false);
SELECT is(test.fate('s1@one.example') || ', '
          || (SELECT concat_ws(' ', status,
                               (SELECT d.state FROM bounce.delivery AS d
                                WHERE d.communication_id = c.id)) FROM bounce.communication AS c
              WHERE business_ref = 's1'), 'sent, sent',
          'without a resend: as if it had not bounced');
-- a task that others are in as well stays
SELECT test.bounced('x1', 'x@shared.example', 'user_unknown', '5.1.1', 'bad.rule'),
       test.bounced('x2', 'x@shared.example', 'user_unknown', '5.1.1', 'good.rule');
SELECT bounce.undo_bounces(NULL, NULL, 'again', domain => 'shared.example', rule => 'good.rule');
SELECT is(test.open_tasks('hard_bounce', 'x@shared.example') || ' '
          || bounce.is_address_blocked('x@shared.example'), '1 true',
          'what another bounce made stays');

-- an outage of which all was undone is over
SELECT test.set('guard_minimum', '2');
SELECT test.bounced('o' || i, 'o' || i || '@down.example', 'user_unknown', '5.1.1')
FROM generate_series(1, 3) AS i;
SELECT is((SELECT held FROM bounce.open_outage), 2::bigint, 'two are held');
SELECT bounce.reclassify((SELECT id FROM bounce.bounce WHERE recipient = 'o3@down.example'),
                         'mailbox_full', 'read it');
SELECT is((SELECT held FROM bounce.open_outage), 1::bigint, 'one is not any more');
SELECT test.bounced('o4', 'o1@down.example', 'user_unknown', '5.1.1');
SELECT is((SELECT held FROM bounce.open_outage), 1::bigint,
          'an address that is blocked already is not held');
SELECT results_eq($$SELECT bounces, blocks, requeued
                    FROM bounce.undo_bounces(NULL, NULL, 'they were down',
                                             domain => 'down.example')$$,
                  'VALUES (4::bigint, 1::bigint, 4::bigint)', 'all is undone');
SELECT is_empty('SELECT * FROM bounce.open_outage', 'and nobody has to decide');
SELECT test.set('guard_minimum', '20');

-- Reclassify: every class to every other
CREATE FUNCTION test.turn(number bigint, old_reason text, old_status text, new_reason text)
  RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  address CONSTANT text := 'c' || number || '@turn' || number || '.example';
  id CONSTANT bigint := test.bounced('c' || number, address, old_reason, old_status);
BEGIN
  UPDATE bounce.communication_recipient AS r SET last_attempt_at = now() - interval '1 hour'
  WHERE r.address_key = 'c' || number || '@turn' || number || '.example';
  PERFORM bounce.reclassify(id, new_reason, 'read it');
  RETURN test.fate(address);
END
$$;
SELECT is(test.turn(row_number() OVER (), old_reason, status, new_reason), fate,
          old_reason || ' -> ' || new_reason)
FROM (VALUES
  ('user_unknown', '5.1.1', 'mailbox_full', 'bounced soft mailbox_full scheduled'),
  ('user_unknown', '5.1.1', 'spam_rejected', 'bounced technical spam_rejected task'),
  ('user_unknown', '5.1.1', 'vacation', 'sent'),
  ('user_unknown', '5.1.1', 'undetermined', 'sent'),
  ('user_unknown', '5.1.1', 'mailbox_disabled', 'bounced hard mailbox_disabled blocked task'),
  ('mailbox_full', '4.2.2', 'user_unknown', 'bounced hard user_unknown blocked task'),
  ('mailbox_full', '4.2.2', 'delivered', 'sent'),
  ('spam_rejected', '5.7.1', 'user_unknown', 'bounced hard user_unknown blocked task'),
  ('spam_rejected', '5.7.1', 'greylisted', 'bounced soft greylisted scheduled'),
  ('undetermined', '5.0.0', 'user_unknown', 'bounced hard user_unknown blocked task'),
  ('undetermined', '5.0.0', 'expired', 'bounced soft expired scheduled')) AS v (old_reason, status,
      new_reason, fate);
SELECT results_eq($$SELECT reason, class::text, rule, evidence, consequence FROM bounce.bounce
                    WHERE recipient = 'c1@turn1.example'$$,
  $$SELECT 'mailbox_full', 'soft', 'person', 'read it',
  'bounced, ' || split_part(v.consequence, 'bounced, ', 2) FROM bounce.bounce AS v
  WHERE v.recipient = 'c1@turn1.example'$$, 'the verdict is set right');
SELECT results_eq($$SELECT old_reason, new_reason, old_class::text, new_class::text, why
                    FROM bounce.verdict_change ORDER BY id LIMIT 1$$,
  $$VALUES ('user_unknown', 'mailbox_full', 'hard', 'soft', 'reclassified: read it')$$,
  'what it was is kept');
SELECT is((SELECT string_agg(event, ' ' ORDER BY id) FROM bounce.communication_log
           WHERE communication_id = (test.recipient('c1@turn1.example')).communication_id),
  'bounced blocked task taken_back block_lifted task_resolved reclassified bounced '
  'resend_scheduled', 'so is how it came');
SELECT throws_ok(statement, state, NULL, 'refused: ' || statement)
FROM (VALUES ('SELECT bounce.reclassify(0, ''user_unknown'', ''x'')', 'P0002'),
             ('SELECT bounce.reclassify(1, ''no_reason'', ''x'')', '22023'),
             ('SELECT bounce.reclassify(1, ''user_unknown'', '''')',
              '22023')) AS v (statement, state);
-- as far as it is trusted
SELECT test.mail('un', '{un@trusted.example}');
SELECT test.record(test.report('mailbox_full', 'un@trusted.example', '4.2.2'));
SELECT bounce.reclassify((test.last()).id, 'user_unknown', 'looks dead');
SELECT is(bounce.is_address_blocked('un@trusted.example') || ' '
          || test.state('un@trusted.example'), 'false sent',
          'reclassifying a forged report does not make it trusted');

-- Replay
SELECT test.bounced('rp', 'rp@replay.example', 'undetermined', '5.0.0', '') AS b \gset
SELECT bounce_message_id AS m FROM bounce.bounce WHERE id = :b \gset
SELECT results_eq(format('SELECT id, raw FROM bounce.reports_to_replay(now(), NULL, %s)', :m - 1),
                  format('VALUES (%s::bigint, ''the raw message''::bytea)', :m),
                  'what can be replayed');
SELECT is_empty(format('SELECT id FROM bounce.reports_to_replay(now(), NULL, %s)', :m),
                'from an id on');
-- the classifier sees the message only: no envelope
CREATE TEMPORARY TABLE today AS SELECT test.report('user_unknown', 'rp@replay.example',
                                                   '5.0.0') - 'envelope' AS document;
SELECT results_eq(format(
    'SELECT d.* FROM bounce.replay_differences(%s, (SELECT document FROM today)) AS d', :m),
  format($$VALUES (%s::bigint, 'rp@replay.example', 'undetermined', 'user_unknown', 'unclassified',
                   'hard', '', 'test.rule')$$, :b), 'the difference');
SELECT is(test.fate('rp@replay.example'), 'sent', 'looking changes nothing');
SELECT is(bounce.replay_report(:m, (SELECT document FROM today), 'new rules'), 1, 'applied');
SELECT is(test.fate('rp@replay.example'), 'bounced hard user_unknown blocked task',
          'with its consequences: the return path still counts');
SELECT is(bounce.replay_report(:m, (SELECT document FROM today), 'new rules'), 0, 'twice is once');
SELECT bounce.reclassify(:b, 'mailbox_full', 'I rang him up');
SELECT is_empty(format('SELECT * FROM bounce.replay_differences(%s, (SELECT document FROM today))',
                       :m), 'what a person said stays');
-- a recipient that the rules of then did not see
SELECT test.mail('pair', '{p1@replay.example,p2@replay.example}') AS pair \gset
SELECT test.record(test.report('user_unknown', 'p1@replay.example', about => 'pair',
                               own_mta => true));
SELECT bounce_message_id AS m FROM unnest(ARRAY[test.last()]) \gset
UPDATE today SET document = test.report('', '', about => 'pair') - 'envelope'
  || jsonb_build_object('recipients',
                        jsonb_build_array(test.reported('user_unknown', 'p1@replay.example'),
                                          test.reported('mailbox_full',
                                                        'p2@replay.example', '4.2.2')));
SELECT results_eq(format(
    'SELECT bounce_id, recipient, new_class FROM bounce.replay_differences(%s, (SELECT document '
    'FROM today))', :m), $$VALUES (NULL::bigint, 'p2@replay.example', 'soft')$$,
                  'a recipient not seen before');
SELECT is(bounce.replay_report(:m, (SELECT document FROM today), 'new rules'), 1, 'is recorded');
SELECT is(test.fate('p1@replay.example') || ', ' || test.fate('p2@replay.example'),
          'bounced hard user_unknown blocked task, bounced soft mailbox_full scheduled',
          'and followed; the other is as it was');
SELECT throws_ok('SELECT bounce.replay_report(0, ''{}'', ''x'')', 'P0002', NULL, 'no such report');

-- a block that another bounce calls for as well
SELECT test.bounced('ht1', 'ht@heir.example', 'user_unknown', '5.1.1', 'bad.rule'),
       test.bounced('ht2', 'ht@heir.example', 'user_unknown', '5.1.1', 'good.rule');
SELECT results_eq($$SELECT lifts_block, requeues
                    FROM bounce.undo_preview(NULL, NULL, 'heir.example', 'bad.rule')$$,
                  'VALUES (false, true)', 'the preview knows that the block stays');
SELECT results_eq($$SELECT blocks, requeued
                    FROM bounce.undo_bounces(NULL, NULL, 'bad rule', domain => 'heir.example',
                                             rule => 'bad.rule')$$, 'VALUES (0::bigint, 1::bigint)',
                  'nothing is unblocked');
SELECT is((SELECT b.rule FROM bounce.address_block AS k
           JOIN bounce.bounce AS b ON b.id = k.bounce_id
           WHERE k.address = 'ht@heir.example' AND k.lifted_at IS NULL), 'good.rule',
          'the other one blocks in its place');
SELECT results_eq($$SELECT blocks, tasks
                    FROM bounce.undo_bounces(NULL, NULL, 'also bad', domain => 'heir.example')$$,
                  'VALUES (1::bigint, 1::bigint)', 'until that is undone too');

-- an outage that is dismissed: also of a second mail to an address that had been blocked before
-- it was noticed
SELECT test.set('guard_minimum', '3');
SELECT test.bounced('ou' || n, CASE n WHEN 2 THEN 'ou1' ELSE 'ou' || n END || '@outage.example',
                    'user_unknown', '5.1.1') FROM generate_series(1, 4) AS n;
SELECT bounce.dismiss_outage((SELECT o.task_id FROM bounce.open_outage AS o), 'they were down');
SELECT is((SELECT count(*) FROM bounce.communication_recipient
           WHERE address LIKE '%@outage.example' AND next_attempt_at IS NOT NULL), 4::bigint,
          'all four are sent again');
SELECT is((SELECT count(*) FROM bounce.task WHERE status = 'open'
           AND domain = 'outage.example') + (SELECT count(*) FROM bounce.address_block
                                             WHERE address LIKE '%@outage.example'
                                             AND lifted_at IS NULL), 0::bigint,
          'no task, no block is left');
SELECT test.bounced('dd' || n, 'dd' || n || '@outage2.example', 'user_unknown', '5.1.1')
FROM generate_series(1, 4) AS n;
SELECT bounce.resolve_task_dead((SELECT t.id FROM bounce.task AS t
                                 WHERE t.status = 'open' AND t.address = 'dd1@outage2.example'),
                                'his widow wrote');
SELECT bounce.dismiss_outage((SELECT o.task_id FROM bounce.open_outage AS o), 'they were down');
SELECT is((SELECT string_agg(split_part(a, '@', 1) || ' ' || test.fate(a), ', ' ORDER BY a)
           FROM unnest('{dd1@outage2.example,dd2@outage2.example}'::text[]) AS a),
  'dd1 bounced hard user_unknown blocked, dd2 bounced hard user_unknown due',
  'whom a person has called dead stays so here as well');
SELECT test.set('guard_minimum', '20');

-- in two steps, in either order: the task of both goes with the last one
SELECT test.bounced(n || '1', n || '@twice.example', 'user_unknown', '5.1.1', n || '.first'),
       test.bounced(n || '2', n || '@twice.example', 'user_unknown', '5.1.1', n || '.second')
       FROM unnest('{up,down}'::text[]) AS n;
SELECT bounce.undo_bounces(NULL, NULL, 'half', rule => 'up.first'),
       bounce.undo_bounces(NULL, NULL, 'half', rule => 'down.second');
SELECT is((SELECT count(*) FROM bounce.task WHERE status = 'open' AND domain = 'twice.example'),
          2::bigint, 'half undone: the tasks stay');
SELECT results_eq($$SELECT recipient, closes_task IS NOT NULL
                    FROM bounce.undo_preview(NULL, NULL, 'twice.example') ORDER BY 1$$, $$
                  VALUES ('down@twice.example', true), ('up@twice.example', true)$$,
                  'the preview knows');
SELECT results_eq($$SELECT bounces, tasks
                    FROM bounce.undo_bounces(NULL, NULL, 'the rest', domain => 'twice.example')$$,
                  'VALUES (2::bigint, 2::bigint)', 'and they go with the rest');

-- what people did in between stands
SELECT test.bounced(n, n || '@between.example', 'user_unknown', '5.1.1')
FROM unnest('{lifted,corrected,dead,closed,untouched}'::text[]) AS n;
SELECT test.recipient(n || '@between.example') IS NULL,
       set_config('test.' || n, (test.recipient(n || '@between.example')).task_id::text, true)
       FROM unnest('{corrected,dead,closed}'::text[]) AS n;
SELECT bounce.lift_block('lifted@between.example', 'rang up'),
       bounce.resolve_task_corrected(current_setting('test.corrected')::bigint,
                                     'right@between.example'),
       bounce.resolve_task_dead(current_setting('test.dead')::bigint, 'his widow wrote'),
       bounce.resolve_task(current_setting('test.closed')::bigint);
SELECT results_eq($$SELECT recipient, lifts_block, closes_task IS NOT NULL, requeues
                    FROM bounce.undo_preview(NULL, NULL, 'between.example')$$,
  $$VALUES ('lifted@between.example', false, true, true),
  ('corrected@between.example', true, false, false), ('closed@between.example', true, false, true),
  ('untouched@between.example', true, true, true)$$, 'an undo after people were at work');
SELECT bounce.undo_bounces(NULL, NULL, 'too early', domain => 'between.example');
SELECT is(bounce.is_address_blocked('dead@between.example') || ' '
          || test.state('dead@between.example'), 'true bounced hard user_unknown',
          'whom a person has called dead stays so');
SELECT is((SELECT lift_why FROM bounce.address_block WHERE address = 'lifted@between.example'),
          'rang up', 'what was lifted by hand was lifted by hand');
SELECT is((SELECT undo_id
           FROM bounce.undo_bounces(NULL, NULL, 'too early', domain => 'between.example')), NULL,
          'once more: nothing is left');

-- the outbox: what nobody has in hand goes, also when a claimer has died
SELECT test.set('follow_up', 'on');
SELECT test.bounced(n, n || '@outbox.example', 'user_unknown', '5.1.1')
FROM unnest('{died,working}'::text[]) AS n;
SELECT count(*) FROM bounce.claim_follow_up('crm', 1) AS a, bounce.claim_follow_up('erp', 1) AS b;
UPDATE bounce.follow_up SET lease_expire_time = now() - interval '1 second'
WHERE claimed_by = 'crm';
SELECT bounce.undo_bounces(NULL, NULL, 'too early', domain => 'outbox.example');
SELECT is((SELECT string_agg(claimed_by || ' ' || status, ', ' ORDER BY id) FROM bounce.follow_up
           WHERE claimed_by IS NOT NULL), 'crm done, erp open',
          'the dead one''s is taken back, not what is being done');

SELECT * FROM finish();
ROLLBACK;
