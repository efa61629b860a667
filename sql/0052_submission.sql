-- SPDX-License-Identifier: BSD-2-Clause
--
-- Handing over is in sql/functions/submission.sql now; what it used before goes.

DROP FUNCTION bounce.check_submission(text, text, text[], bigint);
DROP FUNCTION bounce.queue_recipients(bigint, text[], text, timestamptz);
DROP FUNCTION bounce.attachment_bytes(jsonb);
