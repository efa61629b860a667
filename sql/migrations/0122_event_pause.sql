-- SPDX-License-Identifier: BSD-2-Clause
--
-- A receiver of events that says for how long it wants none.

ALTER TABLE bounce.event ADD COLUMN pause_until timestamptz;
COMMENT ON COLUMN bounce.event.pause_until IS
  'until then the receiver wants no event at all, as it said when it did not take this one';
CREATE INDEX event_pause_until_idx ON bounce.event (pause_until) WHERE pause_until IS NOT NULL;
COMMENT ON INDEX bounce.event_pause_until_idx IS
  'claim_events(): whether the receiver wants to be left alone';

DROP FUNCTION IF EXISTS bounce.settle_event(bigint, uuid, text, text);
