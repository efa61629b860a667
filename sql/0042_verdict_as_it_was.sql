-- SPDX-License-Identifier: BSD-2-Clause
--
-- A verdict that is changed leaves behind what it was, on which evidence, and what followed from it.

ALTER TABLE bounce.verdict_change
  ADD COLUMN old_trust       bounce.trust,
  ADD COLUMN old_matched_by  text,
  ADD COLUMN old_evidence    text,
  ADD COLUMN old_consequence text;
COMMENT ON COLUMN bounce.verdict_change.old_trust IS 'NULL in rows from before this was kept';
COMMENT ON COLUMN bounce.verdict_change.old_consequence IS 'what followed from the old verdict, in words';

-- What was held of an address, for its story and for erasing it.
CREATE INDEX held_block_address_idx ON bounce.held_block (address);
