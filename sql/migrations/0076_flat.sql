-- SPDX-License-Identifier: BSD-2-Clause
--
-- What one report reads does not grow with what is recorded.

-- How many open tasks prove nothing is asked with each report that proves nothing: not to be
-- looked up in all bounces.
ALTER TABLE bounce.task ADD COLUMN is_unproven boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN bounce.task.is_unproven IS
  'whether anybody could have written its latest report: the trust of that bounce is address';
UPDATE bounce.task AS t SET is_unproven = true
FROM bounce.bounce AS b
WHERE b.id = t.bounce_id AND t.status = 'open' AND b.trust = 'address';
CREATE INDEX task_unproven_idx ON bounce.task (kind) WHERE status = 'open' AND is_unproven;

-- For housekeeping alone. While the statistics are of a time with few counters, PostgreSQL would
-- take an index of the bucket itself for those of one domain, and read those of all domains.
DROP INDEX bounce.hard_count_bucket_idx;
CREATE INDEX hard_count_forgotten_idx ON bounce.hard_count
  (((bucket AT TIME ZONE 'UTC') + CASE span WHEN 'minutes' THEN interval '8 days'
                                            ELSE interval '16 days' END));
