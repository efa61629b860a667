-- SPDX-License-Identifier: BSD-2-Clause
--
-- The figures of a day have rows of all domains together: who does not ask for domains reads them
-- instead of adding up thousands.

ALTER TABLE bounce.day_figure ALTER COLUMN domain DROP NOT NULL;
COMMENT ON COLUMN bounce.day_figure.domain IS
  'NULL: of all domains; each row of a domain is in one of these as well';

INSERT INTO bounce.day_figure (day, process, class, reason, is_failure, sent, bounces)
SELECT f.day, f.process, f.class, f.reason, f.is_failure, sum(f.sent), sum(f.bounces)
FROM bounce.day_figure AS f
GROUP BY f.day, f.process, f.class, f.reason, f.is_failure
HAVING sum(f.sent) <> 0 OR sum(f.bounces) <> 0;

CREATE INDEX day_figure_total_idx ON bounce.day_figure (day) WHERE domain IS NULL;
COMMENT ON INDEX bounce.day_figure_total_idx IS 'report_by(), but by domain: the days of a period';
COMMENT ON INDEX bounce.day_figure_day_idx IS 'report_by() by domain: the days of a period';
