-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: the state of the system, stories of mails, blocks and tasks, figures.

CREATE OR REPLACE FUNCTION bounce.status(at timestamptz DEFAULT now())
RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  until CONSTANT timestamptz := (SELECT min(p.until)
                                 FROM (SELECT max(bounce_internal.next_month(e.month)) AS until
                                       FROM bounce.event_partition AS e GROUP BY e.parent) AS p);
BEGIN
  RETURN QUERY SELECT * FROM bounce_internal.status_of_reports(at);
  RETURN QUERY SELECT * FROM bounce_internal.status_of_tasks(at);
  RETURN QUERY SELECT * FROM bounce_internal.status_of_work(at);
  RETURN QUERY SELECT * FROM bounce_internal.status_line('token_key_at',
    (SELECT max(k.created_at) FROM bounce.token_key AS k WHERE k.retired_at IS NULL)::text,
    CASE WHEN NOT EXISTS (SELECT FROM bounce.token_key AS k
                          WHERE k.retired_at IS NULL AND k.created_at > at - interval '1 year')
         THEN bounce_internal.sentence('the key of the return paths is older than a year') END);
  RETURN QUERY SELECT * FROM bounce_internal.status_line('partition_until', until::text,
    CASE WHEN until < at + interval '7 days'
         THEN bounce_internal.sentence('no partitions are made ahead: does housekeeping run?')
    END);
END $$;
COMMENT ON FUNCTION bounce.status(timestamptz) IS
  'operator: what is waiting, and what is not as it should be; one row per figure. warning is '
  'empty when all is well';

CREATE OR REPLACE FUNCTION bounce.find_communications(what text)
RETURNS TABLE (id bigint, matched text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  bare CONSTANT text := coalesce(bounce_internal.bare_id(what), '');
BEGIN
  RETURN QUERY
  SELECT f.id, string_agg(f.matched, ', ' ORDER BY f.matched)
  FROM ((SELECT c.id, 'id' AS matched FROM bounce.communication AS c
         WHERE c.id = substring(bare FROM '^[0-9]{1,18}$')::bigint)
        UNION ALL
        (SELECT c.id, 'envelope id' FROM bounce.communication AS c
         WHERE c.envelope_id = lower(bare))
        UNION ALL
        (SELECT m.communication_id, 'Message-ID' FROM bounce.communication_message_id AS m
         WHERE m.message_id = bare LIMIT 100)
        UNION ALL
        (SELECT c.id, 'business reference' FROM bounce.communication AS c
         WHERE c.business_ref = bare AND c.business_ref <> '' ORDER BY c.id DESC LIMIT 100)
        UNION ALL
        (SELECT r.communication_id, 'address' FROM bounce.communication_recipient AS r
         WHERE r.address_key = bounce.address_key(bare)
         ORDER BY r.last_attempt_at DESC LIMIT 100)
        UNION ALL
        (SELECT b.communication_id, 'queue id' FROM bounce.bounce_message AS m
           JOIN bounce.bounce AS b ON b.bounce_message_id = m.id AND b.received_at = m.received_at
         WHERE m.queue_id = bare AND bare <> '' AND b.communication_id IS NOT NULL
         LIMIT 100)
        UNION ALL
        (SELECT r.communication_id, 'token'
         FROM bounce_internal.token_read(bounce_internal.local_part(bare)) AS t
         JOIN bounce.communication_recipient AS r ON r.id = t.recipient_id)) AS f
  WHERE bounce_internal.is_own_mail(f.id)
  GROUP BY f.id
  ORDER BY f.id DESC;
END $$;
COMMENT ON FUNCTION bounce.find_communications(text) IS
  'application: finds communications by id, envelope id, Message-ID, business reference, token or '
  'return path, address, or the queue id of a report about them, newest first; matched tells which '
  'of these. An application finds those of its processes';

CREATE OR REPLACE FUNCTION bounce.communication_story(communication_id bigint)
RETURNS TABLE (at timestamptz, recipient text, event text, text text, actor text, bounce_id bigint,
               task_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT s.at, coalesce(r.address, ''), s.event, s.text, s.actor, s.bounce_id, s.task_id
  FROM (SELECT c.created_at AS at, NULL::bigint AS recipient_id, 'registered' AS event,
               concat_ws(' ', c.process, nullif(c.business_ref, ''),
                         quote_ident(c.subject)) AS text, '' AS actor,
               NULL::bigint AS bounce_id, NULL::bigint AS task_id, 0 AS rank, 0::bigint AS place
        FROM bounce.communication AS c WHERE c.id = communication_story.communication_id
        UNION ALL
        SELECT b.received_at, b.recipient_id, 'report',
               bounce_internal.verdict_text(bounce_internal.original_verdict(b)), '', b.id,
               b.task_id, 1, b.id
        FROM bounce.bounce AS b
        WHERE b.communication_id = communication_story.communication_id
        UNION ALL
        SELECT l.at, l.recipient_id, l.event, bounce_internal.told_from(l.text, l.marked),
               l.actor, l.bounce_id, NULL, 2, l.id
        FROM bounce.communication_log AS l
        WHERE l.communication_id = communication_story.communication_id
        UNION ALL
        SELECT h.at, t.recipient_id, 'task_' || h.action,
               bounce_internal.told_from(h.text, h.marked), h.actor, t.bounce_id, t.id, 3, h.id
        FROM bounce.task_history AS h JOIN bounce.task AS t ON t.id = h.task_id
        WHERE h.action IN ('assigned', 'postponed', 'note')
          AND t.id IN (SELECT q.task_id FROM bounce.communication_recipient AS q
                       WHERE q.communication_id = communication_story.communication_id
                       UNION SELECT b.task_id FROM bounce.bounce AS b
                             WHERE b.communication_id = communication_story.communication_id)) AS s
  LEFT JOIN bounce.communication_recipient AS r ON r.id = s.recipient_id
  ORDER BY s.at, s.rank, s.place;
END $$;
COMMENT ON FUNCTION bounce.communication_story(bigint) IS
  'operator: the history of a communication, oldest first: registered, sent, reported, '
  'consequences, who did what';

CREATE OR REPLACE FUNCTION bounce.block_story(address text)
RETURNS TABLE (at timestamptz, event text, text text, actor text, block_id bigint, bounce_id bigint,
               bounce_message_id bigint, communication_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  key CONSTANT text := bounce.address_key(bounce_internal.require_address(address));
BEGIN
  RETURN QUERY
  WITH block AS (SELECT k.* FROM bounce.address_block AS k WHERE k.address_key = key),
  -- of a bounce the first block: those after it are the same one, made again
  cause AS (SELECT DISTINCT ON (k.bounce_id) k.id AS block_id, k.blocked_at, c.process, b AS bounce
            FROM block AS k JOIN bounce.bounce AS b ON b.id = k.bounce_id
            LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
            ORDER BY k.bounce_id, k.id)
  SELECT s.at, s.event, s.text, s.actor, s.block_id, s.bounce_id, s.bounce_message_id,
         s.communication_id
  FROM (SELECT (c.bounce).received_at AS at, 1 AS rank, 'report' AS event,
               bounce_internal.verdict_text(bounce_internal.original_verdict(c.bounce)) AS text,
               '' AS actor, c.block_id, (c.bounce).id AS bounce_id, (c.bounce).bounce_message_id,
               (c.bounce).communication_id
        FROM cause AS c
        UNION ALL
        SELECT c.blocked_at, 2, 'parameters',
               bounce_internal.sentence(
                 'block_hard %w, block_min_trust %w, guard %w, shadow %w',
                 bounce_internal.parameter_at('block_hard', c.process, c.blocked_at),
                 bounce_internal.parameter_at('block_min_trust', c.process, c.blocked_at),
                 bounce_internal.parameter_at('guard', c.process, c.blocked_at),
                 bounce_internal.parameter_at('shadow', c.process, c.blocked_at))
                 || coalesce(bounce_internal.sentence(' (process %s)', nullif(c.process, '')), ''),
               '',
               c.block_id, (c.bounce).id, NULL, NULL
        FROM cause AS c
        UNION ALL
        SELECT k.blocked_at, 3, 'blocked',
               CASE WHEN k.reason = '' THEN bounce_internal.told_from(k.why, k.marked_why)
                    ELSE bounce_internal.sentence('%w', k.reason)
                         || regexp_replace(bounce_internal.told_from(k.why, k.marked_why),
                                           '^(' || k.reason || ' )?', ': ') END,
               k.blocked_by, k.id, k.bounce_id, NULL, k.communication_id FROM block AS k
        UNION ALL
        SELECT v.at, 4, 'reclassified',
               bounce_internal.sentence('%w %w (rule %s) -> %w %w (rule %s)', v.old_class::text,
                                        v.old_reason, coalesce(nullif(v.old_rule, ''), '-'),
                                        v.new_class::text, v.new_reason,
                                        coalesce(nullif(v.new_rule, ''), '-'))
                 || ': ' || bounce_internal.unmarked(v.why),
               v.actor, c.block_id, v.bounce_id, NULL, NULL
        FROM cause AS c JOIN bounce.verdict_change AS v ON v.bounce_id = (c.bounce).id
        UNION ALL
        SELECT k.lifted_at, 5, 'lifted',
               bounce_internal.told_from(k.lift_why, k.marked_lift_why), k.lifted_by, k.id,
               k.bounce_id, NULL, NULL
        FROM block AS k WHERE k.lifted_at IS NOT NULL
        UNION ALL
        SELECT h.held_at, 6, 'held',
               concat_ws(', ', bounce_internal.sentence('outage %s', h.outage_id::text),
                         CASE WHEN h.decision || o.decided_by IS NULL
                              THEN bounce_internal.sentence('undecided')
                              ELSE bounce_internal.sentence(
                                '%w at %t by %s', h.decision,
                                to_char(h.decided_at, 'YYYY-MM-DD HH24:MI'), o.decided_by) END)
                 || ': ' || h.why,
               '', NULL, h.bounce_id, NULL, h.communication_id
        FROM bounce.held_block AS h JOIN bounce.outage AS o ON o.id = h.outage_id
        WHERE h.address = key) AS s
  ORDER BY s.at, s.rank, s.block_id;
END $$;
COMMENT ON FUNCTION bounce.block_story(text) IS
  'operator: why an address is or was blocked, oldest first: the report (bounce_message_id) with '
  'the rule, the trust and the other system''s text as classified then, the parameters at that '
  'time, who blocked and lifted, what was held. No row for an address that never was blocked. '
  '22023 when it is not an address';

CREATE OR REPLACE FUNCTION bounce.task_story(task_id bigint)
RETURNS TABLE (at timestamptz, actor text, action text, text text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT h.at, h.actor, h.action, bounce_internal.told_from(h.text, h.marked)
               FROM bounce.task_history AS h
               WHERE h.task_id = task_story.task_id ORDER BY h.id;
END $$;
COMMENT ON FUNCTION bounce.task_story(bigint) IS 'operator: the history of a task, oldest first';

CREATE OR REPLACE FUNCTION bounce.report_by(
  dimension text, since timestamptz, until timestamptz, only_process text DEFAULT NULL)
RETURNS TABLE (label text, total bigint, hard bigint, soft bigint, technical bigint,
               auto_reply bigint, unclassified bigint, failed bigint, sent bigint,
               rate numeric, taken_back bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  is_time CONSTANT boolean := dimension IN ('hour', 'day', 'week', 'month');
  first_time timestamptz;
  last_time timestamptz;
BEGIN
  IF dimension NOT IN ('class', 'reason', 'process', 'domain', 'remote_mta', 'rule', 'trust',
                       'hour', 'day', 'week', 'month') THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('no report by "%s"', dimension),
      bounce_internal.say(
        'By class, reason, process, domain, remote_mta, rule, trust, hour, day, week '
        'or month.'));
  END IF;
  PERFORM bounce_internal.require_period(since, until);
  PERFORM bounce_internal.require_process(only_process);
  IF is_time THEN
    first_time := coalesce(nullif(since, '-infinity'),
                           (SELECT min(b.received_at) FROM bounce.bounce AS b));
    last_time := coalesce(nullif(until, 'infinity'), now());
    PERFORM bounce_internal.require_countable(dimension, first_time, last_time);
  END IF;
  RETURN QUERY
  WITH sent_to AS MATERIALIZED (
    SELECT m.label, m.sent
    FROM bounce_internal.sent_labels(dimension, since, until, only_process) AS m),
  labelled AS (
    SELECT l.label, CASE WHEN NOT l.taken_back THEN l.class END AS class, l.is_failure,
           l.taken_back, l.bounces
    FROM bounce_internal.bounce_figures(dimension, since, until, only_process) AS l
    UNION ALL
    -- a time without bounces is shown as well
    SELECT bounce_internal.time_label(dimension, t), NULL, false, false, 0
    FROM generate_series(date_trunc(CASE WHEN is_time THEN dimension ELSE 'day' END, first_time),
                         last_time - interval '1 microsecond',
                         ('1 ' || CASE WHEN is_time THEN dimension ELSE 'day' END)::interval) AS t)
  SELECT g.label, g.total, g.hard, g.soft, g.technical, g.auto_reply, g.unclassified,
         g.failed, s.sent, bounce_internal.per_cent(g.failed, s.sent), g.taken_back
  FROM (SELECT l.label,
               coalesce(sum(l.bounces) FILTER (WHERE NOT l.taken_back), 0)::bigint AS total,
               coalesce(sum(l.bounces) FILTER (WHERE l.class = 'hard'), 0)::bigint AS hard,
               coalesce(sum(l.bounces) FILTER (WHERE l.class = 'soft'), 0)::bigint AS soft,
               coalesce(sum(l.bounces) FILTER (WHERE l.class = 'technical'), 0)::bigint
                 AS technical,
               coalesce(sum(l.bounces) FILTER (WHERE l.class = 'auto_reply'), 0)::bigint
                 AS auto_reply,
               coalesce(sum(l.bounces) FILTER (WHERE l.class = 'unclassified'), 0)::bigint
                 AS unclassified,
               coalesce(sum(l.bounces) FILTER (WHERE l.is_failure AND NOT l.taken_back),
                        0)::bigint AS failed,
               coalesce(sum(l.bounces) FILTER (WHERE l.taken_back), 0)::bigint AS taken_back,
               bool_or(l.bounces = 0) AS is_shown
        FROM labelled AS l GROUP BY l.label) AS g
  -- two joins: with OR each label would be held against each
  LEFT JOIN sent_to AS m ON m.label = g.label
  LEFT JOIN sent_to AS w ON w.label IS NULL
  CROSS JOIN LATERAL (SELECT coalesce(m.sent, w.sent) AS sent) AS s
  -- a label that a correction has left has nothing
  WHERE g.total > 0 OR g.taken_back > 0 OR g.is_shown
  ORDER BY CASE WHEN is_time THEN g.label END, g.total DESC, g.label;
END $$;
COMMENT ON FUNCTION bounce.report_by(text, timestamptz, timestamptz, text) IS
  'operator: bounces of a period (NULL: unlimited), of one process if only_process names one, by '
  'class, reason, process, domain, remote_mta, rule, trust, hour, day, week or month; periods are '
  'in order and without gaps. What undo_bounces() took back is counted as taken_back only. total '
  'has the notices too: what is no failure, such as reports of a delay or of success. failed: the '
  'hard, soft and technical ones about a mail of ours; what fits no mail, or only knows an '
  'address, is none. sent: what was sent to recipients, each send of a mail, of this process, '
  'domain or time, else of the whole period; rate: failed in per cent of sent. 23503 for an '
  'unknown process';

CREATE OR REPLACE FUNCTION bounce.bounces_by_day(days integer, at timestamptz DEFAULT now())
RETURNS TABLE (label text, total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM bounce_internal.bounces_over_time('day',
    date_trunc('day', at) - make_interval(days => bounce_internal.require_count('days', days) - 1),
    at);
END $$;
COMMENT ON FUNCTION bounce.bounces_by_day(integer, timestamptz) IS
  'operator: what came back on each of the last days, today included: total of report_by(), which '
  'counts what was sent as well. 22023 for a number of days that makes no sense';

CREATE OR REPLACE FUNCTION bounce.bounces_by_hour(hours integer, at timestamptz DEFAULT now())
RETURNS TABLE (label text, total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT * FROM bounce_internal.bounces_over_time('hour',
    date_trunc('hour', at)
      - make_interval(hours => bounce_internal.require_count('hours', hours) - 1),
    at);
END $$;
COMMENT ON FUNCTION bounce.bounces_by_hour(integer, timestamptz) IS
  'operator: what came back in each of the last hours, this one included, as bounces_by_day(). '
  '22023 for a number of hours that makes no sense';

CREATE OR REPLACE FUNCTION bounce.process_rates(at timestamptz DEFAULT now())
RETURNS TABLE (process text, sent_day bigint, failed_day bigint, rate_day numeric,
               sent_week bigint, failed_week bigint, rate_week numeric,
               sent_usual bigint, failed_usual bigint, rate_usual numeric, verdict text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  today CONSTANT timestamptz := date_trunc('day', at);
BEGIN
  RETURN QUERY
  SELECT r.process, r.sent_day, r.failed_day, bounce_internal.per_cent(r.failed_day, r.sent_day),
         r.sent_week, r.failed_week, bounce_internal.per_cent(r.failed_week, r.sent_week),
         r.sent_usual, r.failed_usual, bounce_internal.per_cent(r.failed_usual, r.sent_usual),
         CASE WHEN bounce_internal.is_above_usual(r.sent_day, r.failed_day,
                                                  r.sent_usual, r.failed_usual) THEN 'above_day'
              WHEN bounce_internal.is_above_usual(r.sent_week, r.failed_week,
                                                  r.sent_usual, r.failed_usual) THEN 'above_week'
              WHEN r.sent_usual < 100 OR r.sent_week < 20 THEN 'too_few' ELSE 'as_usual' END
  FROM (SELECT d.process,
               coalesce(sum(d.sent) FILTER (WHERE d.span = 'day'), 0)::bigint AS sent_day,
               coalesce(sum(d.failed) FILTER (WHERE d.span = 'day'), 0)::bigint AS failed_day,
               coalesce(sum(d.sent) FILTER (WHERE d.span <> 'usual'), 0)::bigint AS sent_week,
               coalesce(sum(d.failed) FILTER (WHERE d.span <> 'usual'), 0)::bigint AS failed_week,
               coalesce(sum(d.sent) FILTER (WHERE d.span = 'usual'), 0)::bigint AS sent_usual,
               coalesce(sum(d.failed) FILTER (WHERE d.span = 'usual'), 0)::bigint AS failed_usual
        FROM bounce_internal.spans_of_processes(today) AS d GROUP BY d.process) AS r
  WHERE r.sent_week > 0 OR r.sent_usual > 0
  ORDER BY 11, r.process;
END $$;
COMMENT ON FUNCTION bounce.process_rates(timestamptz) IS
  'operator: how many of the mails of a process failed, in numbers and per cent of what was sent: '
  'yesterday (day), on the seven days until yesterday (week), and usually, which is the four weeks '
  'before. verdict: above_day or above_week when it is more than twice the usual and more than '
  'chance explains; too_few when nothing can be said of so few mails; else as_usual';
