-- SPDX-License-Identifier: BSD-2-Clause
--
-- Submission servers: what is wrong with one, what it is tried with, and when it is over.

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

-- Probing -----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.has_problem(server text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.delivery_server AS s WHERE s.name = has_problem.server AND s.problem <> '');
END
$$;
COMMENT ON FUNCTION bounce.has_problem(text) IS 'internal: whether what is claimed now is a probe';

-- What is given back is due anew, behind the others: so everything that waits has its turn.
CREATE OR REPLACE FUNCTION bounce.choose_for_probe(batch integer, at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (
    SELECT coalesce(array_agg(t.id), '{}')
    FROM (SELECT o.id
          FROM (SELECT k.id, k.due_at, row_number() OVER (PARTITION BY l.process, l.priority ORDER BY k.due_at, k.id) AS turn
                FROM bounce.queue_levels(at) AS l
                CROSS JOIN LATERAL (SELECT c.id, c.due_at FROM bounce.communication AS c
                                    WHERE c.process = l.process AND c.priority = l.priority AND c.delivery_state IN ('PENDING', 'RETRY')
                                      AND c.held_at IS NULL AND c.due_at <= at
                                    ORDER BY c.due_at
                                    LIMIT batch
                                    FOR NO KEY UPDATE SKIP LOCKED) AS k) AS o
          ORDER BY o.turn, o.due_at, o.id
          LIMIT batch) AS t);
END
$$;
COMMENT ON FUNCTION bounce.choose_for_probe(integer, timestamptz) IS
  'internal: locks and returns what a server with a problem is tried with: of each process and priority the first, whatever its priority. '
  'A sender that is refused, for mails of a high priority, then cannot keep everybody else waiting';
