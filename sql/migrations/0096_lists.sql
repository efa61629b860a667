-- SPDX-License-Identifier: BSD-2-Clause
--
-- The lists of words that a column may have, each as one constant. PostgreSQL reads the text of
-- every CHECK of a table anew for each statement that writes to it, and what IN makes of a list, an
-- array of so many constants, is two to three times as long. Only in the tables that recording and
-- sending write.

ALTER TABLE bounce.communication
  DROP CONSTRAINT communication_status_check,
  ADD CONSTRAINT communication_status_check
    CHECK (status = ANY ('{open,sent,error,bounced}'::text[]));

ALTER TABLE bounce.communication_recipient
  DROP CONSTRAINT communication_recipient_state_check,
  ADD CONSTRAINT communication_recipient_state_check
    CHECK (state = ANY ('{open,sent,error,bounced,replaced}'::text[])),
  DROP CONSTRAINT communication_recipient_kind_check,
  ADD CONSTRAINT communication_recipient_kind_check CHECK (kind = ANY ('{to,cc,bcc}'::text[])),
  DROP CONSTRAINT scheduled_is_soft,
  ADD CONSTRAINT scheduled_is_soft
    CHECK (next_attempt_at IS NULL OR state = 'bounced' AND class = 'soft'
           OR requested_by IS NOT NULL AND state = ANY ('{open,bounced}'::text[]));

ALTER TABLE bounce.communication_delivery
  DROP CONSTRAINT communication_delivery_state_check,
  ADD CONSTRAINT communication_delivery_state_check
    CHECK (state = ANY ('{PENDING,PROCESSING,RETRY,SUCCESS,ERROR}'::text[])),
  DROP CONSTRAINT waiting_has_due_time,
  ADD CONSTRAINT waiting_has_due_time
    CHECK (state <> ALL (CASE WHEN due_at IS NULL THEN '{PENDING,RETRY}'::text[]
                              ELSE '{SUCCESS,ERROR}'::text[] END));

ALTER TABLE bounce.recipient_delivery
  DROP CONSTRAINT recipient_delivery_state_check,
  ADD CONSTRAINT recipient_delivery_state_check
    CHECK (state = ANY ('{due,claimed,sending,accepted,rejected,pending,unknown}'::text[])),
  DROP CONSTRAINT waiting_has_time,
  ADD CONSTRAINT waiting_has_time
    CHECK ((state = ANY ('{due,claimed,sending,pending}'::text[])) = (due_at IS NOT NULL));

ALTER TABLE bounce.task
  DROP CONSTRAINT task_kind_check,
  ADD CONSTRAINT task_kind_check
    CHECK (kind = ANY ('{hard_bounce,bounce_without_communication,resend_exhausted,
                         delivery_problem,outage,complaint,soft_bounces,process_paused,
                         auto_reply}'::text[])),
  DROP CONSTRAINT task_resolution_check,
  ADD CONSTRAINT task_resolution_check
    CHECK (resolution = ANY ('{"",done,corrected,unblocked,dead,confirmed,dismissed,
                               taken back}'::text[])),
  DROP CONSTRAINT task_status_check,
  ADD CONSTRAINT task_status_check CHECK (status = ANY ('{open,done}'::text[]));

ALTER TABLE bounce.bounce
  DROP CONSTRAINT bounce_matched_by_check,
  ADD CONSTRAINT bounce_matched_by_check
    CHECK (matched_by = ANY ('{token,envelope_id,communication_id,message_id,reference,address,
                               ""}'::text[])),
  DROP CONSTRAINT bounce_permanence_check,
  ADD CONSTRAINT bounce_permanence_check
    CHECK (permanence = ANY ('{permanent,temporary,unknown}'::text[]));

ALTER TABLE bounce.bounce_message
  DROP CONSTRAINT bounce_message_disposition_check,
  ADD CONSTRAINT bounce_message_disposition_check
    CHECK (disposition = ANY ('{discard,deliver,forward}'::text[]));

ALTER TABLE bounce.hard_count
  DROP CONSTRAINT hard_count_scope_check,
  ADD CONSTRAINT hard_count_scope_check
    CHECK (scope = ANY ('{domain,diagnostic,overall}'::text[])),
  DROP CONSTRAINT hard_count_span_check,
  ADD CONSTRAINT hard_count_span_check CHECK (span = ANY ('{minutes,day}'::text[]));
