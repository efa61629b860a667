-- SPDX-License-Identifier: BSD-2-Clause
--
-- Signing and reading return paths and renewing the keys.

-- Five bytes are eight digits; what is missing of the last five is filled with zeros and cut off again.
CREATE OR REPLACE FUNCTION bounce.base32_encode(bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  digit CONSTANT text := 'abcdefghijklmnopqrstuvwxyz234567';
  filled CONSTANT bytea := bytes || '\x00000000';
  digits text := '';
  high integer;
  low integer;
BEGIN
  FOR i IN 0 .. (length(bytes) + 4) / 5 - 1 LOOP
    high := (get_byte(filled, i * 5) << 12) | (get_byte(filled, i * 5 + 1) << 4) | (get_byte(filled, i * 5 + 2) >> 4);
    low := ((get_byte(filled, i * 5 + 2) & 15) << 16) | (get_byte(filled, i * 5 + 3) << 8) | get_byte(filled, i * 5 + 4);
    digits := digits || substr(digit, (high >> 15) + 1, 1) || substr(digit, ((high >> 10) & 31) + 1, 1)
                     || substr(digit, ((high >> 5) & 31) + 1, 1) || substr(digit, (high & 31) + 1, 1)
                     || substr(digit, (low >> 15) + 1, 1) || substr(digit, ((low >> 10) & 31) + 1, 1)
                     || substr(digit, ((low >> 5) & 31) + 1, 1) || substr(digit, (low & 31) + 1, 1);
  END LOOP;
  RETURN left(digits, (length(bytes) * 8 + 4) / 5);
END
$$;
COMMENT ON FUNCTION bounce.base32_encode(bytea) IS 'RFC 4648 section 6, lower case, without padding';

CREATE OR REPLACE FUNCTION bounce.signer_until(expires_at timestamptz) RETURNS bounce.token_signer
LANGUAGE plpgsql STABLE AS $$
DECLARE
  signer bounce.token_signer;
BEGIN
  SELECT k.id, bounce.epoch_day(signer_until.expires_at), bounce.xor_pad(k.secret, 54), bounce.xor_pad(k.secret, 92) INTO STRICT signer
  FROM bounce.token_key AS k
  WHERE k.retired_at IS NULL ORDER BY k.created_at DESC, k.id DESC LIMIT 1;
  RETURN signer;
END
$$;
COMMENT ON FUNCTION bounce.signer_until(timestamptz) IS 'internal: what all tokens that are made now and expire on that day have in common';

CREATE OR REPLACE FUNCTION bounce.token_text(signer bounce.token_signer, recipient_id bigint, attempt integer) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  payload bytea;
BEGIN
  IF attempt NOT BETWEEN 1 AND 255 OR signer.expiry_day NOT BETWEEN 0 AND 65535 THEN
    RAISE EXCEPTION 'attempt % or expiry day % does not fit a token', attempt, signer.expiry_day
      USING ERRCODE = 'numeric_value_out_of_range';
  END IF;
  payload := bounce.token_payload(signer.key_id, attempt, signer.expiry_day, recipient_id);
  -- bounce.hmac_sha256(), of which the pads are known
  RETURN bounce.base32_encode(payload || substring(sha256(signer.outer_pad || sha256(signer.inner_pad || payload)) FROM 1 FOR 10));
END
$$;
COMMENT ON FUNCTION bounce.token_text(bounce.token_signer, bigint, integer) IS 'internal: a signed token, 36 characters; attempt 1 to 255';

CREATE OR REPLACE FUNCTION bounce.token_make(recipient_id bigint, attempt integer, expires_at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN bounce.token_text(bounce.signer_until(expires_at), recipient_id, attempt);
END
$$;
COMMENT ON FUNCTION bounce.token_make(bigint, integer, timestamptz) IS
  'internal: a signed token, 36 characters; attempt 1 to 255';

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
COMMENT ON FUNCTION bounce.token_read(text) IS
  'reads the token at the end of a local part, behind any delimiter or none, in any case; no row when it is not ours. '
  'attempt and recipient_id are as signed, also when expired';

CREATE OR REPLACE FUNCTION bounce.return_path(communication_recipient_id bigint, attempt integer DEFAULT NULL) RETURNS text
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
    RAISE EXCEPTION 'no recipient %', communication_recipient_id USING ERRCODE = 'no_data_found',
      HINT = 'The id of bounce.communication_recipient, not that of the communication.';
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
