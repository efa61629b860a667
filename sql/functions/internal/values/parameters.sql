-- SPDX-License-Identifier: BSD-2-Clause
--
-- System parameters: reading a value with its type, and what a new value must be.

-- Reading ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.parameter_boolean(name text, process text DEFAULT NULL)
RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT bounce.parameter(name, process)::boolean
$$;
COMMENT ON FUNCTION bounce_internal.parameter_boolean IS 'the value of a boolean parameter';

CREATE OR REPLACE FUNCTION bounce_internal.parameter_integer(name text, process text DEFAULT NULL)
RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT bounce.parameter(name, process)::integer
$$;
COMMENT ON FUNCTION bounce_internal.parameter_integer IS 'the value of an integer parameter';

CREATE OR REPLACE FUNCTION bounce_internal.parameter_number(name text, process text DEFAULT NULL)
RETURNS numeric
LANGUAGE sql STABLE AS $$
  SELECT bounce.parameter(name, process)::numeric
$$;
COMMENT ON FUNCTION bounce_internal.parameter_number IS 'the value of a numeric parameter';

CREATE OR REPLACE FUNCTION bounce_internal.parameter_interval(name text, process text DEFAULT NULL)
RETURNS interval
LANGUAGE sql STABLE AS $$
  SELECT bounce.parameter(name, process)::interval
$$;
COMMENT ON FUNCTION bounce_internal.parameter_interval IS 'the value of an interval parameter';

CREATE OR REPLACE FUNCTION bounce_internal.parameter_trust(name text, process text DEFAULT NULL)
RETURNS bounce.trust
LANGUAGE sql STABLE AS $$
  SELECT bounce.parameter(name, process)::bounce.trust
$$;
COMMENT ON FUNCTION bounce_internal.parameter_trust IS
  'the value of a parameter that is a degree of trust';

CREATE OR REPLACE FUNCTION bounce_internal.policy_of(process text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- || '{}': a copy to look things up in, or each look would unpack the row again
  RETURN (SELECT p.settings || '{}' FROM bounce.policy AS p
          WHERE p.process IN (coalesce(policy_of.process, ''), '') ORDER BY p.process DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION bounce_internal.policy_of(text) IS
  'all parameters that are in force for a process (NULL: for none) in one read, as name and value';

CREATE OR REPLACE FUNCTION bounce_internal.parameter_at(name text, process text, at timestamptz)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  value text;
BEGIN
  -- what the first change afterwards found, is what was in force; without one, it still is
  FOR value IN
    SELECT CASE WHEN h.id IS NOT NULL THEN h.old_value ELSE p.value END
    FROM (VALUES (parameter_at.process, 1), (NULL, 2)) AS k (process, place)
    LEFT JOIN LATERAL (SELECT x.id, x.old_value FROM bounce.system_parameter_history AS x
                       WHERE x.name = parameter_at.name AND x.process IS NOT DISTINCT FROM k.process
                         AND x.changed_at > at
                       ORDER BY x.changed_at, x.id LIMIT 1) AS h ON true
    LEFT JOIN bounce.system_parameter AS p ON p.name = parameter_at.name
      AND p.process IS NOT DISTINCT FROM k.process
    ORDER BY k.place LOOP
    IF value IS NOT NULL THEN
      RETURN value;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.parameter_at(text, text, timestamptz) IS
  'the value of a parameter for a process at a time, from the history';

-- Defining ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.define_parameter(
  name text, type text, default_value text, description text,
  minimum text DEFAULT NULL, maximum text DEFAULT NULL, allowed text[] DEFAULT NULL,
  pattern text DEFAULT NULL, per_process boolean DEFAULT false) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO bounce.parameter_definition AS d
    (name, type, default_value, minimum, maximum, allowed, pattern, per_process, description)
  VALUES ($1, $2, $3, $5, $6, $7, $8, $9, $4)
  ON CONFLICT (name) DO UPDATE
  SET type = excluded.type, default_value = excluded.default_value, minimum = excluded.minimum,
      maximum = excluded.maximum, allowed = excluded.allowed, pattern = excluded.pattern,
      per_process = excluded.per_process, description = excluded.description
$$;
COMMENT ON FUNCTION bounce_internal.define_parameter(text, text, text, text, text, text, text[],
                                                     text, boolean) IS
  'creates or changes the definition of a parameter; its values are kept';

-- Checking ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.refuse_parameter(
  definition bounce.parameter_definition, value text, problem text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM bounce_internal.refuse('invalid_parameter_value',
    bounce_internal.say('system parameter "%s": "%s" ', definition.name,
                        bounce_internal.unmarked(value)) || problem,
    concat_ws(', ', bounce_internal.say('%w', definition.type)
                    || CASE definition.type WHEN 'boolean' THEN bounce_internal.say(' (on or off)')
                                            ELSE '' END,
              CASE WHEN definition.minimum IS NOT NULL
                   THEN bounce_internal.say('at least %s', definition.minimum) END,
              CASE WHEN definition.maximum IS NOT NULL
                   THEN bounce_internal.say('at most %s', definition.maximum) END,
              CASE WHEN definition.allowed IS NOT NULL
                   THEN bounce_internal.say('one of %s',
                                            array_to_string(definition.allowed, ' | ')) END,
              bounce_internal.say('default "%s"', definition.default_value))
    || ': ' || bounce_internal.say('%w', definition.description));
END $$;
COMMENT ON FUNCTION bounce_internal.refuse_parameter(bounce.parameter_definition, text, text) IS
  'raises 22023 with the limits of the parameter as a hint';

CREATE OR REPLACE FUNCTION bounce_internal.normal_boolean(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  CASE
    WHEN lower(value) IN ('on', 'true', 'yes', '1') THEN RETURN 'on';
    WHEN lower(value) IN ('off', 'false', 'no', '0') THEN RETURN 'off';
    ELSE PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is neither on nor off'));
  END CASE;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.normal_boolean IS 'a boolean as it is stored: on or off';

CREATE OR REPLACE FUNCTION bounce_internal.normal_number(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF definition.type = 'integer' AND value !~ '^[+-]?[0-9]{1,15}$' THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is not an integer'));
  ELSIF value !~ '^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$' THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is not a number'));
  ELSIF value::numeric < definition.minimum::numeric THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is below the minimum of %s', definition.minimum));
  ELSIF value::numeric > definition.maximum::numeric THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is above the maximum of %s', definition.maximum));
  END IF;
  RETURN value::numeric::text;
END $$;
COMMENT ON FUNCTION bounce_internal.normal_number IS 'an integer or number within its limits';

CREATE OR REPLACE FUNCTION bounce_internal.normal_interval(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  duration interval;
BEGIN
  BEGIN
    duration := value::interval;
  EXCEPTION WHEN data_exception THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is not a duration such as "15 minutes" or "7 days"'));
  END;
  IF value ~ '^[-+]?[0-9.]+$' AND duration <> interval '0' THEN
    -- seconds for PostgreSQL; who writes 7 means days; 0 is 0
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('has no unit: seconds, minutes, hours or days'));
  ELSIF duration < definition.minimum::interval THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is below the minimum of %s', definition.minimum));
  ELSIF duration > definition.maximum::interval THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is above the maximum of %s', definition.maximum));
  END IF;
  RETURN value;
END $$;
COMMENT ON FUNCTION bounce_internal.normal_interval IS 'a duration within its limits';

CREATE OR REPLACE FUNCTION bounce_internal.normal_text(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF value !~ ('^(?:' || coalesce(definition.pattern, '.*') || ')$') OR length(value) > 1000 THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('does not have the right form'));
  END IF;
  RETURN value;
END $$;
COMMENT ON FUNCTION bounce_internal.normal_text IS
  'a text that matches the pattern of its parameter';

CREATE OR REPLACE FUNCTION bounce_internal.normal_enum(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF lower(value) <> ALL (definition.allowed) THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is not one of the allowed words'));
  END IF;
  RETURN lower(value);
END $$;
COMMENT ON FUNCTION bounce_internal.normal_enum IS 'one of the allowed words';

CREATE OR REPLACE FUNCTION bounce_internal.normal_address(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF value <> '' AND value !~ '^[^@[:space:]<>,;]{1,64}@[^@[:space:]<>,;]{1,253}$' THEN
    PERFORM bounce_internal.refuse_parameter(
      definition, value, bounce_internal.say('is not a mail address'));
  ELSIF value ~ '["''`\\[:cntrl:]]' THEN
    -- a quoted local part is lawful (RFC 5321 section 4.1.2), but others put this address
    -- into commands and headers
    PERFORM bounce_internal.refuse_parameter(
      definition, value,
      bounce_internal.say('has a quote, a backslash or a control character, which no mailbox '
                          'here may have'));
  END IF;
  RETURN value;
END $$;
COMMENT ON FUNCTION bounce_internal.normal_address IS 'a mail address, or empty';

CREATE OR REPLACE FUNCTION bounce_internal.domains(domain_list text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT array_remove(regexp_split_to_array(lower(domain_list), '[,;[:space:]]+'), '')
$$;
COMMENT ON FUNCTION bounce_internal.domains(text) IS
  'the domains of a list separated by commas or spaces, in lower case';

CREATE OR REPLACE FUNCTION bounce_internal.normal_domain_list(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domain text;
BEGIN
  FOREACH domain IN ARRAY bounce_internal.domains(value) LOOP
    -- RFC 1035 section 2.3.1, with the underscore that is found in practice; U-labels go in
    -- as A-labels. One label alone is a word of a sentence rather than a domain that takes
    -- mail
    IF domain !~ '^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)+$'
       OR domain ~ '^[0-9.]+$'
       OR length(domain) > 253 THEN
      PERFORM bounce_internal.refuse_parameter(definition, domain, 'is not a domain');
    END IF;
  END LOOP;
  RETURN array_to_string(bounce_internal.domains(value), ', ');
END $$;
COMMENT ON FUNCTION bounce_internal.normal_domain_list IS 'a list of domains, separated by commas';

CREATE OR REPLACE FUNCTION bounce_internal.normal_parameter(
  definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  trimmed CONSTANT text := btrim(value);
BEGIN
  RETURN CASE definition.type
    WHEN 'boolean'     THEN bounce_internal.normal_boolean(definition, trimmed)
    WHEN 'integer'     THEN bounce_internal.normal_number(definition, trimmed)
    WHEN 'number'      THEN bounce_internal.normal_number(definition, trimmed)
    WHEN 'interval'    THEN bounce_internal.normal_interval(definition, trimmed)
    WHEN 'text'        THEN bounce_internal.normal_text(definition, trimmed)
    WHEN 'enum'        THEN bounce_internal.normal_enum(definition, trimmed)
    WHEN 'address'     THEN bounce_internal.normal_address(definition, trimmed)
    WHEN 'domain_list' THEN bounce_internal.normal_domain_list(definition, trimmed)
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.normal_parameter(bounce.parameter_definition, text) IS
  'the value as it is stored; 22023 when it has the wrong type or exceeds a limit';

CREATE OR REPLACE FUNCTION bounce_internal.refuse_contradiction(
  definition bounce.parameter_definition, value text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  CASE definition.name
    WHEN 'delivery_quiet_hours' THEN
      IF value <> '' AND split_part(value, '-', 1) = split_part(value, '-', 2) THEN
        PERFORM bounce_internal.refuse_parameter(
          definition, value,
          bounce_internal.say('ends when it begins: no time at all, or all of it'));
      END IF;
    WHEN 'owner_mailbox' THEN
      IF bounce.address_domain(value) = ANY (
          bounce_internal.domains(bounce.parameter('bounce_domain'))) THEN
        PERFORM bounce_internal.refuse_parameter(
          definition, value,
          bounce_internal.say('is in a bounce domain, where the milter would read it'));
      END IF;
    WHEN 'bounce_domain' THEN
      IF EXISTS (SELECT FROM bounce.system_parameter AS p
                 WHERE p.name = 'owner_mailbox'
                   AND bounce.address_domain(p.value) = ANY (
                       bounce_internal.domains(refuse_contradiction.value))) THEN
        PERFORM bounce_internal.refuse_parameter(
          definition, value,
          bounce_internal.say('has an owner_mailbox in it, which the milter would read'));
      END IF;
    ELSE NULL;
  END CASE;
END $$;
COMMENT ON FUNCTION bounce_internal.refuse_contradiction(bounce.parameter_definition, text) IS
  'refuses a value of the right form that makes no sense; 22023';

-- Triggers ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.system_parameter_before_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  definition bounce.parameter_definition;
BEGIN
  definition := bounce_internal.require_parameter(NEW.name);
  PERFORM bounce_internal.require_process(NEW.process);
  IF NEW.process IS NOT NULL AND NOT definition.per_process THEN
    PERFORM bounce_internal.refuse_parameter(definition, NEW.value,
                                             'cannot be set for one process: it is global only');
  END IF;
  NEW.value := bounce_internal.normal_parameter(definition, coalesce(NEW.value, ''));
  PERFORM bounce_internal.refuse_contradiction(definition, NEW.value);
  NEW.updated_at := now();
  NEW.updated_by := session_user;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.system_parameter_before_write IS
  'checks and normalises a value; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.system_parameter_keep_global() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  -- without its definition the row goes with it: a migration removed the parameter
  IF EXISTS (SELECT FROM bounce.parameter_definition AS d WHERE d.name = OLD.name) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'the global value of system parameter "%s" cannot be taken away', OLD.name),
      bounce_internal.say(
        'UPDATE it to the default_value of bounce.parameter_definition. Rows of a '
        'process can be deleted.'));
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
COMMENT ON FUNCTION bounce_internal.system_parameter_keep_global IS
  'refuses to delete or rename a global value';

CREATE OR REPLACE FUNCTION bounce_internal.system_parameter_after_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  changed CONSTANT bounce.system_parameter := coalesce(NEW, OLD);
BEGIN
  IF TG_OP <> 'UPDATE' OR OLD.value <> NEW.value THEN
    INSERT INTO bounce.system_parameter_history (name, process, operation, old_value, new_value)
    VALUES (changed.name, changed.process, TG_OP, OLD.value, NEW.value);
    PERFORM pg_notify('bounce_parameter', changed.name);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.system_parameter_after_write IS
  'writes the history and notifies the daemons (NOTIFY bounce_parameter)';

CREATE OR REPLACE FUNCTION bounce_internal.write_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  -- who changes another parameter at the same time must see this change
  LOCK TABLE bounce.policy IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO bounce.policy AS o (process, settings)
  SELECT k.process, jsonb_object_agg(p.name, p.value ORDER BY p.process NULLS FIRST)
  FROM (SELECT '' AS process UNION SELECT q.process FROM bounce.system_parameter AS q
        WHERE q.process IS NOT NULL) AS k
  JOIN bounce.system_parameter AS p ON p.process IS NULL OR p.process = k.process
  GROUP BY k.process
  ON CONFLICT ON CONSTRAINT policy_pkey DO UPDATE SET settings = excluded.settings
  WHERE o.settings <> excluded.settings;
  DELETE FROM bounce.policy AS o
  WHERE o.process <> '' AND NOT EXISTS (SELECT FROM bounce.system_parameter AS p
                                        WHERE p.process = o.process);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.write_policy() IS 'keeps bounce.policy as the parameters are';

CREATE OR REPLACE FUNCTION bounce_internal.refuse_operator_loop() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  mailbox CONSTANT text := bounce.parameter('operator_mailbox');
BEGIN
  IF bounce.address_domain(mailbox) = ANY (
      bounce_internal.domains(bounce.parameter('bounce_domain'))) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'system parameter "%s": the operator mailbox %s would be in a bounce domain', NEW.name,
        mailbox),
      bounce_internal.say(
        'What is forwarded there would come back to the milter. Choose a mailbox in '
        'another domain.'));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.refuse_operator_loop IS
  'refuses an operator mailbox in a bounce domain: what is forwarded would come back';

CREATE OR REPLACE FUNCTION bounce_internal.check_quiet_hours() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF NEW.name = 'delivery_time_zone' AND NEW.value <> ''
     AND NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE z.name = NEW.value) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('system parameter "%s": "%s" is not a time zone', NEW.name, NEW.value),
      bounce_internal.say('SELECT name FROM pg_timezone_names'));
  ELSIF NEW.name = 'delivery_quiet_hours'
        AND split_part(NEW.value, '-', 1) = split_part(NEW.value, '-', 2) AND NEW.value <> '' THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('system parameter "%s": "%s" ends when it begins', NEW.name, NEW.value),
      bounce_internal.say('Empty: no quiet hours. 00:00-24:00: nothing is sent at all.'));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.check_quiet_hours() IS
  'checks what a pattern cannot: the names of time zones, and quiet hours of no length';

CREATE OR REPLACE FUNCTION bounce_internal.parameter_definition_after_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  INSERT INTO bounce.system_parameter (name, value) VALUES (NEW.name, NEW.default_value);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.parameter_definition_after_insert() IS
  'gives every parameter its global value';
