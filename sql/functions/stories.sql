-- SPDX-License-Identifier: BSD-2-Clause
--
-- What people read: the whole story of a mail, and of a block, oldest first; figures.

CREATE OR REPLACE FUNCTION bounce.bounce_as_it_was(b bounce.bounce) RETURNS bounce.bounce
LANGUAGE plpgsql STABLE AS $$
DECLARE
  first bounce.verdict_change;
BEGIN
  SELECT v.* INTO first FROM bounce.verdict_change AS v WHERE v.bounce_id = b.id ORDER BY v.id LIMIT 1;
  IF FOUND THEN
    b.class := first.old_class;
    b.reason := first.old_reason;
    b.rule := first.old_rule;
    b.trust := coalesce(first.old_trust, b.trust);
    b.matched_by := coalesce(first.old_matched_by, b.matched_by);
    b.evidence := coalesce(first.old_evidence, b.evidence);
    b.consequence := coalesce(first.old_consequence, b.consequence);
  END IF;
  RETURN b;
END
$$;
COMMENT ON FUNCTION bounce.bounce_as_it_was(bounce.bounce) IS 'internal: a bounce with the verdict that was made when it came, whatever was changed since';

CREATE OR REPLACE FUNCTION bounce.verdict_words(b bounce.bounce) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT format('%s %s: %s from %s, matched by %s, trust %s, rule %s, report %s', b.class, b.reason,
                        coalesce(max(m.kind), 'report'), coalesce(nullif(max(m.reporting_mta), ''), nullif(max(m.client), ''), 'unknown'),
                        coalesce(nullif(b.matched_by, ''), 'nothing'), b.trust, b.rule, b.bounce_message_id)
                 || coalesce(': ' || nullif(concat_ws(' ', nullif(b.status, ''), nullif(b.reply_code, ''),
                                                      coalesce(nullif(b.diagnostic, ''), nullif(b.evidence, ''))), ''), '')
          FROM bounce.bounce_message AS m WHERE m.id = b.bounce_message_id AND m.received_at = b.received_at);
END
$$;
COMMENT ON FUNCTION bounce.verdict_words(bounce.bounce) IS 'internal: a verdict with the evidence it was made on, in one line';

CREATE OR REPLACE FUNCTION bounce.communication_story(communication_id bigint)
RETURNS TABLE (at timestamptz, recipient text, event text, text text, actor text, bounce_id bigint, task_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT s.at, coalesce(r.address, ''), s.event, s.text, s.actor, s.bounce_id, s.task_id
  FROM (SELECT c.created_at AS at, NULL::bigint AS recipient_id, 'registered' AS event,
               concat_ws(' ', c.process, nullif(c.business_ref, ''), quote_ident(c.subject)) AS text, '' AS actor,
               NULL::bigint AS bounce_id, NULL::bigint AS task_id, 0 AS rank, 0::bigint AS place
        FROM bounce.communication AS c WHERE c.id = communication_story.communication_id
        UNION ALL
        SELECT b.received_at, b.recipient_id, 'report', bounce.verdict_words(bounce.bounce_as_it_was(b)), '', b.id, b.task_id, 1, b.id
        FROM bounce.bounce AS b
        WHERE b.communication_id = communication_story.communication_id
        UNION ALL
        SELECT l.at, l.recipient_id, l.event, l.text, l.actor, l.bounce_id, NULL, 2, l.id
        FROM bounce.communication_log AS l WHERE l.communication_id = communication_story.communication_id
        UNION ALL
        SELECT h.at, t.recipient_id, 'task_' || h.action, h.text, h.actor, t.bounce_id, t.id, 3, h.id
        FROM bounce.task_history AS h JOIN bounce.task AS t ON t.id = h.task_id
        WHERE h.action IN ('assigned', 'postponed', 'note')
          AND t.id IN (SELECT q.task_id FROM bounce.communication_recipient AS q WHERE q.communication_id = communication_story.communication_id
                       UNION SELECT b.task_id FROM bounce.bounce AS b WHERE b.communication_id = communication_story.communication_id)) AS s
  LEFT JOIN bounce.communication_recipient AS r ON r.id = s.recipient_id
  ORDER BY s.at, s.rank, s.place;
END
$$;
COMMENT ON FUNCTION bounce.communication_story(bigint) IS
  'the whole story of a communication, oldest first: registered, sent, reported, what followed, who did what';

-- Why an address is blocked ----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.parameter_at(name text, process text, at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  value text;
BEGIN
  -- what the first change afterwards found, is what was in force; without one, it still is
  FOR value IN
    SELECT CASE WHEN h.id IS NOT NULL THEN h.old_value ELSE p.value END
    FROM (VALUES (parameter_at.process, 1), (NULL, 2)) AS k (process, place)
    LEFT JOIN LATERAL (SELECT x.id, x.old_value FROM bounce.system_parameter_history AS x
                       WHERE x.name = parameter_at.name AND x.process IS NOT DISTINCT FROM k.process AND x.changed_at > at
                       ORDER BY x.changed_at, x.id LIMIT 1) AS h ON true
    LEFT JOIN bounce.system_parameter AS p ON p.name = parameter_at.name AND p.process IS NOT DISTINCT FROM k.process
    ORDER BY k.place LOOP
    IF value IS NOT NULL THEN
      RETURN value;
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce.parameter_at(text, text, timestamptz) IS 'internal: the value that was in force for a process at a time, by the history';

CREATE OR REPLACE FUNCTION bounce.block_story(address text)
RETURNS TABLE (at timestamptz, event text, text text, actor text, block_id bigint, bounce_id bigint, bounce_message_id bigint, communication_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  key CONSTANT text := bounce.address_key(bounce.need_address(address));
BEGIN
  RETURN QUERY
  WITH block AS (SELECT k.* FROM bounce.address_block AS k WHERE k.address_key = key),
  cause AS (SELECT k.id AS block_id, k.blocked_at, c.process, b AS bounce
            FROM block AS k JOIN bounce.bounce AS b ON b.id = k.bounce_id LEFT JOIN bounce.communication AS c ON c.id = b.communication_id)
  SELECT s.at, s.event, s.text, s.actor, s.block_id, s.bounce_id, s.bounce_message_id, s.communication_id
  FROM (SELECT (c.bounce).received_at AS at, 1 AS rank, 'report' AS event, bounce.verdict_words(bounce.bounce_as_it_was(c.bounce)) AS text, '' AS actor,
               c.block_id, (c.bounce).id AS bounce_id, (c.bounce).bounce_message_id, (c.bounce).communication_id
        FROM cause AS c
        UNION ALL
        SELECT c.blocked_at, 2, 'parameters', (SELECT string_agg(n || ' ' || bounce.parameter_at(n, c.process, c.blocked_at), ', ')
                 FROM unnest('{block_hard,block_min_trust,guard,shadow}'::text[]) AS n) || coalesce(' (process ' || c.process || ')', ''), '',
               c.block_id, (c.bounce).id, NULL, NULL
        FROM cause AS c
        UNION ALL
        SELECT k.blocked_at, 3, 'blocked', concat_ws(': ', nullif(k.reason, ''), k.why), k.blocked_by, k.id, k.bounce_id, NULL, k.communication_id FROM block AS k
        UNION ALL
        SELECT v.at, 4, 'reclassified', format('%s %s (rule %s) -> %s %s (rule %s): %s', v.old_class, v.old_reason, v.old_rule, v.new_class, v.new_reason, v.new_rule, v.why),
               v.actor, c.block_id, v.bounce_id, NULL, NULL
        FROM cause AS c JOIN bounce.verdict_change AS v ON v.bounce_id = (c.bounce).id
        UNION ALL
        SELECT k.lifted_at, 5, 'lifted', k.lift_why, k.lifted_by, k.id, k.bounce_id, NULL, NULL FROM block AS k WHERE k.lifted_at IS NOT NULL
        UNION ALL
        SELECT h.held_at, 6, 'held', concat_ws(', ', 'outage ' || h.outage_id, coalesce(h.decision || ' at ' || to_char(h.decided_at, 'YYYY-MM-DD HH24:MI') || ' by ' || o.decided_by, 'undecided')) || ': ' || h.why,
               '', NULL, h.bounce_id, NULL, h.communication_id
        FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id WHERE h.address = key) AS s
  ORDER BY s.at, s.rank, s.block_id;
END
$$;
COMMENT ON FUNCTION bounce.block_story(text) IS
  'why an address is, or was, blocked, oldest first: the report (bounce_message_id: the mail as received) with rule, trust and the other '
  'side''s words as it was judged then, the parameters in force, who blocked and lifted, what was held. Empty for an address that never was. 22023';

GRANT EXECUTE ON FUNCTION bounce.block_story(text) TO bounce_operator;

-- Figures ------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.report_by(dimension text, since timestamptz, until timestamptz)
RETURNS TABLE (label text, total bigint, hard bigint, soft bigint, technical bigint, auto_reply bigint, unclassified bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  is_time CONSTANT boolean := dimension IN ('hour', 'day', 'week', 'month');
BEGIN
  IF dimension <> ALL ('{class,reason,process,domain,remote_mta,rule,trust,hour,day,week,month}') THEN
    RAISE EXCEPTION 'no report by "%"', dimension USING ERRCODE = 'invalid_parameter_value',
      HINT = 'By class, reason, process, domain, remote_mta, rule, trust, hour, day, week or month.';
  END IF;
  PERFORM bounce.need_period(since, until);
  RETURN QUERY
  WITH labelled AS (
    SELECT l.label, l.class FROM bounce.bounce_labels(dimension, since, until) AS l
    UNION ALL
    -- a time without bounces is shown as well
    SELECT bounce.time_label(dimension, t), NULL
    FROM generate_series(date_trunc(CASE WHEN is_time THEN dimension ELSE 'day' END, coalesce(nullif(since, '-infinity'), (SELECT min(b.received_at) FROM bounce.bounce AS b))),
                         CASE WHEN is_time THEN coalesce(nullif(until, 'infinity'), now()) - interval '1 microsecond' END,
                         ('1 ' || CASE WHEN is_time THEN dimension ELSE 'day' END)::interval) AS t)
  SELECT l.label, count(l.class), count(*) FILTER (WHERE l.class = 'hard'), count(*) FILTER (WHERE l.class = 'soft'),
         count(*) FILTER (WHERE l.class = 'technical'), count(*) FILTER (WHERE l.class = 'auto_reply'), count(*) FILTER (WHERE l.class = 'unclassified')
  FROM labelled AS l
  GROUP BY l.label
  ORDER BY CASE WHEN is_time THEN l.label END, count(l.class) DESC, l.label;
END
$$;
COMMENT ON FUNCTION bounce.report_by(text, timestamptz, timestamptz) IS
  'bounces of a time (NULL: open) by class, reason, process, domain, remote_mta, rule, trust, hour, day, week or month; times in order and without gaps';
