-- SPDX-License-Identifier: BSD-2-Clause
--
-- Several reports are recorded together: a finding knows its report, and what is looked up for all
-- of them at once.

ALTER TYPE bounce_internal.finding
  ADD ATTRIBUTE bounce_message_id bigint,
  ADD ATTRIBUTE is_cleared boolean,
  ADD ATTRIBUTE is_counted boolean;
COMMENT ON COLUMN bounce_internal.finding.bounce_message_id IS 'the report that it is from';
COMMENT ON COLUMN bounce_internal.finding.is_cleared IS
  'is_cleared(), where weigh_findings() has looked it up';
COMMENT ON COLUMN bounce_internal.finding.is_counted IS
  'this send has bounced hard before, or its address is blocked: the outage guard has counted it';

ALTER TYPE bounce_internal.identity
  ADD ATTRIBUTE process text,
  ADD ATTRIBUTE address_key text;
COMMENT ON COLUMN bounce_internal.identity.process IS 'of the communication, from a token';
COMMENT ON COLUMN bounce_internal.identity.address_key IS 'of the recipient, from a token';
