-- SPDX-License-Identifier: BSD-2-Clause
--
-- Soft bounces over several mails: a score per address, of the days on which it bounced.

CREATE OR REPLACE FUNCTION bounce_internal.soft_score(
  days date[], points numeric, decay numeric, at date) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  score numeric := 0;
  last date;
  day date;
BEGIN
  FOREACH day IN ARRAY days LOOP
    score := greatest(0, score - decay * coalesce(day - last - 1, 0)) + points;
    last := day;
  END LOOP;
  RETURN greatest(0, score - decay * greatest(0, coalesce(at - last - 1, 0)));
END $$;
COMMENT ON FUNCTION bounce_internal.soft_score(date[], numeric, numeric, date) IS
  'the score at a day: each day with soft bounces adds points, each without takes decay away, and '
  'it never falls below 0';

CREATE OR REPLACE FUNCTION bounce_internal.soft_days(address_key text) RETURNS date[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
  -- who has looked at it has judged what was before
  judged CONSTANT timestamptz := greatest(
    (SELECT max(t.resolved_at) FROM bounce.task AS t
     WHERE t.kind = 'soft_bounces' AND t.address = soft_days.address_key AND t.status = 'done'),
    (SELECT max(k.lifted_at) FROM bounce.address_block AS k
     WHERE k.address_key = soft_days.address_key AND k.source = 'score'));
BEGIN
  RETURN ARRAY(SELECT d.day FROM bounce.soft_bounce_day AS d
               WHERE d.address_key = soft_days.address_key
                 AND d.at > coalesce(judged, '-infinity') ORDER BY d.day);
END $$;
COMMENT ON FUNCTION bounce_internal.soft_days(text) IS
  'the days on which an address bounced softly, since a person closed the task about it or its '
  'block ended';

CREATE OR REPLACE FUNCTION bounce_internal.is_probe(f bounce_internal.finding, days date[])
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  width CONSTANT interval := f.policy ->> 'soft_score_probe';
BEGIN
  RETURN width = interval '0'
    OR EXISTS (SELECT FROM bounce.soft_bounce_day AS d, bounce.communication_recipient AS r
               WHERE d.address_key = f.address AND d.day = ANY (days)
                 AND d.probe_since > now() - width
                 AND r.id = f.recipient_id AND r.last_attempt_at > d.probe_since);
END $$;
COMMENT ON FUNCTION bounce_internal.is_probe(bounce_internal.finding, date[]) IS
  'whether a soft bounce is of a mail sent after the threshold was reached, or none is waited for';

CREATE OR REPLACE FUNCTION bounce_internal.soft_score_of(
  policy jsonb, days date[]) RETURNS numeric
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.soft_score(days, (policy ->> 'soft_score_points')::numeric,
                                    (policy ->> 'soft_score_decay')::numeric,
                                    (now() AT TIME ZONE 'UTC')::date);
END $$;
COMMENT ON FUNCTION bounce_internal.soft_score_of(jsonb, date[]) IS
  'the score today, by the parameters of a process';

CREATE OR REPLACE FUNCTION bounce_internal.least_soft_trust(
  f bounce_internal.finding, days date[]) RETURNS bounce.trust
LANGUAGE plpgsql STABLE AS $$
DECLARE
  needed CONSTANT bounce.trust := f.policy ->> 'block_min_trust';
  proven date[];
  least bounce.trust;
BEGIN
  SELECT array_agg(q.day ORDER BY q.day) FILTER (WHERE q.trust >= needed), min(q.trust)
  INTO proven, least
  FROM (SELECT d.day, CASE d.bounce_id WHEN f.bounce_id THEN f.trust ELSE b.trust END AS trust
        FROM bounce.soft_bounce_day AS d LEFT JOIN bounce.bounce AS b ON b.id = d.bounce_id
        WHERE d.address_key = f.address AND d.day = ANY (days)) AS q;
  RETURN CASE WHEN bounce_internal.soft_score_of(f.policy, coalesce(proven, '{}'))
                   < (f.policy ->> 'soft_score_threshold')::numeric THEN least END;
END $$;
COMMENT ON FUNCTION bounce_internal.least_soft_trust(bounce_internal.finding, date[]) IS
  'how far the least proven of these days is believed, if without those that are not trusted for a '
  'block the threshold would not be reached; else NULL. One genuine bounce does not prove those '
  'before it';

CREATE OR REPLACE FUNCTION bounce_internal.soft_obstacle(
  f bounce_internal.finding, days date[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  least bounce.trust;
BEGIN
  IF f.policy ->> 'soft_score' <> 'block' THEN
    RETURN '';
  END IF;
  least := bounce_internal.least_soft_trust(f, days);
  RETURN CASE
    WHEN NOT bounce_internal.is_trusted_for(f, 'block_min_trust')
      THEN bounce_internal.say(', not blocked, trust is %w only', f.trust::text)
    WHEN least IS NOT NULL
      THEN bounce_internal.say(', not blocked, trust is %w only', least::text)
    WHEN bounce_internal.is_cleared(f)
      THEN bounce_internal.say(', not blocked, a block was lifted since it was sent')
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.soft_obstacle(bounce_internal.finding, date[]) IS
  'why an address that has reached the threshold gets a task and no block; NULL when it is blocked';

CREATE OR REPLACE FUNCTION bounce_internal.judge_soft(
  INOUT f bounce_internal.finding, days date[], score numeric)
LANGUAGE plpgsql AS $$
DECLARE
  obstacle CONSTANT text := bounce_internal.soft_obstacle(f, days);
BEGIN
  IF obstacle IS NOT NULL THEN
    f := bounce_internal.request_task(f, 'soft_bounces', f.address,
           CASE cardinality(days)
             WHEN 1 THEN bounce_internal.say(
               '%s keeps bouncing softly: on 1 day since %s, score %s of %s', f.address,
               days[1]::text, round(score, 1)::text, f.policy ->> 'soft_score_threshold')
             ELSE bounce_internal.say(
               '%s keeps bouncing softly: on %s days since %s, score %s of %s', f.address,
               cardinality(days)::text, days[1]::text, round(score, 1)::text,
               f.policy ->> 'soft_score_threshold') END
           || obstacle || bounce_internal.say('; lately ') || bounce_internal.described(f));
  ELSIF bounce_internal.is_probe(f, days) THEN
    f.blocks := true;
  ELSE
    UPDATE bounce.soft_bounce_day AS d SET probe_since = now()
    WHERE d.address_key = f.address AND d.bounce_id = f.bounce_id
      AND NOT EXISTS (SELECT FROM bounce.soft_bounce_day AS p
                      WHERE p.address_key = f.address AND p.day = ANY (days)
                        AND p.probe_since > now() - (f.policy ->> 'soft_score_probe')::interval);
    f := bounce_internal.step(f, 'probe', CASE cardinality(days)
      WHEN 1 THEN bounce_internal.say(
        'soft bounces on 1 day, the next mail decides whether the address is blocked')
      ELSE bounce_internal.say(
        'soft bounces on %s days, the next mail decides whether the address is blocked',
        cardinality(days)::text) END);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.judge_soft(bounce_internal.finding, date[], numeric) IS
  'what follows when an address has reached soft_score_threshold';

CREATE OR REPLACE FUNCTION bounce_internal.count_soft(INOUT f bounce_internal.finding)
LANGUAGE plpgsql AS $$
DECLARE
  received_at timestamptz := now();
  days date[];
  score numeric;
BEGIN
  IF f.policy ->> 'soft_score' = 'off' OR bounce_internal.is_test_address(f.address)
     OR bounce_internal.id_is_shared(f) THEN
    RETURN;
  END IF;
  IF f.bounce_message_id IS NULL THEN     -- not new: one that is stored bounced on its own day
    received_at := coalesce((SELECT b.received_at FROM bounce.bounce AS b
                             WHERE b.id = f.bounce_id), received_at);
  END IF;
  INSERT INTO bounce.soft_bounce_day (address_key, day, at, bounce_id)
  VALUES (f.address, (received_at AT TIME ZONE 'UTC')::date, received_at, f.bounce_id)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  days := bounce_internal.soft_days(f.address);
  score := bounce_internal.soft_score_of(f.policy, days);
  IF score >= (f.policy ->> 'soft_score_threshold')::numeric THEN
    f := bounce_internal.judge_soft(f, days, score);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.count_soft(bounce_internal.finding) IS
  'counts a soft bounce for the score of its address, once a day';

CREATE OR REPLACE FUNCTION bounce_internal.soft_heir(
  d bounce.soft_bounce_day, taken_back bigint[]) RETURNS bounce.bounce
LANGUAGE plpgsql STABLE AS $$
DECLARE
  heir bounce.bounce;
BEGIN
  SELECT b.* INTO heir
  FROM bounce.communication_recipient AS r JOIN bounce.bounce AS b ON b.recipient_id = r.id
  WHERE r.address_key = d.address_key AND (b.received_at AT TIME ZONE 'UTC')::date = d.day
    AND b.class = 'soft' AND 'bounced' = ANY (b.events) AND NOT b.in_shadow
    AND b.id <> ALL (taken_back) AND NOT bounce_internal.is_undone(b.id)
  ORDER BY b.received_at, b.id LIMIT 1;
  RETURN heir;
END $$;
COMMENT ON FUNCTION bounce_internal.soft_heir(bounce.soft_bounce_day, bigint[]) IS
  'another soft bounce of the same address and day; NULL when there is none';

CREATE OR REPLACE FUNCTION bounce_internal.forget_soft_bounces(bounce_ids bigint[])
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  d bounce.soft_bounce_day;
  heir bounce.bounce;
  forgotten bigint := 0;
BEGIN
  FOR d IN SELECT k.* FROM bounce.bounce AS b
           JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
           JOIN bounce.soft_bounce_day AS k ON k.address_key = r.address_key AND k.bounce_id = b.id
           WHERE b.id = ANY (bounce_ids) ORDER BY k.address_key, k.day FOR UPDATE OF k LOOP
    heir := bounce_internal.soft_heir(d, bounce_ids);
    UPDATE bounce.soft_bounce_day AS k SET bounce_id = heir.id, at = heir.received_at
    WHERE k.address_key = d.address_key AND k.day = d.day AND heir.id IS NOT NULL;
    CONTINUE WHEN FOUND;
    DELETE FROM bounce.soft_bounce_day AS k WHERE k.address_key = d.address_key AND k.day = d.day;
    forgotten := forgotten + 1;
  END LOOP;
  RETURN forgotten;
END $$;
COMMENT ON FUNCTION bounce_internal.forget_soft_bounces(bigint[]) IS
  'takes bounces that were undone out of the scores; a day on which the address bounced softly '
  'once more stays. Returns the number of days that do not';
