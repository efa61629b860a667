-- SPDX-License-Identifier: BSD-2-Clause
--
-- Feedback that is no complaint is a kind of its own.

COMMENT ON COLUMN bounce.bounce_message.kind IS
  'dsn, prose, delay, success, read_receipt, complaint, feedback, challenge, auto_reply, other';
