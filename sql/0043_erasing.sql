-- SPDX-License-Identifier: BSD-2-Clause
--
-- Erasing a person reads what was matched with a mail by its indexes, and of the rest only
-- the reports that were matched with nobody, and the notices.

CREATE INDEX bounce_unmatched_idx ON bounce.bounce (bounce_message_id) WHERE recipient_id IS NULL;
CREATE INDEX communication_content_notice_idx ON bounce.communication_content (communication_id) WHERE null_sender;

-- Renewed in sql/functions/: they take the pattern of the addresses as well, and what is erased of a recipient.
DROP FUNCTION bounce.erase_recipient(bigint);
