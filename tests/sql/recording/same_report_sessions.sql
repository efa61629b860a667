-- SPDX-License-Identifier: BSD-2-Clause
-- Two sessions with the same report, and with reports about the same addresses in opposite
-- order.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.connect('a', 'b');

-- Whether the session had a duplicate.
CREATE FUNCTION test.ask(session text, report jsonb) RETURNS boolean LANGUAGE sql AS $$
  SELECT o.duplicate FROM dblink(session,
                                 format('SELECT duplicate FROM test.record(%L)',
                                        report)) AS o (duplicate boolean)
$$;
CREATE FUNCTION test.ask_and_block(session text, report jsonb) RETURNS boolean LANGUAGE sql AS $$
  SELECT test.send_and_block(session, format('SELECT duplicate FROM test.record(%L)', report))
$$;
-- The same of a session that was made to wait. A second read tells dblink that there is no more.
CREATE FUNCTION test.answer(session text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  duplicate CONSTANT boolean := (SELECT o.duplicate
                                 FROM dblink_get_result(session) AS o (duplicate boolean));
BEGIN
  PERFORM FROM dblink_get_result(session) AS o (duplicate boolean);
  RETURN duplicate;
END
$$;

SELECT test.mail('m' || i, ARRAY['r' || i || '@example.com']) FROM generate_series(1, 7) AS i;

-- the first one commits
SELECT dblink_exec('a', 'BEGIN');
SELECT is(test.ask('a', test.report('user_unknown', 'r1@example.com', about => 'm1')), false,
          'the first session records');
SELECT ok(test.ask_and_block('b', test.report('user_unknown', 'r1@example.com', about => 'm1')),
          'the second waits');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(test.answer('b'), true, 'and has a duplicate');
SELECT is((SELECT count(*) FROM bounce.bounce WHERE recipient = 'r1@example.com'), 1::bigint,
          'it is recorded once');

-- the first one fails
SELECT dblink_exec('a', 'BEGIN');
SELECT test.ask('a', test.report('user_unknown', 'r2@example.com', about => 'm2'));
SELECT ok(test.ask_and_block('b', test.report('user_unknown', 'r2@example.com', about => 'm2')),
          'the second waits again');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT is(test.answer('b'), false, 'the first one was rolled back: the report is the second''s');
SELECT is((SELECT count(*) FROM bounce.bounce WHERE recipient = 'r2@example.com'), 1::bigint,
          'it is recorded once');

-- Opposite order: a holds what b needs first, and then wants what b would hold if it had not
-- sorted.
CREATE FUNCTION test.both(status text, first text, second text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_set(test.report('user_unknown', ''), '{envelope,recipients}',
                   jsonb_build_array(test.return_path(first), test.return_path(second)))
    || jsonb_build_object('recipients',
                          jsonb_build_array(test.reported('user_unknown', first, status),
                                            test.reported('user_unknown', second, status)))
$$;
SELECT dblink_exec('a', 'BEGIN');
SELECT test.ask('a', test.both('5.1.1', 'r3@example.com', 'r4@example.com'));
SELECT ok(test.ask_and_block('b', test.both('5.1.10', 'r4@example.com', 'r3@example.com')),
          'about the same two mails: the second waits');
SELECT lives_ok($$SELECT test.ask('a', test.both('5.1.2', 'r4@example.com', 'r3@example.com'))$$,
                'the first can go on');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(test.answer('b'), false, 'then the second does');
SELECT is((SELECT count(*) FROM bounce.address_block
           WHERE address IN ('r3@example.com', 'r4@example.com')), 2::bigint,
          'each address is blocked once');

-- Report keys in opposite order: a has the lesser one and then wants the greater one; b's
-- document has the greater one first.
CREATE FUNCTION test.about(addresses text[]) RETURNS jsonb LANGUAGE sql AS $$
  SELECT test.report('user_unknown', '', own_mta => true,
                     more => '{"original": {"queue_id": "4Queue"}}')
                     || jsonb_build_object('recipients',
    (SELECT jsonb_agg(test.reported('user_unknown', a)) FROM unnest(addresses) AS a))
$$;
SELECT min(f.recipient) FILTER (WHERE f.place = 1) AS lesser,
       min(f.recipient) FILTER (WHERE f.place = 2) AS greater
FROM (SELECT u.recipient, row_number() OVER (ORDER BY u.report_key) AS place
      FROM unnest(bounce_internal.findings_of(
          test.about('{r5@example.com,r6@example.com}'))) AS u) AS f \gset
SELECT dblink_exec('a', 'BEGIN');
SELECT is(test.ask('a', test.about(ARRAY[:'lesser'])), false, 'the first has the lesser key');
SELECT ok(test.ask_and_block('b', test.about(ARRAY[:'greater', :'lesser'])),
          'the second wants both');
SELECT is(test.ask('a', test.about(ARRAY[:'greater'])), false, 'the first gets the greater one');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(test.answer('b'), true, 'nothing is left for the second');

-- A bounce and the application's resend of the same mail
SELECT id AS m7 FROM bounce.communication WHERE business_ref = 'm7' \gset
SELECT dblink_exec('a', 'BEGIN');
SELECT * FROM dblink('a',
                     format('SELECT id FROM bounce.communication WHERE id = %s FOR NO KEY UPDATE',
                            :m7)) AS d (id bigint);
SELECT ok(test.ask_and_block('b', test.report('user_unknown', 'r7@example.com', about => 'm7')),
          'the report waits for the mail');
SELECT lives_ok($$SELECT *
                  FROM dblink('a', format('SELECT bounce.confirm_resend(%s)',
                                          (test.recipient('r7@example.com')).id)) AS d (
                                              sends integer)$$,
                'and holds nothing of it');
SELECT dblink_exec('a', 'COMMIT');
SELECT is(test.answer('b'), false, 'then it is recorded');

-- Two people who do the same at the same moment: it is done once
SELECT bounce.set_parameter('owner_notice', 'on'),
       bounce.set_parameter('owner_mailbox', 'owner@example.org'),
       bounce.set_parameter('owner_notice_interval', '1 second');
SELECT test.mail('p' || i, ARRAY['p' || i || '@people.example']) FROM generate_series(1, 4) AS i;
SELECT test.record(test.report('user_unknown', 'p' || i || '@people.example', about => 'p' || i,
                               own_mta => true)) FROM generate_series(1, 4) AS i;
SELECT min(id) AS b FROM bounce.bounce WHERE recipient = 'p1@people.example' \gset
CREATE FUNCTION test.twice(statement text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM dblink_exec('a', 'BEGIN');
  RETURN NEXT is((SELECT d.done FROM dblink('a', statement) AS d (done boolean)), true,
                 what || ': the first does it');
  PERFORM test.send_and_block('b', statement);
  PERFORM dblink_exec('a', 'COMMIT');
  RETURN NEXT is(test.answer('b'), false, what || ': the second finds nothing to do');
END
$$;
SELECT test.twice(format(
    'SELECT bounce.reclassify(%s, ''spam_rejected'', ''seen'') NOT LIKE ''nothing to do%%''', :b),
                  'reclassify');
SELECT test.twice('SELECT bounces > 0 FROM bounce.undo_bounces(now() - interval ''1 hour'', NULL, '
                  '''too early'', domain => ''people.example'')', 'undo');
SELECT test.twice('SELECT bounce.lift_block(''r3@example.com'', ''works'')', 'unblock');
-- what one worker takes, another passes by
SELECT test.mail('q' || i, ARRAY['q' || i || '@people.example']) FROM generate_series(1, 3) AS i;
SELECT bounce.set_parameter('follow_up', 'on');
SELECT test.record(test.report('user_unknown', 'q' || i || '@people.example', about => 'q' || i,
                               own_mta => true)) FROM generate_series(1, 3) AS i;
SELECT dblink_exec('a', 'BEGIN');
SELECT is((SELECT d.n
           FROM dblink('a', 'SELECT count(*) FROM bounce.claim_follow_up(''a'', 2, kinds => '
                            '''{hard_bounce}'')') AS d (n bigint)), 2::bigint,
          'one claims two follow-ups');
SELECT is((SELECT d.n
           FROM dblink('b', 'SELECT count(*) FROM bounce.claim_follow_up(''b'', 5, kinds => '
                            '''{hard_bounce}'')') AS d (n bigint)), 1::bigint,
          'the other has the third, and does not wait');
SELECT is((SELECT d.n
           FROM dblink('a', 'SELECT bounce.send_owner_notices(now() + interval ''1 hour'')') AS d (
               n integer)), 1, 'one tells the owner');
SELECT is((SELECT d.n
           FROM dblink('b', 'SELECT bounce.send_owner_notices(now() + interval ''1 hour'')') AS d (
               n integer)), 0, 'the other does not, and does not wait');
SELECT dblink_exec('a', 'COMMIT');

SELECT * FROM finish();
