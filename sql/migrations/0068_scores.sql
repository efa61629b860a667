-- SPDX-License-Identifier: BSD-2-Clause
--
-- Complaints may block, soft bounces over several mails are counted, and a process with a high
-- bounce rate is paused.

ALTER TABLE bounce.bounce_reason DROP CONSTRAINT notice_is_no_failure,
  ADD CONSTRAINT notice_is_no_failure
    CHECK (NOT is_notice OR reason = 'complaint'
           OR (class IN ('technical', 'auto_reply') AND class_temporary = class));

ALTER TABLE bounce.task DROP CONSTRAINT task_kind_check,
  ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('hard_bounce', 'bounce_without_communication', 'resend_exhausted',
                    'delivery_problem', 'outage', 'complaint', 'soft_bounces', 'process_paused'));
CREATE INDEX task_soft_bounces_idx ON bounce.task (address) WHERE kind = 'soft_bounces';

CREATE TABLE bounce.soft_bounce_day (
  address_key text        NOT NULL,
  day         date        NOT NULL,
  at          timestamptz NOT NULL DEFAULT now(),
  bounce_id   bigint      NOT NULL,
  probe_since timestamptz,
  CONSTRAINT soft_bounce_day_pkey PRIMARY KEY (address_key, day)
);
CREATE INDEX soft_bounce_day_day_idx ON bounce.soft_bounce_day (day);
COMMENT ON TABLE bounce.soft_bounce_day IS
  'the days (UTC) on which an address bounced softly, for its score: see soft_score()';
COMMENT ON COLUMN bounce.soft_bounce_day.bounce_id IS 'the first bounce of that day';
COMMENT ON COLUMN bounce.soft_bounce_day.probe_since IS
  'the score reached the threshold: a mail sent after this time, if it bounces too, blocks';

ALTER TABLE bounce.process
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN paused_by text,
  ADD COLUMN pause_why text,
  ADD COLUMN resumed_at timestamptz,
  ADD COLUMN rate_checked_at timestamptz,
  ADD CONSTRAINT paused_with_reason
    CHECK ((paused_at IS NULL) = (paused_by IS NULL)
           AND (paused_at IS NULL) = (pause_why IS NULL));
COMMENT ON COLUMN bounce.process.paused_at IS
  'since when the queue sends nothing of it; NULL: it sends';
COMMENT ON COLUMN bounce.process.resumed_at IS
  'when a person had it send again: mails from before do not count in its bounce rate';
COMMENT ON COLUMN bounce.process.rate_checked_at IS
  'when its bounce rate was looked at last (parameter pause_rate)';
