-- SPDX-License-Identifier: BSD-2-Clause
--
-- Two lists of values say all of them.

COMMENT ON COLUMN bounce.bounce_message.source IS
  'how it came in: milter, lmtp, imap, pop3; by bouncectl intake: stdin, file, mbox, maildir';
COMMENT ON COLUMN bounce.communication_log.event IS
  'what happened, one of: bounced, late_bounce, resend_scheduled, block_withheld, block_held, '
  'blocked, block_lifted, task, follow_up, owner_notice, notice, auto_reply, delivered, probe, '
  'unclassified, untrusted, unassigned, shadow (after a report); sent, resent, deferred, refused, '
  'unknown, heard_late, error, requeued, swept, resend_released (on sending); held, released, '
  'cancelled, content_changed, corrected, reclassified, taken_back, task_resolved, task_reopened, '
  'letter_forwarded, letter_withdrawn, erased (people); owner_notice_done, or the kind of a '
  'follow-up and _done (what was asked for is done)';
