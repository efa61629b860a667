-- SPDX-License-Identifier: BSD-2-Clause
--
-- Sentences are kept in English, as before, and beside it in parts, so that whoever shows them may
-- do so in another language: sql/functions/internal/values/sentences.sql. What was written before
-- stays English.

ALTER TABLE bounce.communication_log ADD COLUMN marked text;
COMMENT ON COLUMN bounce.communication_log.marked IS
  'the beginning of text that is of sentences of ours, in parts; NULL: there is none';
ALTER TABLE bounce.task_history ADD COLUMN marked text;
COMMENT ON COLUMN bounce.task_history.marked IS
  'the beginning of text that is of sentences of ours, in parts; NULL: there is none';
ALTER TABLE bounce.task ADD COLUMN marked_summary text, ADD COLUMN marked_note text;
COMMENT ON COLUMN bounce.task.marked_summary IS
  'the beginning of summary that is of sentences of ours, in parts; NULL: there is none';
COMMENT ON COLUMN bounce.task.marked_note IS
  'the beginning of note that is of sentences of ours, in parts; NULL: there is none';
ALTER TABLE bounce.address_block ADD COLUMN marked_why text, ADD COLUMN marked_lift_why text;
COMMENT ON COLUMN bounce.address_block.marked_why IS
  'the beginning of why that is of sentences of ours, in parts; NULL: there is none';
COMMENT ON COLUMN bounce.address_block.marked_lift_why IS
  'the beginning of lift_why that is of sentences of ours, in parts; NULL: there is none';
