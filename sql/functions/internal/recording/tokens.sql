-- SPDX-License-Identifier: BSD-2-Clause
--
-- Signed return paths (VERP): the envelope sender of an outgoing mail names recipient
-- and attempt, so that a bounce can neither be assigned wrongly nor be forged.
--
--   token   = base32( key-id[1] attempt[1] expiry-day[2] recipient-id[8] signature[10] )
--   address = prefix token "@" bounce-domain
--
-- A token has 36 characters of a-z2-7. Integers are big-endian; the expiry is in days
-- since 1970-01-01; the signature is the first 10 bytes of HMAC-SHA-256 (RFC 2104) over
-- the 12 bytes before it. base32 is RFC 4648 section 6 in lower case without padding: it
-- survives case folding. A local part has at most 64 octets (RFC 5321 section 4.5.3.1.1).

-- base32 -----------------------------------------------------------------------------

-- Five bytes are eight digits; what is missing of the last five is filled with zeros and cut off
-- again.
CREATE OR REPLACE FUNCTION bounce_internal.base32_encode(bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  digit CONSTANT text := 'abcdefghijklmnopqrstuvwxyz234567';
  filled CONSTANT bytea := bytes || '\x00000000';
  digits text := '';
  high integer;
  low integer;
BEGIN
  FOR i IN 0 .. (length(bytes) + 4) / 5 - 1 LOOP
    high := (get_byte(filled, i * 5) << 12) | (get_byte(filled, i * 5 + 1) << 4) | (get_byte(filled,
        i * 5 + 2) >> 4);
    low := ((get_byte(filled, i * 5 + 2) & 15) << 16) | (get_byte(filled,
        i * 5 + 3) << 8) | get_byte(filled, i * 5 + 4);
    digits := digits || substr(digit, (high >> 15) + 1, 1)
      || substr(digit, ((high >> 10) & 31) + 1, 1)
                     || substr(digit, ((high >> 5) & 31) + 1, 1)
                       || substr(digit, (high & 31) + 1, 1)
                     || substr(digit, (low >> 15) + 1, 1)
                       || substr(digit, ((low >> 10) & 31) + 1, 1)
                     || substr(digit, ((low >> 5) & 31) + 1, 1) || substr(digit, (low & 31) + 1, 1);
  END LOOP;
  RETURN left(digits, (length(bytes) * 8 + 4) / 5);
END $$;
COMMENT ON FUNCTION bounce_internal.base32_encode(bytea) IS
  'base32 of RFC 4648 section 6, lower case, without padding';

-- As base32_encode() does it; what is missing of the last eight digits is filled with zeros. The
-- six characters that stand for the figures follow on the letters in ASCII, but for the last one,
-- which is before them: modulo 32 each is one more than its value.
CREATE OR REPLACE FUNCTION bounce_internal.base32_decode(digits text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  figures CONSTANT text := '234567';
  letters CONSTANT text := 'abcdefghijklmnopqrstuvwxyz';
  lowered CONSTANT text := lower(digits);
  size CONSTANT integer := length(lowered) * 5 / 8;
  d bytea;
  bytes bytea := '';
BEGIN
  -- foreign characters and impossible lengths
  IF btrim(lowered, letters || figures) <> '' OR length(lowered) % 8 IN (1, 3, 6) THEN
    RETURN NULL;
  END IF;
  d := convert_to(translate(lowered, figures, '{|}~' || chr(127) || '`') || 'aaaaaaa', 'UTF8');
  FOR i IN 0 .. length(lowered) - 1 BY 8 LOOP
    bytes := bytes || substring(int8send(
        (  (get_byte(d, i)     - 1 & 31) * 32768 + (get_byte(d, i + 1) - 1 & 31) * 1024
         + (get_byte(d, i + 2) - 1 & 31) * 32    + (get_byte(d, i + 3) - 1 & 31))::bigint << 20
        | ((get_byte(d, i + 4) - 1 & 31) * 32768 + (get_byte(d, i + 5) - 1 & 31) * 1024
         + (get_byte(d, i + 6) - 1 & 31) * 32    + (get_byte(d, i + 7) - 1 & 31))) FROM 4);
  END LOOP;
  -- stray bits at the end
  RETURN CASE WHEN substring(bytes FROM size + 1)
                   = substring('\x0000000000'::bytea FROM 1 FOR length(bytes) - size)
              THEN substring(bytes FROM 1 FOR size) END;
END $$;
COMMENT ON FUNCTION bounce_internal.base32_decode(text) IS
  'base32 of RFC 4648 section 6 without padding, in any case; NULL when it is not base32';

-- HMAC -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.xor_pad(secret bytea, pad integer) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  pads CONSTANT bytea := decode(repeat(lpad(to_hex(pad), 2, '0'), 64), 'hex');
  eight CONSTANT bigint := ('x' || encode(substring(pads FROM 1 FOR 8), 'hex'))::bit(64)::bigint;
  filled CONSTANT bytea := secret || '\x00000000000000';
  block bytea := '';
BEGIN
  FOR i IN 0 .. (length(secret) + 7) / 8 - 1 LOOP
    block := block || int8send(
      ('x' || encode(substring(filled FROM i * 8 + 1 FOR 8), 'hex'))::bit(64)::bigint # eight);
  END LOOP;
  RETURN block || substring(pads FROM length(block) + 1);
END $$;
COMMENT ON FUNCTION bounce_internal.xor_pad(bytea, integer) IS
  'the secret, filled with zeros to a block of 64 bytes, each byte xor pad; eight bytes at a time';

CREATE OR REPLACE FUNCTION bounce_internal.hmac_sha256(
  inner_pad bytea, outer_pad bytea, message bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN sha256(outer_pad || sha256(inner_pad || message));
END $$;
COMMENT ON FUNCTION bounce_internal.hmac_sha256(bytea, bytea, bytea) IS
  'HMAC of RFC 2104 with SHA-256, of a secret given as xor_pad(secret, 54) and xor_pad(secret, '
  '92), so of at most 64 bytes. Written here so that the schema needs no extension';

-- Tokens -----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.signer_with(
  key_id integer, expiry_day integer, secret bytea) RETURNS bounce_internal.token_signer
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN (key_id::smallint, expiry_day, bounce_internal.xor_pad(secret, 54),
          bounce_internal.xor_pad(secret, 92));
END $$;
COMMENT ON FUNCTION bounce_internal.signer_with(integer, integer, bytea) IS
  'signs with this key what expires on that day (NULL: only reads)';

CREATE OR REPLACE FUNCTION bounce_internal.token_sign(
  signer bounce_internal.token_signer, payload bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN substring(bounce_internal.hmac_sha256(signer.inner_pad, signer.outer_pad, payload)
                   FROM 1 FOR 10);
END $$;
COMMENT ON FUNCTION bounce_internal.token_sign(bounce_internal.token_signer, bytea) IS
  'the signature of a payload';

CREATE OR REPLACE FUNCTION bounce_internal.token_payload(
  key_id integer, attempt integer, expiry_day integer, recipient_id bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT substring(int4send(key_id) FROM 4) || substring(int4send(attempt) FROM 4)
         || substring(int4send(expiry_day) FROM 3) || int8send(recipient_id)
$$;
COMMENT ON FUNCTION bounce_internal.token_payload IS 'the signed part of a token';

CREATE OR REPLACE FUNCTION bounce_internal.epoch_day(at timestamptz) RETURNS integer
LANGUAGE sql STABLE AS $$
  SELECT (at AT TIME ZONE 'UTC')::date - DATE '1970-01-01'
$$;
COMMENT ON FUNCTION bounce_internal.epoch_day(timestamptz) IS 'whole days since 1970-01-01 UTC';

CREATE OR REPLACE FUNCTION bounce_internal.signer_until(expires_at timestamptz)
RETURNS bounce_internal.token_signer
LANGUAGE plpgsql STABLE AS $$
DECLARE
  signer bounce_internal.token_signer;
BEGIN
  SELECT (s).* INTO STRICT signer
  FROM (SELECT bounce_internal.signer_with(k.id, bounce_internal.epoch_day(
                 signer_until.expires_at), k.secret) AS s
        FROM bounce.token_key AS k
        WHERE k.retired_at IS NULL ORDER BY k.created_at DESC, k.id DESC LIMIT 1) AS q;
  RETURN signer;
END $$;
COMMENT ON FUNCTION bounce_internal.signer_until(timestamptz) IS
  'what all tokens share that are signed now and expire on that day';

CREATE OR REPLACE FUNCTION bounce_internal.token_text(
  signer bounce_internal.token_signer, recipient_id bigint, attempt integer) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  payload bytea;
BEGIN
  IF attempt NOT BETWEEN 1 AND 255 OR signer.expiry_day NOT BETWEEN 0 AND 65535 THEN
    RAISE EXCEPTION 'attempt % or expiry day % does not fit a token', attempt, signer.expiry_day
      USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  payload := bounce_internal.token_payload(signer.key_id, attempt, signer.expiry_day, recipient_id);
  RETURN bounce_internal.base32_encode(payload || bounce_internal.token_sign(signer, payload));
END $$;
COMMENT ON FUNCTION bounce_internal.token_text(bounce_internal.token_signer, bigint, integer) IS
  'a signed token of 36 characters; attempt 1 to 255';

CREATE OR REPLACE FUNCTION bounce_internal.token_make(
  recipient_id bigint, attempt integer, expires_at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce_internal.token_text(bounce_internal.signer_until(expires_at),
                                    recipient_id, attempt);
END $$;
COMMENT ON FUNCTION bounce_internal.token_make(bigint, integer, timestamptz) IS
  'a signed token of 36 characters; attempt 1 to 255';

CREATE OR REPLACE FUNCTION bounce_internal.accepted_signers()
RETURNS bounce_internal.token_signer[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT bounce_internal.signer_with(k.id, NULL, k.secret) FROM bounce.token_key AS k
               WHERE k.expires_at IS NULL OR k.expires_at > now());
END $$;
COMMENT ON FUNCTION bounce_internal.accepted_signers() IS
  'those that may have signed a token that is still believed';

-- ROWS 1, or the planner joins it with the whole of communication_recipient
CREATE OR REPLACE FUNCTION bounce_internal.token_read(
  local_part text,
  signers bounce_internal.token_signer[] DEFAULT bounce_internal.accepted_signers())
RETURNS TABLE (recipient_id bigint, attempt integer, expired boolean)
LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE
  bytes CONSTANT bytea := bounce_internal.base32_decode(right(local_part, 36));
  payload CONSTANT bytea := substring(bytes FROM 1 FOR 12);
  s bounce_internal.token_signer;
BEGIN
  IF length(bytes) = 22 THEN
    FOREACH s IN ARRAY signers LOOP
      IF s.key_id = get_byte(bytes, 0)
         AND bounce_internal.token_sign(s, payload) = substring(bytes FROM 13) THEN
        recipient_id := ('x' || encode(substring(payload FROM 5), 'hex'))::bit(64)::bigint;
        attempt := get_byte(payload, 1);
        expired := get_byte(payload, 2) * 256 + get_byte(payload, 3)
                   < bounce_internal.epoch_day(now());
        RETURN NEXT;
        RETURN;
      END IF;
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.token_read(text, bounce_internal.token_signer[]) IS
  'reads the token at the end of a local part, with or without a delimiter before it, in any '
  'case; no row when it is not one of ours. attempt and recipient_id are as signed, also when it '
  'has expired';

-- Keys -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.longest_token_lifetime(since timestamptz)
RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- a day of slack, because changed_at is when the change's transaction began
  RETURN (SELECT max(l.value::interval)
          FROM (SELECT p.value FROM bounce.system_parameter AS p WHERE p.name = 'token_lifetime'
                UNION ALL
                SELECT h.old_value FROM bounce.system_parameter_history AS h
                WHERE h.name = 'token_lifetime' AND h.changed_at >= since - interval '1 day'
                  AND h.old_value IS NOT NULL) AS l);
END $$;
COMMENT ON FUNCTION bounce_internal.longest_token_lifetime(timestamptz) IS
  'the greatest value of token_lifetime since that time';
