-- SPDX-License-Identifier: BSD-2-Clause
--
-- undo_preview() has a column more: it is made anew.

DROP FUNCTION IF EXISTS bounce.undo_preview(timestamptz, timestamptz, text, text, text);
