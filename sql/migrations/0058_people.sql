-- SPDX-License-Identifier: BSD-2-Clause
--
-- For people: the number of a bounce, never that of its message, is what they are told; and what
-- they decided about a task can be taken back, so that what was before is kept.

ALTER TYPE bounce.report_result ADD ATTRIBUTE bounce_id bigint;
COMMENT ON COLUMN bounce.report_result.bounce_id IS
  'the bounce that decided: the number that people are told, in X-Bounce-Id and in the log';

ALTER TABLE bounce.task ADD COLUMN undo_state jsonb;
COMMENT ON COLUMN bounce.task.undo_state IS
  'what resolving it has changed, as it was before: states of recipients, numbers of blocks. '
  'reopen_task() restores it. NULL: nothing was changed';

ALTER TABLE bounce.task_history DROP CONSTRAINT task_history_action_check;
ALTER TABLE bounce.task_history ADD CONSTRAINT task_history_action_check
  CHECK (action IN ('created', 'counted', 'assigned', 'postponed', 'note', 'closed', 'reopened'));
