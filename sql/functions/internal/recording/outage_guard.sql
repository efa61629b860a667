-- SPDX-License-Identifier: BSD-2-Clause
--
-- The outage guard: counting hard bounces, and opening outages.
--
-- When a large share of what was sent to one remote domain, or of all that was sent, comes
-- back hard, and far more than usual, a broken system is more likely than so many dead
-- addresses. New blocks are then held, one task tells so, and a person decides. Only
-- bounces that would block are counted, an address once until it is written to again, so
-- a stranger can neither raise nor fill the counters.

-- Counting ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.plain_diagnostic(diagnostic text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT btrim(left(regexp_replace(regexp_replace(lower(diagnostic),
    '[^[:space:]<>"]*@[^[:space:]<>"]*|[[:alnum:]._:/-]*[0-9][[:alnum:]._:/-]*', '#', 'g'),
    '[[:space:]]{2,}|(?! )[[:space:]]', ' ', 'g'), 120))     -- a single blank is one already
$$;
COMMENT ON FUNCTION bounce_internal.plain_diagnostic(text) IS
  'a diagnostic text without addresses, codes, times and ids: the part that all bounces of an '
  'outage share';

CREATE OR REPLACE FUNCTION bounce_internal.guard_abouts(address text, diagnostic text)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN ARRAY[bounce.address_domain(address),
               nullif(bounce_internal.plain_diagnostic(diagnostic), ''), ''];
END $$;
COMMENT ON FUNCTION bounce_internal.guard_abouts(text, text) IS
  'the counters that a hard bounce belongs to: its domain, its text (NULL without one), overall';

CREATE OR REPLACE FUNCTION bounce_internal.would_block(f bounce_internal.finding) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT f.class = 'hard' AND bounce_internal.is_failure(f)
         AND bounce_internal.block_obstacle(f) IS NULL
$$;
COMMENT ON FUNCTION bounce_internal.would_block(bounce_internal.finding) IS
  'whether a finding blocks its address, apart from the outage guard';

CREATE OR REPLACE FUNCTION bounce_internal.hard_rate(
  scope text, about text, at timestamptz, OUT seen bigint, OUT usual numeric)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  time_window CONSTANT interval := bounce_internal.parameter_interval('guard_window');
BEGIN
  seen := bounce_internal.hard_count_within(scope, about, at - time_window, at);
  -- below the minimum nobody asks what is usual
  usual := CASE WHEN seen >= bounce_internal.parameter_integer(CASE scope
      WHEN 'domain' THEN 'guard_minimum' ELSE 'guard_minimum_overall' END)
                THEN bounce_internal.usual_rate(scope, about, at, time_window) ELSE 0 END;
END $$;
COMMENT ON FUNCTION bounce_internal.hard_rate(text, text, timestamptz) IS
  'hard bounces within guard_window before that time, and the usual number';

CREATE OR REPLACE FUNCTION bounce_internal.hard_count_within(
  scope text, about text, after timestamptz, until timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(sum(h.count), 0) FROM bounce.hard_count AS h
          WHERE h.scope = hard_count_within.scope AND h.about = hard_count_within.about
            AND h.span = 'minutes' AND h.bucket > after AND h.bucket <= until);
END $$;
COMMENT ON FUNCTION bounce_internal.hard_count_within IS 'hard bounces counted in a period';

CREATE OR REPLACE FUNCTION bounce_internal.usual_rate(
  scope text, about text, at timestamptz, time_window interval) RETURNS numeric
LANGUAGE plpgsql STABLE AS $$
DECLARE
  today CONSTANT timestamptz := date_bin('1 day', at, '2000-01-01 00:00+00');
  average numeric;
  same_hour bigint;
BEGIN
  SELECT coalesce(sum(d.count), 0) / 14.0 * extract(epoch FROM time_window) / 86400 INTO average
  FROM (SELECT date_bin('1 day', h.bucket, today) AS bucket, sum(h.count) AS count
        FROM bounce.hard_count AS h
        WHERE h.scope = usual_rate.scope AND h.about = usual_rate.about
          AND h.span IN ('minutes', 'day')
          AND h.bucket >= today - interval '14 days' AND h.bucket < today
        GROUP BY 1 OFFSET 0) AS d     -- once for each day
  WHERE NOT bounce_internal.was_outage(usual_rate.scope, usual_rate.about, d.bucket,
                                       d.bucket + interval '1 day');
  -- what is sent at night in one go comes back in one go, the day after and the week after
  SELECT max(bounce_internal.hard_count_within(usual_rate.scope, usual_rate.about,
                                               at - ago - time_window,
                                               at - ago + time_window)) INTO same_hour
  FROM unnest('{1 day,7 days}'::interval[]) AS ago
  WHERE NOT bounce_internal.was_outage(usual_rate.scope, usual_rate.about, at - ago - time_window,
                                       at - ago + time_window);
  RETURN round(greatest(average, same_hour), 2);
END $$;
COMMENT ON FUNCTION bounce_internal.usual_rate(text, text, timestamptz, interval) IS
  'the average of the 14 days before, for such a period, or the number at the same time of the '
  'day before or of the week before if that is greater; outages are not counted';

CREATE OR REPLACE FUNCTION bounce_internal.free_slot() RETURNS smallint
LANGUAGE plpgsql AS $$
BEGIN
  FOR slot IN 0 .. 1000 LOOP
    IF pg_try_advisory_xact_lock(hashtext('bounce.hard_count'), slot) THEN
      RETURN slot;
    END IF;
  END LOOP;
  RETURN 0;
END $$;
COMMENT ON FUNCTION bounce_internal.free_slot() IS
  'the first slot of bounce.hard_count that no other transaction has: sessions that count at the '
  'same time do not wait for each other, and there are no more slots than sessions';

CREATE OR REPLACE FUNCTION bounce_internal.count_hard(
  scopes text[], abouts text[], at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  own_slot CONSTANT smallint := bounce_internal.free_slot();
BEGIN
  INSERT INTO bounce.hard_count AS h (scope, about, span, bucket, slot, count)
  SELECT k.scope, k.about, 'minutes', date_bin('10 minutes', at, '2000-01-01 00:00+00'), own_slot,
         count(*)
  FROM unnest(scopes, abouts) AS k (scope, about)
  WHERE k.about IS NOT NULL
  GROUP BY k.scope, k.about
  ON CONFLICT ON CONSTRAINT hard_count_pkey DO UPDATE SET count = h.count + excluded.count;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.count_hard(text[], text[], timestamptz) IS
  'counts hard bounces: each pair of scopes and abouts is a counter that one belongs to';

CREATE OR REPLACE FUNCTION bounce_internal.was_outage(
  scope text, about text, since timestamptz, until timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.outage AS o
                 WHERE o.scope = was_outage.scope AND o.about = was_outage.about
                   AND o.status <> 'confirmed'
                   AND o.opened_at - o.time_window < until
                   AND coalesce(o.decided_at, 'infinity') >= since);
END $$;
COMMENT ON FUNCTION bounce_internal.was_outage(text, text, timestamptz, timestamptz) IS
  'whether a period overlaps an outage: its counts are not usual ones';

-- Locks are rows that no role may lock: whoever may log in may hold any advisory lock for days.

CREATE OR REPLACE FUNCTION bounce_internal.guard_gate(scope text, about text) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashtextextended(format('guard:%s:%s', scope, about), 20) & 127)::smallint
$$;
COMMENT ON FUNCTION bounce_internal.guard_gate(text, text) IS
  'the row of bounce.guard_gate that is locked by who opens or decides outages of this kind, so '
  'that both see what the other one did. Before the outage itself';

CREATE OR REPLACE FUNCTION bounce_internal.try_guard_gate(scope text, about text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.guard_gate AS g
  WHERE g.gate = bounce_internal.guard_gate(try_guard_gate.scope, try_guard_gate.about)
  FOR UPDATE SKIP LOCKED;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.try_guard_gate(text, text) IS
  'locks it until the end of the transaction; false when another session has it';

CREATE OR REPLACE FUNCTION bounce_internal.try_outage(outage_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.outage AS o WHERE o.id = try_outage.outage_id FOR UPDATE SKIP LOCKED;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.try_outage(bigint) IS
  'locks an outage, so that nobody holds a block for it until the end of the transaction; false '
  'when somebody does, see open_outage_ids()';

CREATE OR REPLACE FUNCTION bounce_internal.sent_to(
  domain text, since timestamptz, at_most bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF domain IS NULL THEN
    RETURN (SELECT count(*) FROM (
      SELECT FROM bounce.communication_recipient AS r
      WHERE r.attempts > 0 AND r.state = 'sent' AND r.last_attempt_at >= since
        AND NOT bounce_internal.is_test_address(r.address_key)
      LIMIT at_most) AS q);
  END IF;
  RETURN (SELECT count(*) FROM (
    SELECT FROM bounce.communication_recipient AS r
    WHERE bounce.address_domain(r.address_key) = domain AND r.attempts > 0
      AND r.state = 'sent' AND r.last_attempt_at >= since
    LIMIT at_most) AS q);
END $$;
COMMENT ON FUNCTION bounce_internal.sent_to(text, timestamptz, bigint) IS
  'recipients to whom something was sent since then and has not come back, in a domain or (NULL) '
  'in all; at most so many are counted';

CREATE OR REPLACE FUNCTION bounce_internal.sent_besides(
  domain text, since timestamptz, at_most bigint, counted text[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  so_many CONSTANT integer := CASE
    WHEN domain IS NULL THEN cardinality(array_remove(counted, 'bounce-test.invalid'))
    ELSE cardinality(array_positions(counted, domain)) END;
BEGIN
  RETURN least(at_most, bounce_internal.sent_to(domain, since, at_most + so_many) - so_many);
END $$;
COMMENT ON FUNCTION bounce_internal.sent_besides(text, timestamptz, bigint, text[]) IS
  'sent_to() without those whose bounces are being recorded. counted: the domain of each, once for '
  'each to whom something was sent since then';

CREATE OR REPLACE FUNCTION bounce_internal.open_outage(
  k bounce.outage, share numeric, factor numeric, since timestamptz, counted text[])
  RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  -- more is not asked: with so many it is no outage
  at_most CONSTANT bigint := coalesce(ceil(k.seen / nullif(share, 0)), 100000);
BEGIN
  k.sent := k.seen + bounce_internal.sent_besides(CASE k.scope WHEN 'domain' THEN k.about END,
                                                  since, at_most, counted);
  IF k.seen < share * k.sent THEN
    RETURN false;
  END IF;
  k.usual := bounce_internal.usual_rate(k.scope, k.about, k.opened_at, k.time_window);
  -- a session that is opening or deciding it just now does so for us; we see it from here on
  IF k.seen < factor * k.usual
     OR NOT bounce_internal.try_guard_gate(k.scope, k.about) THEN
    RETURN false;
  END IF;
  INSERT INTO bounce.outage (scope, about, seen, sent, usual, time_window, opened_at)
  SELECT k.scope, k.about, k.seen, k.sent, k.usual, k.time_window, k.opened_at
  -- who has just said that they are dead is not asked again at once
  WHERE NOT EXISTS (SELECT FROM bounce.outage AS o WHERE o.scope = k.scope AND o.about = k.about
                    AND o.status = 'confirmed' AND o.decided_at > k.opened_at - k.time_window)
  ON CONFLICT (scope, about) WHERE status = 'open' DO NOTHING;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.open_outage(bounce.outage, numeric, numeric, timestamptz,
                                                text[]) IS
  'opens an outage with this scope, about, number seen, window and time, if that number is at '
  'least such a share of what was sent since then, and such a multiple of what is usual. counted: '
  'as for sent_besides()';

CREATE OR REPLACE FUNCTION bounce_internal.open_outages(
  scopes text[], abouts text[], findings bounce_internal.finding[], at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  policy CONSTANT jsonb := findings[1].policy;
  width CONSTANT interval := (policy ->> 'guard_window')::interval;
  minimum CONSTANT integer := (policy ->> 'guard_minimum')::integer;
  minimum_overall CONSTANT integer := (policy ->> 'guard_minimum_overall')::integer;
  since timestamptz;
  counted text[];
  opened boolean := false;
  k bounce.outage;
BEGIN
  FOR k.scope, k.about, k.seen IN
    SELECT g.scope, g.about, n.seen
    FROM (SELECT u.scope, u.about, count(*) AS added
          FROM unnest(scopes, abouts) AS u (scope, about) GROUP BY u.scope, u.about) AS g
    CROSS JOIN LATERAL (SELECT sum(h.count) AS seen FROM bounce.hard_count AS h
                        WHERE h.scope = g.scope AND h.about = g.about AND h.span = 'minutes'
                          AND h.bucket > at - width AND h.bucket <= at) AS n
    WHERE n.seen >= CASE g.scope WHEN 'domain' THEN minimum ELSE minimum_overall END
      -- far above the minimum for hours is a large sender: to ask further costs more
      AND (n.seen < minimum_overall + 100 OR n.seen / 10 > (n.seen - g.added) / 10)
      AND NOT EXISTS (SELECT FROM bounce.outage AS o
                      WHERE o.scope = g.scope AND o.about = g.about AND o.status = 'open')
    ORDER BY g.scope DESC, g.about
  LOOP
    k.opened_at := at;
    k.time_window := width;
    IF since IS NULL THEN
      -- or earlier, so that a mailing whose bounces take hours is compared with itself
      SELECT least(at - width, min(r.last_attempt_at)),
             array_agg(bounce.address_domain(r.address_key)) FILTER (WHERE r.state = 'sent')
      INTO since, counted
      FROM bounce.communication_recipient AS r
      WHERE r.id = ANY (ARRAY(SELECT f.recipient_id FROM unnest(findings) AS f WHERE f.blocks));
    END IF;
    opened := bounce_internal.open_outage(
      k, (policy ->> CASE k.scope WHEN 'domain' THEN 'guard_share'
                          ELSE 'guard_share_overall' END)::numeric,
      (policy ->> 'guard_factor')::numeric, since, coalesce(counted, '{}')) OR opened;
  END LOOP;
  RETURN opened;
END $$;
COMMENT ON FUNCTION bounce_internal.open_outages(text[], text[], bounce_internal.finding[],
                                                 timestamptz) IS
  'opens an outage for each counter that has risen beyond what was sent and what is usual; false '
  'when none has';

CREATE OR REPLACE FUNCTION bounce_internal.close_stale(o bounce.outage, at timestamptz)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  -- without a held block it has no task either: nobody would ever decide it, and weeks later
  -- it would hold a single bounce
  IF o.status <> 'open' OR o.opened_at > at - o.time_window
     OR NOT bounce_internal.try_outage(o.id) THEN
    RETURN false;
  END IF;
  -- asked only now, when nobody is holding one
  IF EXISTS (SELECT FROM bounce.held_block AS h
             WHERE h.outage_id = o.id AND h.decision IS NULL) THEN
    RETURN false;
  END IF;
  UPDATE bounce.outage AS q SET status = 'dismissed', decided_at = at, decided_by = session_user,
    note = 'over, and nothing was held for it'
  WHERE q.id = o.id AND q.status = 'open';
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce_internal.close_stale(bounce.outage, timestamptz) IS
  'closes an outage that is over and holds no blocks: another one explained all of them, or they '
  'were undone one by one';

CREATE OR REPLACE FUNCTION bounce_internal.close_stale_among(
  outages bounce.outage[], at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  o bounce.outage;
  closed boolean := false;
BEGIN
  FOREACH o IN ARRAY outages LOOP
    IF o.id IS NOT NULL THEN
      closed := bounce_internal.close_stale(o, at) OR closed;
    END IF;
  END LOOP;
  RETURN closed;
END $$;
COMMENT ON FUNCTION bounce_internal.close_stale_among(bounce.outage[], timestamptz) IS
  'closes those of these outages that are stale; false when none is';

CREATE OR REPLACE FUNCTION bounce_internal.outages_of(abouts text[], since timestamptz)
RETURNS bounce.outage[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(
    SELECT (SELECT q.o
            FROM (SELECT k AS o FROM bounce.outage AS k
                  WHERE k.status = 'open'
                    AND (k.scope = 'domain' AND k.about = abouts[3 * n - 2]
                         OR k.scope = 'diagnostic' AND k.about = abouts[3 * n - 1]
                         OR k.scope = 'overall' AND k.about = abouts[3 * n])
                  UNION ALL
                  SELECT k FROM bounce.outage AS k
                  WHERE k.scope = 'domain' AND k.about = abouts[3 * n - 2]
                    AND k.decided_at > since AND k.status = 'confirmed') AS q
            ORDER BY (q.o).status DESC, (q.o).scope = 'domain' DESC,
                     (q.o).scope = 'diagnostic' DESC LIMIT 1)
    FROM generate_series(1, cardinality(abouts) / 3) AS n);
END $$;
COMMENT ON FUNCTION bounce_internal.outages_of(text[], timestamptz) IS
  'of several hard bounces, with their guard_abouts() one after the other, the outage that '
  'explains each: an open one, best that of its domain, or one of its domain that was confirmed '
  'since then; NULL where there is none';

CREATE OR REPLACE FUNCTION bounce_internal.current_outages(
  abouts text[], width interval, at timestamptz) RETURNS bounce.outage[]
LANGUAGE plpgsql AS $$
DECLARE
  outages bounce.outage[];
BEGIN
  LOOP
    outages := bounce_internal.outages_of(abouts, at - width);
    EXIT WHEN NOT bounce_internal.close_stale_among(outages, at);
  END LOOP;
  RETURN outages;
END $$;
COMMENT ON FUNCTION bounce_internal.current_outages(text[], interval, timestamptz) IS
  'outages_of(), after closing those that are over';

CREATE OR REPLACE FUNCTION bounce_internal.guarded_among(findings bounce_internal.finding[])
RETURNS integer[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  guarded integer[] := '{}';
  f bounce_internal.finding;
BEGIN
  FOR n IN 1 .. cardinality(findings) LOOP
    f := findings[n];
    IF f.blocks AND (f.policy ->> 'guard')::boolean
       AND NOT bounce_internal.is_test_address(f.address) THEN
      guarded := guarded || n;
    END IF;
  END LOOP;
  RETURN guarded;
END $$;
COMMENT ON FUNCTION bounce_internal.guarded_among(bounce_internal.finding[]) IS
  'the places of the findings that would block and are looked at for an outage';

CREATE OR REPLACE FUNCTION bounce_internal.guard_findings(
  INOUT findings bounce_internal.finding[], at timestamptz DEFAULT now())
LANGUAGE plpgsql AS $$
DECLARE
  guarded CONSTANT integer[] := bounce_internal.guarded_among(findings);
  abouts text[] := '{}';     -- of those, three each
  outages bounce.outage[];
  counted bigint[] := '{}';
  counted_scopes text[] := '{}';
  counted_abouts text[] := '{}';
  is_outage boolean := false;
  f bounce_internal.finding;
  o bounce.outage;
BEGIN
  IF cardinality(guarded) = 0 THEN
    RETURN;
  END IF;
  FOR i IN 1 .. cardinality(guarded) LOOP
    f := findings[guarded[i]];
    abouts := abouts || bounce_internal.guard_abouts(f.address, f.diagnostic);
  END LOOP;
  outages := bounce_internal.current_outages(abouts, (f.policy ->> 'guard_window')::interval, at);
  FOR i IN 1 .. cardinality(guarded) LOOP
    f := findings[guarded[i]];
    o := outages[i];
    is_outage := is_outage OR coalesce(o.status = 'open', false);
    -- one mail may name a hundred recipients to its own return path: a send counts once
    CONTINUE WHEN f.is_counted OR f.recipient_id = ANY (counted);
    counted := counted || f.recipient_id;
    -- what an outage of its domain explains says nothing of the other domains
    counted_scopes := counted_scopes || CASE o.scope WHEN 'domain' THEN '{domain}'
                                             ELSE '{domain,diagnostic,overall}'::text[] END;
    counted_abouts := counted_abouts || abouts[3 * i - 2 : CASE o.scope WHEN 'domain' THEN 3 * i - 2
                                                                        ELSE 3 * i END];
  END LOOP;
  IF cardinality(counted) > 0 THEN
    is_outage := bounce_internal.count_hard(counted_scopes, counted_abouts, at)
      AND bounce_internal.open_outages(counted_scopes, counted_abouts, findings, at) OR is_outage;
  END IF;
  IF is_outage THEN
    findings := bounce_internal.hold_findings(findings, guarded, abouts);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.guard_findings(bounce_internal.finding[], timestamptz) IS
  'counts the findings that would block, opens outages, and says which blocks are held';
