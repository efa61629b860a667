-- SPDX-License-Identifier: BSD-2-Clause
--
-- The outage guard compares what came back with what was sent in that time, to that domain and in
-- all: two indexes count it, neither of which a bounce writes.

ALTER TABLE bounce.outage ADD COLUMN sent bigint;
COMMENT ON COLUMN bounce.outage.sent IS
  'what was sent in that time, seen included; NULL when it was not counted yet';

DROP INDEX bounce.communication_recipient_domain_idx;
CREATE INDEX communication_recipient_domain_idx
  ON bounce.communication_recipient (bounce.address_domain(address_key), last_attempt_at)
  WHERE state = 'sent';
CREATE INDEX communication_recipient_sent_idx
  ON bounce.communication_recipient (last_attempt_at)
  WHERE state = 'sent';
