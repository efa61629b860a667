-- SPDX-License-Identifier: BSD-2-Clause
--
-- The outbox bounce.follow_up: what the end of a mail leaves for its application, and when that has
-- been done otherwise.

CREATE OR REPLACE FUNCTION bounce_internal.follow_up_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT '{hard_bounce,resend_exhausted,technical,blocked,corrected,block_lifted,complaint,
           has_left,owner_notice}'::text[]
$$;
COMMENT ON FUNCTION bounce_internal.follow_up_kinds() IS 'the kinds of bounce.follow_up';

CREATE OR REPLACE FUNCTION bounce_internal.wants_follow_up(policy jsonb, kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (policy ->> 'follow_up')::boolean
         AND kind = ANY (string_to_array(policy ->> 'follow_up_kinds', ','))
$$;
COMMENT ON FUNCTION bounce_internal.wants_follow_up(jsonb, text) IS
  'whether the application of a process wants a follow-up of this kind';

CREATE OR REPLACE FUNCTION bounce_internal.tell_follow_up(
  policy jsonb, id bigint, kind text, communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bounce_follow_up', id::text);
  IF (policy ->> 'webhook')::boolean AND kind <> 'owner_notice' THEN
    PERFORM bounce_internal.add_event('follow_up.open', communication_id,
                                      jsonb_build_object('follow_up_id', id, 'kind', kind));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.tell_follow_up(jsonb, bigint, text, bigint) IS
  'tells the applications that listen, and the webhook, that a follow-up is open';

CREATE OR REPLACE FUNCTION bounce_internal.add_follow_up(
  kind text, recipient bounce.communication_recipient, bounce_id bigint, text text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  process CONSTANT text := (SELECT c.process FROM bounce.communication AS c
                            WHERE c.id = recipient.communication_id);
  policy CONSTANT jsonb := bounce_internal.policy_of(process);
  new_id bigint;
BEGIN
  IF NOT bounce_internal.wants_follow_up(policy, kind)
     OR bounce_internal.is_notice_mail(recipient.communication_id) THEN
    RETURN NULL;
  END IF;
  INSERT INTO bounce.follow_up (kind, communication_id, recipient_id, bounce_id, text)
  VALUES (kind, recipient.communication_id, recipient.id, bounce_id, text) RETURNING id INTO new_id;
  PERFORM bounce_internal.tell_follow_up(policy, new_id, kind, recipient.communication_id);
  PERFORM bounce_internal.write_log(recipient.communication_id, recipient.id, 'follow_up',
                                    bounce_internal.say('follow-up %s, %w', new_id::text, kind),
                                    bounce_id);
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce_internal.add_follow_up(text, bounce.communication_recipient, bigint,
                                                  text) IS
  'a follow-up of something else than a report, where the process wants it; else NULL';

CREATE OR REPLACE FUNCTION bounce_internal.follow_lifted(
  lifted bounce.address_block[], is_taken_back boolean) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT count(bounce_internal.add_follow_up('block_lifted', w.r, NULL, ''))
          FROM (SELECT DISTINCT ON (r.address_key, c.process) r
                FROM unnest(lifted) AS b
                JOIN bounce.communication_recipient AS r ON r.address_key = b.address_key
                JOIN bounce.communication AS c ON c.id = r.communication_id
                WHERE (b.only_process IS NULL OR b.only_process = c.process)
                  AND NOT bounce_internal.is_blocked(r.address, c.process)
                  AND (EXISTS (SELECT FROM bounce.follow_up AS u
                               WHERE u.recipient_id = r.id
                                 AND (NOT is_taken_back
                                      OR u.created_at >= b.blocked_at AND NOT u.is_moot))
                       OR NOT is_taken_back AND r.state IN ('bounced', 'error', 'replaced'))
                ORDER BY r.address_key, c.process, r.id DESC) AS w (r));
END $$;
COMMENT ON FUNCTION bounce_internal.follow_lifted(bounce.address_block[], boolean) IS
  'tells each process with a mail that these addresses did not get that they work again, if it may '
  'write to them now; of blocks that were a mistake (is_taken_back) only those that have heard of '
  'their mails since. Returns their number';

-- Closing by itself --------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.why_moot(u bounce.follow_up) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  is_failure CONSTANT boolean := u.kind IN ('hard_bounce', 'resend_exhausted', 'technical',
                                            'blocked');
BEGIN
  RETURN (SELECT CASE
      WHEN r.address_key LIKE 'erased-%@erased.invalid' THEN 'the address is erased'
      WHEN is_failure AND r.state = 'replaced'
        THEN (SELECT 'it goes to ' || n.address FROM bounce.communication_recipient AS n
              WHERE n.id = r.replaced_by)
      WHEN is_failure AND r.state = 'sent' THEN 'it was sent again, or had arrived'
      WHEN is_failure AND r.state = 'open' THEN 'it is sent again'
      WHEN u.kind = 'blocked'
           AND EXISTS (SELECT FROM bounce.recipient_delivery AS q
                       WHERE q.recipient_id = r.id AND q.due_at IS NOT NULL)
           AND NOT bounce_internal.is_blocked(
                 r.address, (SELECT c.process FROM bounce.communication AS c
                             WHERE c.id = u.communication_id))
        THEN 'it is sent again'
      WHEN u.kind = 'corrected' AND r.state <> 'replaced' THEN 'the correction was taken back'
      WHEN u.kind = 'block_lifted'
           AND bounce_internal.is_blocked(
                 r.address, (SELECT c.process FROM bounce.communication AS c
                             WHERE c.id = u.communication_id))
        THEN 'the address is blocked again'
      -- an address that was corrected stays so, whatever becomes of the bounce
      WHEN u.kind <> 'corrected' AND u.bounce_id IS NOT NULL
           AND bounce_internal.is_undone(u.bounce_id)
        THEN 'the bounce was taken back'
      WHEN u.kind = 'hard_bounce'
           AND (SELECT bool_or(h.decision IS NULL) FROM bounce.held_block AS h
                WHERE h.bounce_id = u.bounce_id)
        THEN 'whether it is an outage is open again'
    END
    FROM bounce.communication_recipient AS r WHERE r.id = u.recipient_id);
END $$;
COMMENT ON FUNCTION bounce_internal.why_moot(bounce.follow_up) IS
  'how what a follow-up asks for has been done otherwise; NULL: it has not';

CREATE OR REPLACE FUNCTION bounce_internal.close_moot_follow_ups(ids bigint[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  u bounce.follow_up;
  closed integer := 0;
BEGIN
  IF coalesce(cardinality(ids), 0) = 0 THEN
    RETURN 0;
  END IF;
  -- a claimer at work is left alone: it is looked at again when its lease is over
  FOR u IN UPDATE bounce.follow_up AS k
           SET status = 'done', finished_at = now(), is_moot = true,
               result = bounce_internal.why_moot(k)
           WHERE k.id = ANY (ids) AND k.status = 'open' AND k.kind <> 'owner_notice'
             AND (k.lease_expire_time IS NULL OR k.lease_expire_time <= now())
             AND bounce_internal.why_moot(k) IS NOT NULL RETURNING k.* LOOP
    PERFORM bounce_internal.write_log(u.communication_id, u.recipient_id, u.kind || '_done',
      CASE WHEN starts_with(u.result, 'it goes to ')
             THEN bounce_internal.say('by itself: it goes to %s', substr(u.result, 12))
           ELSE bounce_internal.say('by itself: %w', u.result) END, u.bounce_id);
    closed := closed + 1;
  END LOOP;
  RETURN closed;
END $$;
COMMENT ON FUNCTION bounce_internal.close_moot_follow_ups(bigint[]) IS
  'closes those of these follow-ups that nobody has in hand and that are moot; returns their '
  'number';

CREATE OR REPLACE FUNCTION bounce_internal.follow_ups_blocked_again(address_keys text[])
RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  RETURN bounce_internal.close_moot_follow_ups(
    (SELECT array_agg(u.id) FILTER (WHERE u.status = 'open' AND u.kind = 'block_lifted')
     FROM bounce.communication_recipient AS r JOIN bounce.follow_up AS u ON u.recipient_id = r.id
     WHERE r.address_key = ANY (address_keys)));
END $$;
COMMENT ON FUNCTION bounce_internal.follow_ups_blocked_again(text[]) IS
  'closes what tells of lifted blocks of these addresses when there are others';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_follow_up() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.close_moot_follow_ups(
    (SELECT array_agg(u.id) FILTER (WHERE u.status = 'open') FROM bounce.follow_up AS u
     WHERE u.recipient_id = NEW.id));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_follow_up() IS
  'closes the follow-ups of a recipient that is no longer without the mail';

CREATE OR REPLACE FUNCTION bounce_internal.reopen_follow_ups(ids bigint[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  opened bounce.follow_up;
  reopened integer := 0;
BEGIN
  FOR opened IN UPDATE bounce.follow_up AS u
            SET status = 'open', finished_at = NULL, is_moot = false, result = ''
            WHERE u.id = ANY (ids) AND u.is_moot AND bounce_internal.why_moot(u) IS NULL
            RETURNING u.* LOOP
    PERFORM bounce_internal.tell_follow_up(
      bounce_internal.policy_of((SELECT c.process FROM bounce.communication AS c
                                 WHERE c.id = opened.communication_id)),
      opened.id, opened.kind, opened.communication_id);
    reopened := reopened + 1;
  END LOOP;
  RETURN reopened;
END $$;
COMMENT ON FUNCTION bounce_internal.reopen_follow_ups(bigint[]) IS
  'opens those of these again that closed by themselves, now that what closed them is taken back; '
  'returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.put_follow_up(
  INOUT f bounce_internal.finding, kind text, mailbox text, text text)
LANGUAGE plpgsql AS $$
DECLARE
  follow_up_id bigint;
BEGIN
  INSERT INTO bounce.follow_up (kind, communication_id, recipient_id, bounce_id, mailbox, text)
  VALUES (kind, f.communication_id, f.recipient_id, f.bounce_id, mailbox, text)
  RETURNING id INTO follow_up_id;
  PERFORM bounce_internal.tell_follow_up(f.policy, follow_up_id, kind, f.communication_id);
  f := CASE kind WHEN 'owner_notice'
            THEN bounce_internal.step(f, 'owner_notice',
                                      bounce_internal.say('notice to %s', mailbox))
                 ELSE bounce_internal.step(f, 'follow_up',
                                           bounce_internal.say('follow-up %s',
                                                               follow_up_id::text)) END;
END $$;
COMMENT ON FUNCTION bounce_internal.put_follow_up(bounce_internal.finding, text, text, text) IS
  'adds a row to the outbox and notifies listeners';

CREATE OR REPLACE FUNCTION bounce_internal.write_follow_up(
  INOUT f bounce_internal.finding, kind text)
LANGUAGE sql AS $$
  SELECT CASE WHEN bounce_internal.wants_follow_up(f.policy, kind)
                   AND NOT bounce_internal.is_notice_mail(f.communication_id)
              THEN bounce_internal.put_follow_up(f, kind, '', '') ELSE f END
$$;
COMMENT ON FUNCTION bounce_internal.write_follow_up(bounce_internal.finding, text) IS
  'adds what a report says to the outbox for the application, where its process wants that kind';
