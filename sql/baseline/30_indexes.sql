-- SPDX-License-Identifier: BSD-2-Clause
--
-- Indexes. The indexes of a partition are named by their order here, so new ones go
-- to the end of a table's list.

CREATE INDEX system_parameter_history_name_idx
  ON bounce.system_parameter_history (name, changed_at);

CREATE INDEX communication_process_idx ON bounce.communication (process, created_at);
CREATE INDEX communication_business_ref_idx ON bounce.communication (business_ref)
  WHERE business_ref <> '';

CREATE INDEX communication_recipient_address_idx
  ON bounce.communication_recipient (address_key, last_attempt_at);
CREATE INDEX communication_recipient_failed_idx ON bounce.communication_recipient (bounced_at)
  WHERE state IN ('bounced', 'error');
CREATE INDEX communication_recipient_bad_idx
  ON bounce.communication_recipient (communication_id, state)
  WHERE state IN ('bounced', 'error');
CREATE INDEX communication_recipient_waiting_idx
  ON bounce.communication_recipient (communication_id)
  WHERE next_attempt_at IS NOT NULL;
CREATE INDEX communication_recipient_due_idx ON bounce.communication_recipient (next_attempt_at)
  WHERE next_attempt_at IS NOT NULL;
CREATE INDEX communication_recipient_task_idx ON bounce.communication_recipient (task_id)
  WHERE task_id IS NOT NULL;
CREATE INDEX communication_recipient_replaced_idx ON bounce.communication_recipient (replaced_by)
  WHERE replaced_by IS NOT NULL;
CREATE INDEX communication_recipient_person_idx ON bounce.communication_recipient (person_ref)
  WHERE person_ref <> '';
CREATE INDEX communication_recipient_domain_idx
  ON bounce.communication_recipient (bounce.address_domain(address_key))
  WHERE state = 'sent';

CREATE INDEX communication_delivery_queue_idx
  ON bounce.communication_delivery (process, priority DESC, due_at)
  WHERE state IN ('PENDING', 'RETRY') AND held_at IS NULL;
CREATE INDEX communication_delivery_claim_idx ON bounce.communication_delivery (claim_id)
  WHERE state = 'PROCESSING';
CREATE INDEX communication_delivery_held_idx ON bounce.communication_delivery (communication_id)
  WHERE held_at IS NOT NULL;
CREATE INDEX recipient_delivery_communication_idx ON bounce.recipient_delivery (communication_id);
CREATE INDEX recipient_delivery_refused_idx ON bounce.recipient_delivery (recipient_id)
  WHERE refused_at IS NOT NULL;

CREATE INDEX communication_message_id_communication_idx
  ON bounce.communication_message_id (communication_id);
CREATE INDEX communication_log_communication_idx
  ON bounce.communication_log (communication_id, at);
CREATE INDEX communication_content_notice_idx ON bounce.communication_content (communication_id)
  WHERE null_sender;
CREATE INDEX known_domain_characters_idx ON bounce.known_domain (characters);

CREATE INDEX bounce_message_received_idx ON bounce.bounce_message USING brin (received_at);
CREATE INDEX bounce_message_raw_idx ON bounce.bounce_message (class, received_at)
  WHERE raw IS NOT NULL;
CREATE INDEX bounce_message_detail_idx ON bounce.bounce_message (class, received_at)
  WHERE report <> '{}';

CREATE INDEX bounce_message_idx ON bounce.bounce (bounce_message_id);
CREATE INDEX bounce_communication_idx ON bounce.bounce (communication_id)
  WHERE communication_id IS NOT NULL;
CREATE INDEX bounce_recipient_idx ON bounce.bounce (recipient_id)
  WHERE recipient_id IS NOT NULL;
CREATE INDEX bounce_received_idx ON bounce.bounce USING brin (received_at);
CREATE INDEX bounce_shadow_idx ON bounce.bounce (received_at) WHERE in_shadow;
CREATE INDEX bounce_task_idx ON bounce.bounce (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX bounce_unmatched_idx ON bounce.bounce (bounce_message_id)
  WHERE recipient_id IS NULL;

CREATE INDEX report_key_seen_idx ON bounce.report_key USING brin (seen_at);
CREATE INDEX verdict_change_bounce_idx ON bounce.verdict_change (bounce_id);

CREATE UNIQUE INDEX address_block_open_idx ON bounce.address_block (address_key)
  WHERE lifted_at IS NULL;
CREATE INDEX address_block_communication_idx ON bounce.address_block (communication_id)
  WHERE communication_id IS NOT NULL;
CREATE INDEX address_block_address_idx ON bounce.address_block (address_key, blocked_at);
CREATE INDEX address_block_bounce_idx ON bounce.address_block (bounce_id)
  WHERE bounce_id IS NOT NULL;

CREATE UNIQUE INDEX task_open_idx ON bounce.task (dedup_key) WHERE status = 'open';
CREATE INDEX task_status_idx ON bounce.task (status, kind, created_at);
CREATE INDEX task_communication_idx ON bounce.task (communication_id)
  WHERE communication_id IS NOT NULL;
CREATE INDEX task_recipient_idx ON bounce.task (recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX task_bounce_idx ON bounce.task (bounce_id) WHERE status = 'open';
CREATE INDEX task_history_task_idx ON bounce.task_history (task_id, id);

CREATE INDEX follow_up_open_idx ON bounce.follow_up (id) WHERE status = 'open';
CREATE INDEX follow_up_communication_idx ON bounce.follow_up (communication_id);
CREATE INDEX follow_up_recipient_idx ON bounce.follow_up (recipient_id);
CREATE INDEX follow_up_bounce_idx ON bounce.follow_up (bounce_id);
CREATE INDEX follow_up_notice_idx ON bounce.follow_up (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX follow_up_owner_idx ON bounce.follow_up (created_at)
  WHERE status = 'open' AND kind = 'owner_notice';

CREATE INDEX hard_count_bucket_idx ON bounce.hard_count (span, bucket);
CREATE UNIQUE INDEX outage_open_idx ON bounce.outage (scope, about) WHERE status = 'open';
CREATE INDEX outage_decided_idx ON bounce.outage (scope, about, decided_at);
CREATE INDEX held_block_outage_idx ON bounce.held_block (outage_id) WHERE decision IS NULL;
CREATE INDEX held_block_bounce_idx ON bounce.held_block (bounce_id);
CREATE INDEX held_block_communication_idx ON bounce.held_block (communication_id);
CREATE INDEX held_block_recipient_idx ON bounce.held_block (recipient_id);
CREATE INDEX held_block_address_idx ON bounce.held_block (address);
