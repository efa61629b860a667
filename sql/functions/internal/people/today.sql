-- SPDX-License-Identifier: BSD-2-Clause
--
-- Counters of today (UTC). Up to a mark they are in today_figure; what has come since is counted
-- when somebody asks. Who asks regularly moves the marks first (bounce.count_today), so that asking
-- costs what has come since, however much the day has brought. Whoever records neither counts nor
-- waits: a mark passes an id when every transaction that could have drawn one below it has ended.
-- Therefore an id is drawn by who has a transaction id already (new_message_id).

CREATE OR REPLACE FUNCTION bounce_internal.today_lock() RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT hashtextextended('counted today', 0)
$$;
COMMENT ON FUNCTION bounce_internal.today_lock() IS
  'the advisory lock of moving the marks: shared by those who change what may be counted';

CREATE OR REPLACE FUNCTION bounce_internal.new_message_id() RETURNS bigint
LANGUAGE sql AS $$
  SELECT CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('bounce.bounce_message_id_seq') END
$$;
COMMENT ON FUNCTION bounce_internal.new_message_id() IS
  'the id of a report, drawn by a transaction that has one itself: see counted_today.next_id';

CREATE OR REPLACE FUNCTION bounce_internal.last_id_before(what text, before timestamptz)
RETURNS bigint
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  RETURN coalesce(
    CASE what
      WHEN 'bounce' THEN (SELECT b.id FROM bounce.bounce AS b WHERE b.received_at < before
                          ORDER BY b.id DESC LIMIT 1)
      WHEN 'bounce_message' THEN (SELECT m.id FROM bounce.bounce_message AS m
                                  WHERE m.received_at < before ORDER BY m.id DESC LIMIT 1)
      ELSE (SELECT r.id FROM bounce.communication_recipient AS r WHERE r.created_at < before
            ORDER BY r.id DESC LIMIT 1) END, 0);
END $$;
COMMENT ON FUNCTION bounce_internal.last_id_before(text, timestamptz) IS
  'the greatest id of a row of before that time, 0 without one; reads all rows of after it';

CREATE OR REPLACE FUNCTION bounce_internal.first_mark(what text, midnight timestamptz)
RETURNS bounce.counted_today
LANGUAGE plpgsql STABLE AS $$
DECLARE
  -- who began in the hour before midnight may draw an id after it
  last CONSTANT bigint := bounce_internal.last_id_before(what, midnight - interval '1 hour');
  m bounce.counted_today;
BEGIN
  m := (what, midnight, bounce_internal.last_id_before(what, midnight), last, last, '0');
  RETURN m;
END $$;
COMMENT ON FUNCTION bounce_internal.first_mark(text, timestamptz) IS
  'the mark of a day of which nothing is counted';

CREATE OR REPLACE FUNCTION bounce_internal.mark_of(what text, midnight timestamptz)
RETURNS bounce.counted_today
LANGUAGE plpgsql STABLE AS $$
DECLARE
  m bounce.counted_today;
BEGIN
  SELECT * INTO m FROM bounce.counted_today AS k
  WHERE k.what = mark_of.what AND k.midnight = mark_of.midnight;
  RETURN CASE WHEN FOUND THEN m ELSE bounce_internal.first_mark(what, midnight) END;
END $$;
COMMENT ON FUNCTION bounce_internal.mark_of(text, timestamptz) IS
  'how far the rows of a day are counted';

-- What is counted ------------------------------------------------------------------------
--
-- Rows of a day behind one id and up to another, looked up one by one, whatever the statistics of
-- the month say: a join would read all mails there ever were.

CREATE OR REPLACE FUNCTION bounce_internal.figures_of_bounces(
  m bounce.counted_today, until_id bigint)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off
  SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off SET jit = off
AS $$
DECLARE
  have_failed CONSTANT boolean := EXISTS (SELECT FROM bounce.today_figure AS f
                                          WHERE f.name = 'bounce_recipients_failed_total');
BEGIN
  RETURN QUERY
  WITH b AS MATERIALIZED (
    SELECT c.process, q.class, q.reason, q.trust, count(*) AS bounces,
           CASE WHEN bounce_internal.is_our_failure(q) THEN q.recipient_id END AS failed
    FROM bounce.bounce AS q LEFT JOIN bounce.communication AS c ON c.id = q.communication_id
    LEFT JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
    WHERE q.received_at >= m.midnight AND q.id > m.last_id AND q.id <= until_id
      AND bounce_internal.is_test_address(r.address_key) IS NOT TRUE
    GROUP BY 1, 2, 3, 4, 6)
  SELECT 'bounce_reports_total', b.process, ARRAY[b.class::text, b.reason, b.trust::text],
         sum(b.bounces)::bigint
  FROM b GROUP BY b.process, b.class, b.reason, b.trust
  UNION ALL
  SELECT 'bounce_recipients_failed_total', f.process, '{}', count(*)
  FROM (SELECT DISTINCT b.process, b.failed FROM b WHERE b.failed IS NOT NULL) AS f
  -- who failed before is counted; EXISTS would be hashed, which reads the whole day
  LEFT JOIN LATERAL (SELECT true AS is_counted FROM bounce.bounce AS q
                     WHERE q.recipient_id = f.failed AND q.received_at >= m.midnight
                       AND q.id <= m.last_id AND bounce_internal.is_our_failure(q)
                     LIMIT 1) AS k ON have_failed
  WHERE k.is_counted IS NULL
  GROUP BY f.process;
END $$;
COMMENT ON FUNCTION bounce_internal.figures_of_bounces(bounce.counted_today, bigint) IS
  'the day''s figures that the bounces behind a mark, up to an id, add to those before it';

CREATE OR REPLACE FUNCTION bounce_internal.figures_of_messages(
  m bounce.counted_today, until_id bigint)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
BEGIN
  RETURN QUERY
  SELECT 'bounce_messages_total', NULL::text, ARRAY[q.source, q.kind], count(*)
  FROM bounce.bounce_message AS q
  WHERE q.received_at >= m.midnight AND q.id > m.last_id AND q.id <= until_id
  GROUP BY q.source, q.kind;
END $$;
COMMENT ON FUNCTION bounce_internal.figures_of_messages(bounce.counted_today, bigint) IS
  'the day''s figures of the reports behind a mark, up to an id';

CREATE OR REPLACE FUNCTION bounce_internal.figures_of_recipients(
  m bounce.counted_today, until_id bigint, with_unsent boolean)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off
  SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
  RETURN QUERY
  SELECT 'bounce_recipients_sent_total', c.process, '{}'::text[], count(*)
  FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  WHERE r.created_at >= m.midnight AND r.id > m.last_id AND r.id <= until_id
    AND (with_unsent OR r.attempts > 0) AND NOT bounce_internal.is_test_address(r.address_key)
  GROUP BY c.process;
END $$;
COMMENT ON FUNCTION bounce_internal.figures_of_recipients(bounce.counted_today, bigint, boolean) IS
  'the recipients of the day behind a mark, up to an id, that were sent to, or all of them';

CREATE OR REPLACE FUNCTION bounce_internal.figures_of_unsent(m bounce.counted_today)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_hashjoin = off
  SET enable_mergejoin = off SET jit = off AS $$
BEGIN
  RETURN QUERY
  SELECT 'bounce_recipients_sent_total', c.process, '{}'::text[], -count(*)
  FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  WHERE r.attempts = 0 AND r.created_at >= m.midnight AND r.id <= m.last_id
    AND NOT bounce_internal.is_test_address(r.address_key)
  GROUP BY c.process;
END $$;
COMMENT ON FUNCTION bounce_internal.figures_of_unsent(bounce.counted_today) IS
  'what the recipients up to the mark that were sent nothing yet take away again: they are counted '
  'when they come, so that whoever sends to them need not tell';

CREATE OR REPLACE FUNCTION bounce_internal.figures_of_today(midnight timestamptz)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  b CONSTANT bounce.counted_today := bounce_internal.mark_of('bounce', midnight);
  m CONSTANT bounce.counted_today := bounce_internal.mark_of('bounce_message', midnight);
  r CONSTANT bounce.counted_today := bounce_internal.mark_of('communication_recipient', midnight);
  no_end CONSTANT bigint := 9223372036854775807;
BEGIN
  RETURN QUERY SELECT * FROM bounce_internal.figures_of_bounces(b, no_end)
  UNION ALL SELECT * FROM bounce_internal.figures_of_messages(m, no_end)
  UNION ALL SELECT * FROM bounce_internal.figures_of_recipients(r, no_end, false);
  IF EXISTS (SELECT FROM bounce.counted_today AS k
             WHERE k.midnight = figures_of_today.midnight) THEN
    RETURN QUERY SELECT f.name, f.process, f.labels, f.number FROM bounce.today_figure AS f
    UNION ALL SELECT * FROM bounce_internal.figures_of_unsent(r);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.figures_of_today(timestamptz) IS
  'the figures of the day that began then; rows of the same kind are to be added up';

-- Moving the marks -----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.last_id_of(what text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE what
    WHEN 'bounce' THEN
      (SELECT s.last_value - (NOT s.is_called)::integer FROM bounce.bounce_id_seq AS s)
    WHEN 'bounce_message' THEN
      (SELECT s.last_value - (NOT s.is_called)::integer FROM bounce.bounce_message_id_seq AS s)
    ELSE
      (SELECT s.last_value - (NOT s.is_called)::integer
       FROM bounce.communication_recipient_id_seq AS s) END;
END $$;
COMMENT ON FUNCTION bounce_internal.last_id_of(text) IS
  'the last id that somebody has drawn for a row of this table';

CREATE OR REPLACE FUNCTION bounce_internal.begin_today(
  midnight timestamptz, whats text[], last_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM bounce.counted_today;
  DELETE FROM bounce.today_figure;
  INSERT INTO bounce.counted_today (what, midnight, first_id, last_id, next_id, horizon)
  SELECT w.what, f.midnight, f.first_id, f.last_id, greatest(f.last_id, w.last_id),
         pg_current_xact_id()
  FROM unnest(whats, last_ids) AS w (what, last_id)
  CROSS JOIN LATERAL bounce_internal.first_mark(w.what, begin_today.midnight) AS f;
END $$;
COMMENT ON FUNCTION bounce_internal.begin_today(timestamptz, text[], bigint[]) IS
  'marks for a day that begins, or is counted anew; nothing is counted yet';

CREATE OR REPLACE FUNCTION bounce_internal.figures_between(
  m bounce.counted_today, until_id bigint)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  CASE m.what
    WHEN 'bounce' THEN
      RETURN QUERY SELECT * FROM bounce_internal.figures_of_bounces(m, until_id);
    WHEN 'bounce_message' THEN
      RETURN QUERY SELECT * FROM bounce_internal.figures_of_messages(m, until_id);
    ELSE
      -- with those that are not sent to yet: figures_of_unsent()
      RETURN QUERY SELECT * FROM bounce_internal.figures_of_recipients(m, until_id, true);
  END CASE;
END $$;
COMMENT ON FUNCTION bounce_internal.figures_between(bounce.counted_today, bigint) IS
  'the figures of the rows behind a mark, up to an id';

CREATE OR REPLACE FUNCTION bounce_internal.count_up_to(m bounce.counted_today, until_id bigint)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  WITH gathered AS (
    DELETE FROM bounce.today_figure AS f WHERE f.is_change
    RETURNING f.name, f.process, f.labels, f.number)
  INSERT INTO bounce.today_figure AS t (name, process, labels, number)
  SELECT n.name, n.process, n.labels, sum(n.number)
  FROM (SELECT * FROM bounce_internal.figures_between(m, until_id)
        UNION ALL SELECT * FROM gathered) AS n
  GROUP BY n.name, n.process, n.labels
  ON CONFLICT (name, process, labels) WHERE NOT is_change
  DO UPDATE SET number = t.number + excluded.number;
  UPDATE bounce.counted_today AS k SET last_id = until_id WHERE k.what = m.what;
END $$;
COMMENT ON FUNCTION bounce_internal.count_up_to(bounce.counted_today, bigint) IS
  'counts the rows behind a mark and moves it to this id, and adds what was corrected';

CREATE OR REPLACE FUNCTION bounce_internal.count_today_at(at timestamptz, at_most bigint)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  today CONSTANT timestamptz := date_trunc('day', at, 'UTC');
  whats CONSTANT text[] := '{bounce,bounce_message,communication_recipient}';
  last_ids bigint[];
  m bounce.counted_today;
  until_id bigint;
  is_more boolean := false;
BEGIN
  -- our own transaction id must be younger than what we read of the sequences
  IF pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean
     OR pg_current_xact_id_if_assigned() IS NOT NULL
     OR NOT pg_try_advisory_xact_lock(bounce_internal.today_lock()) THEN
    RETURN false;
  END IF;
  last_ids := ARRAY(SELECT bounce_internal.last_id_of(w.what)
                    FROM unnest(whats) WITH ORDINALITY AS w (what, place) ORDER BY w.place);
  PERFORM pg_current_xact_id();
  IF cardinality(whats) <> (SELECT count(*) FROM bounce.counted_today AS k
                            WHERE k.midnight = today) THEN
    PERFORM bounce_internal.begin_today(today, whats, last_ids);
  END IF;
  FOR m IN SELECT * FROM bounce.counted_today LOOP
    -- a horizon in the future is of another cluster, out of a dump
    IF m.horizon <= pg_snapshot_xmin(pg_current_snapshot())
       OR m.horizon > pg_current_xact_id() THEN
      until_id := least(m.next_id, m.last_id + at_most);
      PERFORM bounce_internal.count_up_to(m, until_id);
      is_more := is_more OR until_id < m.next_id;
      IF until_id = m.next_id THEN
        UPDATE bounce.counted_today AS k
        SET next_id = greatest(k.next_id, last_ids[array_position(whats, k.what)]),
            horizon = pg_current_xact_id()
        WHERE k.what = m.what;
      END IF;
    END IF;
  END LOOP;
  RETURN is_more;
END $$;
COMMENT ON FUNCTION bounce_internal.count_today_at(timestamptz, bigint) IS
  'count_today() with the time and the number as arguments: so many ids of each table at most';

-- Corrections ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.add_to_today(
  b bounce.bounce, m bounce.counted_today, sign integer) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  process CONSTANT text := (SELECT c.process FROM bounce.communication AS c
                            WHERE c.id = b.communication_id);
BEGIN
  IF bounce_internal.is_test_address((SELECT r.address_key FROM bounce.communication_recipient AS r
                                      WHERE r.id = b.recipient_id)) THEN
    RETURN;
  END IF;
  INSERT INTO bounce.today_figure (name, process, labels, number, is_change)
  VALUES ('bounce_reports_total', process, ARRAY[b.class::text, b.reason, b.trust::text], sign,
          true);
  IF bounce_internal.is_our_failure(b)
     AND NOT EXISTS (SELECT FROM bounce.bounce AS q
                     WHERE q.recipient_id = b.recipient_id AND q.received_at >= m.midnight
                       AND q.id <= m.last_id AND q.id <> b.id
                       AND bounce_internal.is_our_failure(q)) THEN
    INSERT INTO bounce.today_figure (name, process, labels, number, is_change)
    VALUES ('bounce_recipients_failed_total', process, '{}', sign, true);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.add_to_today(bounce.bounce, bounce.counted_today, integer) IS
  'counts a bounce that is counted so many times more';

CREATE OR REPLACE FUNCTION bounce_internal.change_today(old bounce.bounce, new bounce.bounce)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  m bounce.counted_today;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(bounce_internal.today_lock());
  SELECT * INTO m FROM bounce.counted_today AS k
  WHERE k.what = 'bounce' AND old.id <= k.last_id AND old.received_at >= k.midnight;
  IF FOUND THEN
    PERFORM bounce_internal.add_to_today(old, m, -1);
    PERFORM bounce_internal.add_to_today(new, m, 1);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.change_today(bounce.bounce, bounce.bounce) IS
  'a verdict of today that is counted was corrected: it is counted so';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_today() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(bounce_internal.today_lock());
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM bounce.counted_today;
  ELSIF NOT bounce_internal.is_test_address(OLD.address_key) THEN
    INSERT INTO bounce.today_figure (name, process, labels, number, is_change)
    SELECT 'bounce_recipients_sent_total', c.process, '{}', -1, true
    FROM bounce.counted_today AS k JOIN bounce.communication AS c ON c.id = OLD.communication_id
    WHERE k.what = 'communication_recipient' AND OLD.id <= k.last_id
      AND OLD.created_at >= k.midnight;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_today() IS
  'a recipient of today that goes is counted no more; where one becomes a test address, or is none '
  'any more, the day is counted anew';
