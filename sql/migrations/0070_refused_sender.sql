-- SPDX-License-Identifier: BSD-2-Clause
--
-- A worker sees what the server said at the last try that was counted.

ALTER TYPE bounce.delivery_item ADD ATTRIBUTE response text;
COMMENT ON COLUMN bounce.delivery_item.response IS
  'the server''s reply to the last try of this send; empty: there was none that counts';
