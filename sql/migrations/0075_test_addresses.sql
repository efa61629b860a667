-- SPDX-License-Identifier: BSD-2-Clause
--
-- Test addresses: the worker is told what comes back from them.

ALTER TYPE bounce.delivery_item ADD ATTRIBUTE simulates text;
COMMENT ON COLUMN bounce.delivery_item.simulates IS
  'the behaviour of a test address; empty: it is a real one';
