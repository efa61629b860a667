-- SPDX-License-Identifier: BSD-2-Clause
--
-- The triggers, table by table. Triggers of one kind fire in the order of their names.
-- Applied anew whenever a text changes; one that is not here any more is dropped.

-- Communications ----------------------------------------------------------------------

CREATE OR REPLACE TRIGGER communication_before_write
  BEFORE INSERT OR UPDATE ON bounce.communication
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.communication_before_write();
CREATE OR REPLACE TRIGGER communication_after_insert
  AFTER INSERT ON bounce.communication
  FOR EACH ROW WHEN (NEW.message_id IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.communication_after_insert();
CREATE OR REPLACE TRIGGER communication_after_update
  AFTER UPDATE OF status, message_id, process ON bounce.communication
  FOR EACH ROW WHEN ((OLD.status, OLD.message_id, OLD.process)
                       IS DISTINCT FROM (NEW.status, NEW.message_id, NEW.process))
  EXECUTE FUNCTION bounce_internal.communication_after_update();

-- Recipients --------------------------------------------------------------------------

CREATE OR REPLACE TRIGGER recipient_before_insert
  BEFORE INSERT ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_before_insert();
CREATE OR REPLACE TRIGGER recipient_before_update
  BEFORE UPDATE ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_before_update();
CREATE OR REPLACE TRIGGER recipients_after_insert
  AFTER INSERT ON bounce.communication_recipient
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION bounce_internal.recipients_after_insert();
-- not for a send that is counted and nothing else: whoever counts it derives the communication;
-- nor for a bounce that is recorded, of which bounces_after_insert does it: one that is restored is
-- inserted nowhere, and is a counted correction
CREATE OR REPLACE TRIGGER recipient_after_update
  AFTER UPDATE OF state, next_attempt_at ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.next_attempt_at IS DISTINCT FROM NEW.next_attempt_at
                     OR OLD.state IS DISTINCT FROM NEW.state
                        AND NOT (NEW.state = 'sent' AND NEW.attempts > OLD.attempts)
                        AND NOT (NEW.state = 'bounced' AND NEW.corrections = OLD.corrections
                                 AND NEW.bounce_id IS DISTINCT FROM OLD.bounce_id))
  EXECUTE FUNCTION bounce_internal.recipient_after_update();

-- First, by their names: the others may look there. Not of a bounce that is recorded:
-- mark_bounced() does it, for all those of a call at once.
CREATE OR REPLACE TRIGGER failed_recipient_added
  AFTER INSERT ON bounce.communication_recipient
  FOR EACH ROW WHEN (NEW.state IN ('bounced', 'error') OR NEW.task_id IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.recipient_failed();
CREATE OR REPLACE TRIGGER failed_recipient_changed
  AFTER UPDATE OF state, bounced_at, task_id ON bounce.communication_recipient
  FOR EACH ROW WHEN ((OLD.state IN ('bounced', 'error'), OLD.bounced_at, OLD.task_id)
                       IS DISTINCT FROM
                       (NEW.state IN ('bounced', 'error'), NEW.bounced_at, NEW.task_id)
                     AND NOT (NEW.state = 'bounced' AND NEW.corrections = OLD.corrections
                              AND NEW.bounce_id IS DISTINCT FROM OLD.bounce_id))
  EXECUTE FUNCTION bounce_internal.recipient_failed();
CREATE OR REPLACE TRIGGER failed_recipient_gone
  AFTER DELETE ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.state IN ('bounced', 'error') OR OLD.task_id IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.recipient_failed();

-- who fails, or is sent to for the first time, has nothing to close
CREATE OR REPLACE TRIGGER recipient_follow_up
  AFTER UPDATE OF state ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.state IN ('bounced', 'error', 'replaced') AND NEW.state <> OLD.state)
  EXECUTE FUNCTION bounce_internal.recipient_follow_up();

-- Bounces -----------------------------------------------------------------------------

CREATE OR REPLACE TRIGGER bounces_after_insert
  AFTER INSERT ON bounce.bounce
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION bounce_internal.bounces_after_insert();

-- Figures -----------------------------------------------------------------------------

-- A day is counted when it has been over for three hours (days_to_count): what was sent within the
-- hour is not counted. Today's bounces are (today.sql), and no report changes one in this way.
CREATE OR REPLACE TRIGGER recipient_counted
  AFTER UPDATE OF attempts, address ON bounce.communication_recipient
  FOR EACH ROW WHEN ((OLD.attempts, OLD.address) IS DISTINCT FROM (NEW.attempts, NEW.address)
                     AND OLD.created_at < now() - interval '1 hour')
  EXECUTE FUNCTION bounce_internal.recipient_counted();
CREATE OR REPLACE TRIGGER recipient_counted_gone
  AFTER DELETE ON bounce.communication_recipient
  FOR EACH ROW WHEN (OLD.attempts > 0 AND OLD.created_at < now() - interval '1 hour')
  EXECUTE FUNCTION bounce_internal.recipient_counted();
CREATE OR REPLACE TRIGGER bounce_counted
  AFTER UPDATE OF class, reason, is_notice, trust, communication_id, recipient_id, recipient
  ON bounce.bounce
  FOR EACH ROW WHEN ((OLD.class, OLD.reason, OLD.is_notice, OLD.trust, OLD.communication_id,
                      OLD.recipient_id)
                       IS DISTINCT FROM (NEW.class, NEW.reason, NEW.is_notice, NEW.trust,
                                         NEW.communication_id, NEW.recipient_id)
                     OR OLD.recipient_id IS NULL AND OLD.recipient <> NEW.recipient)
  EXECUTE FUNCTION bounce_internal.bounce_counted();
CREATE OR REPLACE TRIGGER recipient_today_gone
  AFTER DELETE ON bounce.communication_recipient
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.recipient_today();
CREATE OR REPLACE TRIGGER recipient_today_changed
  AFTER UPDATE OF address ON bounce.communication_recipient
  FOR EACH ROW WHEN (bounce_internal.is_test_address(OLD.address_key)
                     <> bounce_internal.is_test_address(NEW.address_key))
  EXECUTE FUNCTION bounce_internal.recipient_today();

-- Delivery ----------------------------------------------------------------------------

CREATE OR REPLACE TRIGGER delivery_guard_state
  BEFORE UPDATE OF state ON bounce.communication_delivery
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
  EXECUTE FUNCTION bounce_internal.delivery_guard_state();
CREATE OR REPLACE TRIGGER delivery_after_insert
  AFTER INSERT ON bounce.communication_delivery
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.delivery_after_insert();
CREATE OR REPLACE TRIGGER delivery_after_update
  AFTER UPDATE OF state, due_at ON bounce.communication_delivery
  FOR EACH ROW WHEN (NEW.state IN ('PENDING', 'RETRY')
                     AND (OLD.state IN ('SUCCESS', 'ERROR')
                          OR NEW.due_at IS DISTINCT FROM OLD.due_at))
  EXECUTE FUNCTION bounce_internal.delivery_after_update();
CREATE OR REPLACE TRIGGER recipient_delivery_before_update
  BEFORE UPDATE OF state ON bounce.recipient_delivery
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
  EXECUTE FUNCTION bounce_internal.recipient_delivery_before_update();
CREATE OR REPLACE TRIGGER recipient_delivery_after_update
  AFTER UPDATE OF due_at ON bounce.recipient_delivery
  FOR EACH ROW WHEN (OLD.due_at IS DISTINCT FROM NEW.due_at AND NEW.due_at IS NOT NULL
                     AND OLD.state NOT IN ('claimed', 'sending'))
  EXECUTE FUNCTION bounce_internal.recipient_delivery_after_update();

-- Blocks ------------------------------------------------------------------------------

-- not when an address is erased, which changes its key as well, nor when it ends by itself:
-- sweep_deliveries() sees that
CREATE OR REPLACE TRIGGER address_block_lifted
  AFTER UPDATE OF lifted_at ON bounce.address_block
  FOR EACH ROW WHEN (OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
                     AND NOT NEW.is_over AND OLD.address_key = NEW.address_key)
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
CREATE OR REPLACE TRIGGER system_parameter_policy
  AFTER INSERT OR UPDATE OR DELETE ON bounce.system_parameter
  FOR EACH STATEMENT EXECUTE FUNCTION bounce_internal.write_policy();

-- Sentences ---------------------------------------------------------------------------
--
-- A text is kept in English, its marks beside it; what comes without any, or with both already, as
-- most do, costs a look. Tasks and blocks are made by few functions, which write both.

CREATE OR REPLACE TRIGGER log_marks
  BEFORE INSERT ON bounce.communication_log
  FOR EACH ROW WHEN (strpos(NEW.text, E'\x02') > 0) EXECUTE FUNCTION bounce_internal.keep_text();
CREATE OR REPLACE TRIGGER log_marks_changed
  BEFORE UPDATE OF text ON bounce.communication_log
  FOR EACH ROW WHEN (NEW.marked IS NOT NULL) EXECUTE FUNCTION bounce_internal.keep_text();
CREATE OR REPLACE TRIGGER history_marks
  BEFORE INSERT ON bounce.task_history
  FOR EACH ROW WHEN (strpos(NEW.text, E'\x02') > 0) EXECUTE FUNCTION bounce_internal.keep_text();
CREATE OR REPLACE TRIGGER history_marks_changed
  BEFORE UPDATE OF text ON bounce.task_history
  FOR EACH ROW WHEN (NEW.marked IS NOT NULL) EXECUTE FUNCTION bounce_internal.keep_text();
CREATE OR REPLACE TRIGGER task_marks_changed
  BEFORE UPDATE OF summary, note ON bounce.task
  FOR EACH ROW WHEN (strpos(NEW.summary || NEW.note, E'\x02') > 0
                     OR coalesce(NEW.marked_summary, NEW.marked_note) IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.keep_task();
CREATE OR REPLACE TRIGGER block_marks_changed
  BEFORE UPDATE OF why, lift_why ON bounce.address_block
  FOR EACH ROW WHEN (strpos(NEW.why || NEW.lift_why, E'\x02') > 0
                     OR coalesce(NEW.marked_why, NEW.marked_lift_why) IS NOT NULL)
  EXECUTE FUNCTION bounce_internal.keep_block();
CREATE OR REPLACE TRIGGER follow_up_marks
  BEFORE INSERT OR UPDATE OF text, result ON bounce.follow_up
  FOR EACH ROW WHEN (strpos(NEW.text || NEW.result, E'\x02') > 0)
  EXECUTE FUNCTION bounce_internal.keep_follow_up();
