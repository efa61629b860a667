-- SPDX-License-Identifier: BSD-2-Clause
--
-- Undoing in bulk can be taken back too, so that what was before is kept.

ALTER TABLE bounce.undo
  ADD COLUMN undo_state jsonb,
  ADD COLUMN taken_back_at timestamptz,
  ADD COLUMN taken_back_by text,
  ADD COLUMN taken_back_why text,
  ADD CONSTRAINT taken_back_with_reason
    CHECK ((taken_back_at IS NULL) = (taken_back_by IS NULL)
           AND (taken_back_at IS NULL) = (taken_back_why IS NULL));
COMMENT ON COLUMN bounce.undo.undo_state IS
  'what undoing has changed, as it was before: states of recipients, numbers of blocks and tasks. '
  'redo_bounces() restores it. NULL: it was taken back, or is from before this was kept';
