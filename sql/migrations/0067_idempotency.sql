-- SPDX-License-Identifier: BSD-2-Clause
--
-- The application's own key of a mail: a call that is repeated gives the same communication.

ALTER TABLE bounce.communication
  ADD COLUMN idempotency_key text,
  ADD CONSTRAINT idempotency_key_is_short
    CHECK (idempotency_key <> '' AND length(idempotency_key) <= 200);
COMMENT ON COLUMN bounce.communication.idempotency_key IS
  'the application''s key of the call that registered or submitted it, unique within a process; '
  'NULL: it gave none';
CREATE UNIQUE INDEX communication_idempotency_idx
  ON bounce.communication (process, idempotency_key) WHERE idempotency_key IS NOT NULL;
