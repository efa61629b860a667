-- SPDX-License-Identifier: BSD-2-Clause
-- For tests/bench/replication.pl, after db.sql: a procedure that commits with and without waiting
-- for the standby, in turns, and says how long each took, and whether the standby had it then.
CREATE TABLE test.line_of_text (text text);
CREATE TABLE test.turn_taken (what text, round integer, how text, us float8, is_there boolean,
                              message_id bigint);
-- One COMMIT of so many bounces; of none, a bare row. Prepared before, committed by the caller.
CREATE FUNCTION test.write(letters jsonb[]) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  CASE cardinality(letters)
    WHEN 0 THEN
      INSERT INTO test.line_of_text VALUES ('a row');
      RETURN NULL;
    WHEN 1 THEN
      RETURN (bounce.record_report(letters[1], 'the raw message')).bounce_message_id;
    ELSE
      RETURN max(r.bounce_message_id)
      FROM bounce.record_reports(letters, array_fill('the raw message'::bytea,
                                                     ARRAY[cardinality(letters)])) AS r;
  END CASE;
END $$;
-- local: the COMMIT waits for this server's disk; on: for the standby's as well. Each goes first in
-- every second turn.
CREATE PROCEDURE test.take_turns(what text, bounces integer, turns integer, round integer,
                                 total bigint)
LANGUAGE plpgsql AS $$
DECLARE
  letters jsonb[];
  how text;
  message bigint;
  written pg_lsn;
  t0 timestamptz;
  t1 timestamptz;
BEGIN
  FOR turn IN 1 .. turns LOOP
    FOREACH how IN ARRAY CASE turn % 2 WHEN 0 THEN '{local,on}'::text[] ELSE '{on,local}' END LOOP
      letters := ARRAY(SELECT test.letter('hard, by token', test.next_recipient(total))
                       FROM generate_series(1, bounces));
      PERFORM set_config('synchronous_commit', how, false);
      COMMIT;
      t0 := clock_timestamp();
      message := test.write(letters);
      written := pg_current_wal_insert_lsn();
      COMMIT;
      t1 := clock_timestamp();
      INSERT INTO test.turn_taken
      SELECT what, round, how, extract(epoch FROM t1 - t0) * 1000000, s.flush_lsn >= written,
             message
      FROM pg_stat_replication AS s;
      -- so that the next turn finds nothing of this one still on its way
      PERFORM set_config('synchronous_commit', 'on', false);
      COMMIT;
    END LOOP;
  END LOOP;
END $$;
