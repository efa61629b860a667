-- SPDX-License-Identifier: BSD-2-Clause
--
-- The notice to a process's owner reaches a mailbox: what bounce.follow_up gathered is sent
-- as one mail per process and interval.

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, per_process, description) VALUES
  ('owner_notice_interval', 'interval', '1 hour', '1 second', '7 days', true,
   'how long what has failed is gathered before owner_mailbox gets it, as one mail');
UPDATE bounce.parameter_definition SET description =
  'tell owner_mailbox by mail what has failed for good: one mail per owner_notice_interval, sent by bounce-delivery'
WHERE name = 'owner_notice';

ALTER TABLE bounce.follow_up ADD COLUMN notice_id bigint REFERENCES bounce.communication ON DELETE SET NULL;
COMMENT ON COLUMN bounce.follow_up.notice_id IS 'the communication by which the process''s owner was told; NULL when nobody was, or an application did';
CREATE INDEX follow_up_notice_idx ON bounce.follow_up (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX follow_up_owner_idx ON bounce.follow_up (created_at) WHERE status = 'open' AND kind = 'owner_notice';
