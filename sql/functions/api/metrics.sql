-- SPDX-License-Identifier: BSD-2-Clause
--
-- For a monitor. What each figure means is said once, here.

CREATE OR REPLACE FUNCTION bounce.metrics(at timestamptz DEFAULT now())
RETURNS TABLE (name text, type text, help text, labels text, value double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT d.name, CASE WHEN d.name LIKE '%\_total' THEN 'counter' ELSE 'gauge' END, d.help, m.labels,
         m.value
  FROM (VALUES
    ('bounce_reports_total', 'bounces today (UTC), one for each recipient of a report'),
    ('bounce_messages_total', 'incoming messages that were recorded today (UTC)'),
    ('bounce_recipients_sent_total', 'recipients of today''s mails (UTC) that were sent to'),
    ('bounce_recipients_failed_total', 'recipients whose mail failed today (UTC), as reports say'),
    ('bounce_last_report_timestamp_seconds', 'when the last report came'),
    ('bounce_tasks_open', 'tasks that wait for a person'),
    ('bounce_tasks_overdue', 'open tasks past their due date'),
    ('bounce_task_oldest_seconds', 'age of the oldest open task; 0: there is none'),
    ('bounce_follow_ups_open', 'follow-ups that nobody has done'),
    ('bounce_follow_up_oldest_seconds', 'age of the oldest open follow-up; 0: there is none'),
    ('bounce_blocked_addresses', 'addresses that are blocked now'),
    ('bounce_held_blocks', 'blocks held by an outage that nobody has decided'),
    ('bounce_outages_open', 'outages that nobody has decided'),
    ('bounce_queue_communications', 'communications in the delivery queue'),
    ('bounce_queue_oldest_due_seconds', 'since when the oldest is due'),
    ('bounce_queue_oldest_seconds', 'age of the oldest that waits'),
    ('bounce_queue_domain_recipients', 'recipients that wait, of the domains with most of them'),
    ('bounce_delivery_server_up', 'whether the submission server can be used'),
    ('bounce_webhook_events', 'events that the webhook''s receiver has not taken'),
    ('bounce_webhook_oldest_seconds', 'age of the oldest that is not given up; 0: there is none'),
    ('bounce_operator_copies', 'letters for the operator that no server has taken'),
    ('bounce_operator_copy_oldest_seconds',
     'age of the oldest that is not given up; 0: there is none'),
    ('bounce_schema_version', 'version of the schema'),
    ('bounce_partition_ahead_seconds', 'time for which partitions are made ahead'),
    ('bounce_unpartitioned_rows', 'rows of months that had no partition'),
    ('bounce_housekeeping_began_timestamp_seconds', 'when housekeeping last began'),
    ('bounce_housekeeping_ended_timestamp_seconds', 'when it last ended, without a fault'),
    ('bounce_standbys', 'standbys that are connected'),
    ('bounce_standby_lag_seconds', 'how far a standby is behind, in time'),
    ('bounce_standby_lag_bytes', 'how far a standby is behind, in bytes of WAL')) AS d (name, help)
  LEFT JOIN (SELECT * FROM bounce_internal.metrics_of_reports(at)
             UNION ALL SELECT * FROM bounce_internal.metrics_of_work(at)
             UNION ALL SELECT * FROM bounce_internal.metrics_of_queue(at)
             UNION ALL SELECT * FROM bounce_internal.metrics_of_copies(at)
             UNION ALL SELECT * FROM bounce_internal.metrics_of_database(at)) AS m USING (name)
  ORDER BY d.name, m.labels;
END $$;
COMMENT ON FUNCTION bounce.metrics(timestamptz) IS
  'monitor: figures in the words of Prometheus. A row without a value names a figure that has none '
  'at the moment. Counters begin anew at midnight (UTC)';

CREATE OR REPLACE FUNCTION bounce.count_today() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  -- people who look at figures change nothing
  RETURN pg_has_role(bounce_internal.caller(), 'bounce_milter', 'USAGE')
         AND bounce_internal.count_today_at(now(), 20000);
END $$;
COMMENT ON FUNCTION bounce.count_today() IS
  'monitor: to be called before metrics(), as a transaction of its own, until it returns false: '
  'counts what has come since the last call, once. Without it metrics() says the same, and reads '
  'all of today. Does nothing for people, on a standby, and while somebody corrects verdicts';
