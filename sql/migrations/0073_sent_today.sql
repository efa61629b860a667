-- SPDX-License-Identifier: BSD-2-Clause
--
-- Rates ask for the recipients of a period. They come in the order of time, so an index of block
-- ranges finds them, and costs next to nothing where rows are written.

CREATE INDEX communication_recipient_created_idx ON bounce.communication_recipient
  USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);
