-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a server has taken is noted in the commit that begins the next mail, and settled together
-- with others.

ALTER TABLE bounce.recipient_delivery ADD COLUMN accepted_at timestamptz;
COMMENT ON COLUMN bounce.recipient_delivery.accepted_at IS
  'when the server took what is being sent, until that is settled; response is its reply';
