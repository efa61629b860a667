-- SPDX-License-Identifier: BSD-2-Clause
--
-- Three group roles with least rights; give them to login roles with GRANT. Roles
-- belong to the whole cluster: one that exists already is taken as it is.

DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['bounce_milter', 'bounce_application', 'bounce_operator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
    END IF;
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION 'role % is missing and may not be created by %', role_name, current_user
    USING ERRCODE = 'insufficient_privilege', HINT = 'ALTER ROLE ... CREATEROLE, or have a superuser CREATE ROLE bounce_milter, bounce_application, bounce_operator.';
END
$$;

-- Nobody gets anything by default. A later migration that adds functions ends with this line as well.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;

GRANT USAGE ON SCHEMA bounce TO bounce_milter, bounce_application, bounce_operator;

-- The daemon: no table, two functions, and the schema's version.
GRANT SELECT ON bounce.schema_migration TO bounce_milter, bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.schema_version() TO bounce_milter, bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.record_report(jsonb, bytea), bounce.milter_settings() TO bounce_milter;

-- Applications: write what they send, read what became of it.
GRANT SELECT ON bounce.process, bounce.communication, bounce.communication_recipient, bounce.communication_log, bounce.bounce_reason,
  bounce.undelivered, bounce.scheduled_resend TO bounce_application;
GRANT INSERT (process, business_ref, sender, subject, message_id, status) ON bounce.communication TO bounce_application;
GRANT UPDATE (business_ref, sender, subject, message_id, status) ON bounce.communication TO bounce_application;
GRANT INSERT (communication_id, address) ON bounce.communication_recipient TO bounce_application;
GRANT SELECT ON bounce.follow_up TO bounce_application;
GRANT UPDATE (status) ON bounce.follow_up TO bounce_application;
GRANT EXECUTE ON FUNCTION bounce.register_communication(text, text[], text, text, text, text, text),
  bounce.confirm_resend(bigint, text), bounce.return_path(bigint, integer), bounce.is_address_blocked(text),
  bounce.address_key(text), bounce.address_domain(text) TO bounce_application;

-- Operators: read all but the keys, decide on tasks and blocks, set parameters and classes.
GRANT SELECT ON bounce.process, bounce.communication, bounce.communication_recipient, bounce.communication_message_id,
  bounce.communication_log, bounce.bounce_reason, bounce.bounce_message, bounce.bounce, bounce.address_block, bounce.task,
  bounce.follow_up, bounce.parameter_definition, bounce.system_parameter, bounce.system_parameter_history,
  bounce.undelivered, bounce.scheduled_resend TO bounce_operator;
GRANT INSERT, DELETE ON bounce.system_parameter TO bounce_operator;
GRANT UPDATE (value) ON bounce.system_parameter TO bounce_operator;
GRANT UPDATE (class, class_temporary) ON bounce.bounce_reason TO bounce_operator;
GRANT INSERT, UPDATE (description) ON bounce.process TO bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.confirm_resend(bigint, text), bounce.lift_block(text, text), bounce.resolve_task(bigint, text),
  bounce.is_address_blocked(text), bounce.parameter(text, text), bounce.address_key(text), bounce.address_domain(text),
  bounce.rotate_token_key() TO bounce_operator;
