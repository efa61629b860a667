-- SPDX-License-Identifier: BSD-2-Clause
--
-- Pausing a process whose mails come back. It is looked at where claims are swept, and not where
-- bounces are recorded, which it would slow down.

CREATE OR REPLACE FUNCTION bounce_internal.bounce_rate(
  process text, since timestamptz, OUT sent bigint, OUT bounced bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  at_most CONSTANT integer := 10000;
BEGIN
  SELECT count(*), count(*) FILTER (WHERE m.state = 'bounced') INTO sent, bounced
  FROM (SELECT r.state
        FROM bounce.communication AS c
        JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
        WHERE c.process = bounce_rate.process AND c.created_at > since AND r.attempts > 0
          AND NOT bounce_internal.is_test_address(r.address_key)
        ORDER BY c.created_at DESC LIMIT at_most) AS m;
END $$;
COMMENT ON FUNCTION bounce_internal.bounce_rate(text, timestamptz) IS
  'how many recipients the mails made since then were sent to, and how many of them have bounced; '
  'of the last ten thousand';

CREATE OR REPLACE FUNCTION bounce_internal.pause(p bounce.process, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  summary CONSTANT text := bounce_internal.say('nothing of it is sent: ') || why;
  made bigint;
BEGIN
  UPDATE bounce.process AS q
  SET paused_at = now(), paused_by = session_user, pause_why = bounce_internal.plain(pause.why)
  WHERE q.name = p.name;
  INSERT INTO bounce.task (kind, dedup_key, summary, marked_summary, process, due_at)
  VALUES ('process_paused', 'process_paused:' || p.name, bounce_internal.plain(summary),
          bounce_internal.marked(summary), p.name,
          now() + bounce_internal.parameter_interval('task_due', p.name))
  ON CONFLICT (dedup_key) WHERE status = 'open' DO NOTHING RETURNING id INTO made;
  INSERT INTO bounce.task_history (task_id, action, text)
  SELECT made, 'created', why WHERE made IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.pause(bounce.process, text) IS
  'pauses a process, with one task that says so';

CREATE OR REPLACE FUNCTION bounce_internal.pause_processes(at timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  p bounce.process;
  r record;
  paused integer := 0;
BEGIN
  FOR p IN SELECT q.* FROM bounce.process AS q
           WHERE q.paused_at IS NULL AND coalesce(q.rate_checked_at, '-infinity')
                                           < pause_processes.at - interval '1 minute'
             AND bounce_internal.parameter_number('pause_rate', q.name) > 0
           ORDER BY q.name FOR NO KEY UPDATE SKIP LOCKED LOOP
    UPDATE bounce.process AS q SET rate_checked_at = pause_processes.at WHERE q.name = p.name;
    SELECT b.sent, b.bounced, round(100.0 * b.bounced / nullif(b.sent, 0), 1) AS rate INTO r
    FROM bounce_internal.bounce_rate(p.name, greatest(
           at - bounce_internal.parameter_interval('pause_window', p.name), p.resumed_at)) AS b;
    IF r.sent >= bounce_internal.parameter_integer('pause_minimum', p.name)
       AND r.rate >= bounce_internal.parameter_number('pause_rate', p.name) THEN
      PERFORM bounce_internal.pause(
        p, bounce_internal.say('%s of %s mails came back, %s', r.bounced::text, r.sent::text,
                               r.rate || ' %'));
      paused := paused + 1;
    END IF;
  END LOOP;
  RETURN paused;
END $$;
COMMENT ON FUNCTION bounce_internal.pause_processes(timestamptz) IS
  'pauses the processes whose bounce rate has reached pause_rate; looked at once a minute. Returns '
  'their number';
