-- SPDX-License-Identifier: BSD-2-Clause
--
-- System parameters: what is refused, and what people set.

CREATE OR REPLACE FUNCTION bounce.normal_domain_list(definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domain text;
BEGIN
  FOREACH domain IN ARRAY bounce.domains(value) LOOP
    -- RFC 1035 section 2.3.1, with the underscore that is found in practice; U-labels go in as A-labels. One label alone is a word
    -- of a sentence rather than a domain that takes mail
    IF domain !~ '^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)+$' OR domain ~ '^[0-9.]+$'
       OR length(domain) > 253 THEN
      PERFORM bounce.refuse_parameter(definition, domain, 'is not a domain');
    END IF;
  END LOOP;
  RETURN array_to_string(bounce.domains(value), ', ');
END
$$;

CREATE OR REPLACE FUNCTION bounce.need_parameter(name text) RETURNS bounce.parameter_definition
LANGUAGE plpgsql STABLE AS $$
DECLARE
  definition bounce.parameter_definition;
BEGIN
  SELECT * INTO definition FROM bounce.parameter_definition AS d WHERE d.name = need_parameter.name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown system parameter "%"', need_parameter.name USING ERRCODE = 'invalid_parameter_value',
      HINT = coalesce(format('Is it "%s"? ', bounce.nearest_word(need_parameter.name, ARRAY(SELECT d.name FROM bounce.parameter_definition AS d))), '')
             || 'All of them: bouncectl params, or SELECT name, description FROM bounce.parameter_definition.';
  END IF;
  RETURN definition;
END
$$;
COMMENT ON FUNCTION bounce.need_parameter(text) IS 'internal: its definition; 22023 for an unknown name, with the one that may be meant';

CREATE OR REPLACE FUNCTION bounce.normal_interval(definition bounce.parameter_definition, value text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  duration interval;
BEGIN
  BEGIN
    duration := value::interval;
  EXCEPTION WHEN data_exception THEN
    PERFORM bounce.refuse_parameter(definition, value, 'is not a duration such as "15 minutes" or "7 days"');
  END;
  IF value ~ '^[-+]?[0-9.]+$' AND duration <> interval '0' THEN
    -- seconds for PostgreSQL; who writes 7 means days; 0 is 0
    PERFORM bounce.refuse_parameter(definition, value, 'has no unit: seconds, minutes, hours or days');
  ELSIF duration < definition.minimum::interval THEN
    PERFORM bounce.refuse_parameter(definition, value, 'is below the minimum of ' || definition.minimum);
  ELSIF duration > definition.maximum::interval THEN
    PERFORM bounce.refuse_parameter(definition, value, 'is above the maximum of ' || definition.maximum);
  END IF;
  RETURN value;
END
$$;

CREATE OR REPLACE FUNCTION bounce.refuse_contradiction(definition bounce.parameter_definition, value text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  CASE definition.name
    WHEN 'delivery_quiet_hours' THEN
      IF value <> '' AND split_part(value, '-', 1) = split_part(value, '-', 2) THEN
        PERFORM bounce.refuse_parameter(definition, value, 'ends when it begins: no time at all, or all of it');
      END IF;
    WHEN 'owner_mailbox' THEN
      IF bounce.address_domain(value) = ANY (bounce.domains(bounce.parameter('bounce_domain'))) THEN
        PERFORM bounce.refuse_parameter(definition, value, 'is in a bounce domain, where the milter would read it');
      END IF;
    WHEN 'bounce_domain' THEN
      IF EXISTS (SELECT FROM bounce.system_parameter AS p
                 WHERE p.name = 'owner_mailbox' AND bounce.address_domain(p.value) = ANY (bounce.domains(refuse_contradiction.value))) THEN
        PERFORM bounce.refuse_parameter(definition, value, 'has an owner_mailbox in it, which the milter would read');
      END IF;
    ELSE NULL;
  END CASE;
END
$$;
COMMENT ON FUNCTION bounce.refuse_contradiction(bounce.parameter_definition, text) IS 'internal: a value of the right form that cannot be meant';

CREATE OR REPLACE FUNCTION bounce.system_parameter_before_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  definition bounce.parameter_definition;
BEGIN
  definition := bounce.need_parameter(NEW.name);
  PERFORM bounce.need_process(NEW.process);
  IF NEW.process IS NOT NULL AND NOT definition.per_process THEN
    PERFORM bounce.refuse_parameter(definition, NEW.value, 'cannot be set for one process: it is global only');
  END IF;
  NEW.value := bounce.normal_parameter(definition, coalesce(NEW.value, ''));
  PERFORM bounce.refuse_contradiction(definition, NEW.value);
  NEW.updated_at := now();
  NEW.updated_by := session_user;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION bounce.set_parameter(name text, value text, process text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  stored text;
BEGIN
  PERFORM bounce.need_parameter(set_parameter.name), bounce.need_process(set_parameter.process);
  IF value IS NULL AND process IS NOT NULL THEN
    DELETE FROM bounce.system_parameter AS p WHERE p.name = set_parameter.name AND p.process = set_parameter.process;
    RETURN bounce.parameter(name, process);
  END IF;
  INSERT INTO bounce.system_parameter AS p (name, process, value)
  VALUES (set_parameter.name, set_parameter.process, coalesce(set_parameter.value,
            (SELECT d.default_value FROM bounce.parameter_definition AS d WHERE d.name = set_parameter.name)))
  ON CONFLICT ON CONSTRAINT system_parameter_name_process_key DO UPDATE SET value = excluded.value
  RETURNING p.value INTO stored;
  RETURN stored;
END
$$;
COMMENT ON FUNCTION bounce.set_parameter(text, text, text) IS
  'sets a parameter, globally or for one process, and returns the value as stored; value NULL: back to the default, or to the global '
  'value. 22023 for an unknown name or a wrong value, 23503 for an unknown process';
