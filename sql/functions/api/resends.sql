-- SPDX-License-Identifier: BSD-2-Clause
--
-- For applications: sending again what they have sent themselves. A resend that is due is claimed
-- under a lease, sent, and confirmed; of two pollers only one has it.

CREATE OR REPLACE FUNCTION bounce.claim_resends(
  claimer text, batch integer DEFAULT 10, lease interval DEFAULT '5 minutes',
  only_process text DEFAULT NULL)
RETURNS TABLE (recipient_id bigint, communication_id bigint, process text, business_ref text,
               subject text, address text, person_ref text, attempt integer, mail_from text,
               message_id text, envelope_id text, reason text, diagnostic text,
               due_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  has_tokens CONSTANT boolean :=
    cardinality(bounce_internal.domains(bounce.parameter('bounce_domain'))) > 0;
  chosen bigint[];
BEGIN
  PERFORM bounce_internal.require_count('how many resends', batch);
  PERFORM bounce_internal.require_process(bounce_internal.require_own_process(only_process));
  PERFORM bounce_internal.require_claim(claimer, lease, 'claim_resends');
  chosen := bounce_internal.choose_resends(batch, only_process);
  -- who saw them before another poller's COMMIT is told by the primary key
  WITH claimed AS (
    INSERT INTO bounce.resend_claim AS k (recipient_id, claimed_by, lease_expire_time)
    SELECT u.id, claim_resends.claimer, clock_timestamp() + claim_resends.lease
    FROM unnest(chosen) AS u (id)
    ON CONFLICT ON CONSTRAINT resend_claim_pkey DO UPDATE
    SET claimed_by = excluded.claimed_by, lease_expire_time = excluded.lease_expire_time
    WHERE k.lease_expire_time <= clock_timestamp()
    RETURNING k.recipient_id)
  SELECT array_agg(c.recipient_id) INTO chosen FROM claimed AS c;
  RETURN QUERY
  SELECT r.id, c.id, c.process, c.business_ref, c.subject, r.address, r.person_ref,
         r.attempts + 1, CASE WHEN has_tokens THEN bounce.return_path(r.id, r.attempts + 1) END,
         bounce_internal.message_id_of(c, r.id, r.attempts + 1), c.envelope_id, r.reason,
         r.diagnostic, r.next_attempt_at
  FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  WHERE r.id = ANY (chosen)
  ORDER BY r.next_attempt_at, r.id;
END $$;
COMMENT ON FUNCTION bounce.claim_resends(text, integer, interval, text) IS
  'application: claims mails that it registered and that are due to be sent again, longest due '
  'first, until the lease ends: as long as it may take to send them. Two claimers never get the '
  'same. only_process NULL: of all that are its own. mail_from: the envelope sender, NULL without '
  'a bounce domain; message_id: a new Message-ID to send. Report each with '
  'confirm_resend() or release_resend() and the same claimer';

CREATE OR REPLACE FUNCTION bounce.next_resend(process text DEFAULT NULL) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  own CONSTANT text[] := bounce.own_processes();
BEGIN
  PERFORM bounce_internal.require_process(bounce_internal.require_own_process(process));
  RETURN (SELECT min(greatest(w.next_attempt_at, k.lease_expire_time))
          FROM bounce_internal.registered_resends() AS w
          LEFT JOIN bounce.resend_claim AS k ON k.recipient_id = w.recipient_id
          WHERE (next_resend.process IS NULL OR w.process = next_resend.process)
            AND w.process = ANY (own));
END $$;
COMMENT ON FUNCTION bounce.next_resend(text) IS
  'application: when claim_resends() can claim the next one; NULL when none is scheduled. 23503 '
  'for an unknown process, 42501 for one of other applications';

CREATE OR REPLACE FUNCTION bounce.confirm_resend(
  recipient_id bigint, message_id text DEFAULT NULL, claimer text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  sent bounce.communication_recipient;
  new_id text;
BEGIN
  SELECT k.* INTO c FROM bounce.communication AS k
  WHERE k.id = (SELECT r.communication_id FROM bounce.communication_recipient AS r
                WHERE r.id = confirm_resend.recipient_id)
    AND bounce_internal.may_use(k.process)
  FOR NO KEY UPDATE;
  DELETE FROM bounce.resend_claim AS k
  WHERE k.recipient_id = confirm_resend.recipient_id AND c.id IS NOT NULL
    AND (confirm_resend.claimer IS NULL OR k.claimed_by = confirm_resend.claimer);
  IF confirm_resend.claimer IS NOT NULL AND NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF bounce_internal.was_replaced(confirm_resend.recipient_id, c.id) THEN
    RETURN NULL;
  END IF;
  UPDATE bounce.communication_recipient AS r
  SET state = 'sent', attempts = r.attempts + 1, last_attempt_at = now(), next_attempt_at = NULL,
      class = NULL, reason = '', status_code = '', diagnostic = '', bounced_at = NULL,
      bounce_id = NULL
  WHERE r.id = confirm_resend.recipient_id AND r.communication_id = c.id
  RETURNING r.* INTO sent;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no recipient %', confirm_resend.recipient_id USING ERRCODE = 'no_data_found',
      HINT = 'The id of bounce.scheduled_resend.recipient_id, not that of the communication.';
  END IF;
  PERFORM bounce_internal.derive_communication(sent.communication_id);
  new_id := coalesce(bounce_internal.bare_id(confirm_resend.message_id),
                     CASE WHEN confirm_resend.claimer IS NOT NULL
                          THEN bounce_internal.message_id_of(c, sent.id, sent.attempts) END);
  INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
  SELECT new_id, sent.communication_id, sent.attempts WHERE new_id IS NOT NULL
  ON CONFLICT DO NOTHING;
  PERFORM bounce_internal.write_log(sent.communication_id, sent.id, 'resent',
                                    bounce_internal.say('send %s to %s', sent.attempts::text,
                                                        sent.address));
  RETURN sent.attempts;
END $$;
COMMENT ON FUNCTION bounce.confirm_resend(bigint, text, text) IS
  'application: reports that the mail was sent to this recipient (communication_recipient.id) '
  'again, and its new Message-ID (NULL: that of claim_resends()). Returns the number of sends so '
  'far; NULL when this claimer has no claim on it: confirmed already, or its lease ended and '
  'another has it; or when the address was corrected meanwhile. claimer NULL: without a claim. '
  'P0002 for an unknown recipient';

CREATE OR REPLACE FUNCTION bounce.release_resend(
  recipient_id bigint, claimer text, why text DEFAULT '', due_in interval DEFAULT '0')
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  PERFORM FROM bounce.communication AS c
  WHERE c.id = (SELECT q.communication_id FROM bounce.communication_recipient AS q
                WHERE q.id = release_resend.recipient_id)
    AND bounce_internal.may_use(c.process)
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM bounce.resend_claim AS k
  WHERE k.recipient_id = release_resend.recipient_id AND k.claimed_by = release_resend.claimer;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE bounce.communication_recipient AS q SET next_attempt_at = now() + greatest(due_in, '0')
  WHERE q.id = release_resend.recipient_id AND q.next_attempt_at IS NOT NULL RETURNING q.* INTO r;
  PERFORM bounce_internal.write_log(r.communication_id, r.id, 'resend_released',
                                    concat_ws(': ', claimer, nullif(why, '')));
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.release_resend(bigint, text, text, interval) IS
  'application: gives back a claim of claim_resends() that could not be sent; it is due again '
  'after due_in. False when this claimer no longer has it';
