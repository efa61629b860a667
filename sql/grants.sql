-- SPDX-License-Identifier: BSD-2-Clause
--
-- Eight group roles with the least rights; give them to login roles with GRANT. What is
-- not granted here is revoked, and nothing of schema bounce_internal is granted. Roles
-- belong to the whole cluster: one that exists is taken as it is. Applied anew whenever a
-- text changes.

DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['bounce_milter', 'bounce_delivery', 'bounce_application',
                                   'bounce_auditor', 'bounce_clerk', 'bounce_operator',
                                   'bounce_admin', 'bounce_console'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
    END IF;
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION 'role % is missing and may not be created by %', role_name, current_user
    USING ERRCODE = 'insufficient_privilege',
          HINT = 'ALTER ROLE ... CREATEROLE, or have a superuser CREATE ROLE bounce_milter, '
                 'bounce_delivery, bounce_application, bounce_auditor, bounce_clerk, '
                 'bounce_operator, bounce_admin, bounce_console.';
END $$;

REVOKE ALL ON ALL ROUTINES IN SCHEMA bounce, bounce_internal
  FROM PUBLIC, bounce_milter, bounce_delivery, bounce_application, bounce_auditor, bounce_clerk,
  bounce_operator, bounce_admin, bounce_console;
REVOKE ALL ON ALL TABLES IN SCHEMA bounce
  FROM PUBLIC, bounce_milter, bounce_delivery, bounce_application, bounce_auditor, bounce_clerk,
  bounce_operator, bounce_admin, bounce_console;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA bounce
  FROM PUBLIC, bounce_milter, bounce_delivery, bounce_application, bounce_auditor, bounce_clerk,
  bounce_operator, bounce_admin, bounce_console;
REVOKE ALL ON SCHEMA bounce, bounce_internal
  FROM PUBLIC, bounce_milter, bounce_delivery, bounce_application, bounce_auditor,
       bounce_clerk, bounce_operator, bounce_admin, bounce_console;

GRANT USAGE ON SCHEMA bounce
  TO bounce_milter, bounce_delivery, bounce_application, bounce_auditor, bounce_clerk,
     bounce_operator, bounce_admin, bounce_console;

-- The milter: no table but the schema's version.
GRANT SELECT ON bounce.schema_migration, bounce.schema_functions TO bounce_milter;
GRANT EXECUTE ON FUNCTION bounce.schema_version, bounce.record_report, bounce.record_reports,
  bounce.milter_settings, bounce.token_settings, bounce.housekeeping, bounce.keep_month
  TO bounce_milter;

-- bounce-delivery: no table but the schema's version.
GRANT SELECT ON bounce.schema_migration, bounce.schema_functions TO bounce_delivery;
GRANT EXECUTE ON FUNCTION bounce.schema_version, bounce.claim_deliveries, bounce.begin_delivery,
  bounce.claim_urgent, bounce.settle_delivery, bounce.settle_and_begin, bounce.settle_noted,
  bounce.release_claim,
  bounce.renew_leases, bounce.delivery_lease_seconds, bounce.sweep_deliveries, bounce.next_due,
  bounce.delivery_problem, bounce.forget_servers, bounce.send_owner_notices, bounce.claim_events,
  bounce.settle_event, bounce.release_events, bounce.claim_copy, bounce.settle_copy
  TO bounce_delivery;

-- bounce-console: no table but the schema's version; its people come with their own accounts.
GRANT SELECT ON bounce.schema_migration, bounce.schema_functions TO bounce_console;
GRANT EXECUTE ON FUNCTION bounce.schema_version TO bounce_console;

-- Applications: write what they send, read what became of it.
GRANT SELECT ON bounce.process, bounce.communication, bounce.communication_recipient,
  bounce.communication_delivery, bounce.recipient_delivery, bounce.communication_log,
  bounce.bounce_reason, bounce.follow_up, bounce.resend_claim, bounce.undelivered,
  bounce.auto_reply, bounce.scheduled_resend, bounce.delivery, bounce.delivery_metric,
  bounce.refused_delivery
  TO bounce_application;
GRANT INSERT (process, business_ref, sender, subject, message_id, status, idempotency_key),
  UPDATE (business_ref, sender, subject, message_id, status)
  ON bounce.communication TO bounce_application;
GRANT UPDATE (state) ON bounce.delivery TO bounce_application, bounce_operator, bounce_admin;
GRANT INSERT (communication_id, address, person_ref)
  ON bounce.communication_recipient TO bounce_application;
GRANT EXECUTE ON FUNCTION bounce.send_now, bounce.send_outcome
  TO bounce_application, bounce_operator, bounce_admin;
GRANT EXECUTE ON PROCEDURE bounce.send_and_wait
  TO bounce_application, bounce_operator, bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.clean_diagnostic, bounce.ago, bounce.told, bounce.sentence,
  bounce.correct_content,
  bounce.change_recipient
  TO bounce_application, bounce_clerk, bounce_operator, bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.register_communication, bounce.set_person, bounce.return_path,
  bounce.confirm_resend, bounce.is_address_blocked, bounce.may_write_to, bounce.suggest_address,
  bounce.address_key, bounce.address_domain, bounce.undelivered_documents,
  bounce.claim_follow_up, bounce.finish_follow_up, bounce.claim_resends, bounce.next_resend,
  bounce.release_resend, bounce.submit_communication, bounce.retry_communication,
  bounce.hold_communication, bounce.release_communication, bounce.cancel_communication,
  bounce.find_communications
  TO bounce_application;
-- Which rows they are: sql/row_security.sql.
GRANT EXECUTE ON FUNCTION bounce.own_processes
  TO bounce_application, bounce_auditor, bounce_clerk, bounce_operator, bounce_admin;
GRANT SELECT ON bounce.process_application, bounce.process_access
  TO bounce_auditor, bounce_clerk, bounce_operator, bounce_admin;

-- Operators: read everything but the keys, decide on tasks and blocks, set parameters and classes.
GRANT SELECT ON bounce.schema_migration, bounce.schema_functions, bounce.process,
  bounce.communication, bounce.communication_recipient, bounce.failed_recipient,
  bounce.communication_message_id,
  bounce.communication_log, bounce.communication_content, bounce.communication_attachment,
  bounce.communication_delivery, bounce.recipient_delivery, bounce.queued_delivery,
  bounce.delivery_server, bounce.bounce_reason, bounce.bounce_message, bounce.bounce,
  bounce.verdict_change, bounce.undo, bounce.address_block, bounce.block_import,
  bounce.held_block, bounce.outage, bounce.task, bounce.task_history, bounce.follow_up,
  bounce.resend_claim, bounce.event, bounce.operator_copy,
  bounce.soft_bounce_day, bounce.parameter_definition,
  bounce.system_parameter, bounce.system_parameter_history, bounce.policy
  TO bounce_operator, bounce_admin;
GRANT SELECT ON bounce.undelivered, bounce.auto_reply, bounce.scheduled_resend, bounce.delivery,
  bounce.delivery_metric, bounce.refused_delivery, bounce.task_outline, bounce.task_detail,
  bounce.open_task, bounce.blocked_address, bounce.open_outage, bounce.shadow_consequence,
  bounce.parameter_setting, bounce.token_key_state, bounce.event_partition
  TO bounce_operator, bounce_admin;
GRANT INSERT, DELETE ON bounce.system_parameter TO bounce_operator, bounce_admin;
GRANT UPDATE (value) ON bounce.system_parameter TO bounce_operator, bounce_admin;
GRANT UPDATE (class, class_temporary) ON bounce.bounce_reason TO bounce_operator, bounce_admin;
GRANT INSERT, UPDATE (description) ON bounce.process TO bounce_operator, bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.schema_version, bounce.parameter, bounce.set_parameter,
  bounce.housekeeping, bounce.keep_month, bounce.audit TO bounce_operator, bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.assign_task, bounce.postpone_task, bounce.note_task,
  bounce.resolve_task, bounce.resolve_task_corrected, bounce.resolve_task_unblocked,
  bounce.resolve_task_dead, bounce.resolve_task_arrived, bounce.block_address,
  bounce.pause_process, bounce.resume_process, bounce.retry_events,
  bounce.events_to_retry, bounce.retry_copies, bounce.forward_letter, bounce.withdraw_letter,
  bounce.lift_block, bounce.unblock_address, bounce.preview_unblock,
  bounce.restore_block, bounce.withdraw_block, bounce.export_blocks,
  bounce.preview_block_import,
  bounce.import_blocks, bounce.withdraw_block_import, bounce.request_resend,
  bounce.outage_sample, bounce.confirm_outage,
  bounce.dismiss_outage, bounce.reopen_task, bounce.add_recipient,
  bounce.withdraw_resend,
  bounce.preview_task, bounce.task_ways, bounce.task_waits_for, bounce.server_problem,
  bounce.preview_reclassify TO bounce_operator, bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.undo_preview, bounce.undo_bounces, bounce.redo_bounces,
  bounce.reclassify,
  bounce.reports_to_replay, bounce.replay_differences, bounce.replay_report, bounce.rule_hits,
  bounce.status, bounce.find_communications, bounce.communication_story, bounce.block_story,
  bounce.task_story, bounce.report_by, bounce.bounces_by_day, bounce.bounces_by_hour,
  bounce.process_rates TO bounce_operator, bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.is_address_blocked, bounce.may_write_to,
  bounce.suggest_address, bounce.address_key, bounce.address_domain,
  bounce.undelivered_documents, bounce.confirm_resend, bounce.submit_communication,
  bounce.retry_communication, bounce.hold_communication, bounce.release_communication,
  bounce.cancel_communication TO bounce_operator, bounce_admin;

-- Administrators: operators who may also say whose a process is, change keys and erase.
GRANT EXECUTE ON FUNCTION bounce.give_process, bounce.take_process,
  bounce.preview_process_access TO bounce_admin;
GRANT EXECUTE ON FUNCTION bounce.add_token_key, bounce.retire_token_key, bounce.rotate_token_key,
  bounce.drop_expired_token_keys, bounce.erase_address, bounce.erase_person,
  bounce.preview_erase TO bounce_admin;

-- Clerks: tasks, blocks, stories and corrections, one by one. No parameter, no key, nothing in
-- bulk. Auditors: what clerks read, and the settings.
GRANT SELECT ON bounce.schema_migration, bounce.schema_functions, bounce.process,
  bounce.communication, bounce.communication_recipient, bounce.failed_recipient,
  bounce.communication_log,
  bounce.communication_message_id, bounce.communication_delivery, bounce.recipient_delivery,
  bounce.queued_delivery, bounce.delivery_server, bounce.bounce_reason, bounce.bounce_message,
  bounce.bounce, bounce.verdict_change, bounce.undo, bounce.address_block, bounce.block_import,
  bounce.held_block, bounce.outage, bounce.task, bounce.task_history, bounce.follow_up,
  bounce.resend_claim, bounce.event, bounce.operator_copy, bounce.soft_bounce_day,
  bounce.undelivered, bounce.auto_reply, bounce.scheduled_resend, bounce.delivery,
  bounce.delivery_metric, bounce.refused_delivery, bounce.task_outline, bounce.task_detail,
  bounce.open_task, bounce.blocked_address, bounce.open_outage, bounce.shadow_consequence
  TO bounce_clerk, bounce_auditor;
GRANT EXECUTE ON FUNCTION bounce.schema_version, bounce.status, bounce.audit,
  bounce.find_communications,
  bounce.communication_story, bounce.block_story, bounce.task_story, bounce.report_by,
  bounce.bounces_by_day, bounce.bounces_by_hour, bounce.process_rates,
  bounce.outage_sample, bounce.export_blocks, bounce.undo_preview, bounce.is_address_blocked,
  bounce.may_write_to,
  bounce.suggest_address, bounce.address_key, bounce.address_domain, bounce.undelivered_documents,
  bounce.clean_diagnostic, bounce.ago, bounce.told, bounce.sentence, bounce.preview_task,
  bounce.task_waits_for, bounce.server_problem,
  bounce.task_ways
  TO bounce_clerk, bounce_auditor;
GRANT SELECT ON bounce.parameter_definition, bounce.system_parameter,
  bounce.system_parameter_history, bounce.parameter_setting, bounce.token_key_state,
  bounce.event_partition, bounce.policy TO bounce_auditor;
GRANT EXECUTE ON FUNCTION bounce.assign_task, bounce.postpone_task, bounce.note_task,
  bounce.resolve_task, bounce.resolve_task_corrected, bounce.resolve_task_unblocked,
  bounce.resolve_task_dead, bounce.resolve_task_arrived, bounce.reopen_task,
  bounce.block_address, bounce.lift_block, bounce.unblock_address, bounce.preview_unblock,
  bounce.restore_block, bounce.withdraw_block,
  bounce.request_resend,
  bounce.add_recipient, bounce.withdraw_resend,
  bounce.forward_letter, bounce.withdraw_letter,
  bounce.reclassify, bounce.preview_reclassify, bounce.rule_hits TO bounce_clerk;

-- Figures, for the milter's account, whose timer writes them, and for people who watch.
GRANT EXECUTE ON FUNCTION bounce.metrics, bounce.count_today
  TO bounce_milter, bounce_auditor, bounce_clerk, bounce_operator, bounce_admin;
