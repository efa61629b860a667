-- SPDX-License-Identifier: BSD-2-Clause
--
-- Submission servers: what is wrong with one, and when it is over.

-- Who is configured for a server with a problem moves its probe_at whenever it is due
-- (may_use_server), also while nothing waits.
CREATE OR REPLACE FUNCTION bounce.forget_servers() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  s bounce.delivery_server;
  forgotten integer := 0;
BEGIN
  FOR s IN SELECT d.* FROM bounce.delivery_server AS d
           WHERE d.probe_at < now() - 2 * bounce.parameter_interval('delivery_probe_max_delay') ORDER BY d.name FOR UPDATE SKIP LOCKED LOOP
    UPDATE bounce.delivery_server AS d SET problem = '', problem_since = NULL, failures = 0, probe_at = NULL, task_id = NULL
    WHERE d.name = s.name;
    UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
      note = format('no worker has used it since %s', to_char(s.probe_at, 'YYYY-MM-DD HH24:MI:SS'))
    WHERE t.id = s.task_id AND t.status = 'open';
    forgotten := forgotten + 1;
  END LOOP;
  RETURN forgotten;
END
$$;
COMMENT ON FUNCTION bounce.forget_servers() IS
  'ends the problem and the task of a submission server that no worker asks for any more, because another is configured. Returns how many';
REVOKE ALL ON FUNCTION bounce.forget_servers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.forget_servers() TO bounce_delivery;
