-- SPDX-License-Identifier: BSD-2-Clause
--
-- Rotation of the keys of return paths, with overlap, and what the daemon needs to
-- refuse a forged return path at RCPT, where there is no time for the database.
--
--   signs -> verifies (retired: until the tokens it signed have expired) -> expired

ALTER TABLE bounce.token_key ADD COLUMN expires_at timestamptz,
  ADD CONSTRAINT retired_expires CHECK ((retired_at IS NULL) = (expires_at IS NULL));
COMMENT ON COLUMN bounce.token_key.expires_at IS 'set when it is retired: from then on no token that it signed is in date';
COMMENT ON TABLE bounce.token_key IS
  'keys of the return paths. The newest one that is not retired signs; the others verify until they expire. Nobody may read the '
  'secrets but the milter, through token_settings()';

INSERT INTO bounce.parameter_definition (name, type, default_value, per_process, description) VALUES
  ('refuse_bad_token', 'boolean', 'off', false,
   'refuse a recipient at RCPT whose return path is malformed or was not signed by us, instead of taking the report without trust');

CREATE FUNCTION bounce.longest_token_lifetime(since timestamptz) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- a day of slack, because changed_at is when the change's transaction began
  RETURN (SELECT max(l.value::interval)
          FROM (SELECT p.value FROM bounce.system_parameter AS p WHERE p.name = 'token_lifetime'
                UNION ALL
                SELECT h.old_value FROM bounce.system_parameter_history AS h
                WHERE h.name = 'token_lifetime' AND h.changed_at >= since - interval '1 day' AND h.old_value IS NOT NULL) AS l);
END
$$;
COMMENT ON FUNCTION bounce.longest_token_lifetime(timestamptz) IS 'internal: of all the values that were in force since then';

CREATE FUNCTION bounce.add_token_key() RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id smallint;
BEGIN
  LOCK TABLE bounce.token_key IN SHARE ROW EXCLUSIVE MODE;
  SELECT min(i) INTO new_id FROM generate_series(1, 255) AS i
  WHERE NOT EXISTS (SELECT FROM bounce.token_key AS k WHERE k.id = i);
  IF new_id IS NULL THEN
    RAISE EXCEPTION 'all 255 ids of token keys are in use' USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'SELECT bounce.drop_expired_token_keys(), or wait until some have expired.';
  END IF;
  -- two random uuids hold 244 bits of the server's strong random source; the newest key signs, also within one transaction
  INSERT INTO bounce.token_key (id, secret, created_at)
  VALUES (new_id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), clock_timestamp());
  PERFORM pg_notify('bounce_parameter', 'token_key');
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.add_token_key() IS
  'makes a further key for return paths, which signs from now on; the others go on verifying. Returns its id. 55000 when there are 255';

CREATE FUNCTION bounce.retire_token_key(id smallint) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  expiry timestamptz;
BEGIN
  LOCK TABLE bounce.token_key IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM bounce.token_key AS k WHERE k.id <> retire_token_key.id AND k.retired_at IS NULL) THEN
    RAISE EXCEPTION 'token key % is the only one that signs', retire_token_key.id USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'SELECT bounce.rotate_token_key() makes a new one and retires the others.';
  END IF;
  -- a token counts until the end of its last day
  UPDATE bounce.token_key AS k
  SET retired_at = now(), expires_at = now() + bounce.longest_token_lifetime(k.created_at) + interval '1 day'
  WHERE k.id = retire_token_key.id AND k.retired_at IS NULL
  RETURNING k.expires_at INTO expiry;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no token key % that signs', retire_token_key.id USING ERRCODE = 'no_data_found';
  END IF;
  PERFORM pg_notify('bounce_parameter', 'token_key');
  RETURN expiry;
END
$$;
COMMENT ON FUNCTION bounce.retire_token_key(smallint) IS
  'a key signs no more; it verifies until all that it signed has expired. Returns when that is. 55000 for the only one that signs';

CREATE OR REPLACE FUNCTION bounce.rotate_token_key() RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id CONSTANT smallint := bounce.add_token_key();
BEGIN
  PERFORM bounce.retire_token_key(k.id) FROM bounce.token_key AS k WHERE k.id <> new_id AND k.retired_at IS NULL;
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.rotate_token_key() IS
  'makes a new key for return paths and retires the others, which still verify until they expire. Returns the new key''s id';

CREATE FUNCTION bounce.drop_expired_token_keys(at timestamptz DEFAULT now()) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  dropped bigint;
BEGIN
  DELETE FROM bounce.token_key AS k WHERE k.expires_at <= at;
  GET DIAGNOSTICS dropped = ROW_COUNT;
  RETURN dropped;
END
$$;
COMMENT ON FUNCTION bounce.drop_expired_token_keys(timestamptz) IS 'deletes the keys that verify nothing any more; how many';

-- ROWS 1, or the planner joins it with the whole of communication_recipient
CREATE OR REPLACE FUNCTION bounce.token_read(local_part text)
RETURNS TABLE (recipient_id bigint, attempt integer, expired boolean)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  bytes CONSTANT bytea := bounce.base32_decode(substring(lower(local_part) FROM '([a-z2-7]{36})$'));
  payload CONSTANT bytea := substring(bytes FROM 1 FOR 12);
BEGIN
  IF bytes IS NULL OR NOT EXISTS (SELECT FROM bounce.token_key AS k
      WHERE k.id = get_byte(bytes, 0) AND (k.expires_at IS NULL OR k.expires_at > now())
        AND bounce.token_sign(k.secret, payload) = substring(bytes FROM 13)) THEN
    RETURN;
  END IF;
  recipient_id := ('x' || encode(substring(payload FROM 5), 'hex'))::bit(64)::bigint;
  attempt := get_byte(payload, 1);
  expired := get_byte(payload, 2) * 256 + get_byte(payload, 3) < bounce.epoch_day(now());
  RETURN NEXT;
END
$$;

CREATE FUNCTION bounce.token_settings(OUT refuse_bad_token boolean, OUT return_path_prefix text, OUT keys text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  refuse_bad_token := bounce.parameter_boolean('refuse_bad_token');
  return_path_prefix := bounce.parameter('return_path_prefix');
  SELECT coalesce(string_agg(k.id || ':' || encode(k.secret, 'hex'), ' ' ORDER BY k.id), '') INTO keys
  FROM bounce.token_key AS k WHERE k.expires_at IS NULL OR k.expires_at > now();
END
$$;
COMMENT ON FUNCTION bounce.token_settings() IS
  'for the milter alone, one row: whether to refuse at RCPT, what stands before a token, and the keys that verify, as id:hex '
  'separated by blanks; read again at each NOTIFY bounce_parameter';

CREATE VIEW bounce.token_key_state AS
SELECT k.id, CASE WHEN k.expires_at <= now() THEN 'expired'
                  WHEN k.retired_at IS NOT NULL
                       OR EXISTS (SELECT FROM bounce.token_key AS n WHERE n.retired_at IS NULL AND (n.created_at, n.id) > (k.created_at, k.id)) THEN 'verifies'
                  ELSE 'signs' END AS state,
       k.created_at, k.retired_at, k.expires_at
FROM bounce.token_key AS k;
COMMENT ON VIEW bounce.token_key_state IS 'the keys of return paths without their secrets: the one that signs, those that verify, those that are over';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.token_settings() TO bounce_milter;
GRANT EXECUTE ON FUNCTION bounce.add_token_key(), bounce.retire_token_key(smallint), bounce.drop_expired_token_keys(timestamptz) TO bounce_operator;
GRANT SELECT ON bounce.token_key_state TO bounce_operator;
