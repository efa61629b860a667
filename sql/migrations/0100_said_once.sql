-- SPDX-License-Identifier: BSD-2-Clause
--
-- What follows from a report is said once, in English and with its marks; and a domain is found
-- without a regular expression, which took as long as all that is done with it.

ALTER TYPE bounce_internal.finding ADD ATTRIBUTE marked_steps text[];
COMMENT ON COLUMN bounce_internal.finding.marked_steps IS
  'steps as sentences, with their marks';
COMMENT ON COLUMN bounce_internal.finding.steps IS
  'the consequences so far, as phrases in English';

CREATE OR REPLACE FUNCTION bounce.address_domain(address text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN strpos(address, '@') > 0 THEN split_part(bounce.address_key(address), '@', -1)
            ELSE '' END;
