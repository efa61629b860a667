-- SPDX-License-Identifier: BSD-2-Clause
--
-- For operators: parameters, keys of return paths, retention.

-- Parameters -------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.parameter(name text, process text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_value text;
BEGIN
  SELECT p.value INTO found_value
  FROM bounce.system_parameter AS p
  WHERE p.name = parameter.name AND (p.process = parameter.process OR p.process IS NULL)
  ORDER BY p.process IS NULL
  LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown system parameter "%"', parameter.name
      USING ERRCODE = 'undefined_parameter';
  END IF;
  RETURN found_value;
END $$;
COMMENT ON FUNCTION bounce.parameter(text, text) IS
  'operator: the value of a parameter for a process, or the global one (process NULL). 42P02 for '
  'an unknown name';

CREATE OR REPLACE FUNCTION bounce.set_parameter(name text, value text, process text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  stored text;
BEGIN
  PERFORM bounce_internal.require_parameter(set_parameter.name),
    bounce_internal.require_process(set_parameter.process);
  IF value IS NULL AND process IS NOT NULL THEN
    DELETE FROM bounce.system_parameter AS p WHERE p.name = set_parameter.name
      AND p.process = set_parameter.process;
    RETURN bounce.parameter(name, process);
  END IF;
  INSERT INTO bounce.system_parameter AS p (name, process, value)
  VALUES (set_parameter.name, set_parameter.process, coalesce(set_parameter.value,
            (SELECT d.default_value FROM bounce.parameter_definition AS d
             WHERE d.name = set_parameter.name)))
  ON CONFLICT ON CONSTRAINT system_parameter_name_process_key DO UPDATE SET value = excluded.value
  RETURNING p.value INTO stored;
  RETURN stored;
END $$;
COMMENT ON FUNCTION bounce.set_parameter(text, text, text) IS
  'operator: sets a parameter, globally or for one process, and returns the value as stored. '
  'value NULL: back to the default, or to the global value. 22023 for an unknown name or a wrong '
  'value, 23503 for an unknown process';

-- Keys -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.add_token_key() RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id smallint;
BEGIN
  LOCK TABLE bounce.token_key IN SHARE ROW EXCLUSIVE MODE;
  SELECT min(i) INTO new_id FROM generate_series(1, 255) AS i
  WHERE NOT EXISTS (SELECT FROM bounce.token_key AS k WHERE k.id = i);
  IF new_id IS NULL THEN
    RAISE EXCEPTION 'all 255 ids of token keys are in use'
      USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'SELECT bounce.drop_expired_token_keys(), or wait until some have expired.';
  END IF;
  -- two random uuids hold 244 bits of the server's strong random source; the newest key signs,
  -- also within one transaction
  INSERT INTO bounce.token_key (id, secret, created_at)
  VALUES (new_id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
          clock_timestamp());
  PERFORM pg_notify('bounce_parameter', 'token_key');
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce.add_token_key() IS
  'operator: creates another key for return paths, which signs from now on; the others still '
  'verify. Returns its id. 55000 when there are 255';

CREATE OR REPLACE FUNCTION bounce.retire_token_key(id smallint) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  expiry timestamptz;
BEGIN
  LOCK TABLE bounce.token_key IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM bounce.token_key AS k
                 WHERE k.id <> retire_token_key.id AND k.retired_at IS NULL) THEN
    RAISE EXCEPTION 'token key % is the only one that signs', retire_token_key.id
      USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'SELECT bounce.rotate_token_key() makes a new one and retires the others.';
  END IF;
  -- a token counts until the end of its last day
  UPDATE bounce.token_key AS k
  SET retired_at = now(),
      expires_at = now() + bounce_internal.longest_token_lifetime(k.created_at) + interval '1 day'
  WHERE k.id = retire_token_key.id AND k.retired_at IS NULL
  RETURNING k.expires_at INTO expiry;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no token key % that signs', retire_token_key.id
      USING ERRCODE = 'no_data_found';
  END IF;
  PERFORM pg_notify('bounce_parameter', 'token_key');
  RETURN expiry;
END $$;
COMMENT ON FUNCTION bounce.retire_token_key(smallint) IS
  'operator: a key stops signing; it verifies until all tokens it has signed are expired. Returns '
  'that time. 55000 for the only key that signs';

CREATE OR REPLACE FUNCTION bounce.rotate_token_key() RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id CONSTANT smallint := bounce.add_token_key();
BEGIN
  PERFORM bounce.retire_token_key(k.id) FROM bounce.token_key AS k
    WHERE k.id <> new_id AND k.retired_at IS NULL;
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce.rotate_token_key() IS
  'operator: creates a key for return paths and retires the others, which still verify until they '
  'expire. Returns the id of the new key';

CREATE OR REPLACE FUNCTION bounce.drop_expired_token_keys(at timestamptz DEFAULT now())
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  dropped bigint;
BEGIN
  DELETE FROM bounce.token_key AS k WHERE k.expires_at <= at;
  GET DIAGNOSTICS dropped = ROW_COUNT;
  RETURN dropped;
END $$;
COMMENT ON FUNCTION bounce.drop_expired_token_keys(timestamptz) IS
  'operator: deletes the keys that no longer verify anything. Returns their number';

-- Retention --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.keep_month() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.note_housekeeping('began');
  RETURN bounce_internal.keep_month_at(now());
END $$;
COMMENT ON FUNCTION bounce.keep_month() IS
  'operator: makes or drops one monthly partition, the next one that is due: made, dropped; '
  'locked: others have its tables, to be tried again later; NULL: nothing is due. A transaction '
  'for each, so that who records waits for one at a time. The milter may call it too';

CREATE OR REPLACE FUNCTION bounce.housekeeping(batch integer DEFAULT 1000)
RETURNS TABLE (step text, done bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT h.step, h.done
  FROM bounce_internal.housekeeping_at(now(), bounce_internal.require_count('a batch', batch)) AS h;
  PERFORM bounce_internal.note_housekeeping('ended');
END $$;
COMMENT ON FUNCTION bounce.housekeeping(integer) IS
  'operator: to be called hourly by a timer, after keep_month(): erases what is too old, at most '
  'a batch in each step, creates and drops what is left of monthly partitions, and counts the days '
  'that are over for report_by(). Repeat while a step has done as much as batch. The milter may '
  'call it too; it cannot choose the retention times';

CREATE OR REPLACE FUNCTION bounce.erase_address(address text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.erase_addresses(
      ARRAY[bounce.address_key(bounce_internal.require_address(address))], why);
END $$;
COMMENT ON FUNCTION bounce.erase_address(text, text) IS
  'operator: erases the personal data of an address: address, texts, raw reports, open tasks, '
  'blocks (lifted, because an unknown address cannot be blocked). States, codes and figures are '
  'kept. Returns the number of recipients, reports and blocks. 22023 without a reason or an '
  'address';

CREATE OR REPLACE FUNCTION bounce.erase_person(person_ref text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce_internal.erase_addresses(bounce_internal.addresses_of(person_ref), why);
END $$;
COMMENT ON FUNCTION bounce.erase_person(text, text) IS
  'operator: erase_address() for every address that a person had';

CREATE OR REPLACE FUNCTION bounce.preview_erase(name text, is_person boolean DEFAULT false)
RETURNS TABLE (what text, number bigint, sample text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  keys CONSTANT text[] := CASE WHEN is_person THEN bounce_internal.addresses_of(name)
    ELSE ARRAY[bounce.address_key(bounce_internal.require_address(name))] END;
BEGIN
  RETURN QUERY SELECT * FROM bounce_internal.what_is_erased(keys);
END $$;
COMMENT ON FUNCTION bounce.preview_erase(text, boolean) IS
  'operator: what erase_address() or erase_person() would erase, with a few examples; nothing is '
  'changed. It cannot be taken back, so look at this first. 22023 when it is not an address';
