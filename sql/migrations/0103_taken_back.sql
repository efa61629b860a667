-- SPDX-License-Identifier: BSD-2-Clause
--
-- What was before a mail was cancelled, or sent again, elsewhere or to one more by a person: so
-- that it can be taken back.

ALTER TABLE bounce.recipient_delivery ADD COLUMN cancelled_due_at timestamptz;
ALTER TABLE bounce.recipient_delivery ADD CONSTRAINT cancelled_is_rejected
  CHECK (cancelled_due_at IS NULL OR state = 'rejected');
COMMENT ON COLUMN bounce.recipient_delivery.cancelled_due_at IS
  'the due_at of one that was cancelled, for whoever takes that back; NULL: it was not';

ALTER TABLE bounce.communication_recipient ADD COLUMN undo_state jsonb;
COMMENT ON COLUMN bounce.communication_recipient.undo_state IS
  'what there was before a person had it sent to this recipient, for withdraw_resend(): "was", '
  'itself or the one that it is in the place of, as recipient_as_it_is(); "task", the task that '
  'this has closed; {}: a recipient that was added. NULL: nobody has';
