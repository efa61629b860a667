-- SPDX-License-Identifier: BSD-2-Clause
--
-- The outage guard: counting hard bounces, holding blocks, deciding in bulk.
--
-- When hard bounces of one remote domain, with one diagnostic text, or of all domains
-- rise far beyond their usual rate, a broken system is more likely than so many dead
-- addresses. New blocks are then held, one task tells so, and a person decides. Only
-- bounces that would block are counted, so a stranger can neither raise nor fill the
-- counters.

-- Counting ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.plain_diagnostic(diagnostic text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT btrim(left(regexp_replace(regexp_replace(lower(diagnostic),
    '[^[:space:]<>"]*@[^[:space:]<>"]*|[[:alnum:]._:/-]*[0-9][[:alnum:]._:/-]*', '#', 'g'),
    '[[:space:]]+', ' ', 'g'), 120))
$$;
COMMENT ON FUNCTION bounce_internal.plain_diagnostic(text) IS
  'a diagnostic text without addresses, codes, times and ids: the part that all bounces of an '
  'outage share';

CREATE OR REPLACE FUNCTION bounce_internal.guard_keys(f bounce_internal.finding)
RETURNS TABLE (scope text, about text)
LANGUAGE sql IMMUTABLE AS $$
  SELECT k.scope, k.about
  FROM (VALUES ('domain', bounce.address_domain((f).address)),
               ('diagnostic', bounce_internal.plain_diagnostic((f).diagnostic)),
               ('overall', '')) AS k (scope, about)
  WHERE k.about <> '' OR k.scope = 'overall';
$$;
COMMENT ON FUNCTION bounce_internal.guard_keys(bounce_internal.finding) IS
  'the counters that a hard bounce belongs to';

CREATE OR REPLACE FUNCTION bounce_internal.would_block(f bounce_internal.finding) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT f.class = 'hard' AND NOT f.is_notice AND f.recipient_id IS NOT NULL
         AND bounce_internal.is_trusted_for(f, 'mark_min_trust')
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
  SELECT coalesce(sum(h.count), 0) / 14.0 * extract(epoch FROM time_window) / 86400 INTO average
  FROM bounce.hard_count AS h
  WHERE h.scope = usual_rate.scope AND h.about = usual_rate.about AND h.span = 'day'
    AND h.bucket >= today - interval '14 days' AND h.bucket < today
    AND NOT bounce_internal.was_outage(usual_rate.scope, usual_rate.about, h.bucket,
                                       h.bucket + interval '1 day');
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

CREATE OR REPLACE FUNCTION bounce_internal.count_hard(
  findings bounce_internal.finding[], at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- what an outage of its domain explains says nothing of the other domains; all in one order,
  -- so that sessions do not deadlock
  INSERT INTO bounce.hard_count AS h (scope, about, span, bucket, slot, count)
  SELECT k.scope, k.about, s.span, date_bin(s.width, at, '2000-01-01 00:00+00'),
         pg_backend_pid() % 8, count(*)
  FROM unnest(findings) AS f
  CROSS JOIN LATERAL bounce_internal.guard_keys(f) AS k
  CROSS JOIN (VALUES ('minutes', interval '10 minutes'),
                     ('day', interval '1 day')) AS s (span, width)
  WHERE bounce_internal.would_block(f)
    AND (k.scope = 'domain'
         OR bounce_internal.outage_at('domain', bounce.address_domain(f.address)) IS NULL)
  GROUP BY 1, 2, 3, 4
  ORDER BY 1, 2, 3, 4
  ON CONFLICT (scope, about, span, bucket, slot) DO UPDATE SET count = h.count + excluded.count;
END $$;
COMMENT ON FUNCTION bounce_internal.count_hard(bounce_internal.finding[], timestamptz) IS
  'counts the findings that would block';

CREATE OR REPLACE FUNCTION bounce_internal.outage_at(scope text, about text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT o.id FROM bounce.outage AS o
          WHERE o.scope = outage_at.scope AND o.about = outage_at.about AND o.status = 'open');
END $$;
COMMENT ON FUNCTION bounce_internal.outage_at(text, text) IS
  'the open outage of a domain, of a text, or overall; NULL when there is none';

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

CREATE OR REPLACE FUNCTION bounce_internal.open_outages(
  findings bounce_internal.finding[], at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  factor CONSTANT numeric := bounce_internal.parameter_number('guard_factor');
  width CONSTANT interval := bounce_internal.parameter_interval('guard_window');
  k record;
BEGIN
  FOR k IN
    SELECT g.scope, g.about,
           bool_or(bounce_internal.outage_at('domain',
                                             bounce.address_domain(
                                                 f.address)) IS NOT NULL) AS is_explained
    FROM unnest(findings) AS f CROSS JOIN LATERAL bounce_internal.guard_keys(f) AS g
    WHERE bounce_internal.would_block(f) GROUP BY g.scope, g.about ORDER BY g.scope DESC, g.about
  LOOP
    -- who has just said that they are dead is not asked again at once
    INSERT INTO bounce.outage (scope, about, seen, usual, time_window, opened_at)
    SELECT k.scope, k.about, r.seen, r.usual, width, at
    FROM bounce_internal.hard_rate(k.scope, k.about, at) AS r
    WHERE NOT k.is_explained AND r.seen >= factor * r.usual
      AND r.seen >= bounce_internal.parameter_integer(CASE k.scope
                                                           WHEN 'domain' THEN 'guard_minimum'
                                                           ELSE 'guard_minimum_overall' END)
      AND NOT EXISTS (SELECT FROM bounce.outage AS o WHERE o.scope = k.scope AND o.about = k.about
                      AND o.status = 'confirmed' AND o.decided_at > at - width)
    ON CONFLICT (scope, about) WHERE status = 'open' DO NOTHING;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.open_outages(bounce_internal.finding[], timestamptz) IS
  'opens an outage for each counter that has risen above its usual rate';

CREATE OR REPLACE FUNCTION bounce_internal.close_stale_outages(at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- without a held block it has no task either: nobody would ever decide it, and weeks later
  -- it would hold a single bounce
  UPDATE bounce.outage AS o SET status = 'dismissed', decided_at = at, decided_by = session_user,
    note = 'over, and nothing was held for it'
  WHERE o.id IN (SELECT q.id FROM bounce.outage AS q
                 WHERE q.status = 'open' AND q.opened_at <= at - q.time_window
                   AND NOT EXISTS (SELECT FROM bounce.held_block AS h
                                   WHERE h.outage_id = q.id AND h.decision IS NULL)
                 ORDER BY q.id FOR UPDATE SKIP LOCKED);
END $$;
COMMENT ON FUNCTION bounce_internal.close_stale_outages(timestamptz) IS
  'closes outages without held blocks: another outage explained all of them, or they were undone '
  'one by one';

CREATE OR REPLACE FUNCTION bounce_internal.guard_findings(
  findings bounce_internal.finding[], at timestamptz DEFAULT now()) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF bounce_internal.parameter_boolean('guard')
     AND EXISTS (SELECT FROM unnest(findings) AS f WHERE f.class = 'hard') THEN
    PERFORM bounce_internal.count_hard(findings, at);
    PERFORM bounce_internal.close_stale_outages(at);
    PERFORM bounce_internal.open_outages(findings, at);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.guard_findings(bounce_internal.finding[], timestamptz) IS
  'counts findings and opens outages, before any consequences';

-- Holding ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.outage_of(f bounce_internal.finding) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE WHEN bounce_internal.parameter_boolean('guard') THEN
    (SELECT o.id FROM bounce_internal.guard_keys(f) AS k
     JOIN bounce.outage AS o ON o.scope = k.scope AND o.about = k.about AND o.status = 'open'
     ORDER BY k.scope = 'domain' DESC, k.scope = 'diagnostic' DESC LIMIT 1) END;
END $$;
COMMENT ON FUNCTION bounce_internal.outage_of(bounce_internal.finding) IS
  'the open outage that holds this finding''s block; NULL when there is none';

CREATE OR REPLACE FUNCTION bounce_internal.outage_text(o bounce.outage) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT format('hard bounces %s: %s within %s, usually %s; blocks are held',
    CASE o.scope WHEN 'domain' THEN 'of ' || o.about
         WHEN 'diagnostic' THEN format('saying "%s"', o.about) ELSE 'of all domains' END,
    o.seen, o.time_window, o.usual)
$$;
COMMENT ON FUNCTION bounce_internal.outage_text IS 'an outage as a sentence';

CREATE OR REPLACE FUNCTION bounce_internal.hold_block(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.held_block (outage_id, address, reason, why, bounce_id, communication_id,
                                 recipient_id)
  VALUES (f.outage_id, f.address, f.reason, bounce_internal.describe(f), f.bounce_id,
          f.communication_id, f.recipient_id);
  f := bounce_internal.step(f, 'block_held', 'block held, outage ' || f.outage_id);
  f := bounce_internal.request_task(f, 'outage', f.outage_id::text,
         (SELECT bounce_internal.outage_text(o) || ', lately ' || f.address || ': '
          || bounce_internal.describe(f)
          FROM bounce.outage AS o WHERE o.id = f.outage_id));
END $$;
COMMENT ON FUNCTION bounce_internal.hold_block(bounce_internal.finding) IS
  'holds the block, and replaces task and follow-up by the task of the outage';

CREATE OR REPLACE FUNCTION bounce_internal.block_held(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
BEGIN
  f := bounce_internal.make_block(f);
  IF 'blocked' = ANY (f.events) THEN
    f := bounce_internal.request_task(f, 'hard_bounce', f.address,
                                   format('%s bounced hard, address blocked: %s', f.address,
                                          bounce_internal.describe(f)));
    f.events := f.events || 'bounced'::text;
    f := bounce_internal.notify_owner(f);
    IF bounce_internal.parameter_boolean('follow_up', f.process) THEN
      f := bounce_internal.write_follow_up(f);
    END IF;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.block_held(bounce_internal.finding) IS
  'creates a block that was held, with its consequences but for the task; nothing when the '
  'address is blocked already';

-- Deciding ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.outage_of_task(t bounce.task) RETURNS bounce.outage
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT o FROM bounce.outage AS o WHERE o.id = split_part(t.dedup_key, ':', 2)::bigint);
END $$;
COMMENT ON FUNCTION bounce_internal.outage_of_task IS 'the outage that a task is about';

CREATE OR REPLACE FUNCTION bounce_internal.bounces_of_outage(o bounce.outage) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- those that were held, those that blocked before it was noticed, and further mails to an
  -- address that was blocked already; not what a person has called dead since
  RETURN ARRAY(SELECT h.bounce_id FROM bounce.held_block AS h
               WHERE h.outage_id = o.id AND h.decision IS NULL
    UNION
    SELECT b.id FROM bounce.bounce AS b
    LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id AND r.bounce_id = b.id
      AND r.state = 'bounced' AND r.requested_by IS NULL
    WHERE b.received_at >= o.opened_at - o.time_window AND b.class = 'hard' AND NOT b.is_notice
      AND NOT b.in_shadow
      AND (EXISTS (SELECT FROM bounce.address_block AS k
                   WHERE k.bounce_id = b.id AND k.lifted_at IS NULL)
           OR r.id IS NOT NULL AND bounce_internal.would_block(
               bounce_internal.finding_of_bounce(b)))
      AND NOT EXISTS (SELECT FROM bounce.task AS t WHERE t.id = b.task_id AND t.resolution = 'dead')
      AND EXISTS (SELECT FROM bounce_internal.guard_keys(bounce_internal.finding_of_bounce(b)) AS g
                  WHERE g.scope = o.scope AND g.about = o.about));
END $$;
COMMENT ON FUNCTION bounce_internal.bounces_of_outage(bounce.outage) IS
  'the hard bounces that an outage explains';

CREATE OR REPLACE FUNCTION bounce_internal.decide_outage(t bounce.task, decision text, note text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  -- a block that was held while the decision was being made has opened the task again: it is
  -- decided likewise
  UPDATE bounce.outage AS o SET status = decision, decided_at = now(), decided_by = session_user,
    note = coalesce(decide_outage.note, '')
  WHERE o.id = (bounce_internal.outage_of_task(t)).id;
  PERFORM bounce_internal.close_task(t.id, decision, note);
END $$;
COMMENT ON FUNCTION bounce_internal.decide_outage(bounce.task, text, text) IS
  'the only function that decides an outage. It is locked last';

CREATE OR REPLACE FUNCTION bounce_internal.close_empty_outages(bounce_ids bigint[], why text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  t bounce.task;
BEGIN
  FOR t IN SELECT q.* FROM bounce.task AS q
           WHERE q.status = 'open'
             AND q.dedup_key IN (SELECT 'outage:' || h.outage_id FROM bounce.held_block AS h
                                 WHERE h.bounce_id = ANY (bounce_ids))
             AND NOT EXISTS (SELECT FROM bounce.held_block AS h
                             WHERE 'outage:' || h.outage_id = q.dedup_key AND h.decision IS NULL)
           ORDER BY q.dedup_key LOOP
    PERFORM bounce_internal.decide_outage(t, 'dismissed', why);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.close_empty_outages(bigint[], text) IS
  'closes the tasks of outages that hold no blocks any more';
