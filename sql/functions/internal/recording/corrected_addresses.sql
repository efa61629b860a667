-- SPDX-License-Identifier: BSD-2-Clause
--
-- Corrected addresses: a recipient is replaced by one with a new address; what goes to the old one
-- all the same is told.

CREATE OR REPLACE FUNCTION bounce_internal.replace_recipient(old_id bigint, address text, why text)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  old bounce.communication_recipient;
  new_id bigint;
  is_in_place boolean := true;     -- else it was a recipient beside the old one
  is_revived boolean := false;
BEGIN
  SELECT r.* INTO STRICT old FROM bounce.communication_recipient AS r WHERE r.id = old_id
  FOR NO KEY UPDATE;
  IF old.address_key = bounce.address_key(address) OR old.state = 'replaced' THEN
    RETURN NULL;
  END IF;
  INSERT INTO bounce.communication_recipient (communication_id, address, state,
                                              attempts, person_ref, is_correction)
  VALUES (old.communication_id, address, 'open', 0, old.person_ref, true)
  ON CONFLICT (communication_id, address_key) DO NOTHING
  RETURNING id INTO new_id;
  IF new_id IS NULL THEN
    -- an address that was replaced before: the correction is taken back
    UPDATE bounce.communication_recipient AS r
    SET state = CASE WHEN r.class IS NOT NULL THEN 'bounced'
                     WHEN bounce_internal.was_sent_to(r) THEN 'sent' ELSE 'open' END,
        replaced_by = NULL, corrections = r.corrections + 1
    WHERE r.communication_id = old.communication_id AND r.state = 'replaced'
      AND r.address_key = bounce.address_key(replace_recipient.address)
    RETURNING CASE WHEN r.state <> 'sent' THEN r.id END INTO new_id;
    is_revived := FOUND;
    is_in_place := FOUND;
  END IF;
  -- what waits for the old address is not sent any more
  UPDATE bounce.recipient_delivery AS q SET state = 'rejected', due_at = NULL
  WHERE q.recipient_id = old.id AND q.state IN ('due', 'pending');
  UPDATE bounce.communication_content AS k
  SET header_to = bounce_internal.with_address(k.header_to, old.address, address),
      header_cc = bounce_internal.with_address(k.header_cc, old.address, address)
  WHERE k.communication_id = old.communication_id AND is_in_place;
  -- it may have got the mail already: then nothing is sent again
  UPDATE bounce.communication_recipient AS r
  SET state = 'replaced', next_attempt_at = NULL, corrections = r.corrections + 1,
      replaced_by = coalesce(new_id, (SELECT o.id FROM bounce.communication_recipient AS o
        WHERE o.communication_id = old.communication_id
          AND o.address_key = bounce.address_key(replace_recipient.address)))
  WHERE r.id = old.id;
  PERFORM bounce_internal.write_log(old.communication_id, old.id, 'corrected',
                                    bounce_internal.say('%s replaced by %s', old.address, address)
                                    || ': ' || why,
                                    old.bounce_id);
  PERFORM bounce_internal.add_follow_up('corrected', old, old.bounce_id, why);
  IF new_id IS NOT NULL THEN
    PERFORM bounce.request_resend(new_id, why, old.bounce_id);
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET undo_state = coalesce(r.undo_state, '{}')
                   || jsonb_build_object('instead_of', old.id, 'attempts', r.attempts)
  WHERE r.id = new_id AND is_revived;
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce_internal.replace_recipient(bigint, text, text) IS
  'puts a new recipient of the same communication, due at once, in the place of an old one, so '
  'that a late bounce of the old address cannot affect the new one. NULL when nothing is to be '
  'sent';

CREATE OR REPLACE FUNCTION bounce_internal.was_replaced(
  recipient_id bigint, communication_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  SELECT k.* INTO r FROM bounce.communication_recipient AS k
  WHERE k.id = was_replaced.recipient_id AND k.communication_id = was_replaced.communication_id
    AND k.state = 'replaced';
  PERFORM bounce_internal.write_log(r.communication_id, r.id, 'resent',
    bounce_internal.say('sent to %s all the same, it had been corrected to %s meanwhile',
                        r.address, n.address))
  FROM bounce.communication_recipient AS n WHERE n.id = r.replaced_by;
  RETURN r.id IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.was_replaced(bigint, bigint) IS
  'whether a person has corrected the address of a mail that its application sent there; the story '
  'tells it';
