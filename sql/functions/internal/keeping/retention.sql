-- SPDX-License-Identifier: BSD-2-Clause
--
-- Retention: erasing what is too old, in bounded batches.

CREATE OR REPLACE FUNCTION bounce_internal.erase_raw(
  class bounce.class, before timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  erased bigint;
BEGIN
  UPDATE bounce.bounce_message AS m SET raw = NULL
  FROM (SELECT q.id, q.received_at FROM bounce.bounce_message AS q
        WHERE q.class = erase_raw.class AND q.received_at < before AND q.raw IS NOT NULL
        ORDER BY q.received_at LIMIT batch FOR UPDATE SKIP LOCKED) AS old
  WHERE m.id = old.id AND m.received_at = old.received_at;
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END $$;
COMMENT ON FUNCTION bounce_internal.erase_raw(bounce.class, timestamptz, integer) IS
  'erases the raw messages of a class, at most a batch of the oldest. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.erase_message_detail(ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.erase_copies(ids);
  UPDATE bounce.bounce_message AS m
  SET raw = NULL, report = '{}', header_from = '', subject = '', envelope_sender = '',
      envelope_recipients = '{}', message_id = '', client = ''
  WHERE m.id = ANY (ids);
  UPDATE bounce.communication_log AS l SET text = ''
  FROM bounce.bounce AS b WHERE b.bounce_message_id = ANY (ids)
    AND l.communication_id = b.communication_id AND l.bounce_id = b.id AND l.text <> '';
  UPDATE bounce.verdict_change AS v SET old_evidence = ''
  FROM bounce.bounce AS b WHERE b.bounce_message_id = ANY (ids) AND v.bounce_id = b.id
    AND v.old_evidence <> '';
  UPDATE bounce.bounce AS b SET recipient = '', original_recipient = '', diagnostic = '',
    evidence = '', new_address = '' WHERE b.bounce_message_id = ANY (ids);
END $$;
COMMENT ON FUNCTION bounce_internal.erase_message_detail(bigint[]) IS
  'erases everything from reports, and from log entries about them, that figures do not need: '
  'time, class, reason, codes, rule and process are kept';

CREATE OR REPLACE FUNCTION bounce_internal.erase_detail(
  class bounce.class, before timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  ids CONSTANT bigint[] := ARRAY(SELECT q.id FROM bounce.bounce_message AS q
    WHERE q.class = erase_detail.class AND q.received_at < before AND q.report <> '{}'
    ORDER BY q.received_at LIMIT batch FOR UPDATE SKIP LOCKED);
BEGIN
  PERFORM bounce_internal.erase_message_detail(ids);
  RETURN cardinality(ids);
END $$;
COMMENT ON FUNCTION bounce_internal.erase_detail(bounce.class, timestamptz, integer) IS
  'erases texts and addresses of a class, at most a batch of the oldest. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.delete_report_keys(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM bounce.report_key AS k
  USING (SELECT q.key FROM bounce.report_key AS q WHERE q.seen_at < before LIMIT batch) AS old
    WHERE k.key = old.key;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;
COMMENT ON FUNCTION bounce_internal.delete_report_keys IS
  'deletes keys of old reports, at most a batch. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.last_before(before timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT max(l.id) FROM bounce.process AS p
          CROSS JOIN LATERAL (SELECT c.id FROM bounce.communication AS c
                              WHERE c.process = p.name AND c.created_at < before
                              ORDER BY c.created_at DESC, c.id DESC LIMIT 1) AS l);
END $$;
COMMENT ON FUNCTION bounce_internal.last_before(timestamptz) IS
  'the greatest id of a communication older than that, give or take a few; found by index';

CREATE OR REPLACE FUNCTION bounce_internal.delete_closed_work(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  tasks bigint;
  follow_ups bigint;
BEGIN
  DELETE FROM bounce.task AS t
  USING (SELECT q.id FROM bounce.task AS q WHERE q.status = 'done' AND q.resolved_at < before
         LIMIT batch) AS old WHERE t.id = old.id;
  GET DIAGNOSTICS tasks = ROW_COUNT;
  DELETE FROM bounce.follow_up AS u
  USING (SELECT q.id FROM bounce.follow_up AS q WHERE q.status = 'done' AND q.finished_at < before
         LIMIT batch) AS old WHERE u.id = old.id;
  GET DIAGNOSTICS follow_ups = ROW_COUNT;
  RETURN greatest(tasks, follow_ups);
END $$;
COMMENT ON FUNCTION bounce_internal.delete_closed_work IS
  'deletes old closed tasks and finished follow-ups, at most a batch of each. Returns the greater '
  'number';

CREATE OR REPLACE FUNCTION bounce_internal.delete_hard_counts(at timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  forgotten bigint;
BEGIN
  WITH gone AS (
    DELETE FROM bounce.hard_count AS h
    USING (SELECT q.ctid FROM bounce.hard_count AS q
           -- as hard_count_forgotten_idx has it
           WHERE (q.bucket AT TIME ZONE 'UTC') + CASE q.span WHEN 'minutes' THEN interval '8 days'
                                                             ELSE interval '16 days' END
                 < at AT TIME ZONE 'UTC' LIMIT batch) AS old
    WHERE h.ctid = old.ctid
    RETURNING h.scope, h.about, h.span, date_bin('1 day', h.bucket, '2000-01-01 00:00+00') AS day,
              h.count),
  kept AS (
    INSERT INTO bounce.hard_count AS d (scope, about, span, bucket, slot, count)
    SELECT g.scope, g.about, 'day', g.day, 0, sum(g.count) FROM gone AS g
    WHERE g.span = 'minutes' AND g.day + interval '16 days' >= at
    GROUP BY g.scope, g.about, g.day
    ON CONFLICT ON CONSTRAINT hard_count_pkey DO UPDATE SET count = d.count + excluded.count)
  SELECT count(*) INTO forgotten FROM gone;
  RETURN forgotten;
END $$;
COMMENT ON FUNCTION bounce_internal.delete_hard_counts IS
  'deletes old counters of the outage guard, at most a batch: of ten minutes, which it adds to '
  'those of their days, and of days. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.delete_soft_days(at timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM bounce.soft_bounce_day AS d
  USING (SELECT q.address_key, q.day FROM bounce.soft_bounce_day AS q
         WHERE q.day < (delete_soft_days.at - interval '365 days')::date LIMIT batch) AS old
  WHERE d.address_key = old.address_key AND d.day = old.day;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;
COMMENT ON FUNCTION bounce_internal.delete_soft_days(timestamptz, integer) IS
  'deletes days of soft bounces that are a year old, at most a batch. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.erase_old_content(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  last CONSTANT bigint := bounce_internal.last_before(before);
  ids CONSTANT bigint[] := ARRAY(
    SELECT k.communication_id FROM bounce.communication_content AS k
    JOIN bounce.communication_delivery AS d ON d.communication_id = k.communication_id
    WHERE k.communication_id <= last AND d.state IN ('SUCCESS', 'ERROR') AND d.end_time < before
      AND NOT EXISTS (SELECT FROM bounce.communication_log AS l
                      WHERE l.communication_id = k.communication_id AND l.at >= before)
      AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS r
                      WHERE r.communication_id = k.communication_id
                        AND r.next_attempt_at IS NOT NULL)
    ORDER BY k.communication_id LIMIT batch);
BEGIN
  PERFORM bounce_internal.erase_content(i) FROM unnest(ids) AS i;
  RETURN cardinality(ids);
END $$;
COMMENT ON FUNCTION bounce_internal.erase_old_content(timestamptz, integer) IS
  'erases the content of mails that ended before that time, of which nothing has been told since, '
  'and which wait for nothing; at most a batch of the oldest. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.note_housekeeping(what text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.housekeeping_time (what, at)
  SELECT note_housekeeping.what, clock_timestamp()
  WHERE NOT EXISTS (SELECT FROM bounce.housekeeping_time AS h
                    WHERE h.what = note_housekeeping.what)
  ON CONFLICT ON CONSTRAINT housekeeping_time_pkey DO NOTHING;
  -- nobody waits for another one that keeps house
  UPDATE bounce.housekeeping_time AS h SET at = clock_timestamp()
  WHERE h.what = (SELECT n.what FROM bounce.housekeeping_time AS n
                  WHERE n.what = note_housekeeping.what FOR UPDATE SKIP LOCKED);
END $$;
COMMENT ON FUNCTION bounce_internal.note_housekeeping(text) IS
  'keeps the time, for metrics(): of the begin (began) or of the end (ended)';

CREATE OR REPLACE FUNCTION bounce_internal.housekeeping_at(at timestamptz, batch integer)
RETURNS TABLE (step text, done bigint)
LANGUAGE plpgsql AS $$
DECLARE
  class text;
BEGIN
  step := 'copies erased';         done :=
    bounce_internal.erase_old_copies(at - bounce_internal.parameter_interval(
                                            'keep_raw_unclassified'), batch); RETURN NEXT;
  FOREACH class IN ARRAY ARRAY['hard', 'soft', 'technical', 'auto_reply', 'unclassified'] LOOP
    step := 'raw messages erased: '
      || class; done := bounce_internal.erase_raw(class,
                                                  at - bounce_internal.parameter_interval(
                                                      'keep_raw_' || class), batch);    RETURN NEXT;
    step := 'details erased: '
      || class; done := bounce_internal.erase_detail(class,
                                                     at - bounce_internal.parameter_interval(
                                                         'keep_detail_' || class),
                                                     batch); RETURN NEXT;
  END LOOP;
  step := 'contents erased';       done :=
    bounce_internal.erase_old_content(at - bounce_internal.parameter_interval('keep_content'),
                                      batch); RETURN NEXT;
  step := 'report keys forgotten'; done :=
    bounce_internal.delete_report_keys(at - bounce_internal.parameter_interval('keep_events'),
                                       batch); RETURN NEXT;
  step := 'copies forgotten';      done :=
    bounce_internal.delete_old_copies(at - bounce_internal.parameter_interval('keep_events'),
                                      batch); RETURN NEXT;
  step := 'work forgotten';        done :=
    bounce_internal.delete_closed_work(at - bounce_internal.parameter_interval('keep_events'),
                                       batch); RETURN NEXT;
  step := 'counters forgotten';    done := bounce_internal.delete_hard_counts(at,
      batch);        RETURN NEXT;
  step := 'soft bounces forgotten'; done := bounce_internal.delete_soft_days(at, batch);
    RETURN NEXT;
  step := 'blocks ended';          done := bounce_internal.end_blocks(at, batch);  RETURN NEXT;
  step := 'token keys dropped';    done := bounce.drop_expired_token_keys(at);     RETURN NEXT;
  step := 'mails brought forward'; done := bounce_internal.bring_forward(at, batch); RETURN NEXT;
  step := 'held blocks left over'; done := bounce_internal.decide_leftovers(batch); RETURN NEXT;
  step := 'domains learned';       done :=
    bounce_internal.learn_domains(batch);            RETURN NEXT;
  -- last: their locks last until the end of the transaction, and they come again next time
  step := 'months made';           done := bounce_internal.make_months(at); RETURN NEXT;
  step := 'months dropped';        done :=
    bounce_internal.drop_months(at - bounce_internal.parameter_interval('keep_events'));
  RETURN NEXT;
  step := 'changes gathered';      done := bounce_internal.gather_changes(batch);  RETURN NEXT;
  -- whoever changes what may be counted waits for it: nothing may come after it
  step := 'days counted';          done := bounce_internal.count_days(at,
      least(batch, 31)); RETURN NEXT;
END $$;
COMMENT ON FUNCTION bounce_internal.housekeeping_at(timestamptz, integer) IS
  'housekeeping() with the time as an argument';
