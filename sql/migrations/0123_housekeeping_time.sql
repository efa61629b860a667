-- SPDX-License-Identifier: BSD-2-Clause
--
-- When housekeeping last began, and came to its end.

CREATE TABLE bounce.housekeeping_time (
  what text        NOT NULL CONSTRAINT housekeeping_time_pkey PRIMARY KEY
                   CONSTRAINT housekeeping_time_what_check CHECK (what IN ('began', 'ended')),
  at   timestamptz NOT NULL
);
COMMENT ON TABLE bounce.housekeeping_time IS
  'when housekeeping last began and last ended well; ended before it began: it runs, or has failed';
