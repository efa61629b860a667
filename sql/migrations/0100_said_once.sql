-- SPDX-License-Identifier: BSD-2-Clause
--
-- What follows from a report is said once, in English and with its marks.

ALTER TYPE bounce_internal.finding ADD ATTRIBUTE marked_steps text[];
COMMENT ON COLUMN bounce_internal.finding.marked_steps IS
  'steps as sentences, with their marks';
COMMENT ON COLUMN bounce_internal.finding.steps IS
  'the consequences so far, as phrases in English';
