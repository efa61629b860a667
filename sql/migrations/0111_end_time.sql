-- SPDX-License-Identifier: BSD-2-Clause
--
-- What end_time says.

COMMENT ON COLUMN bounce.communication_delivery.end_time IS
  'when the last try ended; of a mail that ended without one (cancelled, blocked), when it did. '
  'NULL before, and while it is being tried';
