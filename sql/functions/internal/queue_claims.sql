-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker calls around sending: claim, begin, give back, sweep. Locks are taken
-- in the order of record_report(): communications, recipients, rates, blocks, tasks;
-- communications of a claim never wait for anybody (SKIP LOCKED).

-- Refused because of a block ---------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.refuse_blocked(communication_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  FOR r IN SELECT q.* FROM bounce.communication_recipient AS q
           JOIN bounce.address_block AS b ON b.address_key = q.address_key AND b.lifted_at IS NULL
           JOIN bounce.communication AS c ON c.id = q.communication_id
           WHERE q.communication_id = ANY (communication_ids) AND q.delivery IN ('due', 'pending', 'claimed')
             AND NOT bounce.may_write_to(q.address, c.process)
           ORDER BY q.id FOR NO KEY UPDATE OF q LOOP
    UPDATE bounce.communication_recipient AS q
    SET delivery = 'rejected', due_at = NULL, next_attempt_at = NULL, response = 'the address is blocked', refused_at = now(),
        task_id = coalesce((SELECT t.id FROM bounce.task AS t WHERE t.dedup_key = 'hard_bounce:' || q.address_key AND t.status = 'open'), q.task_id),
        state = CASE q.state WHEN 'bounced' THEN 'bounced' ELSE 'error' END,
        diagnostic = CASE q.state WHEN 'bounced' THEN q.diagnostic ELSE 'the address is blocked' END
    WHERE q.id = r.id;
    PERFORM bounce_internal.write_log(r.communication_id, r.id, 'refused', format('not sent to %s: the address is blocked', r.address));
    PERFORM bounce_internal.derive_communication(r.communication_id);
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce_internal.refuse_blocked(bigint[]) IS
  'nothing is ever sent to a blocked address, whatever asked for it, but by a process that is block_exempt. When the block is '
  'lifted, requeue_refused() sends it; with the corrected address of the open task it goes there';

-- It never waits: whoever lifts a block may hold the block's row, which others take after the communication.
CREATE OR REPLACE FUNCTION bounce_internal.requeue_refused(address_key text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  requeued integer := 0;
BEGIN
  FOR r IN SELECT q.id, q.communication_id, q.address FROM bounce.communication_recipient AS q
           JOIN bounce.communication AS c ON c.id = q.communication_id
           WHERE q.address_key = requeue_refused.address_key AND q.refused_at IS NOT NULL AND q.attempts < 255
             AND q.refused_at > now() - bounce_internal.parameter_interval('resend_after_block', c.process)
             AND EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = c.id)
           ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED LOOP
    UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now(), tries = 0
    WHERE q.id = r.id AND q.refused_at IS NOT NULL;
    PERFORM bounce_internal.derive_communication(r.communication_id);
    PERFORM bounce_internal.write_log(r.communication_id, r.id, 'requeued', format('%s is blocked no more', r.address));
    requeued := requeued + 1;
  END LOOP;
  RETURN requeued;
END
$$;
COMMENT ON FUNCTION bounce_internal.requeue_refused(text) IS
  'what was refused only for a block that is lifted is due again. What somebody else has just now is left to the sweeper';

CREATE OR REPLACE FUNCTION bounce_internal.block_lifted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.requeue_refused(OLD.address_key);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce_internal.block_lifted() IS 'what was refused only for this block is sent';

-- Claiming ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.delivery_items(claim_id uuid) RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domain CONSTANT text := (bounce_internal.domains(bounce.parameter('bounce_domain')))[1];
  has_tokens CONSTANT boolean := domain IS NOT NULL;
  prefix CONSTANT text := bounce.parameter('return_path_prefix');
  signer CONSTANT bounce_internal.token_signer := CASE WHEN has_tokens THEN bounce_internal.signer_until(now() + bounce_internal.parameter_interval('token_lifetime')) END;
BEGIN
  RETURN QUERY
  SELECT r.claim_id, r.communication_id, r.process, array_agg(r.id ORDER BY r.id), array_agg(r.address ORDER BY r.id), r.attempts + 1,
         CASE WHEN r.null_sender THEN '' WHEN has_tokens THEN prefix || bounce_internal.token_text(signer, min(r.id), r.attempts + 1) || '@' || domain
              ELSE r.sender END, r.envelope_id, r.bytes
  FROM (SELECT c.claim_id, c.id AS communication_id, c.process, c.sender, c.envelope_id, c.priority, c.due_at, k.null_sender, k.bytes, q.id, q.address, q.attempts,
               CASE WHEN has_tokens AND NOT k.null_sender THEN q.id
                    -- RFC 5321 section 4.5.3.1.8: so many are taken everywhere
                    ELSE (row_number() OVER (PARTITION BY c.id, q.attempts ORDER BY q.id) - 1) / 100 END AS part
        FROM bounce.communication AS c
        JOIN bounce.communication_content AS k ON k.communication_id = c.id
        JOIN bounce.communication_recipient AS q ON q.communication_id = c.id AND q.delivery = 'claimed'
        WHERE c.claim_id = delivery_items.claim_id AND c.lease_expire_time IS NOT NULL) AS r
  GROUP BY r.claim_id, r.communication_id, r.process, r.sender, r.envelope_id, r.priority, r.due_at, r.null_sender, r.bytes, r.attempts, r.part
  ORDER BY r.priority DESC, row_number() OVER (PARTITION BY r.process ORDER BY r.priority DESC, r.due_at, r.communication_id), r.communication_id, min(r.id);
END
$$;
COMMENT ON FUNCTION bounce_internal.delivery_items(uuid) IS
  'the transactions of a claim, in the order in which to send them; the envelope senders are those of bounce.return_path()';

-- plpgsql keeps its plan; it is asked for every mail.
CREATE OR REPLACE FUNCTION bounce_internal.attachments_of(communication_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT jsonb_agg(jsonb_build_object('filename', a.filename, 'content_type', a.content_type, 'content_id', a.content_id,
                                              'content', encode(a.content, 'base64')) ORDER BY a.place)
          FROM bounce.communication_attachment AS a WHERE a.communication_id = attachments_of.communication_id);
END
$$;
COMMENT ON FUNCTION bounce_internal.attachments_of(bigint) IS
  '[{filename, content_type, content_id, content (base64)}] in their order; NULL when there are none';

CREATE OR REPLACE FUNCTION bounce_internal.fail_without_content(c bounce.communication) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = c.id) THEN
    RETURN;
  END IF;
  FOR r IN UPDATE bounce.communication_recipient AS q
           SET delivery = 'rejected', due_at = NULL, next_attempt_at = NULL, response = 'there is no content to send any more',
               state = CASE q.state WHEN 'bounced' THEN 'bounced' ELSE 'error' END,
               diagnostic = CASE q.state WHEN 'bounced' THEN q.diagnostic ELSE 'there is no content to send any more' END
           WHERE q.communication_id = c.id AND q.delivery IN ('due', 'pending', 'claimed', 'sending') RETURNING q.* LOOP
    PERFORM bounce_internal.gather_task('delivery_problem', 'no_content', format('%s (communication %s) was not sent: %s', r.address, c.id, r.response), c, r);
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce_internal.fail_without_content(bounce.communication) IS
  'what was erased while a worker had it has failed, with a task, and is not claimed again and again';

-- Ending a claim ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.finish_communication(communication_id bigint, counts boolean DEFAULT false, reply text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  d CONSTANT record := bounce_internal.delivery_standing(communication_id);
  new_state text;
BEGIN
  IF d.in_claim THEN
    UPDATE bounce.communication AS c
    SET attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
        response = coalesce(reply, c.response)
    WHERE c.id = finish_communication.communication_id AND (counts OR reply IS NOT NULL);
    RETURN NULL;
  END IF;
  UPDATE bounce.communication AS c
  SET delivery_state = CASE WHEN d.due_at IS NULL THEN d.ended ELSE bounce_internal.waiting_state('PROCESSING', counts OR c.attempts > 0 OR d.was_tried) END,
      lease_expire_time = NULL, due_at = d.due_at,
      attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
      response = coalesce(reply, c.response), status = coalesce(d.status, c.status),
      error = CASE WHEN d.is_clean THEN '' WHEN d.due_at IS NULL THEN bounce_internal.standing_error(c.id)
                   ELSE coalesce(nullif(bounce_internal.standing_error(c.id), ''), c.error) END
  WHERE c.id = finish_communication.communication_id AND c.delivery_state = 'PROCESSING'
  RETURNING c.delivery_state INTO new_state;
  RETURN new_state;
END
$$;
COMMENT ON FUNCTION bounce_internal.finish_communication(bigint, boolean, text) IS
  'the state after a claim, once none of its recipients is claimed or being sent to; NULL before that. counts: the claim is an '
  'attempt that was not counted yet';

CREATE OR REPLACE FUNCTION bounce_internal.give_back(communication_id bigint, recipient_ids bigint[]) RETURNS void
LANGUAGE sql AS $$
  UPDATE bounce.communication_recipient AS r SET delivery = CASE WHEN r.tries > 0 THEN 'pending' ELSE 'due' END, due_at = now()
  WHERE r.communication_id = give_back.communication_id AND r.delivery = 'claimed'
    AND (recipient_ids IS NULL OR r.id = ANY (recipient_ids));
$$;
COMMENT ON FUNCTION bounce_internal.give_back(bigint, bigint[]) IS 'claimed, not begun: due again. recipient_ids NULL: all';

CREATE OR REPLACE FUNCTION bounce_internal.sweep_claim(c bounce.communication) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
  was_begun boolean := false;
BEGIN
  PERFORM bounce_internal.give_back(c.id, NULL);
  FOR r IN SELECT q.* FROM bounce.communication_recipient AS q
           WHERE q.communication_id = c.id AND q.delivery = 'sending' ORDER BY q.id FOR NO KEY UPDATE LOOP
    PERFORM bounce_internal.settle_unknown(c, r, format('worker %s did not settle it before its lease ended', c.worker));
    was_begun := true;
  END LOOP;
  PERFORM bounce_internal.fail_without_content(c);
  PERFORM bounce_internal.finish_communication(c.id, was_begun AND c.attempt_claim_id IS DISTINCT FROM c.claim_id);
  PERFORM bounce_internal.write_log(c.id, NULL, 'swept', format('lease of %s ended at %s', c.worker, to_char(c.lease_expire_time, 'YYYY-MM-DD HH24:MI:SS')));
END
$$;
COMMENT ON FUNCTION bounce_internal.sweep_claim(bounce.communication) IS 'not begun: due again; begun: unknown, and the claim counts as an attempt';
