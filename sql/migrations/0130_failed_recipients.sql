-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a bounce changes in a recipient is in none of its indexes any more, and there is room for it
-- on the page, so that it is written there and into no index. With ten million recipients each
-- index was another page, at a random place. Whoever looks for recipients by what a bounce sets
-- finds them in a table of their own, which is as small as they are few.

CREATE TABLE bounce.failed_recipient (
  recipient_id bigint      NOT NULL CONSTRAINT failed_recipient_pkey PRIMARY KEY,
  bounced_at   timestamptz,
  task_id      bigint
);
COMMENT ON TABLE bounce.failed_recipient IS
  'the recipients that bounced, that could not be sent to, or that have a task: an index of '
  'communication_recipient, which only triggers and the recording of bounces write';
COMMENT ON COLUMN bounce.failed_recipient.bounced_at IS 'as in communication_recipient';
COMMENT ON COLUMN bounce.failed_recipient.task_id IS 'as in communication_recipient';

INSERT INTO bounce.failed_recipient (recipient_id, bounced_at, task_id)
SELECT r.id, r.bounced_at, r.task_id FROM bounce.communication_recipient AS r
WHERE r.state IN ('bounced', 'error') OR r.task_id IS NOT NULL;
CREATE INDEX failed_recipient_bounced_idx ON bounce.failed_recipient (bounced_at);
CREATE INDEX failed_recipient_task_idx ON bounce.failed_recipient (task_id)
  WHERE task_id IS NOT NULL;

DROP INDEX bounce.communication_recipient_failed_idx;
DROP INDEX bounce.communication_recipient_bad_idx;
DROP INDEX bounce.communication_recipient_task_idx;
DROP INDEX bounce.communication_recipient_domain_idx;
CREATE INDEX communication_recipient_domain_idx
  ON bounce.communication_recipient (bounce.address_domain(address_key), last_attempt_at)
  WHERE attempts > 0;
DROP INDEX bounce.communication_recipient_sent_idx;
CREATE INDEX communication_recipient_sent_idx
  ON bounce.communication_recipient (last_attempt_at)
  WHERE attempts > 0;
ALTER TABLE bounce.communication_recipient SET (fillfactor = 90);
