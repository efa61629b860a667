-- SPDX-License-Identifier: BSD-2-Clause
-- What follows from a complaint: nothing, a task, a block, as its process says.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- knows: what of the mail comes with it, its 'return path', its 'message id', or nothing
CREATE FUNCTION test.complain(name text, "to" text[], knows text DEFAULT 'return path')
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.mail(name, "to");
  PERFORM test.record(test.complaint("to"[1], CASE WHEN knows <> '' THEN name ELSE '' END,
    CASE knows WHEN 'return path' THEN test.return_path("to"[1]) ELSE '' END));
  RETURN test.outcome("to"[1]);
END
$$;
CREATE FUNCTION test.complaint(address text, about text, return_path text, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_set(test.report('complaint', $1, '', '', kind => 'complaint', about => $2),
                   '{original,sender}', to_jsonb($3)) || more
$$;
-- "sent, blocked for invoice, 1 task"
CREATE FUNCTION test.outcome(address text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(', ', test.state($1),
    (SELECT string_agg(concat_ws(' ', 'blocked by', b.source, 'for ' || b.only_process), ', ')
     FROM bounce.blocked_address AS b WHERE b.address_key = $1),
    (SELECT string_agg('task ' || t.kind, ', ') FROM bounce.task AS t
     WHERE t.address = $1 AND t.status = 'open'))
$$;

SELECT is(test.complain('A', '{a@x.example}'), 'sent', 'logged, and that is all');
SELECT test.set('complaint', 'task', 'invoice');
SELECT is(test.complain('B', '{b@x.example}'), 'sent, task complaint', 'a task');
SELECT test.complain('B2', '{b@x.example}');
SELECT is((SELECT count FROM bounce.open_task WHERE address = 'b@x.example'), 2,
          'one for the address');
SELECT is((SELECT t.why FROM bounce.open_task AS t WHERE t.address = 'b@x.example'),
          'b@x.example called a mail of process invoice spam', 'in words');
SELECT bounce.resolve_task_dead((SELECT id FROM bounce.open_task WHERE address = 'b@x.example'));
SELECT is(test.outcome('b@x.example'), 'sent, blocked by person for invoice',
          'a person blocks it for the process');
SELECT test.set('complaint', 'block', 'invoice');
SELECT is(test.complain('C', '{c@x.example}'), 'sent, blocked by complaint for invoice',
          'the process may not write there');
SELECT is(bounce.may_write_to('c@x.example', 'newsletter'), true, 'others may');
SELECT is((SELECT b.consequence FROM bounce.bounce AS b ORDER BY b.id DESC LIMIT 1),
          'logged, address blocked', 'the story says so');
SELECT test.set('complaint', 'block_all', 'invoice');
SELECT is(test.complain('D', '{d@x.example}'), 'sent, blocked by complaint', 'nobody may');

-- Who cannot be believed does not block
SELECT is(test.complain('E', '{e@x.example}', knows => ''), 'sent', 'a stranger');
SELECT is(test.complain('E2', '{e2@x.example}', knows => 'message id'), 'sent, task complaint',
          'somebody who was answered knows the Message-ID: a person decides');
SELECT is((SELECT t.why FROM bounce.open_task AS t WHERE t.address = 'e2@x.example'),
          'e2@x.example called a mail of process invoice spam, not blocked, '
          || 'trust is message_id only', 'in words');
SELECT is(test.complain('F', '{f@x.example,f2@x.example}', knows => 'message id'),
          'sent, task complaint', 'nor does one of several');
SELECT test.mail('F3', '{f3@x.example,f4@x.example}');
SELECT test.record(test.complaint('f3@x.example', 'F3', test.return_path('f4@x.example')));
SELECT is(test.outcome('f3@x.example') || '; ' || test.outcome('f4@x.example'),
          'sent, task complaint; sent', 'nor the return path of another recipient');
SELECT test.set('block_min_trust', 'message_id', 'invoice');
SELECT is(test.complain('F5', '{f5@x.example,f6@x.example}', knows => 'message id'),
          'sent, task complaint', 'one of several neither where a Message-ID is enough');
SELECT is(test.complain('F7', '{f7@x.example}', knows => 'message id'),
          'sent, blocked by complaint', 'the only one does there');
SELECT test.set('block_min_trust', 'own_mta', 'invoice');
UPDATE bounce.communication_recipient SET last_attempt_at = now() - interval '1 hour'
WHERE address = 'c@x.example';
SELECT bounce.lift_block('c@x.example', 'she wants it');
SELECT test.record(test.complaint('c@x.example', 'C', bounce.return_path(r.id),
                                  '{"digest": "another"}'))
FROM bounce.communication_recipient AS r JOIN bounce.communication AS c ON c.id = r.communication_id
WHERE c.business_ref = 'C';
SELECT is(test.outcome('c@x.example'), 'sent, task complaint',
          'nor a complaint about a mail from before she wanted it again');
SELECT is(test.complain('C2', '{c@x.example}'), 'sent, blocked by complaint, task complaint',
          'a mail after it does');

-- Feedback that it is none is no complaint: the classifier calls it something else
SELECT test.mail('G', '{g@x.example}');
SELECT test.record(test.report('undetermined', 'g@x.example', '', '', kind => 'other',
                               about => 'G'));
SELECT is(test.outcome('g@x.example'), 'sent', 'not spam');

-- Shadow, and taking it back
SELECT test.set('shadow', 'on', 'invoice');
SELECT is(test.complain('H', '{h@x.example}'), 'sent', 'in shadow mode nothing is done');
SELECT is((SELECT would_block FROM bounce.shadow_consequence WHERE address = 'h@x.example'), true,
          'but said');
SELECT test.set('shadow', 'off', 'invoice');
SELECT is((SELECT (u.blocks, u.bounces)::text
           FROM bounce.undo_bounces(now(), NULL, 'a mistake', domain => 'x.example') AS u),
          '(3,8)', 'undo lifts the blocks of complaints');
SELECT is(test.outcome('d@x.example') || '; ' || test.outcome('b@x.example'),
          'sent; sent, blocked by person for invoice', 'and no others');

SELECT lives_ok($$UPDATE bounce.bounce_reason SET class = 'hard' WHERE reason = 'complaint'$$,
                'its class may be another');
SELECT is(test.complain('I', '{i@x.example}'), 'sent, blocked by complaint',
          'the parameter decides all the same');

SELECT * FROM finish();
ROLLBACK;
