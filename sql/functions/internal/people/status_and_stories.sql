-- SPDX-License-Identifier: BSD-2-Clause
--
-- What people read: parts of the status page, and the wording of stories.

-- Status -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.usual_gap(at timestamptz) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- half of what is needed to say what is usual is not enough
  RETURN (SELECT CASE WHEN count(*) >= 20 THEN greatest(interval '1 hour', 2 * max(g.gap)) END
          FROM (SELECT m.received_at - lag(m.received_at) OVER (ORDER BY m.received_at) AS gap
                FROM (SELECT q.received_at FROM bounce.bounce_message AS q
                      WHERE q.received_at > usual_gap.at - interval '14 days'
                        AND q.received_at <= usual_gap.at
                      ORDER BY q.id DESC LIMIT 5000) AS m) AS g);
END $$;
COMMENT ON FUNCTION bounce_internal.usual_gap(timestamptz) IS
  'twice the longest time without a report in the last 14 days; NULL when there were fewer than '
  '20 reports';

CREATE OR REPLACE FUNCTION bounce_internal.status_line(
  name text, value text, warning text DEFAULT NULL)
  RETURNS TABLE (name text, value text, warning text)
LANGUAGE sql IMMUTABLE AS $$
  SELECT $1, coalesce($2, ''), coalesce($3, '');
$$;
COMMENT ON FUNCTION bounce_internal.status_line IS 'one row of status(); warning NULL: none';

CREATE OR REPLACE FUNCTION bounce_internal.status_of_reports(at timestamptz)
RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  last CONSTANT timestamptz := (SELECT m.received_at FROM bounce.bounce_message AS m
                                WHERE m.received_at <= at ORDER BY m.id DESC LIMIT 1);
  usual CONSTANT interval := bounce_internal.usual_gap(last);
BEGIN
  RETURN QUERY SELECT * FROM bounce_internal.status_line('last_report_at', last::text,
    CASE WHEN at - last > usual
         THEN bounce_internal.told(
           bounce_internal.say('nothing has come for ') || bounce_internal.span_in_words(at - last)
           || bounce_internal.say(', usually not longer than ')
           || bounce_internal.span_in_words(usual)
           || bounce_internal.say(': is the milter attached?')) END);
  RETURN QUERY
  SELECT s.* FROM (SELECT count(*) AS n, count(*) FILTER (WHERE m.class = 'unclassified') AS u
                   FROM bounce.bounce_message AS m
                   WHERE m.received_at > at - interval '1 day' AND m.received_at <= at) AS c
  CROSS JOIN LATERAL (SELECT * FROM bounce_internal.status_line('reports_day', c.n::text)
    UNION ALL SELECT * FROM bounce_internal.status_line('unclassified_day', c.u::text,
      CASE WHEN c.u > 10 AND c.u > c.n / 4
           THEN bounce_internal.sentence('more than a quarter: rules may be missing') END)) AS s;
END $$;
COMMENT ON FUNCTION bounce_internal.status_of_reports IS 'the rows of status() about reports';

CREATE OR REPLACE FUNCTION bounce_internal.status_of_tasks(at timestamptz)
RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  c record;
BEGIN
  SELECT count(*) AS n, min(t.created_at) AS oldest,
         count(*) FILTER (WHERE t.due_at < at) AS overdue,
         count(*) FILTER (WHERE t.kind = 'outage') AS outages INTO c
  FROM bounce.task AS t WHERE t.status = 'open';
  RETURN QUERY SELECT * FROM bounce_internal.status_line('tasks_open', c.n::text);
  RETURN QUERY SELECT * FROM bounce_internal.status_line('oldest_task_at', c.oldest::text);
  RETURN QUERY SELECT *
               FROM bounce_internal.status_line('tasks_overdue', c.overdue::text,
                 CASE WHEN c.overdue > 0
                      THEN bounce_internal.sentence('past their due date') END);
  RETURN QUERY
  SELECT * FROM bounce_internal.status_line(
    'outages_open', c.outages::text,
    CASE WHEN c.outages > 0
         THEN bounce_internal.sentence('blocks are held until somebody decides: task resolve '
                                       '--outage or --no-outage') END);
END $$;
COMMENT ON FUNCTION bounce_internal.status_of_tasks IS
  'the rows of status() about tasks and outages';

CREATE OR REPLACE FUNCTION bounce_internal.status_of_resends(at timestamptz)
RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  w record;
BEGIN
  SELECT count(*) AS due, min(r.next_attempt_at) AS since,
         string_agg(DISTINCT r.process, ', ') AS processes INTO w
  FROM bounce_internal.registered_resends() AS r
  WHERE r.next_attempt_at <= at
    AND NOT EXISTS (SELECT FROM bounce.resend_claim AS k
                    WHERE k.recipient_id = r.recipient_id AND k.lease_expire_time > at);
  RETURN QUERY SELECT * FROM bounce_internal.status_line('resends_unclaimed', w.due::text,
    CASE WHEN w.since < at - bounce_internal.parameter_interval('resend_overdue')
         THEN bounce_internal.sentence('to be sent again by %s, and nobody claims them',
                                       w.processes) END);
END $$;
COMMENT ON FUNCTION bounce_internal.status_of_resends IS
  'the row of status() about mails that their applications are to send again';

CREATE OR REPLACE FUNCTION bounce_internal.status_of_work(at timestamptz)
RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  due CONSTANT bigint := (SELECT count(*) FROM bounce.communication_recipient AS r
                          WHERE r.next_attempt_at <= at);
  -- the least of all: planned for any time, a comparison would be thought to fit a third of them
  late CONSTANT boolean := (SELECT min(r.next_attempt_at) FROM bounce.communication_recipient AS r)
                           < at - interval '1 day';
  shadowed CONSTANT text :=
    (SELECT string_agg(coalesce(p.process, 'all'), ' ' ORDER BY p.process NULLS FIRST)
                             FROM bounce.system_parameter AS p
                             WHERE p.name = 'shadow' AND p.value = 'on');
BEGIN
  RETURN QUERY SELECT *
               FROM bounce_internal.status_line('blocks',
                                                (SELECT count(*)
                                                 FROM bounce.blocked_address AS b)::text);
  RETURN QUERY SELECT *
               FROM bounce_internal.status_line('blocks_held',
                                                (SELECT count(*) FROM bounce.held_block AS h
                                                 WHERE h.decision IS NULL)::text);
  RETURN QUERY SELECT * FROM bounce_internal.status_line('resends_scheduled',
    (SELECT count(*) FROM bounce.communication_recipient AS r
     WHERE r.next_attempt_at IS NOT NULL)::text);
  RETURN QUERY SELECT *
               FROM bounce_internal.status_line('resends_due', due::text,
                 CASE WHEN late
                      THEN bounce_internal.sentence('due for more than a day: who sends them?')
                 END);
  RETURN QUERY SELECT * FROM bounce_internal.status_of_resends(at);
  RETURN QUERY SELECT *
               FROM bounce_internal.status_line('follow_ups_open',
                                                (SELECT count(*) FROM bounce.follow_up AS u
                                                 WHERE u.status = 'open')::text,
    CASE WHEN EXISTS (SELECT FROM bounce.follow_up AS u
                      WHERE u.status = 'open' AND u.created_at < at - interval '1 day')
         THEN bounce_internal.sentence('some for more than a day: who takes them?') END);
  RETURN QUERY SELECT *
               FROM bounce_internal.status_line('shadow_processes', shadowed,
                 CASE WHEN shadowed IS NOT NULL
                      THEN bounce_internal.sentence('nothing follows from their bounces') END);
  RETURN QUERY SELECT s.* FROM (SELECT string_agg(p.name, ' ' ORDER BY p.name) AS names
                                FROM bounce.process AS p WHERE p.paused_at IS NOT NULL) AS q
  CROSS JOIN LATERAL bounce_internal.status_line('processes_paused', q.names,
    CASE WHEN q.names IS NOT NULL
         THEN bounce_internal.sentence('the queue sends nothing of them until somebody says so: '
                                       'queue resume') END) AS s;
  RETURN QUERY SELECT * FROM bounce_internal.status_of_copies(at);
END $$;
COMMENT ON FUNCTION bounce_internal.status_of_work IS
  'the rows of status() about the queue, the outbox, blocks and the operator''s copies';

-- Stories ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.original_verdict(b bounce.bounce) RETURNS bounce.bounce
LANGUAGE plpgsql STABLE AS $$
DECLARE
  first bounce.verdict_change;
BEGIN
  SELECT v.* INTO first FROM bounce.verdict_change AS v WHERE v.bounce_id = b.id
  ORDER BY v.id LIMIT 1;
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
END $$;
COMMENT ON FUNCTION bounce_internal.original_verdict(bounce.bounce) IS
  'a bounce as it was classified when it arrived, whatever was changed later';

CREATE OR REPLACE FUNCTION bounce_internal.verdict_text(b bounce.bounce) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT bounce_internal.told(
                   bounce_internal.say('%w %w: %w from ', b.class::text, b.reason,
                                       coalesce(max(m.kind), 'report'))
                   || coalesce(nullif(bounce_internal.unmarked(max(m.reporting_mta)), ''),
                               nullif(bounce_internal.unmarked(max(m.client)), ''),
                               bounce_internal.say('unknown'))
                   || bounce_internal.say(', matched by %w, trust %w, rule %s, bounce %s',
                                          coalesce(nullif(b.matched_by, ''), 'nothing'),
                                          b.trust::text, coalesce(nullif(b.rule, ''), '-'),
                                          b.id::text)
                   || coalesce(': ' || nullif(bounce_internal.unmarked(
                                                bounce_internal.with_codes(
                                                  b.reply_code, b.status,
                                                  coalesce(nullif(b.diagnostic, ''), b.evidence))),
                                              ''), ''))
          FROM bounce.bounce_message AS m WHERE m.id = b.bounce_message_id
            AND m.received_at = b.received_at);
END $$;
COMMENT ON FUNCTION bounce_internal.verdict_text(bounce.bounce) IS
  'a classification with its evidence in one line';
