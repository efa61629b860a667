-- SPDX-License-Identifier: BSD-2-Clause
--
-- What an application reads of a delivery: when each recipient was tried, what came back; a
-- notice of ours is none of its mails, and is sent once at the end.

ALTER TABLE bounce.communication_delivery
  ADD COLUMN is_notice boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN bounce.communication_delivery.is_notice IS
  'a notice to an owner or sender, not a mail of an application: the view bounce.delivery does not '
  'show it';
UPDATE bounce.communication_delivery AS d SET is_notice = true
WHERE EXISTS (SELECT FROM bounce.communication_content AS k
              WHERE k.communication_id = d.communication_id AND k.null_sender);

ALTER TABLE bounce.recipient_delivery
  ADD COLUMN first_try_at timestamptz,
  ADD COLUMN last_try_at timestamptz,
  ADD COLUMN told_attempt integer;
COMMENT ON COLUMN bounce.recipient_delivery.first_try_at IS
  'when it was first offered to a server; NULL: never';
COMMENT ON COLUMN bounce.recipient_delivery.last_try_at IS 'when it was last offered to a server';
COMMENT ON COLUMN bounce.recipient_delivery.told_attempt IS
  'attempts of the recipient when a non-delivery notice told of its failure';
