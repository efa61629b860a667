-- SPDX-License-Identifier: BSD-2-Clause
--
-- The triggers, table by table. Triggers of one kind fire in the order of their names.
-- Applied anew whenever a text changes; one that is not here any more is dropped.

-- Communications ----------------------------------------------------------------------

CREATE OR REPLACE TRIGGER communication_before_write
  BEFORE INSERT OR UPDATE ON bounce.communication
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.communication_before_write();
CREATE OR REPLACE TRIGGER communication_rules
  BEFORE INSERT OR UPDATE ON bounce.communication
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.communication_rules();
CREATE OR REPLACE TRIGGER communication_guard_insert
  BEFORE INSERT ON bounce.communication
  FOR EACH ROW WHEN (NEW.delivery_state <> 'PENDING')
  EXECUTE FUNCTION bounce_internal.communication_guard_insert();
CREATE OR REPLACE TRIGGER communication_guard_status
  BEFORE UPDATE OF status ON bounce.communication
  FOR EACH ROW WHEN (OLD.status = 'open' AND NEW.status IN ('sent', 'error')
                     AND NEW.delivery_state IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.communication_guard_status();
CREATE OR REPLACE TRIGGER communication_guard_delivery
  BEFORE UPDATE OF delivery_state ON bounce.communication
  FOR EACH ROW WHEN (OLD.delivery_state IS DISTINCT FROM NEW.delivery_state)
  EXECUTE FUNCTION bounce_internal.communication_guard_delivery();

CREATE OR REPLACE TRIGGER communication_remember_message_id
  AFTER INSERT OR UPDATE OF message_id ON bounce.communication
  FOR EACH ROW WHEN (NEW.message_id IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.communication_remember_message_id();
CREATE OR REPLACE TRIGGER communication_handed_over
  AFTER UPDATE OF status ON bounce.communication
  FOR EACH ROW WHEN (OLD.status IN ('open', 'error') AND NEW.status IN ('sent', 'error')
                     AND OLD.status <> NEW.status
                     AND OLD.delivery_state IS DISTINCT FROM 'PROCESSING')
  EXECUTE FUNCTION bounce_internal.communication_handed_over();
CREATE OR REPLACE TRIGGER communication_requeue
  AFTER UPDATE OF delivery_state ON bounce.communication
  FOR EACH ROW WHEN (OLD.delivery_state IN ('SUCCESS', 'ERROR')
                     AND NEW.delivery_state IN ('PENDING', 'RETRY'))
  EXECUTE FUNCTION bounce_internal.communication_requeue();
CREATE OR REPLACE TRIGGER communication_notify_due
  AFTER UPDATE OF due_at ON bounce.communication
  FOR EACH ROW WHEN (NEW.due_at IS NOT NULL AND NEW.due_at IS DISTINCT FROM OLD.due_at
                     AND NEW.delivery_state IN ('PENDING', 'RETRY') AND NEW.due_at <= now())
  EXECUTE FUNCTION bounce_internal.notify_delivery();
CREATE OR REPLACE TRIGGER communication_notify_insert
  AFTER INSERT ON bounce.communication
  FOR EACH ROW WHEN (NEW.due_at IS NOT NULL) EXECUTE FUNCTION bounce_internal.notify_delivery();
CREATE OR REPLACE TRIGGER communication_tell
  AFTER UPDATE OF status ON bounce.communication
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION bounce_internal.tell_communication();

-- Recipients --------------------------------------------------------------------------

-- fires before recipient_before_insert because of its name
CREATE OR REPLACE TRIGGER recipient_ahead_join_queue
  BEFORE INSERT ON bounce.communication_recipient
  FOR EACH ROW WHEN (NEW.delivery IS NULL) EXECUTE FUNCTION bounce_internal.recipient_join_queue();
CREATE OR REPLACE TRIGGER recipient_before_insert
  BEFORE INSERT ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_before_insert();
CREATE OR REPLACE TRIGGER recipient_check_address
  BEFORE INSERT OR UPDATE OF address ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_check_address();
CREATE OR REPLACE TRIGGER recipient_rules
  BEFORE INSERT OR UPDATE ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_rules();
CREATE OR REPLACE TRIGGER recipient_guard_state
  BEFORE UPDATE ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_guard_state();
CREATE OR REPLACE TRIGGER recipient_guard_delivery
  BEFORE UPDATE OF delivery ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.delivery IS DISTINCT FROM NEW.delivery)
  EXECUTE FUNCTION bounce_internal.recipient_guard_delivery();
CREATE OR REPLACE TRIGGER recipient_follow_schedule
  BEFORE UPDATE OF next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.next_attempt_at IS DISTINCT FROM NEW.next_attempt_at
                     AND OLD.delivery IS NOT DISTINCT FROM NEW.delivery
                     AND coalesce(NEW.delivery, '') NOT IN ('claimed', 'sending'))
  EXECUTE FUNCTION bounce_internal.recipient_follow_schedule();

CREATE OR REPLACE TRIGGER recipient_after_insert
  AFTER INSERT ON bounce.communication_recipient
  FOR EACH ROW WHEN (NEW.state IN ('bounced', 'error'))
  EXECUTE FUNCTION bounce_internal.recipient_after_write();
CREATE OR REPLACE TRIGGER recipient_after_update
  AFTER UPDATE OF state, next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN ((OLD.state, OLD.next_attempt_at)
                       IS DISTINCT FROM (NEW.state, NEW.next_attempt_at)
                     AND NOT (coalesce(OLD.delivery, '') IN ('claimed', 'sending')
                              AND NEW.delivery IS DISTINCT FROM OLD.delivery))
  EXECUTE FUNCTION bounce_internal.recipient_after_write();
CREATE OR REPLACE TRIGGER recipient_after_due
  AFTER UPDATE OF due_at, next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.due_at IS DISTINCT FROM NEW.due_at AND NEW.due_at IS NOT NULL
                     AND coalesce(OLD.delivery, '') NOT IN ('claimed', 'sending')
                     AND (OLD.state, OLD.next_attempt_at)
                           IS NOT DISTINCT FROM (NEW.state, NEW.next_attempt_at))
  EXECUTE FUNCTION bounce_internal.recipient_after_write();
CREATE OR REPLACE TRIGGER recipients_joined
  AFTER INSERT ON bounce.communication_recipient
  REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION bounce_internal.recipients_joined();

-- Blocks ------------------------------------------------------------------------------

-- not when an address is erased: that changes its key as well
CREATE OR REPLACE TRIGGER address_block_lifted
  AFTER UPDATE OF lifted_at ON bounce.address_block
  FOR EACH ROW WHEN (OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
                     AND OLD.address_key = NEW.address_key)
  EXECUTE FUNCTION bounce_internal.block_lifted();

-- Parameters --------------------------------------------------------------------------

CREATE OR REPLACE TRIGGER parameter_definition_after_insert
  AFTER INSERT ON bounce.parameter_definition
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.parameter_definition_after_insert();
CREATE OR REPLACE TRIGGER system_parameter_before_write
  BEFORE INSERT OR UPDATE ON bounce.system_parameter
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.system_parameter_before_write();
-- fires after the check of the type because of its name
CREATE OR REPLACE TRIGGER system_parameter_quiet_hours
  BEFORE INSERT OR UPDATE ON bounce.system_parameter
  FOR EACH ROW WHEN (NEW.name IN ('delivery_time_zone', 'delivery_quiet_hours'))
  EXECUTE FUNCTION bounce_internal.check_quiet_hours();
CREATE OR REPLACE TRIGGER system_parameter_keep_global
  BEFORE DELETE ON bounce.system_parameter
  FOR EACH ROW WHEN (OLD.process IS NULL)
  EXECUTE FUNCTION bounce_internal.system_parameter_keep_global();
CREATE OR REPLACE TRIGGER system_parameter_keep_name
  BEFORE UPDATE OF name, process ON bounce.system_parameter
  FOR EACH ROW WHEN (OLD.process IS NULL
                     AND (OLD.name, OLD.process) IS DISTINCT FROM (NEW.name, NEW.process))
  EXECUTE FUNCTION bounce_internal.system_parameter_keep_global();
CREATE OR REPLACE TRIGGER system_parameter_after_write
  AFTER INSERT OR UPDATE OR DELETE ON bounce.system_parameter
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.system_parameter_after_write();
CREATE OR REPLACE TRIGGER system_parameter_refuse_operator_loop
  AFTER UPDATE ON bounce.system_parameter
  FOR EACH ROW WHEN (NEW.name IN ('operator_mailbox', 'bounce_domain'))
  EXECUTE FUNCTION bounce_internal.refuse_operator_loop();
