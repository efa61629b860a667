-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a mail costs on its way through the queue.

-- It gets the status as well: sql/functions/queue_states.sql. A new database has none yet.
DROP FUNCTION IF EXISTS bounce.delivery_standing(bigint);

CREATE TYPE bounce.token_signer AS (
  key_id     smallint,
  expiry_day integer,
  inner_pad  bytea,
  outer_pad  bytea
);
COMMENT ON TYPE bounce.token_signer IS 'what signs tokens that expire on one day: a key, its secret as the two pads of HMAC (RFC 2104)';

-- Claiming and beginning change no column of an index now, so these updates write no index
-- (HOT), where the page has room. communication_recipient_queue_idx finds the claimed ones as
-- well: they have a due_at (waiting_has_time).
DROP INDEX bounce.communication_recipient_claimed_idx;
ALTER TABLE bounce.communication_recipient SET (fillfactor = 70);

-- bounce.base32_encode() makes eight digits at once
DROP FUNCTION bounce.base32_digit(integer);
