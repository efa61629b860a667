-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker calls around sending: claim, begin, give back, sweep. Locks are taken
-- in the order of record_report(): communications, recipients, rates, blocks, tasks;
-- communications of a claim never wait for anybody (SKIP LOCKED).

-- Refused for a block -----------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.refuse_blocked(communication_ids bigint[]) RETURNS void
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
    PERFORM bounce.write_log(r.communication_id, r.id, 'refused', format('not sent to %s: the address is blocked', r.address));
    PERFORM bounce.derive_communication(r.communication_id);
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce.refuse_blocked(bigint[]) IS
  'internal: nothing is ever sent to a blocked address, whatever asked for it, but by a process that is block_exempt. When the block is '
  'lifted, requeue_refused() sends it; with the corrected address of the open task it goes there';

-- It never waits: whoever lifts a block may hold the block's row, which others take after the communication.
CREATE OR REPLACE FUNCTION bounce.requeue_refused(address_key text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  requeued integer := 0;
BEGIN
  FOR r IN SELECT q.id, q.communication_id, q.address FROM bounce.communication_recipient AS q
           JOIN bounce.communication AS c ON c.id = q.communication_id
           WHERE q.address_key = requeue_refused.address_key AND q.refused_at IS NOT NULL AND q.attempts < 255
             AND q.refused_at > now() - bounce.parameter_interval('resend_after_block', c.process)
             AND EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = c.id)
           ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED LOOP
    UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now(), tries = 0
    WHERE q.id = r.id AND q.refused_at IS NOT NULL;
    PERFORM bounce.derive_communication(r.communication_id);
    PERFORM bounce.write_log(r.communication_id, r.id, 'requeued', format('%s is blocked no more', r.address));
    requeued := requeued + 1;
  END LOOP;
  RETURN requeued;
END
$$;
COMMENT ON FUNCTION bounce.requeue_refused(text) IS
  'internal: what was refused only for a block that is lifted is due again. What somebody else has just now is left to the sweeper';

-- Claiming ------------------------------------------------------------------------------

-- No JIT: the planner cannot know that the batch is small, and compiling would cost more than the claim.
CREATE OR REPLACE FUNCTION bounce.claim_deliveries(worker text, server text, batch integer) RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET jit = off AS $$
DECLARE
  allowed CONSTANT integer := bounce.may_use_server(server, batch);
  new_claim CONSTANT uuid := gen_random_uuid();
  chosen bigint[];
  due bigint[];
  kept bigint[];
BEGIN
  IF allowed = 0 THEN
    RETURN;
  END IF;
  chosen := CASE WHEN bounce.has_problem(server) THEN bounce.choose_for_probe(allowed, now()) ELSE bounce.choose_communications(allowed, now()) END;
  IF cardinality(chosen) = 0 THEN
    RETURN;
  END IF;
  PERFORM bounce.refuse_blocked(chosen);
  due := ARRAY(SELECT r.id FROM bounce.communication_recipient AS r JOIN unnest(chosen) WITH ORDINALITY AS u (id, place) ON u.id = r.communication_id
               WHERE r.delivery IN ('due', 'pending') AND r.due_at <= now() ORDER BY u.place, r.id);
  kept := bounce.within_rate(due, now());
  -- the recipients first: the communication's state follows from them
  UPDATE bounce.communication_recipient AS r SET delivery = 'claimed' WHERE r.id = ANY (kept);
  UPDATE bounce.communication AS c
  SET delivery_state = 'PROCESSING', claim_id = new_claim, worker = claim_deliveries.worker, start_time = clock_timestamp(), end_time = NULL,
      lease_expire_time = clock_timestamp() + bounce.parameter_interval('delivery_lease')
  WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.id = ANY (kept));
  RETURN QUERY SELECT * FROM bounce.delivery_items(new_claim);
END
$$;
COMMENT ON FUNCTION bounce.claim_deliveries(text, text, integer) IS
  'claims up to batch communications that are due for this worker, under a lease, and returns their SMTP transactions. Nobody else '
  'gets them until they are settled or released, or the lease ends';

CREATE OR REPLACE FUNCTION bounce.delivery_items(claim_id uuid) RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domain CONSTANT text := (bounce.domains(bounce.parameter('bounce_domain')))[1];
  has_tokens CONSTANT boolean := domain IS NOT NULL;
  prefix CONSTANT text := bounce.parameter('return_path_prefix');
  signer CONSTANT bounce.token_signer := CASE WHEN has_tokens THEN bounce.signer_until(now() + bounce.parameter_interval('token_lifetime')) END;
BEGIN
  RETURN QUERY
  SELECT r.claim_id, r.communication_id, r.process, array_agg(r.id ORDER BY r.id), array_agg(r.address ORDER BY r.id), r.attempts + 1,
         CASE WHEN r.null_sender THEN '' WHEN has_tokens THEN prefix || bounce.token_text(signer, min(r.id), r.attempts + 1) || '@' || domain
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
COMMENT ON FUNCTION bounce.delivery_items(uuid) IS
  'internal: the transactions of a claim, in the order in which to send them; the envelope senders are those of bounce.return_path()';

-- Beginning -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.fail_without_content(c bounce.communication) RETURNS void
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
    PERFORM bounce.gather_task('delivery_problem', 'no_content', format('%s (communication %s) was not sent: %s', r.address, c.id, r.response), c, r);
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce.fail_without_content(bounce.communication) IS
  'internal: what was erased while a worker had it has failed, with a task, and is not claimed again and again';

CREATE OR REPLACE FUNCTION bounce.give_back(communication_id bigint, recipient_ids bigint[]) RETURNS void
LANGUAGE sql AS $$
  UPDATE bounce.communication_recipient AS r SET delivery = CASE WHEN r.tries > 0 THEN 'pending' ELSE 'due' END, due_at = now()
  WHERE r.communication_id = give_back.communication_id AND r.delivery = 'claimed'
    AND (recipient_ids IS NULL OR r.id = ANY (recipient_ids));
$$;
COMMENT ON FUNCTION bounce.give_back(bigint, bigint[]) IS 'internal: claimed, not begun: due again. recipient_ids NULL: all';

CREATE OR REPLACE FUNCTION bounce.begin_delivery(claim_id uuid, recipient_ids bigint[]) RETURNS SETOF bounce.delivery_content
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  ready integer;
  attempt integer;
BEGIN
  SELECT k.* INTO c FROM bounce.communication AS k
  WHERE k.id = (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.id = recipient_ids[1])
  FOR NO KEY UPDATE;
  IF c.claim_id IS DISTINCT FROM begin_delivery.claim_id OR c.lease_expire_time IS NULL THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM bounce.communication_recipient AS r
             JOIN bounce.address_block AS b ON b.address_key = r.address_key AND b.lifted_at IS NULL WHERE r.id = ANY (recipient_ids)) THEN
    PERFORM bounce.refuse_blocked(ARRAY[c.id]);
  END IF;
  -- those of one transaction are at the same attempt: delivery_items()
  SELECT count(*), min(r.attempts) + 1 INTO ready, attempt FROM bounce.communication_recipient AS r
  WHERE r.id = ANY (recipient_ids) AND r.delivery IN ('claimed', 'sending');
  IF c.held_at IS NOT NULL OR ready < cardinality(recipient_ids) THEN
    PERFORM bounce.give_back(c.id, recipient_ids);
    PERFORM bounce.finish_communication(c.id);
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS r SET delivery = 'sending', begun_attempt = r.attempts + 1
  WHERE r.id = ANY (recipient_ids);
  IF attempt > 1 OR c.message_id IS NULL THEN
    INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
    VALUES (bounce.message_id_of(c, recipient_ids[1], attempt), c.id, attempt)
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY
  SELECT bounce.message_id_of(c, recipient_ids[1], attempt), c.envelope_id, k.raw, k.body_text, k.body_html,
         coalesce(nullif(k.header_from, ''), c.sender), k.header_to, k.header_cc, k.reply_to, c.subject, k.auto_submitted,
         bounce.attachments_of(c.id)
  FROM bounce.communication_content AS k WHERE k.communication_id = c.id;
  IF NOT FOUND THEN
    PERFORM bounce.fail_without_content(c);
    PERFORM bounce.finish_communication(c.id);
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.begin_delivery(uuid, bigint[]) IS
  'a worker is about to send these recipients of one communication their mail: from here on an end without settling is unknown. '
  'Returns what to send; no row when the claim is lost, the mail is held, or an address was blocked meanwhile: then it must not be '
  'sent, and what was claimed of it is given back. A repeat by the same claim is harmless';

-- Ending a claim --------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce.finish_communication(communication_id bigint, counts boolean DEFAULT false, reply text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  d CONSTANT record := bounce.delivery_standing(communication_id);
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
  SET delivery_state = CASE WHEN d.due_at IS NULL THEN d.ended ELSE bounce.waiting_state('PROCESSING', counts OR c.attempts > 0 OR d.was_tried) END,
      lease_expire_time = NULL, due_at = d.due_at,
      attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
      response = coalesce(reply, c.response), status = coalesce(d.status, c.status),
      error = CASE WHEN d.is_clean THEN '' WHEN d.due_at IS NULL THEN bounce.standing_error(c.id)
                   ELSE coalesce(nullif(bounce.standing_error(c.id), ''), c.error) END
  WHERE c.id = finish_communication.communication_id AND c.delivery_state = 'PROCESSING'
  RETURNING c.delivery_state INTO new_state;
  RETURN new_state;
END
$$;
COMMENT ON FUNCTION bounce.finish_communication(bigint, boolean, text) IS
  'internal: the state after a claim, once none of its recipients is claimed or being sent to; NULL before that. counts: the claim is an '
  'attempt that was not counted yet';

CREATE OR REPLACE FUNCTION bounce.release_claim(claim_id uuid, why text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  released integer := 0;
BEGIN
  FOR c IN SELECT k.* FROM bounce.communication AS k
           WHERE k.claim_id = release_claim.claim_id AND k.lease_expire_time IS NOT NULL ORDER BY k.id FOR NO KEY UPDATE LOOP
    PERFORM bounce.give_back(c.id, NULL);
    IF btrim(why) <> '' THEN
      UPDATE bounce.communication AS k SET error = left(why, 2000) WHERE k.id = c.id;
    END IF;
    released := released + (bounce.finish_communication(c.id) IS NOT NULL)::integer;
  END LOOP;
  RETURN released;
END
$$;
COMMENT ON FUNCTION bounce.release_claim(uuid, text) IS
  'gives back what a claim has not begun: due again, no attempt counted. Returns the communications given back';

CREATE OR REPLACE FUNCTION bounce.sweep_claim(c bounce.communication) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
  was_begun boolean := false;
BEGIN
  PERFORM bounce.give_back(c.id, NULL);
  FOR r IN SELECT q.* FROM bounce.communication_recipient AS q
           WHERE q.communication_id = c.id AND q.delivery = 'sending' ORDER BY q.id FOR NO KEY UPDATE LOOP
    PERFORM bounce.settle_unknown(c, r, format('worker %s did not settle it before its lease ended', c.worker));
    was_begun := true;
  END LOOP;
  PERFORM bounce.fail_without_content(c);
  PERFORM bounce.finish_communication(c.id, was_begun AND c.attempt_claim_id IS DISTINCT FROM c.claim_id);
  PERFORM bounce.write_log(c.id, NULL, 'swept', format('lease of %s ended at %s', c.worker, to_char(c.lease_expire_time, 'YYYY-MM-DD HH24:MI:SS')));
END
$$;
COMMENT ON FUNCTION bounce.sweep_claim(bounce.communication) IS 'internal: not begun: due again; begun: unknown, and the claim counts as an attempt';

CREATE OR REPLACE FUNCTION bounce.sweep_deliveries() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET jit = off AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();     -- with the function itself no index would be used
  c bounce.communication;
  swept integer := 0;
BEGIN
  FOR c IN SELECT k.* FROM bounce.communication AS k
           WHERE k.lease_expire_time < at ORDER BY k.lease_expire_time LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED LOOP
    PERFORM bounce.sweep_claim(c);
    swept := swept + 1;
  END LOOP;
  PERFORM bounce.requeue_refused(q.address_key)
  FROM (SELECT DISTINCT r.address_key FROM bounce.communication_recipient AS r
        WHERE r.refused_at IS NOT NULL AND NOT EXISTS (SELECT FROM bounce.address_block AS b WHERE b.address_key = r.address_key AND b.lifted_at IS NULL)) AS q;
  RETURN swept;
END
$$;
COMMENT ON FUNCTION bounce.sweep_deliveries() IS
  'ends the claims of workers that are gone: what was not begun is due again, what was begun is unknown. Returns how many communications. '
  'Also finds what was refused for a block that is lifted, where lifting it could not';
