-- SPDX-License-Identifier: BSD-2-Clause
--
-- What no row of the queue's two tables may be. A CHECK would say the same, but PostgreSQL
-- reads a CHECK from its text anew for each statement, and each mail is several statements
-- of one row: that was a seventh of what a mail cost. Who breaks a rule gets what a CHECK
-- of that name would give. The triggers are the last BEFORE ones by their names.

CREATE OR REPLACE FUNCTION bounce_internal.recipient_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  broken CONSTANT text := CASE
    WHEN NOT (NEW.state IN ('open', 'sent', 'error', 'bounced', 'replaced')) THEN 'communication_recipient_state_check'
    WHEN NOT (NEW.delivery IN ('due', 'claimed', 'sending', 'accepted', 'rejected', 'pending', 'unknown')) THEN 'communication_recipient_delivery_check'
    WHEN NOT (NEW.kind IN ('to', 'cc', 'bcc')) THEN 'communication_recipient_kind_check'
    WHEN NOT (position('@' IN NEW.address) > 1 AND octet_length(NEW.address) <= 1000) THEN 'communication_recipient_address_check'
    WHEN NOT (NEW.attempts BETWEEN 0 AND 255) THEN 'communication_recipient_attempts_check'
    WHEN NOT (NEW.begun_attempt BETWEEN 1 AND 255) THEN 'communication_recipient_begun_attempt_check'
    WHEN NOT (NEW.tries >= 0) THEN 'communication_recipient_tries_check'
    WHEN NOT (NEW.corrections >= 0) THEN 'communication_recipient_corrections_check'
    WHEN coalesce(NEW.delivery IN ('due', 'claimed', 'sending', 'pending'), false) <> (NEW.due_at IS NOT NULL) THEN 'waiting_has_time'
    WHEN NEW.state = 'bounced' AND (NEW.class IS NULL OR NEW.bounced_at IS NULL) THEN 'bounced_has_class'
    WHEN NOT ((NEW.state = 'replaced') = (NEW.replaced_by IS NOT NULL) AND NEW.replaced_by <> NEW.id) THEN 'replaced_by_another'
    WHEN NOT (NEW.next_attempt_at IS NULL OR (NEW.state = 'bounced' AND NEW.class = 'soft')
              OR (NEW.requested_by IS NOT NULL AND NEW.state IN ('open', 'bounced'))) THEN 'scheduled_is_soft'
  END;
BEGIN
  IF broken IS NOT NULL THEN
    PERFORM bounce_internal.refuse_row(TG_TABLE_NAME, broken, NEW.id);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.recipient_rules() IS 'what no recipient may be';

CREATE OR REPLACE FUNCTION bounce_internal.communication_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  broken CONSTANT text := CASE
    WHEN NOT (NEW.status IN ('open', 'sent', 'error', 'bounced')) THEN 'communication_status_check'
    WHEN NOT (NEW.delivery_state IN ('PENDING', 'PROCESSING', 'SUCCESS', 'ERROR', 'RETRY')) THEN 'communication_delivery_state_check'
    WHEN (NEW.delivery_state IS NOT DISTINCT FROM 'PROCESSING') <> (NEW.lease_expire_time IS NOT NULL) THEN 'processing_has_lease'
    WHEN NEW.delivery_state IS NOT DISTINCT FROM 'PROCESSING' AND NEW.claim_id IS NULL THEN 'processing_has_claim'
    WHEN (NEW.held_at IS NULL) <> (NEW.held_by IS NULL) THEN 'held_by_somebody'
    WHEN NOT (NEW.attempts >= 0) THEN 'communication_attempts_check'
    WHEN NOT (NEW.priority BETWEEN -100 AND 100) THEN 'communication_priority_check'
    WHEN NOT (length(NEW.business_ref) <= 500) THEN 'communication_business_ref_check'
    WHEN NOT (NEW.message_id = btrim(NEW.message_id, E' \t\r\n<>') AND octet_length(NEW.message_id) BETWEEN 1 AND 998) THEN 'communication_message_id_check'
    WHEN NEW.envelope_id IS DISTINCT FROM OLD.envelope_id AND NOT (NEW.envelope_id ~ '^[0-9a-f]{32}$') THEN 'communication_envelope_id_check'
  END;
BEGIN
  IF broken IS NOT NULL THEN
    PERFORM bounce_internal.refuse_row(TG_TABLE_NAME, broken, NEW.id);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION bounce_internal.communication_rules() IS 'what no communication may be';

CREATE OR REPLACE FUNCTION bounce_internal.refuse_row(relation text, rule text, row_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'new row for relation "%" violates check constraint "%"', relation, rule
    USING ERRCODE = 'check_violation', SCHEMA = 'bounce', TABLE = relation, CONSTRAINT = rule, DETAIL = format('The row has the id %s.', row_id);
END
$$;
COMMENT ON FUNCTION bounce_internal.refuse_row(text, text, bigint) IS 'as a CHECK of that name would';
