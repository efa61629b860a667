-- SPDX-License-Identifier: BSD-2-Clause
--
-- Reports of success: asked for where a process wants them, and kept for each recipient.

ALTER TYPE bounce.delivery_item ADD ATTRIBUTE asks_success boolean;
COMMENT ON COLUMN bounce.delivery_item.asks_success IS
  'a report of success is asked for at RCPT (RFC 3461)';

ALTER TABLE bounce.communication_recipient ADD COLUMN delivered_at timestamptz;
COMMENT ON COLUMN bounce.communication_recipient.delivered_at IS
  'when a report said that the mail was delivered; NULL: none has (parameter report_delivered)';
