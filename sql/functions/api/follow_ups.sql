-- SPDX-License-Identifier: BSD-2-Clause
--
-- For applications: the outbox. What the end of a mail leaves for them to do is claimed under a
-- lease, finished, and closed by itself when it has been done otherwise.

CREATE OR REPLACE FUNCTION bounce.claim_follow_up(
  claimer text, batch integer DEFAULT 10, lease interval DEFAULT '5 minutes',
  kinds text[] DEFAULT NULL)
RETURNS TABLE (id bigint, kind text, process text, business_ref text, communication_id bigint,
               recipient_id bigint, address text, reason text, diagnostic text, mailbox text,
               text text, new_address text, person_ref text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  own CONSTANT text[] := bounce.own_processes();
  chosen bigint[];
BEGIN
  PERFORM bounce_internal.require_count('how many follow-ups', batch);
  PERFORM bounce_internal.require_word('kind of follow-up', k, bounce_internal.follow_up_kinds())
    FROM unnest(kinds) AS k;
  PERFORM bounce_internal.require_claim(claimer, lease, 'claim_follow_up');
  LOOP
    chosen := ARRAY(
      SELECT u.id FROM bounce.follow_up AS u
      WHERE u.status = 'open' AND (u.lease_expire_time IS NULL OR u.lease_expire_time <= now())
        AND (claim_follow_up.kinds IS NULL OR u.kind = ANY (claim_follow_up.kinds))
        AND (SELECT c.process FROM bounce.communication AS c
             WHERE c.id = u.communication_id) = ANY (own)
      ORDER BY u.id LIMIT claim_follow_up.batch FOR UPDATE SKIP LOCKED);
    -- what was in hand when it was done otherwise is closed only now
    EXIT WHEN bounce_internal.close_moot_follow_ups(chosen) < cardinality(chosen)
              OR cardinality(chosen) = 0;
  END LOOP;
  RETURN QUERY
  WITH claimed AS (
    UPDATE bounce.follow_up AS u SET claimed_by = claim_follow_up.claimer,
      lease_expire_time = now() + claim_follow_up.lease
    WHERE u.id = ANY (chosen) AND u.status = 'open' RETURNING u.*)
  SELECT u.id, u.kind, c.process, c.business_ref, c.id, r.id, r.address, r.reason, r.diagnostic,
         u.mailbox, u.text, coalesce(n.address, ''), r.person_ref
  FROM claimed AS u
  JOIN bounce.communication AS c ON c.id = u.communication_id
  JOIN bounce.communication_recipient AS r ON r.id = u.recipient_id
  LEFT JOIN bounce.communication_recipient AS n ON n.id = r.replaced_by
  ORDER BY u.id;
END $$;
COMMENT ON FUNCTION bounce.claim_follow_up(text, integer, interval, text[]) IS
  'application: claims rows of the outbox of its processes, oldest first, until the lease ends; '
  'two claimers never get the same row. kinds NULL: all. new_address: of a corrected address, and '
  'where else the mail went to another one. Finish each with finish_follow_up() and the same '
  'claimer';

CREATE OR REPLACE FUNCTION bounce.finish_follow_up(id bigint, claimer text, result text DEFAULT '')
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  done bounce.follow_up;
BEGIN
  UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(),
    result = finish_follow_up.result
  WHERE u.id = finish_follow_up.id AND u.status = 'open' AND u.claimed_by = finish_follow_up.claimer
    AND bounce_internal.is_own_mail(u.communication_id)
  RETURNING u.* INTO done;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM bounce_internal.write_log(done.communication_id, done.recipient_id, done.kind || '_done',
                           concat_ws(': ', done.claimed_by, nullif(done.result, '')),
                           done.bounce_id);
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.finish_follow_up(bigint, text, text) IS
  'application: marks a claimed row of the outbox as done. False when this claimer no longer has '
  'it: it is done already, or the lease ended and somebody else claimed it';
