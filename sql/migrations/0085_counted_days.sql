-- SPDX-License-Identifier: BSD-2-Clause
--
-- Figures of weeks and months are sums of days: housekeeping counts each day once, when it is over.

CREATE TABLE bounce.counted_day (
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  CONSTRAINT counted_day_pkey PRIMARY KEY (since),
  CONSTRAINT counted_day_has_length CHECK (until > since)
);
COMMENT ON TABLE bounce.counted_day IS
  'the days whose figures are in day_figure; all others are counted when somebody asks';

CREATE TABLE bounce.day_figure (
  day        timestamptz NOT NULL CONSTRAINT day_figure_day_fkey
                         REFERENCES bounce.counted_day ON DELETE CASCADE,
  process    text        CONSTRAINT day_figure_process_fkey
                         REFERENCES bounce.process ON UPDATE CASCADE ON DELETE CASCADE,
  domain     text        NOT NULL,
  class      text        NOT NULL DEFAULT '',
  reason     text        NOT NULL DEFAULT '',
  is_failure boolean     NOT NULL DEFAULT false,
  sent       bigint      NOT NULL DEFAULT 0,
  bounces    bigint      NOT NULL DEFAULT 0,
  is_change  boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE bounce.day_figure IS
  'what was sent and what came back on a day that is counted. A change adds a row, which may be '
  'negative; rows of the same kind are to be added up';
COMMENT ON COLUMN bounce.day_figure.process IS 'NULL: of no mail of ours';
COMMENT ON COLUMN bounce.day_figure.class IS
  'of what came back, or notice; empty: this row is about what was sent';
COMMENT ON COLUMN bounce.day_figure.is_failure IS 'a mail of ours failed';
COMMENT ON COLUMN bounce.day_figure.is_change IS
  'added later; housekeeping adds it to the other rows';

CREATE INDEX day_figure_day_idx ON bounce.day_figure (day, class);
COMMENT ON INDEX bounce.day_figure_day_idx IS 'report_by(): the days of a period';
CREATE INDEX day_figure_change_idx ON bounce.day_figure (day) WHERE is_change;
COMMENT ON INDEX bounce.day_figure_change_idx IS 'housekeeping: what has changed';
