-- SPDX-License-Identifier: BSD-2-Clause
--
-- The delivery state follows from what became of the recipients, and from nothing
-- else: sql/functions/queue_states.sql. What the application sends itself has none.
-- A recipient that was refused only for a block is remembered, and sent to when the
-- block is lifted.

DROP FUNCTION bounce.queued_state(text, boolean, boolean, boolean, timestamptz);
DROP FUNCTION bounce.derived_delivery_state(text, boolean, boolean);

ALTER TABLE bounce.communication DISABLE TRIGGER communication_guard_delivery;
UPDATE bounce.communication AS c SET delivery_state = NULL, due_at = NULL
WHERE c.delivery_state IN ('RETRY', 'SUCCESS', 'ERROR')
  AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS r WHERE r.communication_id = c.id AND r.delivery IS NOT NULL);
ALTER TABLE bounce.communication ENABLE TRIGGER communication_guard_delivery;
COMMENT ON COLUMN bounce.communication.delivery_state IS
  'state in the delivery queue; it follows from the recipients, and a hand may set RETRY or PENDING on SUCCESS and ERROR only. NULL for '
  'a mail that the application sends itself: its resends are in bounce.scheduled_resend';

-- A new row is nobody's success.
CREATE FUNCTION bounce.communication_guard_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'communication %: a new one cannot be %', NEW.id, NEW.delivery_state
    USING ERRCODE = 'check_violation', HINT = 'Hand it over with bounce.submit_communication().';
END
$$;
COMMENT ON FUNCTION bounce.communication_guard_insert() IS 'internal: the queue begins with PENDING';
CREATE TRIGGER communication_guard_insert BEFORE INSERT ON bounce.communication
  FOR EACH ROW WHEN (NEW.delivery_state <> 'PENDING') EXECUTE FUNCTION bounce.communication_guard_insert();

-- Refused for a block ---------------------------------------------------------------------

ALTER TABLE bounce.communication_recipient ADD COLUMN refused_at timestamptz;
COMMENT ON COLUMN bounce.communication_recipient.refused_at IS
  'since when it is rejected for nothing but a block of its address; it is sent to when the block is lifted (resend_after_block)';
CREATE INDEX communication_recipient_refused_idx ON bounce.communication_recipient (address_key) WHERE refused_at IS NOT NULL;

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, per_process, description) VALUES
  ('resend_after_block', 'interval', '30 days', '0 seconds', '3650 days', true,
   'a mail that was not sent because its address was blocked is sent when the block is lifted, unless it was refused longer ago than this');

CREATE FUNCTION bounce.block_lifted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce.requeue_refused(OLD.address_key);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce.block_lifted() IS 'internal: what was refused only for this block is sent';
-- not when an address is erased: then its key changes as well
CREATE TRIGGER address_block_lifted AFTER UPDATE OF lifted_at ON bounce.address_block
  FOR EACH ROW WHEN (OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL AND OLD.address_key = NEW.address_key)
  EXECUTE FUNCTION bounce.block_lifted();

CREATE VIEW bounce.refused_delivery AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, r.id AS recipient_id, r.address, r.refused_at,
       b.id IS NOT NULL AS is_blocked, coalesce(b.reason, '') AS reason, coalesce(b.why, '') AS why, b.blocked_at
FROM bounce.communication_recipient AS r
JOIN bounce.communication AS c ON c.id = r.communication_id
LEFT JOIN bounce.address_block AS b ON b.address_key = r.address_key AND b.lifted_at IS NULL
WHERE r.refused_at IS NOT NULL;
COMMENT ON VIEW bounce.refused_delivery IS
  'mails that were not sent because the address was blocked: lifting the block sends them (resend_after_block)';
GRANT SELECT ON bounce.refused_delivery TO bounce_application, bounce_operator;

-- Recipients that are added later are sent to as well ----------------------------------------

CREATE FUNCTION bounce.recipient_join_queue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN NEW;
END
$$;
-- before recipient_before_insert, by its name
CREATE TRIGGER recipient_ahead_join_queue BEFORE INSERT ON bounce.communication_recipient
  FOR EACH ROW WHEN (NEW.delivery IS NULL) EXECUTE FUNCTION bounce.recipient_join_queue();

CREATE FUNCTION bounce.recipients_joined() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN NULL;
END
$$;
CREATE TRIGGER recipients_joined AFTER INSERT ON bounce.communication_recipient
  REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION bounce.recipients_joined();

-- What people read ----------------------------------------------------------------------------

-- to_char: RFC 3339 in UTC, whatever the session's time zone
CREATE OR REPLACE VIEW bounce.delivery AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, c.created_at,
       c.delivery_state AS state, c.start_time, c.end_time, c.error, c.attempts, c.lease_expire_time,
       c.due_at, c.held_at, c.priority, i.info,
       jsonb_build_object('state', c.delivery_state,
                          'startTime', to_char(c.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                          'endTime', to_char(c.end_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                          'error', nullif(c.error, ''), 'attempts', c.attempts,
                          'leaseExpireTime', to_char(c.lease_expire_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                          'info', (i.info - 'message_id') || jsonb_build_object('messageId', i.info -> 'message_id')) AS json,
       i.unknown
FROM bounce.communication AS c
CROSS JOIN LATERAL (
  SELECT jsonb_build_object(
           'message_id', c.message_id,
           'accepted', coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery = 'accepted'), '[]'),
           'rejected', coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery = 'rejected'), '[]'),
           'pending', coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery IN ('due', 'claimed', 'sending', 'pending')), '[]'),
           'response', c.response) AS info,
         coalesce(jsonb_agg(r.address ORDER BY r.id) FILTER (WHERE r.delivery = 'unknown'), '[]') AS unknown
  FROM bounce.communication_recipient AS r WHERE r.communication_id = c.id AND r.state <> 'replaced') AS i
WHERE c.delivery_state IS NOT NULL;
COMMENT ON VIEW bounce.delivery IS
  'the state of each communication in the queue: PENDING, PROCESSING, SUCCESS, ERROR, RETRY. info: message_id, accepted, rejected, pending '
  '(still to be sent to), response; unknown: those of whom nobody can say it, also told in error. Each recipient is in one of the four, but for one '
  'that another address replaced. json: the same with the field names of Firebase''s Trigger Email, times as RFC 3339';
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
