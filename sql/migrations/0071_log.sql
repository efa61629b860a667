-- SPDX-License-Identifier: BSD-2-Clause
--
-- What the log says of a report, and the way from the MTA's queue id to it.

ALTER TYPE bounce.report_result ADD ATTRIBUTE communication_id bigint,
  ADD ATTRIBUTE trust bounce.trust, ADD ATTRIBUTE consequence text, ADD ATTRIBUTE task_id bigint;
COMMENT ON COLUMN bounce.report_result.communication_id IS
  'what bounce_id is about; NULL for none, as trust, consequence and task_id, which are those of '
  'bounce_id as well';

CREATE INDEX bounce_message_queue_id_idx ON bounce.bounce_message (queue_id);
COMMENT ON INDEX bounce.bounce_message_queue_id_idx IS
  'find_communications(): from a line of the MTA''s log to the report';
