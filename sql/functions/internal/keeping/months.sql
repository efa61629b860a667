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

CREATE OR REPLACE FUNCTION bounce_internal.make_month(parent text, month timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET lock_timeout = '2s' AS $$
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
  EXECUTE format('CREATE TABLE bounce.%I (LIKE bounce.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                 name, parent);
  EXECUTE format('COMMENT ON TABLE bounce.%I IS %L', name, 'a month of bounce.' || parent);
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

CREATE OR REPLACE FUNCTION bounce_internal.make_months(
  at timestamptz DEFAULT now(), ahead integer DEFAULT 3) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FILTER (WHERE bounce_internal.make_month(e.parent, m))
          FROM bounce.event_partition AS e
          CROSS JOIN generate_series(0, ahead) AS i
          -- counted from the middle of a month, where no time zone and no short month matters
          CROSS JOIN LATERAL bounce_internal.month_start(
              bounce_internal.month_start(at) + interval '14 days' + make_interval(
                  months => i)) AS m
          WHERE e.month IS NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.make_months(timestamptz, integer) IS
  'creates the missing partitions of this month and of some months ahead. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.drop_months(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  name text;
  dropped bigint := 0;
BEGIN
  FOR name IN SELECT e.partition FROM bounce.event_partition AS e
              WHERE bounce_internal.next_month(e.month) <= before ORDER BY e.month, e.parent LOOP
    EXECUTE format('DROP TABLE bounce.%I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;
COMMENT ON FUNCTION bounce_internal.drop_months(timestamptz) IS
  'drops the partitions of months that ended before this time. Returns their number';
