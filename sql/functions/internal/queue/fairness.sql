-- SPDX-License-Identifier: BSD-2-Clause
--
-- Who is served when: quiet hours, turns, rates, and how long to wait for another try.

-- Quiet hours ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.is_quiet_at(process text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.is_quiet(bounce.parameter('delivery_quiet_hours', process),
    (at AT TIME ZONE coalesce(nullif(bounce.parameter('delivery_time_zone', process), ''),
                              current_setting('TimeZone')))::time);
END $$;
COMMENT ON FUNCTION bounce_internal.is_quiet_at(text, timestamptz) IS
  'whether a process is in its quiet hours. They follow local time: when clocks go back, one of '
  'the hours lasts two';

CREATE OR REPLACE FUNCTION bounce_internal.is_quiet(hours text, at time) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN coalesce(hours, '') = '' THEN false
    WHEN split_part(hours, '-', 1) <= split_part(hours, '-', 2)
    THEN at >= split_part(hours, '-', 1)::time AND at < split_part(hours, '-', 2)::time
    ELSE at >= split_part(hours, '-', 1)::time OR at < split_part(hours, '-', 2)::time
  END
$$;
COMMENT ON FUNCTION bounce_internal.is_quiet(text, time) IS
  'whether a time of day lies within hours such as 22:00-07:00, also past midnight';

-- Turns ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.waiting_count() RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();  -- others give mails back while this one waits
BEGIN
  RETURN (SELECT count(*) FROM bounce.communication_delivery AS d
          WHERE d.state = 'PROCESSING' OR d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL
            AND d.due_at <= at);
END $$;
COMMENT ON FUNCTION bounce_internal.waiting_count() IS
  'number of mails that could be sent now, apart from the server';

-- Each process and priority is one range of communication_queue_idx, found by skipping from
-- one to the next: what it costs depends on the batch and on the processes, not on how many wait.
CREATE OR REPLACE FUNCTION bounce_internal.queue_levels(at timestamptz)
RETURNS TABLE (process text, priority smallint)
LANGUAGE plpgsql STABLE ROWS 10 AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE level AS (
    SELECT p.name, (SELECT d.priority FROM bounce.communication_delivery AS d
                    WHERE d.process = p.name AND d.state IN ('PENDING', 'RETRY')
                      AND d.held_at IS NULL
                    ORDER BY d.priority DESC LIMIT 1) AS priority
    FROM bounce.process AS p
    WHERE p.paused_at IS NULL AND NOT bounce_internal.is_quiet_at(p.name, at)
    UNION ALL
    SELECT l.name, (SELECT d.priority FROM bounce.communication_delivery AS d
                    WHERE d.process = l.name AND d.state IN ('PENDING', 'RETRY')
                      AND d.held_at IS NULL
                      AND d.priority < l.priority
                    ORDER BY d.priority DESC LIMIT 1)
    FROM level AS l WHERE l.priority IS NOT NULL)
  SELECT l.name, l.priority FROM level AS l WHERE l.priority IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.queue_levels(timestamptz) IS
  'the priorities of each process, outside of its quiet hours and unless it is paused, in which '
  'mail is waiting';

CREATE OR REPLACE FUNCTION bounce_internal.choose_communications(batch integer, at timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
  -- every process offers its first; they take turns within a priority, so that a newsletter
  -- never starves invoices
  RETURN (
    SELECT coalesce(array_agg(t.id), '{}')
    FROM (SELECT o.id
          FROM (SELECT k.id, l.priority, k.due_at,
                       row_number() OVER (PARTITION BY l.process
                                          ORDER BY l.priority DESC, k.due_at, k.id) AS turn
                FROM bounce_internal.queue_levels(at) AS l
                CROSS JOIN LATERAL (SELECT c.id, d.due_at FROM bounce.communication_delivery AS d
                                    JOIN bounce.communication AS c ON c.id = d.communication_id
                                    WHERE d.process = l.process AND d.priority = l.priority
                                      AND d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL
                                      AND d.due_at <= at
                                    ORDER BY d.due_at
                                    LIMIT batch
                                    FOR NO KEY UPDATE OF c, d SKIP LOCKED) AS k) AS o
          ORDER BY o.priority DESC, o.turn, o.due_at, o.id
          LIMIT batch) AS t);
END $$;
COMMENT ON FUNCTION bounce_internal.choose_communications(integer, timestamptz) IS
  'locks and returns what is due at that time, in the order of the queue';

-- Rates ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.defer_over_rate(
  domain text, rate integer, recipient_ids bigint[], at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  this_minute CONSTANT timestamptz := date_trunc('minute', at);
  ahead bigint;
BEGIN
  SELECT greatest(0, d.put_off - rate * greatest(0, least(
           floor(extract(epoch FROM this_minute - d.put_off_since) / 60), 1e6)))::bigint
  INTO ahead FROM bounce.delivery_rate AS d WHERE d.domain = defer_over_rate.domain;
  UPDATE bounce.delivery_rate AS d SET put_off = ahead + cardinality(recipient_ids),
    put_off_since = this_minute
  WHERE d.domain = defer_over_rate.domain;
  UPDATE bounce.recipient_delivery AS q
  SET due_at = this_minute + interval '1 minute' * (1 + (ahead + u.place - 1) / rate)
  FROM unnest(recipient_ids) WITH ORDINALITY AS u (id, place) WHERE q.recipient_id = u.id;
END $$;
COMMENT ON FUNCTION bounce_internal.defer_over_rate(text, integer, bigint[], timestamptz) IS
  'defers what exceeds the rate to the following minutes, as many to each as the rate allows, '
  'after those deferred before';

CREATE OR REPLACE FUNCTION bounce_internal.take_rate(
  domain text, allowed integer, wanted integer, at timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  used_before integer;
BEGIN
  INSERT INTO bounce.delivery_rate AS r (domain, window_start, used)
  VALUES (take_rate.domain, date_trunc('minute', at), 0)
  ON CONFLICT ON CONSTRAINT delivery_rate_pkey DO UPDATE
  SET used = CASE WHEN r.window_start = excluded.window_start THEN r.used ELSE 0 END,
      window_start = excluded.window_start
  RETURNING r.used INTO used_before;
  UPDATE bounce.delivery_rate AS r
  SET used = used_before + least(wanted, greatest(0, allowed - used_before))
  WHERE r.domain = take_rate.domain;
  RETURN least(wanted, greatest(0, allowed - used_before));
END $$;
COMMENT ON FUNCTION bounce_internal.take_rate(text, integer, integer, timestamptz) IS
  'how many of the wanted sends are allowed in this minute; they are counted. The row is locked: '
  'other workers wait for the rest';

CREATE OR REPLACE FUNCTION bounce_internal.within_rate(recipient_ids bigint[], at timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  of_all CONSTANT integer := bounce_internal.parameter_integer('delivery_rate');
  of_domain CONSTANT integer := bounce_internal.parameter_integer('delivery_domain_rate');
  kept bigint[] := recipient_ids;
  taken integer;
  d record;
BEGIN
  IF of_domain > 0 THEN
    FOR d IN SELECT bounce.address_domain(r.address) AS domain,
      array_agg(r.id ORDER BY u.place) AS ids
             FROM unnest(recipient_ids) WITH ORDINALITY AS u (id, place)
             JOIN bounce.communication_recipient AS r ON r.id = u.id
             GROUP BY 1 ORDER BY 1 LOOP
      taken := bounce_internal.take_rate(d.domain, of_domain, cardinality(d.ids), at);
      IF taken < cardinality(d.ids) THEN
        PERFORM bounce_internal.defer_over_rate(d.domain, of_domain, d.ids[taken + 1:], at);
        kept := ARRAY(SELECT u.id FROM unnest(kept) WITH ORDINALITY AS u (id, place)
                      WHERE u.id <> ALL (d.ids[taken + 1:]) ORDER BY u.place);
      END IF;
    END LOOP;
  END IF;
  IF of_all > 0 THEN
    taken := bounce_internal.take_rate('', of_all, cardinality(kept), at);
    IF taken < cardinality(kept) THEN
      PERFORM bounce_internal.defer_over_rate('', of_all, kept[taken + 1:], at);
      kept := kept[1:taken];
    END IF;
  END IF;
  RETURN kept;
END $$;
COMMENT ON FUNCTION bounce_internal.within_rate(bigint[], timestamptz) IS
  'the recipients that may be sent to in this minute, in the same order; the others are deferred';

-- Another try ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.unit_seconds(amount text, unit text) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN amount IS NULL THEN 0 WHEN amount ~ '^[0-9]+$' THEN amount::float8
              ELSE 1 END * CASE left(lower(unit), 1) WHEN 's' THEN 1 WHEN 'm' THEN 60 ELSE 3600 END
$$;
COMMENT ON FUNCTION bounce_internal.unit_seconds IS
  'the seconds in n units of time, such as 5 minutes';

CREATE OR REPLACE FUNCTION bounce_internal.retry_after(response text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  asks CONSTANT text :=
    '(?:\mtry|\mretry|\magain|\mcome '
    'back|\mdelay(?:ed)?|\mgr[ea]y-?list\w*|\mwait|\mdeferred|\mblocked for|\mresend)';
  units CONSTANT text := '(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)(?:\(s\))?\M';
  m text[];
BEGIN
  -- "in 5 minutes", "after 300 s", "for an hour", "in 1 hour and 30 minutes"
  m := regexp_match(response, asks || '[^0-9]{0,40}?\m([0-9]{1,6}|an?|one)\s*' || units
                    || '(?:\s*(?:,|and)?\s*\m([0-9]{1,6})\s*' || units || ')?', 'i');
  IF m IS NOT NULL THEN
    RETURN make_interval(secs => bounce_internal.unit_seconds(m[1],
                                                              m[2]) + bounce_internal.unit_seconds(
                                                                  m[3], m[4]));
  END IF;
  -- "in 00:04:59", "in 4:59"
  m := regexp_match(response,
                    asks || '[^0-9]{0,40}?\min\s+(?:([0-9]{1,2}):)?([0-9]{1,2}):([0-9]{2})\M', 'i');
  IF m IS NOT NULL THEN
    RETURN make_interval(secs => coalesce(m[1],
                                          '0')::integer * 3600 + m[2]::integer * 60 + m[
                                              3]::integer);
  END IF;
  -- "Retry-After: 300", "retry=300": seconds
  m := regexp_match(response, '\mretry(?:[-_ ]?after)?\s*[:=]\s*([0-9]{1,6})\M', 'i');
  RETURN make_interval(secs => m[1]::integer);
END $$;
COMMENT ON FUNCTION bounce_internal.retry_after(text) IS
  'the delay that a server asks for: "try again in 5 minutes", "retry after 300 s"; NULL when it '
  'does not';

CREATE OR REPLACE FUNCTION bounce_internal.retry_delay(
  process text, tries integer, response text, jitter float8) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
DECLARE
  asked CONSTANT interval := bounce_internal.retry_after(response);
  initial CONSTANT float8 :=
    extract(epoch FROM bounce_internal.parameter_interval('retry_initial_delay', process));
  ceiling CONSTANT float8 :=
    extract(epoch FROM bounce_internal.parameter_interval('retry_max_delay', process));
  factor CONSTANT float8 := bounce_internal.parameter_number('retry_factor', process);
BEGIN
  RETURN greatest(
    make_interval(secs => least(initial * power(factor, least(tries, 200) - 1), ceiling)
                          * (1 + bounce_internal.parameter_number('retry_jitter',
                              process)::float8 * jitter)),
    CASE WHEN asked IS NOT NULL
         THEN least(asked, bounce_internal.parameter_interval('retry_after_max_delay',
                                                              process)) END);
END $$;
COMMENT ON FUNCTION bounce_internal.retry_delay(text, integer, text, float8) IS
  'delay after the n-th temporary refusal: retry_initial_delay * retry_factor ^ (n-1), at most '
  'retry_max_delay, changed by retry_jitter times jitter (-1 to 1), and at least the delay that '
  'the server asked for, up to retry_after_max_delay';
