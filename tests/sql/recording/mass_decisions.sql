-- SPDX-License-Identifier: BSD-2-Clause
-- Somebody decides about hundreds of mails in one transaction: a report about one of them is put
-- off at once, and keeps no connection from the reports about all others.
\ir ../lib/helper.psql
\ir ../lib/sessions.psql
SELECT * FROM no_plan();

SELECT test.set('guard_minimum', '5'), test.set('guard_minimum_overall', '100000'),
       test.set('guard_factor', '1');
SELECT test.connect('a', 'b');
SELECT dblink_exec('b', $$SET statement_timeout = '10s'; SET lock_timeout = '1h'$$);

-- Who asks has the lock for himself for an instant, who decides has it shared.
SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', 'SELECT pg_advisory_xact_lock(bounce_internal.many_mails_lock())::text')
  AS d (r text);
SELECT ok(NOT bounce_internal.are_many_decided(), 'another session that asks does not count');
SELECT dblink_exec('a', 'ROLLBACK; BEGIN');
SELECT FROM dblink('a', 'SELECT bounce_internal.announce_mails(1000)::text') AS d (r text);
SELECT ok(bounce_internal.are_many_decided(), 'one that decides does');
SELECT dblink_exec('a', 'ROLLBACK');
SELECT ok(NOT bounce_internal.are_many_decided(), 'until it has ended');

-- Two recipients a mail, of whom the first one bounces.
SELECT test.mail(place || i, ARRAY[format('%s%s.1@%1$s.example', place, i),
                                   format('%s%s.2@%1$s.example', place, i)])
FROM unnest('{many,few}'::text[]) AS place CROSS JOIN generate_series(1, 300) AS i
WHERE place = 'many' OR i <= 30;
CREATE FUNCTION test.dead(address text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT test.report('user_unknown', address, "to" => test.return_path(address))
$$;
SELECT bounce.record_reports(
  ARRAY(SELECT test.dead(format('%s%s.1@%1$s.example', place, 30 * n + k))
        FROM generate_series(1, 30) AS k), array_fill('raw'::bytea, '{30}'))
FROM (SELECT 'many' AS place, n FROM generate_series(0, 9) AS n UNION ALL SELECT 'few', 0) AS p;
SELECT ok(o.held > 200, 'hundreds are held') FROM bounce.open_outage AS o
WHERE o.about = 'many.example';

CREATE FUNCTION test.full(address text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT test.report('mailbox_full', address, '4.2.2', "to" => test.return_path(address))
$$;
CREATE FUNCTION test.outage_of(place text) RETURNS bigint LANGUAGE sql AS $$
  SELECT max(t.id) FROM bounce.task AS t JOIN bounce.outage AS o ON 'outage:' || o.id = t.dedup_key
  WHERE o.about = place || '.example'
$$;
-- What session b hears about such a report; '' when it is recorded.
CREATE FUNCTION test.hears(address text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  PERFORM dblink_send_query('b', format('SELECT test.record(test.full(%L))', address));
  PERFORM FROM dblink_get_result('b', false) AS d (r text);
  said := substring(dblink_error_message('b') FROM 'ERROR: +([^\n]*)');
  PERFORM FROM dblink_get_result('b', false) AS d (r text);
  RETURN coalesce(said, '');
END $$;

-- Each act by which a person decides about many mails, and a mail that it is about.
CREATE TABLE test.act (place text, number serial, what text, statement text);
INSERT INTO test.act (place, what, statement)
SELECT 'many', v.what, v.statement
FROM (VALUES
  ('dismisses an outage', $$bounce.dismiss_outage(test.outage_of('many'), 'over')$$),
  ('takes that back', $$bounce.reopen_task(test.outage_of('many'), 'not over')$$),
  ('confirms it', $$bounce.confirm_outage(test.outage_of('many'))$$),
  ('undoes bounces', $$bounce.undo_bounces(now() - interval '1 hour', NULL, 'wrong',
                                           domain => 'many.example')$$),
  ('takes that back, too', $$bounce.redo_bounces((SELECT max(u.id) FROM bounce.undo AS u),
                                                 'right')$$)) AS v (what, statement);

CREATE PROCEDURE test.act_while_recording(a test.act) LANGUAGE plpgsql AS $$
DECLARE
  address CONSTANT text := format('many%s.2@many.example', 100 + a.number);
BEGIN
  PERFORM dblink_exec('a', 'BEGIN');
  PERFORM FROM dblink('a', 'SELECT ' || a.statement || '::text') AS d (r text);
  INSERT INTO test.heard VALUES (a.what, test.hears(address),
                                 test.hears('else' || a.number || '@else.example'));
  PERFORM dblink_exec('a', 'COMMIT');
  UPDATE test.heard AS h SET afterwards = test.hears(address) WHERE h.what = a.what;
END $$;
CREATE TABLE test.heard (what text, meanwhile text, elsewhere text, afterwards text);
SELECT test.mail('else' || i, ARRAY[format('else%s@else.example', i)])
FROM generate_series(1, 9) AS i;
DO $$
DECLARE
  act test.act;
BEGIN
  FOR act IN SELECT t.* FROM test.act AS t ORDER BY t.number LOOP
    COMMIT;
    CALL test.act_while_recording(act);
  END LOOP;
END $$;
SELECT is(h.meanwhile, 'canceling statement due to lock timeout',
          'who ' || h.what || ': a report about one of the mails is put off, and does not wait')
FROM test.heard AS h;
SELECT is(h.elsewhere, '', 'who ' || h.what || ': any other is recorded') FROM test.heard AS h;
SELECT is(h.afterwards, '', 'who ' || h.what || ': and that one afterwards') FROM test.heard AS h;
SELECT is((SELECT count(*) FROM test.heard), 5::bigint, 'each of the acts was tried');

-- Whoever decides about a few is waited for: it takes an instant.
SELECT dblink_exec('a', 'BEGIN');
SELECT FROM dblink('a', $$SELECT bounce.dismiss_outage(test.outage_of('few'), 'over')$$)
  AS d (n integer);
SELECT ok(test.send_and_block('b', $$SELECT test.record(test.full('few7.2@few.example'))$$),
          'who decides about a few mails is waited for');
SELECT dblink_exec('a', 'COMMIT');
SELECT isnt((SELECT d.r FROM dblink_get_result('b') AS d (r text)), NULL, 'and it is recorded');
SELECT FROM dblink_get_result('b') AS d (r text);

-- Meanwhile all else is waited for as always.
SELECT dblink_exec('a', 'BEGIN'), dblink_exec('b', 'BEGIN');
SELECT FROM dblink('a', 'SELECT bounce_internal.announce_mails(1000)') AS d (b boolean);
SELECT FROM dblink('b', $$SELECT test.record(test.full('few8.2@few.example'))$$) AS d (r text);
SELECT is((SELECT d.t FROM dblink('b', 'SHOW lock_timeout') AS d (t text)), '1h',
          'who records waits for other locks as long as he was told');
SELECT dblink_exec('b', 'COMMIT'), dblink_exec('a', 'COMMIT');
SELECT is_empty('SELECT * FROM bounce.audit()', 'the audit finds nothing');

SELECT * FROM finish();
