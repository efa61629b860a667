-- SPDX-License-Identifier: BSD-2-Clause
--
-- Submission servers: what is wrong with one, what it is tried with, and when it is over.

CREATE OR REPLACE FUNCTION bounce_internal.has_problem(server text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.delivery_server AS s
                 WHERE s.name = has_problem.server AND s.problem <> '');
END $$;
COMMENT ON FUNCTION bounce_internal.has_problem(text) IS 'whether a claim made now is a probe';

-- Where a worker's words come before those of the system, they are a sentence.
CREATE OR REPLACE FUNCTION bounce_internal.say_problem(problem text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN starts_with(problem, 'cannot reach it: ')
              THEN bounce_internal.say('cannot reach it: %s', substr(problem, 18))
              ELSE bounce_internal.unmarked(problem) END
$$;
COMMENT ON FUNCTION bounce_internal.say_problem(text) IS
  'what is wrong with a submission server, for people';

-- What is given back is due anew, behind the others: so everything that waits has its turn. What
-- is refused may be so for its domain only: then another one shows that the server works.
CREATE OR REPLACE FUNCTION bounce_internal.choose_for_probe(batch integer, at timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  candidates bigint[];
BEGIN
  SELECT coalesce(array_agg(o.id ORDER BY o.turn, o.due_at, o.id), '{}') INTO candidates
  FROM (SELECT n.id, n.due_at,
               row_number() OVER (PARTITION BY n.process, n.priority
                                  ORDER BY n.nth, n.due_at, n.id) AS turn
        FROM (SELECT l.process, l.priority, k.id, k.due_at,
                     row_number() OVER (PARTITION BY l.process, l.priority, k.domain
                                        ORDER BY k.due_at, k.id) AS nth
              FROM bounce_internal.queue_levels(at) AS l
              CROSS JOIN LATERAL (
                SELECT d.communication_id AS id, d.due_at,
                       (SELECT split_part(r.address_key, '@', -1)
                        FROM bounce.communication_recipient AS r
                        WHERE r.communication_id = d.communication_id ORDER BY r.id LIMIT 1)
                       AS domain
                FROM bounce.communication_delivery AS d
                WHERE d.process = l.process AND d.priority = l.priority
                  AND d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL AND d.due_at <= at
                ORDER BY d.due_at LIMIT 100 * batch) AS k) AS n) AS o;
  RETURN (
    SELECT coalesce(array_agg(t.id ORDER BY t.place), '{}')
    FROM (SELECT c.id, u.place FROM unnest(candidates) WITH ORDINALITY AS u (id, place)
          JOIN bounce.communication AS c ON c.id = u.id
          JOIN bounce.communication_delivery AS d ON d.communication_id = c.id
          WHERE d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL AND d.due_at <= at
          ORDER BY u.place LIMIT batch FOR NO KEY UPDATE OF c, d SKIP LOCKED) AS t);
END $$;
COMMENT ON FUNCTION bounce_internal.choose_for_probe(integer, timestamptz) IS
  'locks and returns the mails for probing a server with a problem: the first of each process, '
  'priority and domain, so that a refused sender with mails of high priority, or a refused domain '
  'with many, does not block all others';

CREATE OR REPLACE FUNCTION bounce_internal.may_use_server(server text, batch integer)
RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM bounce.delivery_server AS s WHERE s.name = may_use_server.server AND s.problem <> '';
  IF NOT FOUND THEN
    RETURN batch;
  END IF;
  -- whoever moves probe_at is the one who probes
  UPDATE bounce.delivery_server AS s
  SET probe_at = now() + bounce_internal.parameter_interval('delivery_probe_max_delay')
  WHERE s.name = may_use_server.server AND s.problem <> '' AND s.probe_at <= now();
  RETURN CASE WHEN FOUND THEN least(batch, 5) ELSE 0 END;
END $$;
COMMENT ON FUNCTION bounce_internal.may_use_server(text, integer) IS
  'how many communications may be claimed: all, a few for a probe, or none until the next probe';

CREATE OR REPLACE FUNCTION bounce_internal.server_works(server text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  s bounce.delivery_server;
BEGIN
  PERFORM FROM bounce.delivery_server AS d WHERE d.name = server_works.server AND d.problem <> '';
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO s FROM bounce.delivery_server AS d WHERE d.name = server_works.server FOR UPDATE;
  UPDATE bounce.delivery_server AS d SET problem = '', problem_since = NULL, failures = 0,
    probe_at = NULL, task_id = NULL
  WHERE d.name = s.name;
  UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
    note = bounce_internal.say('works again since %t', to_char(now(), 'YYYY-MM-DD HH24:MI:SS'))
  WHERE t.id = s.task_id AND t.status = 'open';
  PERFORM pg_notify('bounce_delivery', '');
END $$;
COMMENT ON FUNCTION bounce_internal.server_works(text) IS
  'ends the problem and the task of a server that accepted or refused a recipient';
