-- SPDX-License-Identifier: BSD-2-Clause
--
-- Figures for a monitor, in the words of Prometheus: a name, labels, a value. Counters begin anew
-- at each midnight (UTC), which a monitor takes for the restart of a program: today.sql.

CREATE OR REPLACE FUNCTION bounce_internal.metric_labels(VARIADIC pairs text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN (SELECT '{' || string_agg(
                   format('%s="%s"', pairs[i],
                          replace(replace(replace(coalesce(pairs[i + 1], ''), '\', '\\'),
                                          '"', '\"'), E'\n', '\n')), ',' ORDER BY i) || '}'
          FROM generate_series(1, cardinality(pairs), 2) AS i);
END $$;
COMMENT ON FUNCTION bounce_internal.metric_labels IS
  'name, value, name, value ... as labels of Prometheus'' text format';

CREATE OR REPLACE FUNCTION bounce_internal.reports_before(midnight timestamptz)
RETURNS TABLE (name text, process text, labels text[], number bigint)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off
  SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  b CONSTANT bigint := (bounce_internal.mark_of('bounce', midnight)).first_id;
  m CONSTANT bigint := (bounce_internal.mark_of('bounce_message', midnight)).first_id;
BEGIN
  RETURN QUERY
  SELECT DISTINCT 'bounce_reports_total', c.process, ARRAY[l.class::text, l.reason, l.trust::text],
         0::bigint
  FROM (SELECT q.class, q.reason, q.communication_id, q.recipient_id, q.trust
        FROM bounce.bounce AS q WHERE q.received_at < midnight AND q.id <= b
        ORDER BY q.id DESC LIMIT 1000) AS l
  LEFT JOIN bounce.communication AS c ON c.id = l.communication_id
  LEFT JOIN bounce.communication_recipient AS r ON r.id = l.recipient_id
  WHERE bounce_internal.is_test_address(r.address_key) IS NOT TRUE
  UNION ALL
  SELECT DISTINCT 'bounce_messages_total', NULL, ARRAY[l.source, l.kind], 0
  FROM (SELECT q.source, q.kind FROM bounce.bounce_message AS q
        WHERE q.received_at < midnight AND q.id <= m ORDER BY q.id DESC LIMIT 1000) AS l
  UNION ALL
  SELECT n.name, p.name, '{}', 0
  FROM bounce.process AS p
  CROSS JOIN unnest('{bounce_recipients_sent_total,bounce_recipients_failed_total}'::text[])
    AS n (name);
END $$;
COMMENT ON FUNCTION bounce_internal.reports_before(timestamptz) IS
  'what begins the day with 0: each process, and what the last thousand reports before midnight '
  'were. A counter that is not there at midnight would lose the first bounce of each day, since a '
  'monitor counts from the second value on';

CREATE OR REPLACE FUNCTION bounce_internal.metrics_of_reports(at timestamptz)
RETURNS TABLE (name text, labels text, value double precision)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  midnight CONSTANT timestamptz := date_trunc('day', at, 'UTC');
BEGIN
  RETURN QUERY
  SELECT f.name,
         CASE f.name
           WHEN 'bounce_reports_total' THEN
             bounce_internal.metric_labels('class', f.labels[1], 'reason', f.labels[2],
                                           'process', f.process, 'trust', f.labels[3])
           WHEN 'bounce_messages_total' THEN
             bounce_internal.metric_labels('source', f.labels[1], 'kind', f.labels[2])
           ELSE bounce_internal.metric_labels('process', f.process) END,
         f.number::double precision
  FROM (SELECT n.name, n.process, n.labels, sum(n.number) AS number
        FROM (SELECT * FROM bounce_internal.figures_of_today(midnight)
              UNION ALL SELECT * FROM bounce_internal.reports_before(midnight)) AS n
        GROUP BY n.name, n.process, n.labels) AS f;
  RETURN QUERY
  SELECT 'bounce_last_report_timestamp_seconds', ''::text,
         extract(epoch FROM m.received_at)::double precision
  FROM bounce.bounce_message AS m ORDER BY m.id DESC LIMIT 1;
END $$;
COMMENT ON FUNCTION bounce_internal.metrics_of_reports IS
  'the rows of metrics() about reports, and about what was sent';

CREATE OR REPLACE FUNCTION bounce_internal.metrics_of_work(at timestamptz)
RETURNS TABLE (name text, labels text, value double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT v.name, bounce_internal.metric_labels('kind', k.kind), v.value
  FROM (SELECT coalesce(n.kind, t.kind) AS kind, coalesce(t.open, 0) AS open,
               coalesce(t.overdue, 0) AS overdue, t.oldest
        FROM unnest('{hard_bounce,bounce_without_communication,resend_exhausted,'
                    'delivery_problem,outage}'::text[]) AS n (kind)
        FULL JOIN (SELECT q.kind, count(*) AS open, min(q.created_at) AS oldest,
                          count(*) FILTER (WHERE q.due_at < at) AS overdue
                   FROM bounce.task AS q WHERE q.status = 'open' GROUP BY q.kind) AS t
          ON t.kind = n.kind) AS k
  CROSS JOIN LATERAL (VALUES
    ('bounce_tasks_open', k.open::double precision),
    ('bounce_tasks_overdue', k.overdue::double precision),
    ('bounce_task_oldest_seconds',
     coalesce(extract(epoch FROM at - k.oldest), 0)::double precision)) AS v (name, value);
  RETURN QUERY
  SELECT v.name, bounce_internal.metric_labels('kind', k.kind), v.value
  FROM (SELECT n.kind, count(f.id) AS open, min(f.created_at) AS oldest
        FROM unnest('{hard_bounce,resend_exhausted,technical,blocked,corrected,block_lifted,'
                    'complaint,has_left,owner_notice}'::text[]) AS n (kind)
        LEFT JOIN bounce.follow_up AS f ON f.kind = n.kind AND f.status = 'open'
        GROUP BY n.kind) AS k
  CROSS JOIN LATERAL (VALUES
    ('bounce_follow_ups_open', k.open::double precision),
    ('bounce_follow_up_oldest_seconds',
     coalesce(extract(epoch FROM at - k.oldest), 0)::double precision)) AS v (name, value);
  RETURN QUERY VALUES
    ('bounce_blocked_addresses', ''::text,
     -- as blocked_address has them, without the mails that they are about
     (SELECT count(*) FROM bounce.address_block AS b WHERE b.lifted_at IS NULL
        AND (b.expires_at IS NULL OR b.expires_at > now()))::double precision),
    ('bounce_held_blocks', '',
     (SELECT count(*) FROM bounce.held_block AS h WHERE h.decision IS NULL)::double precision),
    ('bounce_outages_open', '',
     (SELECT count(*) FROM bounce.open_outage)::double precision);
END $$;
COMMENT ON FUNCTION bounce_internal.metrics_of_work IS
  'the rows of metrics() about tasks, follow-ups and blocks';

CREATE OR REPLACE FUNCTION bounce_internal.metrics_of_queue(at timestamptz)
RETURNS TABLE (name text, labels text, value double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT v.name, bounce_internal.metric_labels(VARIADIC '{process}'::text[] || d.process
                                                        || v.more), v.value::double precision
  FROM bounce.delivery_metric AS d
  CROSS JOIN LATERAL (VALUES
    ('bounce_queue_communications', '{state,due}'::text[], d.due),
    ('bounce_queue_communications', '{state,scheduled}', d.scheduled),
    ('bounce_queue_communications', '{state,held}', d.held),
    ('bounce_queue_communications', '{state,processing}', d.processing),
    ('bounce_queue_oldest_due_seconds', '{}', d.oldest_due_seconds),
    ('bounce_queue_oldest_seconds', '{}', d.oldest_seconds)) AS v (name, more, value);
  RETURN QUERY
  SELECT 'bounce_queue_domain_recipients', bounce_internal.metric_labels('domain', q.domain),
         q.recipients::double precision
  FROM (SELECT bounce.address_domain(r.address) AS domain, count(*) AS recipients
        FROM bounce.queued_delivery AS d
        JOIN bounce.recipient_delivery AS w ON w.communication_id = d.communication_id
        JOIN bounce.communication_recipient AS r ON r.id = w.recipient_id
        WHERE w.due_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20) AS q;
  RETURN QUERY
  SELECT 'bounce_webhook_events', bounce_internal.metric_labels('state', s.state),
         count(e.id)::double precision
  FROM (VALUES ('waiting'), ('dead')) AS s (state)
  LEFT JOIN bounce.event AS e ON e.state = s.state GROUP BY s.state;
  RETURN QUERY VALUES
    ('bounce_webhook_oldest_seconds', ''::text,
     (SELECT coalesce(extract(epoch FROM at - min(e.created_at)), 0)
      FROM bounce.event AS e WHERE e.state = 'waiting')::double precision);
  RETURN QUERY
  SELECT 'bounce_delivery_server_up', bounce_internal.metric_labels('server', s.name),
         (s.problem = '')::integer::double precision
  FROM bounce.delivery_server AS s;
END $$;
COMMENT ON FUNCTION bounce_internal.metrics_of_queue IS
  'the rows of metrics() about the delivery queue and the webhook. Domains: the 20 with most that '
  'waits, because a monitor keeps every label for ever';

CREATE OR REPLACE FUNCTION bounce_internal.is_standby(r pg_stat_replication) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT r.state IN ('streaming', 'catchup') AND r.application_name <> 'pg_basebackup'
$$;
COMMENT ON FUNCTION bounce_internal.is_standby(pg_stat_replication) IS
  'whether it follows; a backup only passes by. NULL: we may not know';

CREATE OR REPLACE FUNCTION bounce_internal.metrics_of_database(at timestamptz)
RETURNS TABLE (name text, labels text, value double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY VALUES
    ('bounce_schema_version', ''::text, bounce.schema_version()::double precision),
    ('bounce_partition_ahead_seconds', '',
     (SELECT extract(epoch FROM min(p.until) - at)
      FROM (SELECT max(bounce_internal.next_month(e.month)) AS until
            FROM bounce.event_partition AS e GROUP BY e.parent) AS p)::double precision),
    ('bounce_unpartitioned_rows', '',
     ((SELECT count(*) FROM bounce.bounce_default)
      + (SELECT count(*) FROM bounce.bounce_message_default))::double precision);
  RETURN QUERY
  SELECT format('bounce_housekeeping_%s_timestamp_seconds', h.what), ''::text,
         extract(epoch FROM h.at)::double precision
  FROM bounce.housekeeping_time AS h;
  -- who may not see them is told nothing, and not that there are none
  RETURN QUERY
  SELECT 'bounce_standbys', ''::text,
         count(*) FILTER (WHERE bounce_internal.is_standby(r))::double precision
  FROM pg_catalog.pg_stat_replication AS r HAVING count(*) = count(r.state);
  RETURN QUERY
  SELECT v.name, bounce_internal.metric_labels('standby', r.application_name), v.value
  FROM pg_catalog.pg_stat_replication AS r
  CROSS JOIN LATERAL (VALUES
    ('bounce_standby_lag_seconds',
     coalesce(extract(epoch FROM r.replay_lag), 0)::double precision),
    ('bounce_standby_lag_bytes',
     pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)::double precision)) AS v (name, value)
  WHERE bounce_internal.is_standby(r) AND NOT pg_is_in_recovery() AND v.value IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.metrics_of_database IS
  'the rows of metrics() about schema, partitions, housekeeping and standbys. The last are visible '
  'where the schema''s owner may see them: a superuser, or a member of pg_monitor';
