-- SPDX-License-Identifier: BSD-2-Clause
--
-- Follow-ups for every end of a mail, closed by themselves when they are moot, and claims of the
-- resends that an application makes itself.

ALTER TABLE bounce.follow_up
  DROP CONSTRAINT follow_up_kind_check,
  ADD CONSTRAINT follow_up_kind_check
    CHECK (kind IN ('hard_bounce', 'resend_exhausted', 'technical', 'blocked', 'corrected',
                    'block_lifted', 'complaint', 'has_left', 'owner_notice')),
  ALTER bounce_id DROP NOT NULL,
  ADD COLUMN is_moot boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT moot_is_done CHECK (NOT is_moot OR status = 'done');
COMMENT ON COLUMN bounce.follow_up.is_moot IS
  'closed by itself, because what it asked for was done otherwise; result says how';

CREATE TABLE bounce.resend_claim (
  recipient_id      bigint      NOT NULL
                                REFERENCES bounce.communication_recipient ON DELETE CASCADE,
  claimed_by        text        NOT NULL,
  lease_expire_time timestamptz NOT NULL,
  CONSTRAINT resend_claim_pkey PRIMARY KEY (recipient_id)
);
COMMENT ON TABLE bounce.resend_claim IS
  'who is sending a registered mail again: see claim_resends()';
COMMENT ON COLUMN bounce.resend_claim.lease_expire_time IS
  'end of the lease: from then on another poller may claim it';

DROP FUNCTION IF EXISTS bounce.claim_follow_up(text, integer, interval, text[]);
