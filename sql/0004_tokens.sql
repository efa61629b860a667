-- SPDX-License-Identifier: BSD-2-Clause
--
-- Signed return paths (VERP): the envelope sender of an outgoing mail names
-- recipient and attempt, so that a bounce cannot be assigned wrongly or forged.
--
--   token   = base32( key-id[1] attempt[1] expiry-day[2] recipient-id[8] signature[10] )     36 characters of a-z2-7
--   address = prefix token "@" bounce-domain
--
-- Integers are big-endian; the expiry is in days since 1970-01-01; the signature
-- is the first 10 bytes of HMAC-SHA-256 (RFC 2104) over the 12 bytes before it.
-- base32 is RFC 4648 section 6 in lower case without padding: it survives case
-- folding. A local part has at most 64 octets (RFC 5321 section 4.5.3.1.1).

CREATE TABLE bounce.token_key (
  id         smallint    PRIMARY KEY CHECK (id BETWEEN 1 AND 255),
  secret     bytea       NOT NULL CHECK (length(secret) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);
COMMENT ON TABLE bounce.token_key IS
  'keys of the return paths. The newest one that is not retired signs; a retired one still verifies; a deleted one does not';

-- base32 --------------------------------------------------------------------------

CREATE FUNCTION bounce.base32_digit(value integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN substr('abcdefghijklmnopqrstuvwxyz234567', value + 1, 1);

CREATE FUNCTION bounce.base32_value(digit text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT
RETURN strpos('abcdefghijklmnopqrstuvwxyz234567', digit) - 1;

CREATE FUNCTION bounce.base32_encode(bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  digits text := '';
  bits integer := 0;
  bit_count integer := 0;
BEGIN
  FOR i IN 0 .. length(bytes) - 1 LOOP
    bits := ((bits & 255) << 8) | get_byte(bytes, i);
    bit_count := bit_count + 8;
    WHILE bit_count >= 5 LOOP
      bit_count := bit_count - 5;
      digits := digits || bounce.base32_digit((bits >> bit_count) & 31);
    END LOOP;
  END LOOP;
  RETURN digits || CASE WHEN bit_count > 0 THEN bounce.base32_digit((bits << (5 - bit_count)) & 31) ELSE '' END;
END
$$;
COMMENT ON FUNCTION bounce.base32_encode(bytea) IS 'RFC 4648 section 6, lower case, without padding';

CREATE FUNCTION bounce.base32_decode(digits text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  folded CONSTANT text := lower(digits);
  bytes bytea := '';
  bits integer := 0;
  bit_count integer := 0;
BEGIN
  FOR i IN 1 .. length(folded) LOOP
    bits := ((bits & 255) << 5) | greatest(0, bounce.base32_value(substr(folded, i, 1)));
    bit_count := bit_count + 5;
    IF bit_count >= 8 THEN
      bit_count := bit_count - 8;
      bytes := bytes || substring(int4send((bits >> bit_count) & 255) FROM 4);
    END IF;
  END LOOP;
  -- foreign characters, impossible lengths and stray bits at the end do not come back the same
  RETURN CASE WHEN bounce.base32_encode(bytes) = folded THEN bytes END;
END
$$;
COMMENT ON FUNCTION bounce.base32_decode(text) IS
  'RFC 4648 section 6 without padding, in any case; NULL when it is not base32';

-- HMAC ------------------------------------------------------------------------------

CREATE FUNCTION bounce.xor_pad(secret bytea, pad integer) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  block bytea := decode(repeat(lpad(to_hex(pad), 2, '0'), 64), 'hex');
BEGIN
  FOR i IN 0 .. length(secret) - 1 LOOP
    block := set_byte(block, i, get_byte(secret, i) # pad);
  END LOOP;
  RETURN block;
END
$$;
COMMENT ON FUNCTION bounce.xor_pad(bytea, integer) IS
  'internal: the secret filled up with zeros to a block of 64 bytes, each xor pad';

CREATE FUNCTION bounce.hmac_sha256(secret bytea, message bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT
RETURN sha256(bounce.xor_pad(secret, x'5c'::integer) || sha256(bounce.xor_pad(secret, x'36'::integer) || message));
COMMENT ON FUNCTION bounce.hmac_sha256(bytea, bytea) IS
  'RFC 2104 with SHA-256, for secrets of at most 64 bytes. Built in, so that the schema needs no extension';

-- Keys ------------------------------------------------------------------------------

CREATE FUNCTION bounce.rotate_token_key() RETURNS smallint
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
  UPDATE bounce.token_key SET retired_at = now() WHERE retired_at IS NULL;
  -- two random uuids hold 244 bits of the server's strong random source
  INSERT INTO bounce.token_key (id, secret)
  SELECT min(i), sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
  FROM generate_series(1, 255) AS i
  WHERE NOT EXISTS (SELECT FROM bounce.token_key AS k WHERE k.id = i)
  RETURNING id;
$$;
COMMENT ON FUNCTION bounce.rotate_token_key() IS
  'makes a new key for return paths and retires the one before, which still verifies. Returns the new key''s id. '
  'Delete a retired key once token_lifetime has passed; at most 255 can exist';

SELECT bounce.rotate_token_key();

-- Tokens ----------------------------------------------------------------------------

CREATE FUNCTION bounce.token_sign(secret bytea, payload bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT
RETURN substring(bounce.hmac_sha256(secret, payload) FROM 1 FOR 10);

CREATE FUNCTION bounce.token_payload(key_id integer, attempt integer, expiry_day integer, recipient_id bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT
RETURN substring(int4send(key_id) FROM 4) || substring(int4send(attempt) FROM 4)
       || substring(int4send(expiry_day) FROM 3) || int8send(recipient_id);

CREATE FUNCTION bounce.epoch_day(at timestamptz) RETURNS integer
LANGUAGE sql STABLE
RETURN (at AT TIME ZONE 'UTC')::date - DATE '1970-01-01';
COMMENT ON FUNCTION bounce.epoch_day(timestamptz) IS 'whole days since 1970-01-01 UTC';

CREATE FUNCTION bounce.token_make(recipient_id bigint, attempt integer, expires_at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  signer bounce.token_key;
  payload bytea;
BEGIN
  IF attempt NOT BETWEEN 1 AND 255 OR bounce.epoch_day(expires_at) NOT BETWEEN 0 AND 65535 THEN
    RAISE EXCEPTION 'attempt % or expiry % does not fit a token', attempt, expires_at
      USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  SELECT * INTO STRICT signer FROM bounce.token_key AS k
  WHERE k.retired_at IS NULL ORDER BY k.created_at DESC, k.id DESC LIMIT 1;
  payload := bounce.token_payload(signer.id, attempt, bounce.epoch_day(expires_at), recipient_id);
  RETURN bounce.base32_encode(payload || bounce.token_sign(signer.secret, payload));
END
$$;
COMMENT ON FUNCTION bounce.token_make(bigint, integer, timestamptz) IS
  'internal: a signed token, 36 characters; attempt 1 to 255';

CREATE FUNCTION bounce.token_read(local_part text)
RETURNS TABLE (recipient_id bigint, attempt integer, expired boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  bytes CONSTANT bytea := bounce.base32_decode(substring(lower(local_part) FROM '([a-z2-7]{36})$'));
  payload CONSTANT bytea := substring(bytes FROM 1 FOR 12);
BEGIN
  IF bytes IS NULL OR NOT EXISTS (SELECT FROM bounce.token_key AS k
      WHERE k.id = get_byte(bytes, 0) AND bounce.token_sign(k.secret, payload) = substring(bytes FROM 13)) THEN
    RETURN;
  END IF;
  recipient_id := ('x' || encode(substring(payload FROM 5), 'hex'))::bit(64)::bigint;
  attempt := get_byte(payload, 1);
  expired := get_byte(payload, 2) * 256 + get_byte(payload, 3) < bounce.epoch_day(now());
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION bounce.token_read(text) IS
  'reads the token at the end of a local part, behind any delimiter or none, in any case; no row when it is not ours. '
  'attempt and recipient_id are as signed, also when expired';

CREATE FUNCTION bounce.return_path(communication_recipient_id bigint, attempt integer DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  domain CONSTANT text := (bounce.domains(bounce.parameter('bounce_domain')))[1];
  next_attempt integer;
BEGIN
  IF domain IS NULL THEN
    RAISE EXCEPTION 'no bounce domain is set' USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'UPDATE bounce.system_parameter SET value = ''bounces.example.org'' WHERE name = ''bounce_domain'' AND process IS NULL';
  END IF;
  SELECT CASE WHEN r.state IN ('open', 'error') OR r.next_attempt_at IS NOT NULL THEN r.attempts + 1
              ELSE greatest(1, r.attempts) END INTO next_attempt
  FROM bounce.communication_recipient AS r WHERE r.id = communication_recipient_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no recipient %', communication_recipient_id USING ERRCODE = 'no_data_found';
  END IF;
  RETURN bounce.parameter('return_path_prefix')
         || bounce.token_make(communication_recipient_id, coalesce(attempt, next_attempt),
                              now() + bounce.parameter_interval('token_lifetime'))
         || '@' || domain;
END
$$;
COMMENT ON FUNCTION bounce.return_path(bigint, integer) IS
  'the envelope sender (MAIL FROM) for one recipient: its bounces come back signed. attempt NULL: the send that is due, '
  'or the last one when none is. Give each recipient a transaction of its own. 55000 without a bounce domain';
