-- SPDX-License-Identifier: BSD-2-Clause
--
-- report_by() has more columns: it is created anew with the functions.

DROP FUNCTION IF EXISTS bounce.report_by(text, timestamptz, timestamptz);
DROP FUNCTION IF EXISTS bounce_internal.bounce_labels(text, timestamptz, timestamptz);
