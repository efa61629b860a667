-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker calls around sending: claim, begin, give back, sweep. Locks are taken
-- in the order of record_report(): communications, recipients, rates, blocks, tasks;
-- communications of a claim never wait for anybody (SKIP LOCKED).

-- Refused because of a block ---------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.refuse_blocked(communication_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT k.id, k.communication_id, k.address, k.address_key
           FROM bounce.recipient_delivery AS q
           JOIN bounce.communication_recipient AS k ON k.id = q.recipient_id
           JOIN bounce.communication_delivery AS d ON d.communication_id = q.communication_id
           WHERE q.communication_id = ANY (communication_ids)
             AND q.state IN ('due', 'pending', 'claimed')
             AND EXISTS (SELECT FROM bounce.address_block AS b
                         WHERE b.address_key = k.address_key AND b.lifted_at IS NULL)
             AND NOT bounce_internal.is_writable(k.address, d.process)
           ORDER BY k.id FOR NO KEY UPDATE OF k, q LOOP
    PERFORM bounce_internal.fail_recipient(r.id, 'the address is blocked', now());
    UPDATE bounce.communication_recipient AS k SET task_id = t.id
    FROM bounce.task AS t WHERE t.dedup_key = 'hard_bounce:' || r.address_key AND t.status = 'open'
      AND k.id = r.id;
    PERFORM bounce_internal.write_log(r.communication_id, r.id, 'refused',
                                      bounce_internal.say('not sent to %s: the address is blocked',
                                                        r.address));
    PERFORM bounce_internal.derive_communication(r.communication_id);
    PERFORM bounce_internal.add_follow_up('blocked', k, NULL, 'the address is blocked')
    FROM bounce.communication_recipient AS k WHERE k.id = r.id;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.refuse_blocked(bigint[]) IS
  'rejects recipients with blocked addresses, whatever asked for the send, unless the process is '
  'block_exempt. requeue_refused() sends to them when the block is lifted; correcting the address '
  'in the open task sends to the new one';

CREATE OR REPLACE FUNCTION bounce_internal.fail_recipient(
  recipient_id bigint, why text, refused_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET state = 'rejected', due_at = NULL, response = why,
      refused_at = coalesce(fail_recipient.refused_at, q.refused_at)
  WHERE q.recipient_id = fail_recipient.recipient_id;
  UPDATE bounce.communication_recipient AS r
  SET next_attempt_at = NULL, state = CASE r.state WHEN 'bounced' THEN 'bounced' ELSE 'error' END,
      diagnostic = CASE r.state WHEN 'bounced' THEN r.diagnostic ELSE why END
  WHERE r.id = fail_recipient.recipient_id;
END $$;
COMMENT ON FUNCTION bounce_internal.fail_recipient(bigint, text, timestamptz) IS
  'fails a recipient for a reason of our own; a bounce is kept';

CREATE OR REPLACE FUNCTION bounce_internal.refused_for(address_keys text[]) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
  SELECT k.id FROM bounce.communication_recipient AS k
  JOIN bounce.recipient_delivery AS q ON q.recipient_id = k.id
  JOIN bounce.communication AS c ON c.id = k.communication_id
  WHERE k.address_key = ANY (address_keys) AND k.attempts < 255
    AND q.refused_at > now() - bounce_internal.parameter_interval('resend_after_block', c.process)
    AND EXISTS (SELECT FROM bounce.communication_content AS n WHERE n.communication_id = c.id)
$$;
COMMENT ON FUNCTION bounce_internal.refused_for(text[]) IS
  'the recipients at these addresses to whom nothing was sent only because of a block, and to whom '
  'the mail goes out when there is none: not longer ago than resend_after_block';

CREATE OR REPLACE FUNCTION bounce_internal.let_go_of(recipient_ids bigint[]) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT count(*) FROM bounce.recipient_delivery AS q
  WHERE q.recipient_id = ANY (recipient_ids) AND q.refused_at IS NULL
$$;
COMMENT ON FUNCTION bounce_internal.let_go_of(bigint[]) IS
  'to how many of those whom refused_for() named before a block was lifted the mail goes out now';

-- It never waits: whoever lifts a block may hold the block's row, which others take after the
-- communication.
CREATE OR REPLACE FUNCTION bounce_internal.requeue_refused(address_key text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  r record;
  requeued integer := 0;
BEGIN
  FOR r IN SELECT k.id, k.communication_id, k.address
           FROM bounce_internal.refused_for(ARRAY[requeue_refused.address_key]) AS w (id)
           JOIN bounce.communication_recipient AS k ON k.id = w.id
           JOIN bounce.communication AS c ON c.id = k.communication_id
           WHERE NOT bounce_internal.is_blocked(k.address, c.process)
           ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED LOOP
    UPDATE bounce.recipient_delivery AS q SET state = 'due', due_at = now(), tries = 0
    WHERE q.recipient_id = r.id AND q.refused_at IS NOT NULL;
    PERFORM bounce_internal.write_log(r.communication_id, r.id, 'requeued',
                                      bounce_internal.say('%s is blocked no more', r.address));
    PERFORM bounce_internal.close_moot_follow_ups(
      (SELECT array_agg(u.id) FROM bounce.follow_up AS u
       WHERE u.recipient_id = r.id AND u.kind = 'blocked' AND u.status = 'open'));
    requeued := requeued + 1;
  END LOOP;
  RETURN requeued;
END $$;
COMMENT ON FUNCTION bounce_internal.requeue_refused(text) IS
  'makes recipients due that were rejected only because of a block that has ended. Those '
  'locked by another session are left to sweep_deliveries()';

CREATE OR REPLACE FUNCTION bounce_internal.block_lifted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.requeue_refused(OLD.address_key);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.block_lifted() IS
  'sends what was rejected only because of this block';

-- Claiming ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.delivery_items(claim_id uuid)
RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domain CONSTANT text := (bounce_internal.domains(bounce.parameter('bounce_domain')))[1];
  has_tokens CONSTANT boolean := domain IS NOT NULL;
  prefix CONSTANT text := bounce.parameter('return_path_prefix');
  signer CONSTANT bounce_internal.token_signer :=
    CASE WHEN has_tokens
         THEN bounce_internal.signer_until(
             now() + bounce_internal.parameter_interval('token_lifetime')) END;
  -- by process: read once for each, not for each mail
  asks_success CONSTANT jsonb := (
    SELECT jsonb_object_agg(p.name, bounce_internal.policy_of(p.name) -> 'report_delivered')
    FROM (SELECT DISTINCT d.process AS name FROM bounce.communication_delivery AS d
          WHERE d.claim_id = delivery_items.claim_id AND d.state = 'PROCESSING') AS p);
BEGIN
  RETURN QUERY
  SELECT delivery_items.claim_id, r.communication_id, r.process, array_agg(r.id ORDER BY r.id),
         array_agg(r.address ORDER BY r.id),
         r.attempts + 1,
         CASE WHEN r.null_sender THEN ''
              WHEN has_tokens THEN prefix
                || bounce_internal.token_text(signer, min(r.id), r.attempts + 1) || '@' || domain
              ELSE r.sender END, r.envelope_id, r.bytes, max(r.response),
         (asks_success ->> r.process)::boolean AND max(r.simulates) = '',
         max(r.simulates)
  FROM (SELECT d.communication_id, d.process, d.priority, d.due_at, d.urgent_at, c.sender,
               c.envelope_id, k.null_sender, k.bytes,
               a.id, a.address, a.attempts,
               CASE WHEN q.tries > 0 THEN q.response ELSE '' END AS response,
               CASE WHEN has_tokens AND NOT k.null_sender
                    THEN bounce_internal.simulates(a.address_key, d.process)
                    ELSE '' END AS simulates,
               CASE WHEN has_tokens AND NOT k.null_sender THEN a.id
                    -- RFC 5321 section 4.5.3.1.8: so many are taken everywhere
                    ELSE (row_number() OVER (PARTITION BY d.communication_id, a.attempts
                                             ORDER BY a.id) - 1) / 100 END AS part
        FROM bounce.communication_delivery AS d
        JOIN bounce.communication AS c ON c.id = d.communication_id
        JOIN bounce.communication_content AS k ON k.communication_id = d.communication_id
        JOIN bounce.recipient_delivery AS q ON q.communication_id = d.communication_id
          AND q.state = 'claimed'
        JOIN bounce.communication_recipient AS a ON a.id = q.recipient_id
        WHERE d.claim_id = delivery_items.claim_id AND d.state = 'PROCESSING') AS r
  GROUP BY r.communication_id, r.process, r.sender, r.envelope_id, r.priority, r.due_at,
    r.urgent_at, r.null_sender, r.bytes, r.attempts, r.part
  ORDER BY r.urgent_at, r.priority DESC,
    row_number() OVER (PARTITION BY r.process ORDER BY r.priority DESC, r.due_at,
                       r.communication_id),
           r.communication_id, min(r.id);
END $$;
COMMENT ON FUNCTION bounce_internal.delivery_items(uuid) IS
  'the SMTP transactions of a claim in the order of sending; the envelope senders are those of '
  'bounce.return_path()';

CREATE OR REPLACE FUNCTION bounce_internal.claim_chosen(
  worker text, chosen bigint[], is_urgent boolean) RETURNS SETOF bounce.delivery_item
LANGUAGE plpgsql AS $$
DECLARE
  new_claim CONSTANT uuid := gen_random_uuid();
  lease CONSTANT interval := bounce_internal.parameter_interval('delivery_lease');
  due bigint[];
BEGIN
  PERFORM bounce_internal.refuse_blocked(chosen);
  due := ARRAY(SELECT q.recipient_id FROM unnest(chosen) WITH ORDINALITY AS u (id, place)
               JOIN bounce.recipient_delivery AS q ON q.communication_id = u.id
               WHERE q.state IN ('due', 'pending') AND q.due_at <= now()
               ORDER BY u.place, q.recipient_id);
  IF NOT is_urgent THEN
    due := bounce_internal.within_rate(due, now());
  END IF;
  -- the recipients first: the state of the delivery follows from them
  UPDATE bounce.recipient_delivery AS q SET state = 'claimed' WHERE q.recipient_id = ANY (due);
  UPDATE bounce.communication_delivery AS d
  SET state = 'PROCESSING', claim_id = new_claim, worker = claim_chosen.worker,
      start_time = clock_timestamp(),
      end_time = NULL, lease_expire_time = clock_timestamp() + lease
  WHERE d.communication_id IN (SELECT q.communication_id FROM bounce.recipient_delivery AS q
                               WHERE q.recipient_id = ANY (due));
  RETURN QUERY SELECT * FROM bounce_internal.delivery_items(new_claim);
END $$;
COMMENT ON FUNCTION bounce_internal.claim_chosen(text, bigint[], boolean) IS
  'claims what is due of these communications, which are locked, within the rates unless it is '
  'urgent; returns its transactions';

CREATE OR REPLACE FUNCTION bounce_internal.delivery_attempts(communication_id bigint, states text[])
RETURNS SETOF bounce_internal.delivery_attempt
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY
  SELECT r.communication_id, c.process, r.id, r.address, coalesce(q.begun_attempt, r.attempts + 1),
         r.attempts, q.tries
  FROM bounce.recipient_delivery AS q
  JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
  JOIN bounce.communication AS c ON c.id = q.communication_id
  WHERE q.communication_id = delivery_attempts.communication_id AND q.state = ANY (states)
  ORDER BY r.id FOR NO KEY UPDATE OF r, q;
END $$;
COMMENT ON FUNCTION bounce_internal.delivery_attempts(bigint, text[]) IS
  'locks and returns the recipients of a delivery that are in one of these states';

-- plpgsql keeps its plan; it is asked for every mail.
CREATE OR REPLACE FUNCTION bounce_internal.attachments_of(communication_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT jsonb_agg(jsonb_build_object('filename', a.filename, 'content_type',
                                              a.content_type, 'content_id', a.content_id,
                                              'content', encode(a.content, 'base64'))
                                                ORDER BY a.place)
          FROM bounce.communication_attachment AS a
          WHERE a.communication_id = attachments_of.communication_id);
END $$;
COMMENT ON FUNCTION bounce_internal.attachments_of(bigint) IS
  '[{filename, content_type, content_id, content (base64)}] in their order; NULL when there are '
  'none';

CREATE OR REPLACE FUNCTION bounce_internal.fail_without_content(communication_id bigint)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  why CONSTANT text := 'there is no content to send any more';
  a bounce_internal.delivery_attempt;
BEGIN
  IF EXISTS (SELECT FROM bounce.communication_content AS k
             WHERE k.communication_id = fail_without_content.communication_id) THEN
    RETURN;
  END IF;
  PERFORM bounce_internal.settle_noted(ARRAY[communication_id]);
  FOR a IN SELECT * FROM bounce_internal.delivery_attempts(communication_id,
                                                           '{due,pending,claimed,sending}') LOOP
    PERFORM bounce_internal.fail_recipient(a.recipient_id, why);
    PERFORM bounce_internal.add_to_task('delivery_problem', 'no_content',
      bounce_internal.say('%s (communication %s) was not sent: %w', a.address,
                          a.communication_id::text, why), a);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.fail_without_content(bigint) IS
  'fails a mail whose content was erased while a worker had it, with a task, so that it is not '
  'claimed forever';

-- In SQL, so that it becomes a part of the statement that asks.
CREATE OR REPLACE FUNCTION bounce_internal.content_of(communication_id bigint, message_id text)
RETURNS SETOF bounce.delivery_content
LANGUAGE sql STABLE AS $$
  SELECT content_of.message_id, c.envelope_id, k.raw, k.body_text, k.body_html,
         coalesce(nullif(k.header_from, ''), c.sender),
         k.header_to, k.header_cc, k.reply_to, c.subject, k.auto_submitted,
         CASE WHEN EXISTS (SELECT FROM bounce.communication_attachment AS a
                           WHERE a.communication_id = c.id)
              THEN bounce_internal.attachments_of(c.id) END, k.notice
  FROM bounce.communication AS c
  JOIN bounce.communication_content AS k ON k.communication_id = c.id
  WHERE c.id = content_of.communication_id
$$;
COMMENT ON FUNCTION bounce_internal.content_of(bigint, text) IS
  'what a send with this Message-ID consists of; no row when it was erased';

CREATE OR REPLACE FUNCTION bounce_internal.content_to_send(
  communication_id bigint, recipient_id bigint, attempt integer)
  RETURNS bounce.delivery_content
LANGUAGE plpgsql AS $$
DECLARE
  content bounce.delivery_content;
BEGIN
  SELECT k.* INTO content FROM bounce.communication AS c
  CROSS JOIN LATERAL bounce_internal.content_of(
    c.id, bounce_internal.message_id_of(c, content_to_send.recipient_id,
                                        content_to_send.attempt)) AS k
  WHERE c.id = content_to_send.communication_id;
  INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
  SELECT content.message_id, c.id, content_to_send.attempt FROM bounce.communication AS c
  WHERE c.id = content_to_send.communication_id AND c.message_id IS DISTINCT FROM content.message_id
    AND content.message_id IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN content;
END $$;
COMMENT ON FUNCTION bounce_internal.content_to_send(bigint, bigint, integer) IS
  'the content of one send, whose Message-ID is remembered; all NULL when it was erased';

-- Called for each mail, by assignment: PERFORM would start an executor for the call alone.
CREATE OR REPLACE FUNCTION bounce_internal.begin_transaction(claim_id uuid, recipient_ids bigint[])
RETURNS bounce.delivery_content
LANGUAGE plpgsql AS $$
DECLARE
  d CONSTANT bounce.communication_delivery := bounce_internal.lock_claim(claim_id,
      recipient_ids[1]);
  ready integer;
  attempt integer;
  is_blocked boolean;
  content bounce.delivery_content;
  now_sent CONSTANT timestamptz := clock_timestamp();    -- once: the first try is also the last
BEGIN
  IF d.state IS DISTINCT FROM 'PROCESSING' THEN
    RETURN NULL;
  END IF;
  -- those of one transaction are at the same attempt: delivery_items()
  SELECT count(*), min(k.attempts) + 1, bool_or(k.is_blocked) INTO ready, attempt, is_blocked
  FROM unnest(recipient_ids) AS u (id)
  CROSS JOIN LATERAL (
    SELECT r.attempts, EXISTS (SELECT FROM bounce.address_block AS b
                               WHERE b.address_key = r.address_key AND b.lifted_at IS NULL)
             AS is_blocked
    FROM bounce.recipient_delivery AS q
    JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
    WHERE q.recipient_id = u.id AND q.state IN ('claimed', 'sending') AND q.accepted_at IS NULL
    OFFSET 0) AS k;     -- each by its key, whatever the plan was made for
  IF is_blocked THEN
    PERFORM bounce_internal.refuse_blocked(ARRAY[d.communication_id]);
    ready := (SELECT count(*) FROM bounce.recipient_delivery AS q
              WHERE q.recipient_id = ANY (recipient_ids) AND q.state IN ('claimed', 'sending')
                AND q.accepted_at IS NULL);
  END IF;
  IF d.held_at IS NOT NULL OR ready < cardinality(recipient_ids) THEN
    PERFORM bounce_internal.return_to_queue(d.communication_id, recipient_ids);
    PERFORM bounce_internal.finish_communications(ARRAY[d.communication_id]);
    RETURN NULL;
  END IF;
  UPDATE bounce.recipient_delivery AS q SET state = 'sending', begun_attempt = attempt,
    first_try_at = coalesce(q.first_try_at, now_sent), last_try_at = now_sent
  WHERE q.recipient_id = ANY (recipient_ids);
  content := bounce_internal.content_to_send(d.communication_id, recipient_ids[1], attempt);
  IF content.message_id IS NULL THEN
    PERFORM bounce_internal.fail_without_content(d.communication_id);
    PERFORM bounce_internal.finish_communications(ARRAY[d.communication_id]);
  END IF;
  RETURN content;
END $$;
COMMENT ON FUNCTION bounce_internal.begin_transaction(uuid, bigint[]) IS
  'begin_delivery(): what to send, or all NULL';

-- Ending a claim ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.finish_communications(
  communication_ids bigint[], counts boolean DEFAULT false, replies text[] DEFAULT NULL)
RETURNS TABLE (communication_id bigint, state text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  e record;
BEGIN
  -- before the state: what the application says of a mail ends with its claim
  UPDATE bounce.communication AS c SET status = n.status
  FROM (SELECT t.communication_id AS id,
               CASE WHEN t.has_bounced THEN 'bounced' WHEN t.has_failed THEN 'error'
                    WHEN t.none_open THEN 'sent' END AS status
        FROM bounce_internal.recipient_totals(communication_ids) AS t WHERE NOT t.in_claim) AS n
  WHERE c.id = n.id AND c.status <> n.status;
  FOR e IN
    UPDATE bounce.communication_delivery AS d
    SET state = CASE WHEN t.in_claim THEN d.state WHEN t.due_at IS NULL THEN t.ended
                     ELSE bounce_internal.waiting_state('PROCESSING', counts OR d.attempts > 0
                                                        OR t.was_tried) END,
        lease_expire_time = CASE WHEN t.in_claim THEN d.lease_expire_time END,
        due_at = CASE WHEN t.in_claim THEN d.due_at ELSE t.due_at END,
        attempts = d.attempts
                   + (counts AND d.attempt_claim_id IS DISTINCT FROM d.claim_id)::integer,
        attempt_claim_id = CASE WHEN counts THEN d.claim_id ELSE d.attempt_claim_id END,
        -- looked up: a join would compare each with each
        response = coalesce(replies[array_position(communication_ids, d.communication_id)],
                            d.response),
        error = CASE WHEN t.in_claim THEN d.error WHEN t.all_accepted THEN ''
                     WHEN t.due_at IS NULL THEN bounce_internal.summary_error(d.communication_id)
                     ELSE coalesce(nullif(bounce_internal.summary_error(d.communication_id), ''),
                                   d.error) END
    FROM bounce_internal.recipient_totals(communication_ids) AS t
    WHERE d.communication_id = t.communication_id
      AND CASE WHEN t.in_claim
               THEN counts OR replies[array_position(communication_ids,
                                                     d.communication_id)] IS NOT NULL
               ELSE d.state = 'PROCESSING' END
    RETURNING d.communication_id, d.state, t.in_claim, t.has_bounced, t.all_accepted
  LOOP
    IF e.has_bounced OR NOT e.all_accepted THEN
      PERFORM bounce_internal.tell_end(e.communication_id, e.state);
    END IF;
    IF NOT e.in_claim THEN
      communication_id := e.communication_id;
      state := e.state;
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.finish_communications(bigint[], boolean, text[]) IS
  'the states after a claim of those of which no recipient is claimed or being sent to any more; '
  'returns them. counts: whether the claim is an attempt, which counts once; replies: of each, '
  'NULL: none';

CREATE OR REPLACE FUNCTION bounce_internal.return_to_queue(
  communication_id bigint, recipient_ids bigint[]) RETURNS void
LANGUAGE sql AS $$
  UPDATE bounce.recipient_delivery AS q
  SET state = CASE WHEN q.tries > 0 THEN 'pending' ELSE 'due' END, due_at = now()
  WHERE q.communication_id = return_to_queue.communication_id AND q.state = 'claimed'
    AND (recipient_ids IS NULL OR q.recipient_id = ANY (recipient_ids));
$$;
COMMENT ON FUNCTION bounce_internal.return_to_queue(bigint, bigint[]) IS
  'makes claimed recipients due again that were not begun. recipient_ids NULL: all';

CREATE OR REPLACE FUNCTION bounce_internal.lock_claim(claim_id uuid, recipient_id bigint)
RETURNS bounce.communication_delivery
LANGUAGE plpgsql AS $$
DECLARE
  d bounce.communication_delivery;
BEGIN
  SELECT k.* INTO d FROM bounce.communication AS c
  JOIN bounce.communication_delivery AS k ON k.communication_id = c.id
  WHERE c.id = (SELECT q.communication_id FROM bounce.recipient_delivery AS q
                WHERE q.recipient_id = lock_claim.recipient_id)
    AND k.claim_id = lock_claim.claim_id
  FOR NO KEY UPDATE;
  RETURN d;
END $$;
COMMENT ON FUNCTION bounce_internal.lock_claim(uuid, bigint) IS
  'the delivery of this recipient, locked, if this claim was the last one; else NULL';

CREATE OR REPLACE FUNCTION bounce_internal.sweep_claim(d bounce.communication_delivery) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  a bounce_internal.delivery_attempt;
  was_begun boolean := false;
BEGIN
  PERFORM bounce_internal.settle_noted(ARRAY[d.communication_id]);
  PERFORM bounce_internal.return_to_queue(d.communication_id, NULL);
  FOR a IN SELECT * FROM bounce_internal.delivery_attempts(d.communication_id, '{sending}') LOOP
    PERFORM bounce_internal.settle_unknown(a,
      bounce_internal.say('worker %s did not settle it before its lease ended', d.worker));
    was_begun := true;
  END LOOP;
  PERFORM bounce_internal.fail_without_content(d.communication_id);
  PERFORM bounce_internal.finish_communications(ARRAY[d.communication_id], was_begun);
  PERFORM bounce_internal.write_log(d.communication_id, NULL, 'swept',
    bounce_internal.say('lease of %s ended at %t', d.worker,
                        to_char(d.lease_expire_time, 'YYYY-MM-DD HH24:MI:SS')));
END $$;
COMMENT ON FUNCTION bounce_internal.sweep_claim(bounce.communication_delivery) IS
  'what was not begun is due again; what was begun is unknown unless it was noted, and the claim '
  'counts as an attempt';
