-- SPDX-License-Identifier: BSD-2-Clause
-- Blocks end by themselves, hold for one process, are imported and exported, and all is taken back.
BEGIN;
\ir ../lib/helper.psql
SELECT * FROM no_plan();

-- "a@x.example, 4 weeks left": the blocks in force, in one text
CREATE FUNCTION test.blocks(pattern text DEFAULT '%') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', split_part(b.address, '@', 1), b.source, b.only_process,
                              CASE WHEN b.expires_at IS NOT NULL THEN 'ends' END), ', '
                    ORDER BY b.address_key, b.only_process NULLS FIRST)
  FROM bounce.blocked_address AS b WHERE b.address LIKE pattern
$$;
-- time passes for the blocks that end
CREATE FUNCTION test.age(address text) RETURNS void LANGUAGE sql AS $$
  UPDATE bounce.address_block SET blocked_at = blocked_at - interval '3 days',
    expires_at = expires_at - interval '3 days'
  WHERE address_key = $1 AND lifted_at IS NULL
$$;

-- They end by themselves
SELECT ok(bounce.block_address('a@x.example', 'on leave', until => now() + interval '1 day'),
          'blocked until tomorrow');
SELECT is(bounce.block_address('a@x.example', 'again', until => now() + interval '1 hour'), false,
          'a shorter one changes nothing');
SELECT ok(bounce.is_address_blocked('A@x.example'), 'it is blocked');
SELECT test.age('a@x.example');
SELECT is(bounce.is_address_blocked('a@x.example') || ' '
          || bounce.may_write_to('a@x.example', 'invoice'), 'false true', 'a day later it is not');
SELECT is(test.blocks('a@%'), NULL, 'nor is it listed');
SELECT is((SELECT value FROM bounce.status() WHERE name = 'blocks'), '0', 'nor counted');
SELECT is((SELECT h.done FROM bounce.housekeeping() AS h WHERE h.step = 'blocks ended'),
          1::bigint, 'housekeeping notes it');
SELECT is((SELECT is_over || ' ' || lift_why || ' ' || (lifted_at = expires_at)
           FROM bounce.address_block WHERE address = 'a@x.example'),
          'true its time was over true', 'at the time it ended');
SELECT ok(bounce.block_address('a@x.example', 'on leave', until => now() + interval '1 day'),
          'it can be blocked again');
SELECT test.age('a@x.example');
SELECT ok(bounce.block_address('a@x.example', 'for good'), 'also before housekeeping has come by');
SELECT is(test.blocks('a@%'), 'a person', 'without an end then');
SELECT throws_ok($$SELECT bounce.block_address('a@x.example', 'w', until => now())$$, '22023',
                 NULL, 'not until a time that is past');

-- A bounce outlasts what a person said, and blocks for as long as the process says
SELECT bounce.block_address('b@x.example', 'for a day', until => now() + interval '1 day');
SELECT test.mail('B', ARRAY['b@x.example', 'c@x.example']);
SELECT test.record(test.report('user_unknown', 'b@x.example',
                               "to" => test.return_path('b@x.example')));
SELECT is(test.blocks('b@%'), 'b bounce', 'the bounce blocks for good');
SELECT is((SELECT lift_why FROM bounce.address_block
           WHERE address = 'b@x.example' AND is_over), 'a longer block took its place',
          'the other one tells why it ended');
SELECT test.set('block_lifetime', '30 days', 'invoice');
SELECT test.record(test.report('user_unknown', 'c@x.example',
                               "to" => test.return_path('c@x.example')));
SELECT is(test.blocks('c@%'), 'c bounce ends', 'block_lifetime');
SELECT is((SELECT expires_at - now() FROM bounce.blocked_address WHERE address = 'c@x.example'),
          interval '30 days', 'after 30 days');

-- What ended by itself says nothing about the address: the next bounce blocks
SELECT test.age('c@x.example');
UPDATE bounce.address_block SET expires_at = now() WHERE address = 'c@x.example';
SELECT bounce.housekeeping();
SELECT test.record(test.report('user_unknown', 'c@x.example', '5.1.0',
                               "to" => test.return_path('c@x.example')));
SELECT bounce.confirm_resend((test.recipient('c@x.example')).id);
SELECT test.record(test.report('user_unknown', 'c@x.example',
                               "to" => test.return_path('c@x.example')));
SELECT is(test.blocks('c@%'), 'c bounce ends', 'blocked again');

-- For one process
SELECT bounce.block_address('d@x.example', 'no news', process => 'newsletter');
SELECT is(concat_ws(' ', bounce.may_write_to('d@x.example', 'newsletter'),
                    bounce.may_write_to('d@x.example', 'invoice'),
                    bounce.is_address_blocked('d@x.example'),
                    bounce.is_address_blocked('d@x.example', 'newsletter')), 'f t f t',
          'only that one may not write');
SELECT ok(bounce.block_address('d@x.example', 'and dead'), 'blocked for all besides');
SELECT is(test.blocks('d@%'), 'd person, d person newsletter', 'both are there');
SELECT ok(bounce.lift_block('d@x.example', 'wants news', process => 'newsletter'),
          'one process is let in');
SELECT is(test.blocks('d@%'), 'd person', 'the other block stays');
SELECT throws_ok($$SELECT bounce.block_address('d@x.example', 'w', process => 'nwsletter')$$,
                 '23503', NULL, 'not for a process that does not exist');
SELECT bounce.block_address('d@x.example', 'no news', process => 'newsletter');
SELECT bounce.lift_block('d@x.example', 'all');
SELECT is(test.blocks('d@%'), NULL, 'all blocks are lifted');
SELECT is(bounce.restore_block('d@x.example', 'she did not'), 2::bigint, 'and are taken back');
SELECT is(test.blocks('d@%'), 'd person, d person newsletter', 'as they were');
SELECT is(bounce.restore_block('d@x.example', 'again'), 0::bigint, 'once');

-- What a person blocked is taken back without touching what others did
SELECT bounce.block_address('w@x.example', 'on leave', until => now() + interval '1 day');
SELECT bounce.block_address('w@x.example', 'for invoices', 'invoice');
UPDATE bounce.address_block SET blocked_at = blocked_at - interval '1 hour'
WHERE address = 'w@x.example';
SELECT ok(bounce.block_address('w@x.example', 'for good'), 'a longer block');
SELECT is(test.blocks('w@%'), 'w person, w person invoice', 'took the place of the shorter one');
SELECT ok(bounce.withdraw_block('w@x.example', 'a slip'), 'it is taken back');
SELECT is(test.blocks('w@%'), 'w person ends, w person invoice', 'and the shorter one is back');
SELECT ok(bounce.withdraw_block('w@x.example', 'a slip', 'invoice'), 'that of a process');
SELECT is(test.blocks('w@%'), 'w person ends', 'for itself');
UPDATE bounce.address_block SET lifted_at = lifted_at - interval '1 second',
  blocked_at = blocked_at - interval '1 second'
WHERE address = 'w@x.example' AND lifted_at IS NOT NULL;
SELECT ok(bounce.withdraw_block('W@x.example', 'a slip'), 'in any case of letters');
SELECT is(bounce.withdraw_block('w@x.example', 'a slip'), false, 'once');
SELECT is(bounce.withdraw_block('b@x.example', 'a slip'), false, 'not what a bounce blocked');
SELECT throws_ok($$SELECT bounce.withdraw_block('w@x.example', ' ')$$, '22023', NULL,
                 'not without a reason');

-- A task lifts what keeps its own process from writing, and no more
SELECT test.mail('E', ARRAY['e@x.example']);
SELECT test.record(test.report('user_unknown', 'e@x.example',
                               "to" => test.return_path('e@x.example')));
SELECT bounce.block_address('e@x.example', 'no news', process => 'newsletter');
SELECT bounce.resolve_task_unblocked(
         (SELECT id FROM bounce.task WHERE address = 'e@x.example'), 'it works');
SELECT is(test.blocks('e@%'), 'e person newsletter', 'the newsletter stays out');
SELECT bounce.reopen_task((SELECT id FROM bounce.task WHERE address = 'e@x.example'), 'not so');
SELECT is(test.blocks('e@%'), 'e bounce ends, e person newsletter', 'the block is there again');

-- The queue
CREATE FUNCTION test.queued(address text, process text) RETURNS bigint LANGUAGE sql AS $$
  SELECT bounce.submit_communication(process => $2, recipients => ARRAY[$1],
                                     sender => 'o@example.org', subject => 'S', body_text => 'T')
$$;
CREATE FUNCTION test.to_send() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(i.process || ' ' || u.a, ', ' ORDER BY i.process, u.a)
  FROM bounce.claim_deliveries('w', 's', 10) AS i CROSS JOIN LATERAL unnest(i.addresses) AS u (a)
$$;
SELECT bounce.lift_block('d@x.example', 'all');
SELECT bounce.block_address('d@x.example', 'no news', process => 'newsletter');
SELECT test.queued('d@x.example', p) FROM unnest('{invoice,newsletter}'::text[]) AS p;
SELECT is(test.to_send(), 'invoice d@x.example', 'what is blocked for a process is not sent');
SELECT test.queued('f@x.example', 'invoice');
SELECT bounce.block_address('f@x.example', 'w', until => now() + interval '1 day');
SELECT is(test.to_send(), NULL, 'nor what is blocked for a day');
SELECT test.age('f@x.example');
SELECT bounce.sweep_deliveries();
SELECT is(test.to_send(), 'invoice f@x.example', 'it goes out when the block has ended');

-- Lists
DELETE FROM bounce.address_block;
SELECT bounce.block_address('stays@x.example', 'w');
SELECT bounce.block_address('day@x.example', 'w', until => now() + interval '1 day');
CREATE TEMPORARY TABLE list AS
SELECT chr(65279) || E'Address;Reason;why;source;process;expires_at\r\n'
  '"""Anna"" <anna@x.example>";user_unknown;"said ""no""; twice";old system;;\r\n'
  'news@x.example;;;;newsletter;\r\n\r\nstays@x.example;;;;;\nday@x.example;;;;;\n'
  'past@x.example;;;;;2020-01-01\nsoon@x.example;;;;;2999-01-01\n' AS good,
  E'address,process,expires_at\nx@x.example,,\nnobody,,\nx@x.example,nwsletter,\n'
  'x@x.example,,never\nx@x.example\n"x@x.example,,\n' AS bad;
CREATE TEMPORARY TABLE was AS SELECT test.picture() AS picture;
SELECT results_eq($$SELECT p.line::integer, p.address, p.outcome, p.is_problem
                    FROM list, LATERAL bounce.preview_block_import(list.good) AS p$$,
  $$VALUES (2, 'anna@x.example', 'blocked', false),
           (3, 'news@x.example', 'blocked, for newsletter', false),
           (5, 'stays@x.example', 'blocked already', false),
           (6, 'day@x.example', 'blocked', false),
           (7, 'past@x.example', 'over already', false),
           (8, 'soon@x.example', 'blocked, until 2999-01-01 00:00', false)$$,
  'the preview says what becomes of each line');
SELECT is(test.picture(), (SELECT picture FROM was), 'and changes nothing');
SELECT results_eq($$SELECT p.line::integer, p.outcome
                    FROM list, LATERAL bounce.preview_block_import(list.bad) AS p
                    WHERE p.is_problem$$,
  $$VALUES (3, 'not a mail address'), (4, 'there is no process "nwsletter"'),
           (5, 'expires_at is no time'), (6, 'the fields do not fit the columns'),
           (7, 'the fields do not fit the columns')$$, 'what is wrong with each line');
SELECT throws_ok(format('SELECT bounce.import_blocks(%L, %L)', bad, 'w'), '22023',
                 'line 3 (nobody): not a mail address', 'all or nothing') FROM list;
SELECT throws_ok(format('SELECT bounce.import_blocks(%L, %L)', csv, why), '22023', NULL, name)
FROM (VALUES (E'mail\na@x.example', 'w', 'a column that is not known'),
             (E'reason\nx', 'w', 'no addresses'), ('', 'w', 'nothing at all'),
             (E'address\na@x.example', ' ', 'without a reason')) AS v (csv, why, name);
CREATE TEMPORARY TABLE done AS
SELECT i.* FROM list, LATERAL bounce.import_blocks(list.good, 'from the old system') AS i;
SELECT is((SELECT blocked || ' ' || unchanged FROM done), '4 2', 'what was done is counted');
SELECT is(test.blocks(), 'anna old system, day import, news import newsletter, '
                         'soon import ends, stays person', 'source, process and end are kept');
SELECT is((SELECT b.reason || ': ' || b.why FROM bounce.blocked_address AS b
           WHERE b.address = 'anna@x.example'), 'user_unknown: said "no"; twice', 'and the reason');

-- written and read again it is the same
CREATE TEMPORARY TABLE written AS
SELECT string_agg(e, E'\n') AS csv FROM bounce.export_blocks() AS e;
CREATE TEMPORARY TABLE before AS SELECT test.blocks() AS blocks;
SELECT is((SELECT count(*) FROM bounce.export_blocks('invoice')), 5::bigint,
          'those that keep a process from writing');
SELECT bounce.lift_block(b.address, 'w') FROM bounce.blocked_address AS b;
SELECT is((SELECT i.blocked FROM written, LATERAL bounce.import_blocks(written.csv, 'back') AS i),
          5::bigint, 'what was exported is imported');
SELECT is(test.blocks(), (SELECT blocks FROM before), 'all as it was');
SELECT is((SELECT string_agg(e, E'\n') FROM bounce.export_blocks() AS e),
          (SELECT csv FROM written), 'to the letter');

-- an address is a stranger's, and a spreadsheet runs what begins like a formula
CREATE TEMPORARY TABLE formula AS
SELECT a || '@evil.example' AS address
FROM unnest($${=cmd|calc!A1,+1,-2,'=3,＝4,'anna}$$::text[]) AS a;
SELECT bounce.lift_block(b.address, 'w') FROM bounce.blocked_address AS b;
SELECT bounce.block_address(f.address, '@SUM(1); =2') FROM formula AS f;
CREATE TEMPORARY TABLE sheet AS
SELECT string_agg(e, E'\n') AS csv FROM bounce.export_blocks() AS e;
SELECT is((SELECT count(*)
           FROM sheet, LATERAL regexp_matches(csv, $$(?:^|[\n,;"])[\s]*[-=+@＝]$$, 'g')), 0::bigint,
          'no field begins a formula');
SELECT bounce.lift_block(f.address, 'w') FROM formula AS f;
SELECT bounce.import_blocks(sheet.csv, 'back') FROM sheet;
SELECT bag_eq('SELECT b.address, b.why FROM bounce.blocked_address AS b',
              $$SELECT f.address, '@SUM(1); =2' FROM formula AS f$$,
              'and read again it is what it was');

-- an import is taken back
SELECT bounce.lift_block(b.address, 'w') FROM bounce.blocked_address AS b;
SELECT bounce.block_address('day@x.example', 'w', until => now() + interval '1 day');
SELECT bounce.block_address('stays@x.example', 'w');
CREATE TEMPORARY TABLE third AS
SELECT i.* FROM list, LATERAL bounce.import_blocks(list.good, 'once more') AS i;
SELECT bounce.lift_block('anna@x.example', 'works');
SELECT is((SELECT w::text FROM third, LATERAL bounce.withdraw_block_import(import_id, 'w') AS w),
          '(3,1)', 'what it blocked is lifted, what it replaced is back');
SELECT is(test.blocks(), 'day person ends, stays person', 'as before the import');
SELECT throws_ok(format('SELECT bounce.withdraw_block_import(%s, %L)', import_id, 'w'), 'P0002',
                 NULL, 'once') FROM third;

SELECT * FROM finish();
ROLLBACK;
