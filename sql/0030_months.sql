-- SPDX-License-Identifier: BSD-2-Clause
--
-- The event tables by month: bounce_message, bounce, communication_log. A month's
-- partition is made ahead of time by housekeeping(); what has none falls into the
-- default partition and is moved when the month is made, so that recording never
-- fails for lack of one. Months are those of UTC.

CREATE FUNCTION bounce.month_start(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN date_trunc('month', at, 'UTC');

CREATE FUNCTION bounce.next_month(month timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';

CREATE VIEW bounce.event_partition AS
SELECT p.relname::text AS parent, c.relname::text AS partition, a.attname::text AS time_column,
       make_timestamptz(substring(c.relname FROM '_([0-9]{4})[0-9]{2}$')::integer, substring(c.relname FROM '_[0-9]{4}([0-9]{2})$')::integer, 1, 0, 0, 0, 'UTC') AS month
FROM pg_partitioned_table AS t
JOIN pg_class AS p ON p.oid = t.partrelid
JOIN pg_attribute AS a ON a.attrelid = p.oid AND a.attnum = t.partattrs[0]
JOIN pg_inherits AS i ON i.inhparent = p.oid
JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE p.relnamespace = 'bounce'::regnamespace;
COMMENT ON VIEW bounce.event_partition IS 'the partitions of the event tables; month NULL: the default partition';

CREATE FUNCTION bounce.make_month(parent text, month timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  first CONSTANT timestamptz := bounce.month_start(month);
  next CONSTANT timestamptz := bounce.next_month(first);
  name CONSTANT text := parent || '_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
  time_column CONSTANT text := (SELECT e.time_column FROM bounce.event_partition AS e
                                WHERE e.parent = make_month.parent AND e.month IS NULL);
BEGIN
  IF to_regclass(format('bounce.%I', name)) IS NOT NULL THEN
    RETURN false;
  END IF;
  -- attached rather than created in place: that would keep readers and writers of the whole table out
  EXECUTE format('CREATE TABLE bounce.%I (LIKE bounce.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent);
  EXECUTE format('COMMENT ON TABLE bounce.%I IS %L', name, 'a month of bounce.' || parent);
  EXECUTE format('LOCK TABLE bounce.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
  EXECUTE format('WITH moved AS (DELETE FROM bounce.%I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO bounce.%I SELECT * FROM moved',
                 parent || '_default', time_column, first, time_column, next, name);
  EXECUTE format('ALTER TABLE bounce.%I ATTACH PARTITION bounce.%I FOR VALUES FROM (%L) TO (%L)', parent, name, first, next);
  RETURN true;
END
$$;
COMMENT ON FUNCTION bounce.make_month(text, timestamptz) IS
  'internal: makes the partition of that month, with what the default partition held of it; false when there was one';

CREATE FUNCTION bounce.make_months(at timestamptz DEFAULT now(), ahead integer DEFAULT 3) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FILTER (WHERE bounce.make_month(e.parent, m))
          FROM bounce.event_partition AS e
          CROSS JOIN generate_series(0, ahead) AS i
          -- counted from the middle of a month, where no time zone and no short month matters
          CROSS JOIN LATERAL bounce.month_start(bounce.month_start(at) + interval '14 days' + make_interval(months => i)) AS m
          WHERE e.month IS NULL);
END
$$;
COMMENT ON FUNCTION bounce.make_months(timestamptz, integer) IS
  'makes the partitions of this month and of some ahead where they are missing; how many';

CREATE FUNCTION bounce.drop_months(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  name text;
  dropped bigint := 0;
BEGIN
  FOR name IN SELECT e.partition FROM bounce.event_partition AS e
              WHERE bounce.next_month(e.month) <= before ORDER BY e.month, e.parent LOOP
    EXECUTE format('DROP TABLE bounce.%I', name);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;
COMMENT ON FUNCTION bounce.drop_months(timestamptz) IS 'internal: drops the months that were over before this time; how many partitions';

SELECT bounce.make_months();

-- A report and its key are of one transaction, so of one time: that names the month to look in.
CREATE OR REPLACE FUNCTION bounce.recorded_before(INOUT o bounce.outcome, report_key text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  recorded bounce.bounce_message;
BEGIN
  o.duplicate := true;
  SELECT m.* INTO recorded
  FROM bounce.report_key AS k JOIN bounce.bounce_message AS m ON m.id = k.bounce_message_id AND m.received_at = k.seen_at
  WHERE k.key = report_key;
  IF FOUND THEN
    o.bounce_message_id := recorded.id;
    o.disposition := recorded.disposition;
    o.class := recorded.class;
    o.reason := recorded.reason;
  END IF;
END
$$;

COMMENT ON TABLE bounce.bounce_message_default IS 'reports of months that have no partition yet';
COMMENT ON TABLE bounce.bounce_default IS 'bounces of months that have no partition yet';
COMMENT ON TABLE bounce.communication_log_default IS 'log lines of months that have no partition yet';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
