-- SPDX-License-Identifier: BSD-2-Clause
--
-- Who calls, and which processes that role has. In a function that runs with its owner's rights,
-- current_user is the owner; what the session has logged in as, or has taken on with SET ROLE,
-- stays visible, and only a role of which the session is a member can be taken on.

CREATE OR REPLACE FUNCTION bounce_internal.caller() RETURNS name
LANGUAGE sql STABLE AS $$
  SELECT CASE current_setting('role') WHEN 'none' THEN session_user
              ELSE current_setting('role')::name END
$$;
COMMENT ON FUNCTION bounce_internal.caller() IS 'the role of the session: SET ROLE, or the login';

-- A list of those who may, so that a role that nobody thought of does not slip in. current_user is
-- the owner of the schema: only functions that run as the owner call this.
CREATE OR REPLACE FUNCTION bounce_internal.sees_all(who name) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN pg_has_role(who, current_user, 'USAGE')
         OR pg_has_role(who, 'bounce_operator', 'USAGE')
         OR pg_has_role(who, 'bounce_admin', 'USAGE')
         OR pg_has_role(who, 'bounce_clerk', 'USAGE')
         OR pg_has_role(who, 'bounce_auditor', 'USAGE')
         OR pg_has_role(who, 'bounce_milter', 'USAGE')
         OR pg_has_role(who, 'bounce_delivery', 'USAGE');
END $$;
COMMENT ON FUNCTION bounce_internal.sees_all(name) IS
  'whether a role sees every process: people, our programs, and the owner of the schema';

CREATE OR REPLACE FUNCTION bounce_internal.may_use(process text, who name) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.process_application AS a
             WHERE a.process = may_use.process AND a.taken_at IS NULL) THEN
    RETURN bounce_internal.sees_all(who)
           OR EXISTS (SELECT FROM bounce.process_application AS a
                      JOIN pg_roles AS r ON r.rolname = a.application
                      WHERE a.process = may_use.process AND a.taken_at IS NULL
                        AND pg_has_role(who, r.oid, 'USAGE'));
  END IF;
  RETURN bounce_internal.parameter_boolean('open_processes') OR bounce_internal.sees_all(who);
END $$;
COMMENT ON FUNCTION bounce_internal.may_use(text, name) IS
  'whether a process is this role''s: it was given to a role that it is a member of, or to nobody '
  'and processes are open, or the role sees every process';

CREATE OR REPLACE FUNCTION bounce_internal.may_use(process text) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT bounce_internal.may_use(process, bounce_internal.caller())
$$;
COMMENT ON FUNCTION bounce_internal.may_use(text) IS 'whether a process is the caller''s';

CREATE OR REPLACE FUNCTION bounce_internal.is_own_mail(communication_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT bounce_internal.may_use(c.process) FROM bounce.communication AS c
  WHERE c.id = communication_id
$$;
COMMENT ON FUNCTION bounce_internal.is_own_mail(bigint) IS
  'whether a communication is one of the caller''s processes; NULL when there is none';

CREATE OR REPLACE FUNCTION bounce_internal.require_own_process(process text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  who CONSTANT name := bounce_internal.caller();
BEGIN
  IF process IS NULL OR bounce_internal.may_use(process, who) THEN
    RETURN process;
  END IF;
  PERFORM bounce_internal.require_process(process);
  PERFORM bounce_internal.refuse('insufficient_privilege',
    bounce_internal.say('process "%s" is not for %s', process, who::text),
    bounce_internal.say('An administrator gives it: bouncectl process give %s %s --why TEXT, or '
                        'SELECT bounce.give_process(%s, %s, why).', process, who::text,
                        quote_literal(process), quote_literal(who)));
END $$;
COMMENT ON FUNCTION bounce_internal.require_own_process(text) IS
  'a process of the caller, or NULL; 42501 for one of somebody else, 23503 for an unknown one '
  'where processes are not open';
