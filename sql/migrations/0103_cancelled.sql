-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a mail that was cancelled had waited for: whoever takes that back waits for it again.

ALTER TABLE bounce.recipient_delivery ADD COLUMN cancelled_due_at timestamptz;
ALTER TABLE bounce.recipient_delivery ADD CONSTRAINT cancelled_is_rejected
  CHECK (cancelled_due_at IS NULL OR state = 'rejected');
COMMENT ON COLUMN bounce.recipient_delivery.cancelled_due_at IS
  'the due_at of one that was cancelled, for whoever takes that back; NULL: it was not';
