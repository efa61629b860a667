-- SPDX-License-Identifier: BSD-2-Clause
--
-- Direct sending: a mail that somebody waits for.

ALTER TABLE bounce.communication_delivery ADD COLUMN urgent_at timestamptz;
COMMENT ON COLUMN bounce.communication_delivery.urgent_at IS
  'when somebody asked to send it at once (send_now()) and waits for the outcome; NULL again when '
  'that claim has ended';
CREATE INDEX communication_delivery_urgent_idx ON bounce.communication_delivery (urgent_at)
  WHERE urgent_at IS NOT NULL AND state IN ('PENDING', 'RETRY');
