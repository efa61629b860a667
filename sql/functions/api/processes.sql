-- SPDX-License-Identifier: BSD-2-Clause
--
-- Which application may use which process: for the policies and views that ask, and for
-- administrators who say it.

-- The policies of the tables and the views ask this once per statement.
CREATE OR REPLACE FUNCTION bounce.own_processes() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  who CONSTANT name := bounce_internal.caller();
  sees_all CONSTANT boolean := bounce_internal.sees_all(who);
  is_open CONSTANT boolean := bounce_internal.parameter_boolean('open_processes');
BEGIN
  RETURN ARRAY(
    SELECT p.name FROM bounce.process AS p
    LEFT JOIN bounce.process_application AS a ON a.process = p.name AND a.taken_at IS NULL
    LEFT JOIN pg_roles AS r ON r.rolname = a.application
    GROUP BY p.name
    HAVING sees_all OR is_open AND count(a.id) = 0 OR bool_or(pg_has_role(who, r.oid, 'USAGE')));
END $$;
COMMENT ON FUNCTION bounce.own_processes() IS
  'application, operator: the processes whose mails the caller sees and may write. The caller is '
  'the role of the session (SET ROLE, or else the login), also in your SECURITY DEFINER functions '
  'and views. People and our programs see all';

CREATE OR REPLACE FUNCTION bounce.preview_process_access(
  process text, application text, is_given boolean)
RETURNS TABLE (role text, has_now boolean, has_then boolean, consequence text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  given_then CONSTANT text[] := ARRAY(
    SELECT a.application FROM bounce.process_application AS a
    WHERE a.process = preview_process_access.process AND a.taken_at IS NULL
      AND a.application <> preview_process_access.application
    UNION SELECT preview_process_access.application WHERE preview_process_access.is_given);
  is_open CONSTANT boolean := cardinality(given_then) = 0
                              AND bounce_internal.parameter_boolean('open_processes');
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, '')),
    bounce_internal.require_application(application);
  RETURN QUERY
  SELECT r.rolname::text, n.has_now, n.has_then,
         CASE WHEN n.has_now AND NOT n.has_then THEN 'loses it'
              WHEN n.has_then AND NOT n.has_now THEN 'gets it'
              WHEN n.has_now THEN 'keeps it' ELSE 'does not have it' END
  FROM pg_roles AS r
  CROSS JOIN LATERAL (
    SELECT bounce_internal.may_use(preview_process_access.process, r.rolname) AS has_now,
           is_open OR EXISTS (SELECT FROM pg_roles AS g
                              WHERE g.rolname = ANY (given_then)
                                AND pg_has_role(r.oid, g.oid, 'USAGE')) AS has_then) AS n
  WHERE pg_has_role(r.oid, 'bounce_application', 'USAGE') AND r.rolcanlogin
    AND NOT bounce_internal.sees_all(r.rolname)
  ORDER BY r.rolname;
END $$;
COMMENT ON FUNCTION bounce.preview_process_access(text, text, boolean) IS
  'admin: for each application that logs in, whether it may use a process now, and whether it may '
  'when the process is given to a role (is_given) or taken from it. Changes nothing. 23503 for an '
  'unknown process, 22023 for a role that is no application';

CREATE OR REPLACE FUNCTION bounce.give_process(process text, application text, why text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, '')),
    bounce_internal.require_application(application);
  INSERT INTO bounce.process_application (process, application, give_why)
  VALUES (give_process.process, give_process.application,
          bounce_internal.require_reason_text(why, 'give a process to an application'))
  ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce.give_process(text, text, text) IS
  'admin: a process is for this application from now on: a role that is a member of '
  'bounce_application, and its members. Others lose it, unless it is given to them too. False when '
  'it has it already. 23503 for an unknown process, 22023 for a role that is no application, or '
  'without a reason';

CREATE OR REPLACE FUNCTION bounce.take_process(process text, application text, why text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.require_process(coalesce(process, ''));
  UPDATE bounce.process_application AS a
  SET taken_at = now(), taken_by = session_user,
      take_why = bounce_internal.require_reason_text(why, 'take a process from an application')
  WHERE a.process = take_process.process AND a.application = take_process.application
    AND a.taken_at IS NULL;
  RETURN FOUND;
END $$;
COMMENT ON FUNCTION bounce.take_process(text, text, text) IS
  'admin: takes a process from an application; from the last one, and it is open to all again '
  'where open_processes is on. False when it does not have it. 23503 for an unknown process, '
  '22023 without a reason';
