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

-- What the CHECKs of the two tables said is in sql/functions/row_rules.sql, which tells why.
CREATE FUNCTION bounce.recipient_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN NEW;
END
$$;
CREATE TRIGGER recipient_rules BEFORE INSERT OR UPDATE ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce.recipient_rules();
ALTER TABLE bounce.communication_recipient
  DROP CONSTRAINT communication_recipient_state_check,
  DROP CONSTRAINT communication_recipient_delivery_check,
  DROP CONSTRAINT communication_recipient_kind_check,
  DROP CONSTRAINT communication_recipient_address_check,
  DROP CONSTRAINT communication_recipient_attempts_check,
  DROP CONSTRAINT communication_recipient_begun_attempt_check,
  DROP CONSTRAINT communication_recipient_tries_check,
  DROP CONSTRAINT communication_recipient_corrections_check,
  DROP CONSTRAINT waiting_has_time,
  DROP CONSTRAINT bounced_has_class,
  DROP CONSTRAINT replaced_by_another,
  DROP CONSTRAINT scheduled_is_soft;

CREATE FUNCTION bounce.communication_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN NEW;
END
$$;
CREATE TRIGGER communication_rules BEFORE INSERT OR UPDATE ON bounce.communication
  FOR EACH ROW EXECUTE FUNCTION bounce.communication_rules();
ALTER TABLE bounce.communication
  DROP CONSTRAINT communication_status_check,
  DROP CONSTRAINT communication_delivery_state_check,
  DROP CONSTRAINT processing_has_lease,
  DROP CONSTRAINT processing_has_claim,
  DROP CONSTRAINT held_by_somebody,
  DROP CONSTRAINT communication_attempts_check,
  DROP CONSTRAINT communication_priority_check,
  DROP CONSTRAINT communication_business_ref_check,
  DROP CONSTRAINT communication_message_id_check,
  DROP CONSTRAINT communication_envelope_id_check;

-- The WHEN of a trigger is read anew as well: this one only where the column is written.
DROP TRIGGER recipient_follow_schedule ON bounce.communication_recipient;
CREATE TRIGGER recipient_follow_schedule BEFORE UPDATE OF next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.next_attempt_at IS DISTINCT FROM NEW.next_attempt_at AND OLD.delivery IS NOT DISTINCT FROM NEW.delivery
                     AND coalesce(NEW.delivery, '') NOT IN ('claimed', 'sending'))
  EXECUTE FUNCTION bounce.recipient_follow_schedule();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
