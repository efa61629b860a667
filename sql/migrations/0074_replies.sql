-- SPDX-License-Identifier: BSD-2-Clause
--
-- What an automatic reply says for people: the day of return, another address, that the person
-- has left. The last two are a task.

ALTER TABLE bounce.bounce
  ADD COLUMN return_date date,
  ADD COLUMN new_address text NOT NULL DEFAULT '',
  ADD COLUMN has_left boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN bounce.bounce.return_date IS
  'of an automatic reply: the day of return, or else the last day of absence';
COMMENT ON COLUMN bounce.bounce.new_address IS
  'of an automatic reply: the address that it says to write to. Anybody may have written it, and '
  'nothing is sent there unless a person says so';
COMMENT ON COLUMN bounce.bounce.has_left IS
  'of an automatic reply: it says that the person is not there any more';

ALTER TYPE bounce_internal.finding
  ADD ATTRIBUTE return_date date,
  ADD ATTRIBUTE new_address text;
COMMENT ON COLUMN bounce_internal.finding.new_address IS 'NULL but for automatic replies';

ALTER TABLE bounce.task
  ADD COLUMN new_address text NOT NULL DEFAULT '',
  DROP CONSTRAINT task_kind_check,
  ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('hard_bounce', 'bounce_without_communication', 'resend_exhausted',
                    'delivery_problem', 'outage', 'complaint', 'soft_bounces', 'process_paused',
                    'auto_reply'));
CREATE INDEX task_auto_reply_idx ON bounce.task (address) WHERE kind = 'auto_reply';
COMMENT ON COLUMN bounce.task.new_address IS
  'the address that an automatic reply says to write to; nobody has checked it';
