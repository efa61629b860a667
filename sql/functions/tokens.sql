-- SPDX-License-Identifier: BSD-2-Clause
--
-- Reading signed return paths and renewing the keys.

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
