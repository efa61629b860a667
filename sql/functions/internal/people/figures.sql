-- SPDX-License-Identifier: BSD-2-Clause
--
-- Figures of a period. Of the days that housekeeping has counted they are sums of a few rows; what
-- is left of the period, as today, is counted where it is. Whatever changes a day that is counted
-- adds the difference to it, or has it counted anew. Each row of a domain is in one of all domains
-- (domain NULL) as well: who does not ask for domains reads a hundredth.

CREATE OR REPLACE FUNCTION bounce_internal.time_label(dimension text, at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE dimension WHEN 'hour' THEN to_char(at, 'YYYY-MM-DD HH24:00')
              WHEN 'day' THEN to_char(at, 'YYYY-MM-DD')
                        WHEN 'week' THEN to_char(at, 'IYYY-"W"IW')
                          WHEN 'month' THEN to_char(at, 'YYYY-MM') END
$$;
COMMENT ON FUNCTION bounce_internal.time_label IS 'the label of an hour, day, week or month';


-- Counting -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.class_of_figure(b bounce.bounce) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN b.is_notice AND b.class <> 'auto_reply' THEN 'notice' ELSE b.class::text END
$$;
COMMENT ON FUNCTION bounce_internal.class_of_figure(bounce.bounce) IS
  'the class of a bounce, or notice: what is no failure';

CREATE OR REPLACE FUNCTION bounce_internal.is_our_failure(b bounce.bounce) RETURNS boolean
LANGUAGE sql STABLE AS $$
  -- a stranger's report is no mail that came back
  SELECT bounce_internal.class_of_figure(b) IN ('hard', 'soft', 'technical')
         AND b.recipient_id IS NOT NULL AND b.trust > 'address'
$$;
COMMENT ON FUNCTION bounce_internal.is_our_failure(bounce.bounce) IS
  'whether a bounce says that a mail of ours failed';

CREATE OR REPLACE FUNCTION bounce_internal.may_count_days() RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE bounce.counted_day IN EXCLUSIVE MODE NOWAIT;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;
COMMENT ON FUNCTION bounce_internal.may_count_days() IS
  'locks the table against those who change what may be counted, and so have it in ROW SHARE mode; '
  'false when somebody does. No advisory lock: anybody could keep that, and a send could not be '
  'settled';

CREATE OR REPLACE FUNCTION bounce_internal.days_to_count(at timestamptz, at_most integer)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  first CONSTANT timestamptz := greatest(
    (SELECT r.created_at FROM bounce.communication_recipient AS r ORDER BY r.id LIMIT 1),
    at - bounce_internal.parameter_interval('keep_events') + interval '1 day');
BEGIN
  RETURN QUERY
  SELECT d, d + interval '1 day'
  FROM generate_series(date_trunc('day', first), date_trunc('day', at - interval '3 hours')
                         - interval '1 day', interval '1 day') AS d
  -- a day that was counted in another time zone is left as it is
  WHERE NOT EXISTS (SELECT FROM bounce.counted_day AS k
                    WHERE k.since < d + interval '1 day' AND k.until > d)
  ORDER BY d DESC LIMIT at_most;
END $$;
COMMENT ON FUNCTION bounce_internal.days_to_count(timestamptz, integer) IS
  'the latest days that are not counted, and over for three hours: what was begun then has ended';

-- The totals of a day, which most pages read, lie together, and not among those of its domains.
CREATE OR REPLACE FUNCTION bounce_internal.count_day(since timestamptz, until timestamptz)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.counted_day (since, until) VALUES (since, until);
  INSERT INTO bounce.day_figure (day, process, domain, sent)
  SELECT count_day.since, c.process, bounce.address_domain(r.address_key) AS domain, sum(r.attempts)
  FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  WHERE r.attempts > 0 AND NOT bounce_internal.is_test_address(r.address_key)
    AND r.created_at >= count_day.since AND r.created_at < count_day.until
  GROUP BY c.process, GROUPING SETS ((domain), ())
  ORDER BY domain NULLS FIRST;
  INSERT INTO bounce.day_figure (day, process, domain, class, reason, is_failure, bounces)
  SELECT count_day.since, c.process,
         bounce.address_domain(coalesce(r.address, b.recipient)) AS domain,
         bounce_internal.class_of_figure(b) AS class, b.reason,
         bounce_internal.is_our_failure(b) AS is_failure, count(*)
  FROM bounce.bounce AS b
  LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
  LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
  WHERE bounce_internal.is_test_address(r.address_key) IS NOT TRUE
    AND b.received_at >= count_day.since AND b.received_at < count_day.until
  GROUP BY c.process, 4, b.reason, is_failure, GROUPING SETS ((domain), ())
  ORDER BY domain NULLS FIRST;
END $$;
COMMENT ON FUNCTION bounce_internal.count_day(timestamptz, timestamptz) IS
  'counts what was sent and what came back on a day';

CREATE OR REPLACE FUNCTION bounce_internal.count_days(at timestamptz, at_most integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  d record;
  days bigint := 0;
BEGIN
  DELETE FROM bounce.counted_day AS k
  WHERE k.since < at - bounce_internal.parameter_interval('keep_events');
  IF EXISTS (SELECT FROM bounce_internal.days_to_count(at, 1))
     AND bounce_internal.may_count_days() THEN
    FOR d IN SELECT * FROM bounce_internal.days_to_count(at, at_most) LOOP
      PERFORM bounce_internal.count_day(d.since, d.until);
      days := days + 1;
    END LOOP;
  END IF;
  RETURN days;
END $$;
COMMENT ON FUNCTION bounce_internal.count_days(timestamptz, integer) IS
  'counts days that are over, at most so many, the latest first; none while somebody changes what '
  'may be counted. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.gather_changes(batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  gathered bigint;
BEGIN
  WITH changed AS (
    SELECT DISTINCT q.day, q.process, q.domain, q.class, q.reason, q.is_failure
    FROM (SELECT * FROM bounce.day_figure AS n WHERE n.is_change LIMIT batch) AS q),
  gone AS (
    DELETE FROM bounce.day_figure AS f USING changed AS k
    WHERE f.day = k.day AND f.process IS NOT DISTINCT FROM k.process
      AND f.domain IS NOT DISTINCT FROM k.domain
      AND (f.class, f.reason, f.is_failure) = (k.class, k.reason, k.is_failure) RETURNING f.*),
  put AS (
    INSERT INTO bounce.day_figure (day, process, domain, class, reason, is_failure, sent, bounces)
    SELECT g.day, g.process, g.domain, g.class, g.reason, g.is_failure, sum(g.sent), sum(g.bounces)
    FROM gone AS g GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(g.sent) <> 0 OR sum(g.bounces) <> 0)
  SELECT count(*) FILTER (WHERE g.is_change) INTO gathered FROM gone AS g;
  RETURN gathered;
END $$;
COMMENT ON FUNCTION bounce_internal.gather_changes(integer) IS
  'adds what has changed since to the rows of the days. Returns the number of changes';

-- Changes of what is counted ------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.recipient_counted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  LOCK TABLE bounce.counted_day IN ROW SHARE MODE;
  IF TG_OP = 'UPDATE' AND NEW.address_key = OLD.address_key THEN
    INSERT INTO bounce.day_figure (day, process, domain, sent, is_change)
    SELECT k.since, c.process, n.domain, NEW.attempts - OLD.attempts, true
    FROM bounce.counted_day AS k JOIN bounce.communication AS c ON c.id = NEW.communication_id
    CROSS JOIN (VALUES (bounce.address_domain(NEW.address_key)), (NULL)) AS n (domain)
    WHERE k.since <= OLD.created_at AND k.until > OLD.created_at
      AND NOT bounce_internal.is_test_address(NEW.address_key);
  ELSE
    DELETE FROM bounce.counted_day AS k
    WHERE k.since <= OLD.created_at AND k.until > OLD.created_at
       OR EXISTS (SELECT FROM bounce.bounce AS b WHERE b.recipient_id = OLD.id
                    AND b.received_at >= k.since AND b.received_at < k.until);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_counted() IS
  'one more send to a recipient of a day that is counted is added to it; where an address is '
  'erased, its days are counted anew';

CREATE OR REPLACE FUNCTION bounce_internal.add_change(b bounce.bounce, number integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.day_figure (day, process, domain, class, reason, is_failure, bounces,
                                 is_change)
  SELECT k.since,
         (SELECT c.process FROM bounce.communication AS c WHERE c.id = b.communication_id),
         n.domain, bounce_internal.class_of_figure(b), b.reason, bounce_internal.is_our_failure(b),
         number, true
  FROM bounce.counted_day AS k
  LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
  CROSS JOIN LATERAL (VALUES (bounce.address_domain(coalesce(r.address, b.recipient))),
                             (NULL)) AS n (domain)
  WHERE k.since <= b.received_at AND k.until > b.received_at
    AND bounce_internal.is_test_address(r.address_key) IS NOT TRUE;
END $$;
COMMENT ON FUNCTION bounce_internal.add_change(bounce.bounce, integer) IS
  'counts a bounce so many times more in its day, if that is counted';

CREATE OR REPLACE FUNCTION bounce_internal.bounce_counted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  LOCK TABLE bounce.counted_day IN ROW SHARE MODE;
  PERFORM bounce_internal.add_change(OLD, -1);
  PERFORM bounce_internal.add_change(NEW, 1);
  PERFORM bounce_internal.change_today(OLD, NEW);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.bounce_counted() IS
  'a verdict of a day that is counted, or of today, was corrected: it is counted so';

-- Asking --------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.counted_days(
  dimension text, since timestamptz, until timestamptz) RETURNS SETOF bounce.counted_day
LANGUAGE plpgsql STABLE ROWS 30 AS $$
BEGIN
  RETURN QUERY
  SELECT k.* FROM bounce.counted_day AS k
  WHERE k.since >= coalesce(counted_days.since, '-infinity')
    AND k.until <= coalesce(counted_days.until, 'infinity')
    -- one counted in another time zone may be in two of ours
    AND bounce_internal.time_label(dimension, k.since) IS NOT DISTINCT FROM
        bounce_internal.time_label(dimension, k.until - interval '1 microsecond');
END $$;
COMMENT ON FUNCTION bounce_internal.counted_days(text, timestamptz, timestamptz) IS
  'the counted days within a period, where they help: those that have one label';

CREATE OR REPLACE FUNCTION bounce_internal.uncounted(
  dimension text, since timestamptz, until timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT coalesce(lower(g), '-infinity'), coalesce(upper(g), 'infinity')
  FROM unnest(tstzmultirange(tstzrange(nullif($2, '-infinity'), nullif($3, 'infinity')))
              - coalesce((SELECT range_agg(tstzrange(k.since, k.until))
                          FROM bounce_internal.counted_days($1, $2, $3) AS k), '{}')) AS g
$$;
COMMENT ON FUNCTION bounce_internal.uncounted(text, timestamptz, timestamptz) IS
  'what counted_days() leaves of the period';

CREATE OR REPLACE FUNCTION bounce_internal.undone_bounces() RETURNS TABLE (id bigint)
LANGUAGE sql STABLE AS $$
  SELECT DISTINCT b FROM bounce.undo AS u CROSS JOIN unnest(u.bounces) AS b
  WHERE u.taken_back_at IS NULL
    AND NOT EXISTS (SELECT FROM bounce.verdict_change AS v
                    WHERE v.bounce_id = b AND v.at >= u.at)
$$;
COMMENT ON FUNCTION bounce_internal.undone_bounces() IS
  'bounces whose consequences undo_bounces() took back';

CREATE OR REPLACE FUNCTION bounce_internal.bounce_label(
  dimension text, b bounce.bounce, process text, address text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE dimension
           WHEN 'class' THEN bounce_internal.class_of_figure(b) WHEN 'reason' THEN b.reason
           WHEN 'rule' THEN b.rule WHEN 'trust' THEN b.trust::text
           WHEN 'remote_mta' THEN b.remote_mta WHEN 'process' THEN coalesce(process, '')
           WHEN 'domain' THEN bounce.address_domain(coalesce(address, b.recipient))
           ELSE bounce_internal.time_label(dimension, b.received_at) END
$$;
COMMENT ON FUNCTION bounce_internal.bounce_label IS 'the label of a bounce in a report';

CREATE OR REPLACE FUNCTION bounce_internal.figures_of_days(
  dimension text, since timestamptz, until timestamptz, only_process text, sends boolean)
RETURNS TABLE (label text, class text, is_failure boolean, sent bigint, bounces bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF dimension = 'domain' THEN
    RETURN QUERY
    SELECT f.domain, f.class, f.is_failure, sum(f.sent)::bigint, sum(f.bounces)::bigint
    FROM bounce_internal.counted_days(dimension, since, until) AS k
    -- day by day: a join would read all days there ever were
    CROSS JOIN LATERAL (SELECT q.domain, q.class, q.is_failure, q.sent, q.bounces
                        FROM bounce.day_figure AS q
                        WHERE q.day = k.since AND q.domain IS NOT NULL AND (q.class = '') = sends
                          AND (only_process IS NULL OR q.process = only_process)
                        OFFSET 0) AS f
    GROUP BY f.domain, f.class, f.is_failure;
  ELSE
    RETURN QUERY
    SELECT CASE dimension WHEN 'class' THEN nullif(f.class, '')
                          WHEN 'reason' THEN CASE WHEN f.class > '' THEN f.reason END
                          WHEN 'process' THEN coalesce(f.process, '')
                          ELSE bounce_internal.time_label(dimension, f.day) END AS label,
           f.class, f.is_failure, sum(f.sent)::bigint, sum(f.bounces)::bigint
    FROM bounce_internal.counted_days(dimension, since, until) AS k
    JOIN bounce.day_figure AS f ON f.day = k.since AND f.domain IS NULL AND (f.class = '') = sends
    WHERE only_process IS NULL OR f.process = only_process
    GROUP BY 1, f.class, f.is_failure;
  END IF;
END $$;
COMMENT ON FUNCTION
  bounce_internal.figures_of_days(text, timestamptz, timestamptz, text, boolean) IS
  'what was sent (sends: class empty; label NULL where a mail that was sent has none), or else '
  'what came back, on the counted days of a period, by label, class and whether a mail of ours '
  'failed';

CREATE OR REPLACE FUNCTION bounce_internal.labelled_bounces(
  dimension text, since timestamptz, until timestamptz, only_process text)
RETURNS TABLE (label text, class text, is_failure boolean, taken_back boolean)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT bounce_internal.bounce_label(dimension, b, c.process, r.address),
         bounce_internal.class_of_figure(b), bounce_internal.is_our_failure(b), n.id IS NOT NULL
  FROM bounce.bounce AS b
  LEFT JOIN bounce_internal.undone_bounces() AS n ON n.id = b.id
  -- one by one: a join would read all mails there ever were
  LEFT JOIN LATERAL (SELECT q.process FROM bounce.communication AS q
                     WHERE q.id = b.communication_id
                       AND (dimension = 'process' OR only_process IS NOT NULL) OFFSET 0) AS c
    ON true
  LEFT JOIN LATERAL (SELECT q.address, q.address_key FROM bounce.communication_recipient AS q
                     WHERE q.id = b.recipient_id OFFSET 0) AS r ON true
  WHERE bounce_internal.is_test_address(r.address_key) IS NOT TRUE
    AND (only_process IS NULL OR c.process = only_process)
    AND b.received_at >= since AND b.received_at < until;
END $$;
COMMENT ON FUNCTION bounce_internal.labelled_bounces(text, timestamptz, timestamptz, text) IS
  'each bounce of a period but those of test addresses, with its label, whether a mail of ours '
  'failed, and whether it was taken back. class: that of the bounce, or notice';

CREATE OR REPLACE FUNCTION bounce_internal.counted_bounces(
  dimension text, since timestamptz, until timestamptz, only_process text)
RETURNS TABLE (label text, class text, is_failure boolean, taken_back boolean, bounces bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT f.label, f.class, f.is_failure, false, f.bounces
  FROM bounce_internal.figures_of_days(dimension, since, until, only_process, false) AS f
  UNION ALL
  -- what was taken back changes its place
  SELECT bounce_internal.bounce_label(dimension, b, c.process, r.address),
         bounce_internal.class_of_figure(b), bounce_internal.is_our_failure(b), t.taken_back,
         CASE WHEN t.taken_back THEN 1 ELSE -1 END
  FROM bounce_internal.undone_bounces() AS n JOIN bounce.bounce AS b ON b.id = n.id
  JOIN bounce_internal.counted_days(dimension, since, until) AS k
    ON b.received_at >= k.since AND b.received_at < k.until
  LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
  LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
  CROSS JOIN (VALUES (true), (false)) AS t (taken_back)
  WHERE bounce_internal.is_test_address(r.address_key) IS NOT TRUE
    AND (only_process IS NULL OR c.process = only_process);
END $$;
COMMENT ON FUNCTION bounce_internal.counted_bounces(text, timestamptz, timestamptz, text) IS
  'labelled_bounces() of the counted days, as numbers';

CREATE OR REPLACE FUNCTION bounce_internal.bounce_figures(
  dimension text, since timestamptz, until timestamptz, only_process text)
RETURNS TABLE (label text, class text, is_failure boolean, taken_back boolean, bounces bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- what is not counted by day
  IF dimension IN ('rule', 'trust', 'remote_mta') THEN
    RETURN QUERY SELECT l.*, 1::bigint
                 FROM bounce_internal.labelled_bounces(dimension, coalesce(since, '-infinity'),
                                                       coalesce(until, 'infinity'),
                                                       only_process) AS l;
    RETURN;
  END IF;
  RETURN QUERY
  SELECT * FROM bounce_internal.counted_bounces(dimension, since, until, only_process);
  RETURN QUERY SELECT l.*, 1::bigint
               FROM bounce_internal.uncounted(dimension, since, until) AS g
               CROSS JOIN LATERAL
                 bounce_internal.labelled_bounces(dimension, g.since, g.until,
                                                  only_process) AS l;
END $$;
COMMENT ON FUNCTION bounce_internal.bounce_figures(text, timestamptz, timestamptz, text) IS
  'the bounces of a period (of one process) by label, class, whether a mail of ours failed, and '
  'whether they were taken back; several rows of one kind are to be added up';

CREATE OR REPLACE FUNCTION bounce_internal.bounces_over_time(
  unit text, since timestamptz, until timestamptz)
RETURNS TABLE (label text, total bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT d.label, coalesce(f.total, 0)
  -- the clock may show an hour twice
  FROM (SELECT DISTINCT bounce_internal.time_label(unit, t) AS label
        FROM generate_series(since, until, ('1 ' || unit)::interval) AS t) AS d
  LEFT JOIN (SELECT b.label, sum(b.bounces)::bigint AS total
             FROM bounce_internal.bounce_figures(unit, since, NULL, NULL) AS b
             WHERE NOT b.taken_back GROUP BY b.label) AS f ON f.label = d.label
  ORDER BY d.label;
END $$;
COMMENT ON FUNCTION bounce_internal.bounces_over_time(text, timestamptz, timestamptz) IS
  'what came back in each hour or day of a period, that of until included';

CREATE OR REPLACE FUNCTION bounce_internal.sent_between(
  dimension text, since timestamptz, until timestamptz, only_process text)
RETURNS TABLE (label text, sent bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT CASE dimension WHEN 'process' THEN c.process
                        WHEN 'domain' THEN bounce.address_domain(r.address_key)
                        ELSE bounce_internal.time_label(dimension, r.created_at) END AS name,
         sum(r.attempts)
  FROM bounce.communication_recipient AS r
  -- one by one: a join would read all mails there ever were
  LEFT JOIN LATERAL (SELECT q.process FROM bounce.communication AS q
                     WHERE q.id = r.communication_id
                       AND (dimension = 'process' OR only_process IS NOT NULL) OFFSET 0) AS c
    ON true
  WHERE r.attempts > 0 AND NOT bounce_internal.is_test_address(r.address_key)
    AND (only_process IS NULL OR c.process = only_process)
    AND r.created_at >= since AND r.created_at < until
  GROUP BY name;
END $$;
COMMENT ON FUNCTION bounce_internal.sent_between(text, timestamptz, timestamptz, text) IS
  'sent_labels(), counted recipient by recipient';

CREATE OR REPLACE FUNCTION bounce_internal.sent_labels(
  dimension text, since timestamptz, until timestamptz, only_process text)
RETURNS TABLE (label text, sent bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT s.label, sum(s.sent)::bigint
  FROM (SELECT f.label, f.sent
        FROM bounce_internal.figures_of_days(dimension, since, until, only_process, true) AS f
        UNION ALL
        SELECT b.label, b.sent FROM bounce_internal.uncounted(dimension, since, until) AS g
        CROSS JOIN LATERAL
          bounce_internal.sent_between(dimension, g.since, g.until, only_process) AS b) AS s
  GROUP BY s.label;
END $$;
COMMENT ON FUNCTION bounce_internal.sent_labels(text, timestamptz, timestamptz, text) IS
  'number of sends to the recipients of a period (of one process), by label; the label is NULL '
  'where a mail that was sent has none';

-- Rates of processes -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.spans_of_processes(today timestamptz)
RETURNS TABLE (span text, process text, sent numeric, failed numeric)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  WITH spans (span, since, until) AS MATERIALIZED (
    VALUES ('day', today - interval '1 day', today),
           ('week', today - interval '7 days', today - interval '1 day'),
           ('usual', today - interval '35 days', today - interval '7 days')),
  counted AS MATERIALIZED (
    SELECT s.span, k.since, k.until FROM spans AS s
    CROSS JOIN LATERAL bounce_internal.counted_days('process', s.since, s.until) AS k)
  SELECT k.span, f.process, sum(f.sent), sum(f.bounces) FILTER (WHERE f.is_failure)
  FROM counted AS k
  JOIN bounce.day_figure AS f ON f.day = k.since AND f.domain IS NULL AND f.process IS NOT NULL
  GROUP BY k.span, f.process
  UNION ALL
  -- what was taken back did not fail
  SELECT k.span, c.process, 0, -1
  FROM bounce_internal.undone_bounces() AS n JOIN bounce.bounce AS b ON b.id = n.id
  JOIN counted AS k ON b.received_at >= k.since AND b.received_at < k.until
  JOIN bounce.communication AS c ON c.id = b.communication_id
  JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
  WHERE bounce_internal.is_our_failure(b) AND NOT bounce_internal.is_test_address(r.address_key)
  UNION ALL
  SELECT s.span, x.label, x.sent, x.failed
  FROM spans AS s
  CROSS JOIN LATERAL bounce_internal.uncounted('process', s.since, s.until) AS g
  CROSS JOIN LATERAL (
    SELECT m.label, m.sent::numeric AS sent, 0::numeric AS failed
    FROM bounce_internal.sent_between('process', g.since, g.until, NULL) AS m
    UNION ALL
    SELECT l.label, 0, 1
    FROM bounce_internal.labelled_bounces('process', g.since, g.until, NULL) AS l
    WHERE l.is_failure AND NOT l.taken_back) AS x
  WHERE x.label <> '';
END $$;
COMMENT ON FUNCTION bounce_internal.spans_of_processes(timestamptz) IS
  'what was sent and what failed of each process, in parts to be added up: on the day before '
  'today, on the six days before that (week), on the four weeks before those (usual)';

CREATE OR REPLACE FUNCTION bounce_internal.per_cent(part bigint, whole bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
  SELECT round(100.0 * part / nullif(whole, 0), 2)
$$;
COMMENT ON FUNCTION bounce_internal.per_cent(bigint, bigint) IS 'NULL of nothing';

CREATE OR REPLACE FUNCTION bounce_internal.is_above_usual(
  sent bigint, failed bigint, sent_usual bigint, failed_usual bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(sent_usual >= 100 AND failed > 2 * e.failures
                  AND failed - e.failures > 3 * sqrt(e.failures) + 3, false)
  FROM (SELECT sent * failed_usual / nullif(sent_usual, 0)::numeric AS failures) AS e
$$;
COMMENT ON FUNCTION bounce_internal.is_above_usual(bigint, bigint, bigint, bigint) IS
  'whether more failed than usual: more than twice as many, and by more than three times what '
  'chance scatters (Poisson), and three';
