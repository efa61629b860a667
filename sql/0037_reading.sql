-- SPDX-License-Identifier: BSD-2-Clause
--
-- What people read: tasks, blocks, parameters, the story of a mail, the state of the
-- whole, figures. Nothing here changes anything but set_parameter().

-- Tasks -----------------------------------------------------------------------------------

CREATE VIEW bounce.task_detail AS
SELECT t.id, t.kind, t.status, t.count, t.owner, t.due_at, t.status = 'open' AND t.due_at < now() AS is_overdue,
       t.created_at, t.last_seen_at, t.address, t.domain, t.reason, coalesce(n.meaning, '') AS meaning, t.diagnosis, t.correction,
       coalesce(t.process, '') AS process, t.communication_id, coalesce(c.business_ref, '') AS business_ref,
       coalesce(c.subject, '') AS subject, t.summary, t.recipient_id, t.bounce_id,
       t.resolution, t.resolved_at, t.resolved_by, t.note
FROM bounce.task AS t
LEFT JOIN bounce.communication AS c ON c.id = t.communication_id
LEFT JOIN bounce.bounce_reason AS n ON n.reason = t.reason;
COMMENT ON VIEW bounce.task_detail IS 'tasks with the diagnosis in words, the mail they are about, and the address that may have been meant';

CREATE VIEW bounce.open_task AS
SELECT * FROM bounce.task_detail WHERE status = 'open' ORDER BY due_at NULLS LAST, id;
COMMENT ON VIEW bounce.open_task IS 'the open tasks, the first due first';

CREATE FUNCTION bounce.task_story(task_id bigint) RETURNS TABLE (at timestamptz, actor text, action text, text text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT h.at, h.actor, h.action, h.text FROM bounce.task_history AS h WHERE h.task_id = task_story.task_id ORDER BY h.id;
END
$$;
COMMENT ON FUNCTION bounce.task_story(bigint) IS 'who did what to a task, oldest first';

-- Blocks and parameters ---------------------------------------------------------------------

CREATE VIEW bounce.blocked_address AS
SELECT b.address, b.reason, b.why, b.blocked_at, b.blocked_by, b.bounce_id, b.communication_id, coalesce(c.process, '') AS process
FROM bounce.address_block AS b LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
WHERE b.lifted_at IS NULL;
COMMENT ON VIEW bounce.blocked_address IS 'the addresses that are blocked, why, and since when; process: whose mail bounced';

CREATE VIEW bounce.parameter_setting AS
SELECT p.name, p.process, p.value, d.default_value, p.process IS NULL AND p.value = d.default_value AS is_default,
       d.type, d.minimum, d.maximum, d.allowed, d.per_process, d.description, p.updated_at, p.updated_by
FROM bounce.system_parameter AS p JOIN bounce.parameter_definition AS d ON d.name = p.name;
COMMENT ON VIEW bounce.parameter_setting IS 'the parameters in force with all there is to know of them; process NULL: the global value';

CREATE FUNCTION bounce.set_parameter(name text, value text, process text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  stored text;
BEGIN
  IF value IS NULL AND process IS NOT NULL THEN
    DELETE FROM bounce.system_parameter AS p WHERE p.name = set_parameter.name AND p.process = set_parameter.process;
    RETURN bounce.parameter(name, process);
  END IF;
  INSERT INTO bounce.system_parameter AS p (name, process, value)
  VALUES (set_parameter.name, set_parameter.process, coalesce(set_parameter.value,
            (SELECT d.default_value FROM bounce.parameter_definition AS d WHERE d.name = set_parameter.name)))
  ON CONFLICT ON CONSTRAINT system_parameter_name_process_key DO UPDATE SET value = excluded.value
  RETURNING p.value INTO stored;
  RETURN stored;
END
$$;
COMMENT ON FUNCTION bounce.set_parameter(text, text, text) IS
  'sets a parameter, globally or for one process, and returns the value as stored; value NULL: back to the default, or to the global '
  'value. 22023 for an unknown name or a wrong value, 23503 for an unknown process';

-- One mail ------------------------------------------------------------------------------------

CREATE FUNCTION bounce.find_communications(what text) RETURNS TABLE (id bigint, matched text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  bare CONSTANT text := coalesce(bounce.bare_id(what), '');
BEGIN
  RETURN QUERY
  SELECT f.id, string_agg(f.matched, ', ' ORDER BY f.matched)
  FROM ((SELECT c.id, 'id' AS matched FROM bounce.communication AS c WHERE c.id = substring(bare FROM '^[0-9]{1,18}$')::bigint)
        UNION ALL
        (SELECT c.id, 'envelope id' FROM bounce.communication AS c WHERE c.envelope_id = lower(bare))
        UNION ALL
        (SELECT m.communication_id, 'Message-ID' FROM bounce.communication_message_id AS m WHERE m.message_id = bare LIMIT 100)
        UNION ALL
        (SELECT c.id, 'business reference' FROM bounce.communication AS c WHERE c.business_ref = bare AND c.business_ref <> '' ORDER BY c.id DESC LIMIT 100)
        UNION ALL
        (SELECT r.communication_id, 'address' FROM bounce.communication_recipient AS r WHERE r.address_key = bounce.address_key(bare)
         ORDER BY r.last_attempt_at DESC LIMIT 100)) AS f
  GROUP BY f.id
  ORDER BY f.id DESC;
END
$$;
COMMENT ON FUNCTION bounce.find_communications(text) IS
  'communications by id, envelope id, Message-ID, business reference or address, newest first; what matched in words';

CREATE FUNCTION bounce.communication_story(communication_id bigint)
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
        SELECT b.received_at, b.recipient_id, 'report', format('%s %s: %s from %s, matched by %s, trust %s, rule %s', b.class, b.reason,
                 coalesce(m.kind, 'report'), coalesce(nullif(m.reporting_mta, ''), nullif(m.client, ''), 'unknown'),
                 b.matched_by, b.trust, b.rule), '', b.id, b.task_id, 1, b.id
        FROM bounce.bounce AS b
        LEFT JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id AND m.received_at = b.received_at
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

-- The whole --------------------------------------------------------------------------------------

CREATE FUNCTION bounce.usual_silence(at timestamptz) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- half of what is needed to say what is usual is not enough
  RETURN (SELECT CASE WHEN count(*) >= 20 THEN greatest(interval '1 hour', 2 * max(g.gap)) END
          FROM (SELECT m.received_at - lag(m.received_at) OVER (ORDER BY m.received_at) AS gap
                FROM (SELECT q.received_at FROM bounce.bounce_message AS q
                      WHERE q.received_at > usual_silence.at - interval '14 days' AND q.received_at <= usual_silence.at
                      ORDER BY q.id DESC LIMIT 5000) AS m) AS g);
END
$$;
COMMENT ON FUNCTION bounce.usual_silence(timestamptz) IS
  'internal: twice the longest time without a report in the last 14 days; NULL when there were fewer than 20';

CREATE FUNCTION bounce.status_line(name text, value text, warning text DEFAULT NULL) RETURNS TABLE (name text, value text, warning text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT $1, coalesce($2, ''), coalesce($3, '');
END;

CREATE FUNCTION bounce.status_of_reports(at timestamptz) RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  last CONSTANT timestamptz := (SELECT m.received_at FROM bounce.bounce_message AS m WHERE m.received_at <= at ORDER BY m.id DESC LIMIT 1);
  usual CONSTANT interval := bounce.usual_silence(last);
BEGIN
  RETURN QUERY SELECT * FROM bounce.status_line('last_report_at', last::text,
    CASE WHEN at - last > usual THEN format('nothing has come for %s, usually not longer than %s: is the milter attached?',
                                            date_trunc('minute', at - last), date_trunc('minute', usual)) END);
  RETURN QUERY
  SELECT s.* FROM (SELECT count(*) AS n, count(*) FILTER (WHERE m.class = 'unclassified') AS u
                   FROM bounce.bounce_message AS m WHERE m.received_at > at - interval '1 day' AND m.received_at <= at) AS c
  CROSS JOIN LATERAL (SELECT * FROM bounce.status_line('reports_day', c.n::text)
    UNION ALL SELECT * FROM bounce.status_line('unclassified_day', c.u::text,
      CASE WHEN c.u > 10 AND c.u > c.n / 4 THEN 'more than a quarter: rules may be missing' END)) AS s;
END
$$;

CREATE FUNCTION bounce.status_of_tasks(at timestamptz) RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  c record;
BEGIN
  SELECT count(*) AS n, min(t.created_at) AS oldest, count(*) FILTER (WHERE t.due_at < at) AS overdue,
         count(*) FILTER (WHERE t.kind = 'outage') AS outages INTO c
  FROM bounce.task AS t WHERE t.status = 'open';
  RETURN QUERY SELECT * FROM bounce.status_line('tasks_open', c.n::text);
  RETURN QUERY SELECT * FROM bounce.status_line('oldest_task_at', c.oldest::text);
  RETURN QUERY SELECT * FROM bounce.status_line('tasks_overdue', c.overdue::text, CASE WHEN c.overdue > 0 THEN 'beyond their due date' END);
  RETURN QUERY SELECT * FROM bounce.status_line('outages_open', c.outages::text, CASE WHEN c.outages > 0 THEN 'blocks are held until somebody decides' END);
END
$$;

CREATE FUNCTION bounce.status_of_work(at timestamptz) RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  due CONSTANT bigint := (SELECT count(*) FROM bounce.communication_recipient AS r WHERE r.next_attempt_at <= at);
  late CONSTANT boolean := EXISTS (SELECT FROM bounce.communication_recipient AS r WHERE r.next_attempt_at < at - interval '1 day');
  shadowed CONSTANT text := (SELECT string_agg(coalesce(p.process, 'all'), ' ' ORDER BY p.process NULLS FIRST)
                             FROM bounce.system_parameter AS p WHERE p.name = 'shadow' AND p.value = 'on');
BEGIN
  RETURN QUERY SELECT * FROM bounce.status_line('blocks', (SELECT count(*) FROM bounce.address_block AS b WHERE b.lifted_at IS NULL)::text);
  RETURN QUERY SELECT * FROM bounce.status_line('blocks_held', (SELECT count(*) FROM bounce.held_block AS h WHERE h.decision IS NULL)::text);
  RETURN QUERY SELECT * FROM bounce.status_line('resends_scheduled',
    (SELECT count(*) FROM bounce.communication_recipient AS r WHERE r.next_attempt_at IS NOT NULL)::text);
  RETURN QUERY SELECT * FROM bounce.status_line('resends_due', due::text, CASE WHEN late THEN 'due since more than a day: who sends them?' END);
  RETURN QUERY SELECT * FROM bounce.status_line('follow_ups_open', (SELECT count(*) FROM bounce.follow_up AS u WHERE u.status = 'open')::text,
    CASE WHEN EXISTS (SELECT FROM bounce.follow_up AS u WHERE u.status = 'open' AND u.created_at < at - interval '1 day') THEN 'some for more than a day: who takes them?' END);
  RETURN QUERY SELECT * FROM bounce.status_line('shadow_processes', shadowed, CASE WHEN shadowed IS NOT NULL THEN 'nothing follows from their bounces' END);
END
$$;

CREATE FUNCTION bounce.status(at timestamptz DEFAULT now()) RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  until CONSTANT timestamptz := (SELECT min(p.until) FROM (SELECT max(bounce.next_month(e.month)) AS until FROM bounce.event_partition AS e GROUP BY e.parent) AS p);
BEGIN
  RETURN QUERY SELECT * FROM bounce.status_of_reports(at);
  RETURN QUERY SELECT * FROM bounce.status_of_tasks(at);
  RETURN QUERY SELECT * FROM bounce.status_of_work(at);
  RETURN QUERY SELECT * FROM bounce.status_line('token_key_at',
    (SELECT max(k.created_at) FROM bounce.token_key AS k WHERE k.retired_at IS NULL)::text,
    CASE WHEN NOT EXISTS (SELECT FROM bounce.token_key AS k WHERE k.retired_at IS NULL AND k.created_at > at - interval '1 year')
         THEN 'the key of the return paths is older than a year' END);
  RETURN QUERY SELECT * FROM bounce.status_line('partition_until', until::text,
    CASE WHEN until < at + interval '7 days' THEN 'no partitions are made ahead: does housekeeping run?' END);
END
$$;
COMMENT ON FUNCTION bounce.status(timestamptz) IS
  'what is waiting, and what is not as it should be: one row per figure; warning is empty when all is well';

-- Figures ------------------------------------------------------------------------------------------

CREATE FUNCTION bounce.time_label(dimension text, at timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN CASE dimension WHEN 'hour' THEN to_char(at, 'YYYY-MM-DD HH24:00') WHEN 'day' THEN to_char(at, 'YYYY-MM-DD')
                      WHEN 'week' THEN to_char(at, 'IYYY-"W"IW') WHEN 'month' THEN to_char(at, 'YYYY-MM') END;

CREATE FUNCTION bounce.bounce_labels(dimension text, since timestamptz, until timestamptz) RETURNS TABLE (label text, class text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT CASE dimension
           WHEN 'class' THEN b.class::text WHEN 'reason' THEN b.reason WHEN 'rule' THEN b.rule WHEN 'trust' THEN b.trust::text
           WHEN 'remote_mta' THEN b.remote_mta WHEN 'process' THEN coalesce(c.process, '')
           WHEN 'domain' THEN bounce.address_domain(coalesce(r.address, b.recipient))
           ELSE bounce.time_label(dimension, b.received_at) END, b.class::text
  FROM bounce.bounce AS b
  LEFT JOIN bounce.communication AS c ON c.id = b.communication_id AND dimension = 'process'
  LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id AND dimension = 'domain'
  WHERE b.received_at >= coalesce(since, '-infinity') AND b.received_at < coalesce(until, 'infinity');
END
$$;
COMMENT ON FUNCTION bounce.bounce_labels(text, timestamptz, timestamptz) IS 'internal: each bounce of a time, under its label';

CREATE FUNCTION bounce.report_by(dimension text, since timestamptz, until timestamptz)
RETURNS TABLE (label text, total bigint, hard bigint, soft bigint, technical bigint, auto_reply bigint, unclassified bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  is_time CONSTANT boolean := dimension IN ('hour', 'day', 'week', 'month');
BEGIN
  IF dimension <> ALL ('{class,reason,process,domain,remote_mta,rule,trust,hour,day,week,month}') THEN
    RAISE EXCEPTION 'no report by "%"', dimension USING ERRCODE = 'invalid_parameter_value',
      HINT = 'By class, reason, process, domain, remote_mta, rule, trust, hour, day, week or month.';
  END IF;
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

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT SELECT ON bounce.task_detail, bounce.open_task, bounce.blocked_address, bounce.parameter_setting, bounce.event_partition TO bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.task_story(bigint), bounce.set_parameter(text, text, text), bounce.find_communications(text),
  bounce.communication_story(bigint), bounce.status(timestamptz), bounce.report_by(text, timestamptz, timestamptz) TO bounce_operator;
