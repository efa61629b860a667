-- SPDX-License-Identifier: BSD-2-Clause
--
-- What follows from a report is said once, in English and with its marks; and a domain is found
-- without a regular expression, which took as long as all that is done with it. The guard's
-- counters of a day are made of those of ten minutes when these are deleted, not by each bounce.

ALTER TYPE bounce_internal.finding ADD ATTRIBUTE marked_steps text[];
COMMENT ON COLUMN bounce_internal.finding.marked_steps IS
  'steps as sentences, with their marks';
COMMENT ON COLUMN bounce_internal.finding.steps IS
  'the consequences so far, as phrases in English';

CREATE OR REPLACE FUNCTION bounce.address_domain(address text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN strpos(address, '@') > 0 THEN split_part(bounce.address_key(address), '@', -1)
            ELSE '' END;

COMMENT ON TABLE bounce.hard_count IS
  'trusted hard bounces per ten minutes, and per day (UTC) as far as those are no longer kept, for '
  'the outage guard';

-- both counted the same; the slots were the same as well
CREATE TEMPORARY TABLE counted_in_minutes ON COMMIT DROP AS
SELECT h.scope, h.about, date_bin('1 day', h.bucket, '2000-01-01 00:00+00') AS bucket, h.slot,
       sum(h.count) AS count
FROM bounce.hard_count AS h WHERE h.span = 'minutes' GROUP BY 1, 2, 3, 4;
DELETE FROM bounce.hard_count AS d USING counted_in_minutes AS m
WHERE d.span = 'day' AND (d.scope, d.about, d.bucket, d.slot) = (m.scope, m.about, m.bucket, m.slot)
  AND d.count <= m.count;
UPDATE bounce.hard_count AS d SET count = d.count - m.count
FROM counted_in_minutes AS m
WHERE d.span = 'day'
  AND (d.scope, d.about, d.bucket, d.slot) = (m.scope, m.about, m.bucket, m.slot);
