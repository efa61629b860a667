-- SPDX-License-Identifier: BSD-2-Clause
--
-- Which recipients were put in the place of others, and which were there beside them: only the
-- first are taken out when the correction is taken back.

ALTER TABLE bounce.communication_recipient
  ADD COLUMN is_correction boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN bounce.communication_recipient.is_correction IS
  'a person entered this address in the place of another one (replaced_by of that one); false: it '
  'was a recipient before, or was added';

UPDATE bounce.communication_recipient AS n SET is_correction = true
WHERE n.id IN (SELECT r.replaced_by FROM bounce.communication_recipient AS r
               WHERE r.state = 'replaced')
  AND n.created_at > (SELECT c.created_at FROM bounce.communication AS c
                      WHERE c.id = n.communication_id);

COMMENT ON COLUMN bounce.communication_recipient.undo_state IS
  'what there was before a person had it sent to this recipient, for withdraw_resend(): "was", '
  'itself or the one that it is in the place of, as recipient_as_it_is(); "task", the task that '
  'this has closed; "instead_of" and "attempts", of one that had been replaced: whom it is in the '
  'place of again, and its attempts then; {}: a recipient that was added. NULL: nobody has';
