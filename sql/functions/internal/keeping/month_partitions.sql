-- SPDX-License-Identifier: BSD-2-Clause
--
-- The event tables by month (UTC): bounce_message, bounce, communication_log. Partitions
-- are created ahead of time; rows without one fall into the default partition and are
-- moved when it is created, so that recording never fails for lack of a partition.

CREATE OR REPLACE FUNCTION bounce_internal.month_start(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
  SELECT date_trunc('month', at, 'UTC')
$$;
COMMENT ON FUNCTION bounce_internal.month_start IS 'the beginning of a month (UTC)';

CREATE OR REPLACE FUNCTION bounce_internal.next_month(month timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
  SELECT (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'
$$;
COMMENT ON FUNCTION bounce_internal.next_month IS 'the beginning of the next month (UTC)';

-- Locks ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.lock_referenced(parent text, mode text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT DISTINCT c.confrelid::regclass::text FROM pg_constraint AS c
              WHERE c.conrelid = format('bounce.%I', parent)::regclass AND c.contype = 'f'
              ORDER BY 1 LOOP
    EXECUTE format('LOCK TABLE %s IN %s MODE', name, mode);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_referenced(text, text) IS
  'locks the tables that the foreign keys of an event table point to. PostgreSQL does so when a '
  'partition comes or goes; here it is done first and in the order in which recording does';

CREATE OR REPLACE FUNCTION bounce_internal.change_month(
  what text, parent text, month timestamptz) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  -- a session that has the table may be waiting for what this transaction has locked already, and
  -- would find the deadlock only after a second: so this one gives up first
  is_first CONSTANT boolean := pg_current_xact_id_if_assigned() IS NULL;
BEGIN
  IF NOT is_first THEN
    PERFORM set_config('lock_timeout', '100ms', true);     -- until the end of this function
  END IF;
  FOR i IN 1 .. CASE WHEN is_first THEN 10 ELSE 1 END LOOP
    BEGIN
      IF what = 'make' THEN
        RETURN bounce_internal.make_month(parent, month);
      END IF;
      RETURN bounce_internal.drop_month(parent, month);
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      PERFORM pg_sleep(random() * 0.05 * i) WHERE is_first;     -- with its locks given back
    END;
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.change_month(text, text, timestamptz) IS
  'make_month() or drop_month(), tried again while others have the tables, unless this transaction '
  'has done something else before; NULL when they go on having them';

-- Making and dropping ------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.make_month(parent text, month timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  first CONSTANT timestamptz := bounce_internal.month_start(month);
  next CONSTANT timestamptz := bounce_internal.next_month(first);
  name CONSTANT text := parent || '_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
  time_column CONSTANT text := (SELECT e.time_column FROM bounce.event_partition AS e
                                WHERE e.parent = make_month.parent AND e.month IS NULL);
BEGIN
  IF to_regclass(format('bounce.%I', name)) IS NOT NULL THEN
    RETURN false;
  END IF;
  -- attached rather than created in place: that would keep readers and writers of the whole
  -- table out
  EXECUTE format('CREATE TABLE bounce.%I (LIKE bounce.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                 'INCLUDING COMPRESSION)', name, parent);
  EXECUTE format('COMMENT ON TABLE bounce.%I IS %L', name, 'a month of bounce.' || parent);
  PERFORM bounce_internal.lock_referenced(parent, 'SHARE ROW EXCLUSIVE');
  -- who has chosen the default partition for a row must have written it before this, and who
  -- waits must choose afterwards: the table itself, then the partition
  EXECUTE format('LOCK TABLE ONLY bounce.%I IN SHARE ROW EXCLUSIVE MODE', parent);
  EXECUTE format('LOCK TABLE bounce.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
  EXECUTE format('WITH moved AS (DELETE FROM bounce.%I WHERE %I >= %L AND %I < %L RETURNING *) '
                 'INSERT INTO bounce.%I SELECT * FROM moved',
                 parent || '_default', time_column, first, time_column, next, name);
  EXECUTE format('ALTER TABLE bounce.%I ATTACH PARTITION bounce.%I FOR VALUES FROM (%L) TO (%L)',
                 parent, name, first, next);
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce_internal.make_month(text, timestamptz) IS
  'creates the partition of a month and moves the rows of the default partition that belong to '
  'it; false when it exists';

CREATE OR REPLACE FUNCTION bounce_internal.drop_month(parent text, month timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  name CONSTANT text := (SELECT e.partition FROM bounce.event_partition AS e
                         WHERE e.parent = drop_month.parent AND e.month = drop_month.month);
BEGIN
  IF name IS NULL THEN
    RETURN false;
  END IF;
  PERFORM bounce_internal.lock_referenced(parent, 'ACCESS EXCLUSIVE');
  EXECUTE format('DROP TABLE bounce.%I', name);
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce_internal.drop_month(text, timestamptz) IS
  'drops the partition of a month; false when there is none';

CREATE OR REPLACE FUNCTION bounce_internal.missing_months(at timestamptz, ahead integer)
RETURNS TABLE (parent text, month timestamptz)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT e.parent, m.month
  FROM bounce.event_partition AS e
  CROSS JOIN generate_series(0, ahead) AS i
  -- counted from the middle of a month, where no time zone and no short month matters
  CROSS JOIN LATERAL (SELECT bounce_internal.month_start(
    bounce_internal.month_start(at) + interval '14 days' + make_interval(months => i)) AS month)
    AS m
  WHERE e.month IS NULL
    AND NOT EXISTS (SELECT FROM bounce.event_partition AS k
                    WHERE k.parent = e.parent AND k.month = m.month)
  ORDER BY m.month, e.parent;
END $$;
COMMENT ON FUNCTION bounce_internal.missing_months(timestamptz, integer) IS
  'the partitions that this month and some months ahead lack';

CREATE OR REPLACE FUNCTION bounce_internal.make_months(
  at timestamptz DEFAULT now(), ahead integer DEFAULT 3) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  done bigint := 0;
  m record;
BEGIN
  FOR m IN SELECT * FROM bounce_internal.missing_months(at, ahead) LOOP
    EXIT WHEN bounce_internal.change_month('make', m.parent, m.month) IS NULL;
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;
COMMENT ON FUNCTION bounce_internal.make_months(timestamptz, integer) IS
  'creates the missing partitions of this month and of some months ahead, as far as others let '
  'it. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.old_months(before timestamptz)
RETURNS TABLE (parent text, month timestamptz)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY SELECT e.parent, e.month FROM bounce.event_partition AS e
  WHERE bounce_internal.next_month(e.month) <= before ORDER BY e.month, e.parent;
END $$;
COMMENT ON FUNCTION bounce_internal.old_months(timestamptz) IS
  'the partitions of months that ended before this time';

CREATE OR REPLACE FUNCTION bounce_internal.drop_months(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  done bigint := 0;
  m record;
BEGIN
  FOR m IN SELECT * FROM bounce_internal.old_months(before) LOOP
    EXIT WHEN bounce_internal.change_month('drop', m.parent, m.month) IS NULL;
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;
COMMENT ON FUNCTION bounce_internal.drop_months(timestamptz) IS
  'drops the partitions of months that ended before this time, as far as others let it. Returns '
  'their number';

CREATE OR REPLACE FUNCTION bounce_internal.keep_month_at(at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  what text := 'make';
  m record;
BEGIN
  SELECT * INTO m FROM bounce_internal.missing_months(at, 3) LIMIT 1;
  IF NOT FOUND THEN
    what := 'drop';
    SELECT * INTO m FROM bounce_internal.old_months(
      at - bounce_internal.parameter_interval('keep_events')) LIMIT 1;
  END IF;
  RETURN CASE WHEN m.parent IS NULL THEN NULL
              WHEN bounce_internal.change_month(what, m.parent, m.month) IS NULL THEN 'locked'
              WHEN what = 'make' THEN 'made' ELSE 'dropped' END;
END $$;
COMMENT ON FUNCTION bounce_internal.keep_month_at(timestamptz) IS
  'keep_month() with the time as an argument';
