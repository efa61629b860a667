-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a monitor asks every half a minute is counted once: up to a mark it is the sum of a few
-- rows.

CREATE TABLE bounce.counted_today (
  what     text        NOT NULL CONSTRAINT counted_today_pkey PRIMARY KEY
           CONSTRAINT counted_today_what_check
             CHECK (what = ANY ('{bounce,bounce_message,communication_recipient}'::text[])),
  midnight timestamptz NOT NULL,
  first_id bigint      NOT NULL,
  last_id  bigint      NOT NULL,
  next_id  bigint      NOT NULL,
  horizon  xid8        NOT NULL,
  CONSTRAINT counted_today_order CHECK (last_id <= next_id)
);
COMMENT ON TABLE bounce.counted_today IS
  'how far the rows of three tables are counted in today_figure. Without a row, or at another '
  'midnight, all of the day is counted when somebody asks';
COMMENT ON COLUMN bounce.counted_today.midnight IS 'the beginning of the day (UTC)';
COMMENT ON COLUMN bounce.counted_today.first_id IS 'the last id of before midnight';
COMMENT ON COLUMN bounce.counted_today.last_id IS 'up to here the day''s rows are counted';
COMMENT ON COLUMN bounce.counted_today.next_id IS
  'up to here they may be counted when no transaction before the horizon is left: nobody who comes '
  'later writes one of them';
COMMENT ON COLUMN bounce.counted_today.horizon IS 'the transaction that read next_id';

CREATE TABLE bounce.today_figure (
  name      text    NOT NULL,
  process   text    CONSTRAINT today_figure_process_fkey
                    REFERENCES bounce.process ON UPDATE CASCADE ON DELETE CASCADE,
  labels    text[]  NOT NULL,
  number    bigint  NOT NULL,
  is_change boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE bounce.today_figure IS
  'what is counted of today. A correction adds a row, which may be negative; rows of the same kind '
  'are to be added up';
COMMENT ON COLUMN bounce.today_figure.name IS 'as metrics() calls it';
COMMENT ON COLUMN bounce.today_figure.process IS 'NULL: of no mail of ours, or of all';
COMMENT ON COLUMN bounce.today_figure.labels IS 'the values of the other labels, in their order';
COMMENT ON COLUMN bounce.today_figure.is_change IS
  'added by a correction; the next count adds it to the other rows';

CREATE UNIQUE INDEX today_figure_key ON bounce.today_figure (name, process, labels)
  NULLS NOT DISTINCT WHERE NOT is_change;
COMMENT ON INDEX bounce.today_figure_key IS 'the row to which a count is added';

CREATE INDEX communication_recipient_unsent_idx ON bounce.communication_recipient (created_at)
  WHERE attempts = 0;
COMMENT ON INDEX bounce.communication_recipient_unsent_idx IS
  'metrics(): of the recipients of today those that nothing was sent to';
