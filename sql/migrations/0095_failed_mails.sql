-- SPDX-License-Identifier: BSD-2-Clause
--
-- report_by() says how many of our mails failed: it is created anew with the functions.

DROP FUNCTION IF EXISTS bounce.report_by(text, timestamptz, timestamptz);
