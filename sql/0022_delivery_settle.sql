-- SPDX-License-Identifier: BSD-2-Clause
--
-- The outcome of each recipient, and what follows: a refusal for good goes through
-- the same findings and the same policy as a bounce that came back by mail.

-- Beginning -------------------------------------------------------------------------

CREATE FUNCTION bounce.message_id_of(c bounce.communication, recipient_id bigint, attempt integer) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN attempt = 1 AND c.message_id IS NOT NULL THEN c.message_id
              ELSE format('%s.%s.%s@%s', c.envelope_id, recipient_id, attempt, coalesce(nullif(bounce.address_domain(c.sender), ''), 'localhost')) END;
$$;
COMMENT ON FUNCTION bounce.message_id_of(bounce.communication, bigint, integer) IS
  'internal: the Message-ID of one send: that of the communication the first time, a fresh one for each resend';

CREATE TYPE bounce.delivery_content AS (
  message_id     text,
  envelope_id    text,
  raw            bytea,
  body_text      text,
  body_html      text,
  header_from    text,
  header_to      text[],
  header_cc      text[],
  reply_to       text,
  subject        text,
  auto_submitted text,
  attachments    jsonb
);

CREATE FUNCTION bounce.attachments_of(communication_id bigint) RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT jsonb_agg(jsonb_build_object('filename', a.filename, 'content_type', a.content_type, 'content_id', a.content_id,
                                      'content', encode(a.content, 'base64')) ORDER BY a.place)
  FROM bounce.communication_attachment AS a WHERE a.communication_id = attachments_of.communication_id;
END;

CREATE FUNCTION bounce.begin_delivery(claim_id uuid, recipient_ids bigint[]) RETURNS SETOF bounce.delivery_content
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  begun bounce.communication_recipient;
BEGIN
  SELECT k.* INTO c FROM bounce.communication AS k
  WHERE k.id = (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.id = recipient_ids[1])
  FOR NO KEY UPDATE;
  IF c.claim_id IS DISTINCT FROM begin_delivery.claim_id OR c.lease_expire_time IS NULL OR c.held_at IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM bounce.refuse_blocked(ARRAY[c.id]);
  IF (SELECT count(*) FROM bounce.communication_recipient AS r
      WHERE r.id = ANY (recipient_ids) AND r.delivery IN ('claimed', 'sending')) < cardinality(recipient_ids) THEN
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS r SET delivery = 'sending', begun_attempt = r.attempts + 1
  WHERE r.id = ANY (recipient_ids);
  SELECT r.* INTO begun FROM bounce.communication_recipient AS r WHERE r.id = recipient_ids[1];
  IF begun.begun_attempt > 1 OR c.message_id IS NULL THEN
    INSERT INTO bounce.communication_message_id (message_id, communication_id, attempt)
    VALUES (bounce.message_id_of(c, begun.id, begun.begun_attempt), c.id, begun.begun_attempt)
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY
  SELECT bounce.message_id_of(c, begun.id, begun.begun_attempt), c.envelope_id, k.raw, k.body_text, k.body_html,
         coalesce(nullif(k.header_from, ''), c.sender), k.header_to, k.header_cc, k.reply_to, c.subject, k.auto_submitted,
         bounce.attachments_of(c.id)
  FROM bounce.communication_content AS k WHERE k.communication_id = c.id;
END
$$;
COMMENT ON FUNCTION bounce.begin_delivery(uuid, bigint[]) IS
  'a worker is about to send these recipients of one communication their mail: from here on an end without settling is unknown. '
  'Returns what to send; no row when the claim is lost, the mail is held, or an address was blocked meanwhile: then it must not be '
  'sent. A repeat by the same claim is harmless';

-- Outcomes --------------------------------------------------------------------------

CREATE FUNCTION bounce.gather_task(task_kind text, key text, task_summary text, c bounce.communication, r bounce.communication_recipient) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  made bigint;
BEGIN
  INSERT INTO bounce.task AS t (kind, dedup_key, summary, process, communication_id, recipient_id, address, domain, reason)
  VALUES (task_kind, task_kind || ':' || key, task_summary, c.process, c.id, r.id, r.address_key, bounce.address_domain(r.address), key)
  ON CONFLICT (dedup_key) WHERE status = 'open' DO UPDATE
  SET count = t.count + 1, last_seen_at = now(), summary = excluded.summary, communication_id = excluded.communication_id,
      recipient_id = excluded.recipient_id
  RETURNING t.id INTO made;
  UPDATE bounce.communication_recipient AS q SET task_id = made WHERE q.id = r.id;
  PERFORM bounce.write_log(c.id, r.id, 'task', format('task %s %s: %s', task_kind, made, task_summary));
  RETURN made;
END
$$;
COMMENT ON FUNCTION bounce.gather_task(text, text, text, bounce.communication, bounce.communication_recipient) IS
  'internal: a task of the queue itself, where no bounce stands behind it';

CREATE FUNCTION bounce.settle_accepted(c bounce.communication, r bounce.communication_recipient, reply text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  attempt CONSTANT integer := coalesce(r.begun_attempt, r.attempts + 1);
BEGIN
  IF r.attempts >= attempt THEN
    -- its bounce was faster than we: the later news stands
    UPDATE bounce.communication_recipient AS q
    SET delivery = CASE WHEN q.next_attempt_at IS NULL THEN 'accepted' ELSE 'due' END, due_at = q.next_attempt_at, response = reply
    WHERE q.id = r.id;
  ELSE
    UPDATE bounce.communication_recipient AS q
    SET delivery = 'accepted', due_at = NULL, tries = q.tries + 1, response = reply,
        state = 'sent', attempts = attempt, last_attempt_at = now(), next_attempt_at = NULL,
        class = NULL, reason = '', status_code = '', diagnostic = '', bounced_at = NULL, bounce_id = NULL
    WHERE q.id = r.id;
  END IF;
  PERFORM bounce.write_log(c.id, r.id, CASE WHEN attempt > 1 THEN 'resent' ELSE 'sent' END, format('send %s to %s: %s', attempt, r.address, reply));
END
$$;
COMMENT ON FUNCTION bounce.settle_accepted(bounce.communication, bounce.communication_recipient, text) IS
  'internal: the server has taken it: the send counts, and what an earlier one left behind is over';

CREATE FUNCTION bounce.settle_unknown(c bounce.communication, r bounce.communication_recipient, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  attempt CONSTANT integer := coalesce(r.begun_attempt, r.attempts + 1);
  again CONSTANT boolean := bounce.parameter('delivery_unknown', c.process) = 'retry'
                            AND r.tries + 1 < bounce.parameter_integer('retry_max_attempts', c.process);
BEGIN
  IF r.attempts >= attempt THEN
    PERFORM bounce.settle_accepted(c, r, 'it bounced, so it was taken');
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS q
  SET delivery = 'unknown', due_at = NULL, tries = q.tries + 1, state = 'error', attempts = attempt, last_attempt_at = now(),
      next_attempt_at = NULL, class = NULL, reason = '', status_code = '', bounced_at = NULL, bounce_id = NULL,
      diagnostic = 'outcome unknown: ' || why, response = ''
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: outcome unknown: %s', r.address, why) WHERE k.id = c.id;
  PERFORM bounce.write_log(c.id, r.id, 'unknown', format('send %s to %s, outcome unknown: %s', attempt, r.address, why));
  IF again THEN
    UPDATE bounce.communication_recipient AS q
    SET delivery = 'due', due_at = now() + bounce.retry_delay(c.process, r.tries + 1, '', 2 * random() - 1) WHERE q.id = r.id;
  ELSE
    PERFORM bounce.gather_task('delivery_problem', 'unknown', format('%s (communication %s) may or may not have been sent: %s. '
      'Set delivery_state to RETRY to send it again', r.address, c.id, why), c, r);
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.settle_unknown(bounce.communication, bounce.communication_recipient, text) IS
  'internal: the final reply was not heard. It counts as a send, because it may have gone out; it is not sent again unless a person, '
  'or the parameter delivery_unknown, says so';

CREATE FUNCTION bounce.finding_of(c bounce.communication, r bounce.communication_recipient, document jsonb) RETURNS bounce.finding
LANGUAGE plpgsql AS $$
DECLARE
  f bounce.finding;
BEGIN
  SELECT * INTO STRICT f FROM bounce.read_findings(document) LIMIT 1;
  IF f.class = 'unclassified' OR f.is_notice THEN
    f.reason := 'recipient_refused';
    f.action := 'failed';
    f := bounce.classify(f, 'dsn');
  END IF;
  f.communication_id := c.id;
  f.recipient_id := r.id;
  f.process := c.process;
  f.address := r.address_key;
  f.attempt := coalesce(r.begun_attempt, r.attempts + 1);
  f.attempt := greatest(f.attempt, r.attempts);
  f.matched_by := 'communication_id';
  f.trust := 'token';     -- we asked and were answered ourselves: nothing can be surer
  f.bounce_id := nextval('bounce.bounce_id_seq');
  RETURN f;
END
$$;
COMMENT ON FUNCTION bounce.finding_of(bounce.communication, bounce.communication_recipient, jsonb) IS
  'internal: the server''s refusal as a finding; one that nobody can classify is a refused recipient, because it did not arrive';

CREATE FUNCTION bounce.store_refusal(f bounce.finding, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  message_id CONSTANT bigint := nextval('bounce.bounce_message_id_seq');
BEGIN
  PERFORM bounce.store_message((message_id, 'discard', false, NULL, f.class, f.reason)::bounce.outcome,
                               bounce.complete_document(document, NULL), NULL);
  PERFORM bounce.store_bounces(message_id, ARRAY[f]);
END
$$;
COMMENT ON FUNCTION bounce.store_refusal(bounce.finding, jsonb) IS 'internal: kept like any other bounce, source delivery';

CREATE FUNCTION bounce.settle_rejected(c bounce.communication, r bounce.communication_recipient, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  f bounce.finding := bounce.finding_of(c, r, document);
BEGIN
  UPDATE bounce.communication_recipient AS q SET delivery = 'rejected', due_at = NULL, tries = q.tries + 1, response = reply
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: %s', r.address, reply) WHERE k.id = c.id;
  f := (bounce.follow_all(ARRAY[f]))[1];
  PERFORM bounce.store_refusal(f, document);
  PERFORM bounce.write_notice(c, r.id);
END
$$;
COMMENT ON FUNCTION bounce.settle_rejected(bounce.communication, bounce.communication_recipient, text, jsonb) IS
  'internal: refused for good: the policy decides as for a bounce (hard: block and task; technical: gathered task; soft: resend)';

CREATE FUNCTION bounce.settle_exhausted(c bounce.communication, r bounce.communication_recipient, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  f bounce.finding := bounce.finding_of(c, r, document);
BEGIN
  UPDATE bounce.communication_recipient AS q SET delivery = 'rejected', due_at = NULL, next_attempt_at = NULL, tries = q.tries + 1, response = reply
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: given up after %s tries: %s', r.address, r.tries + 1, reply) WHERE k.id = c.id;
  PERFORM bounce.move_recipient(f);
  f := bounce.step(f, 'bounced', format('given up after %s tries', r.tries + 1));
  f := bounce.wish_task(f, 'resend_exhausted', r.id::text,
         format('%s is not tried again, %s tries were made: %s', f.address, r.tries + 1, bounce.describe(f)));
  f := bounce.make_task(f);
  PERFORM bounce.store_refusal(f, document);
  PERFORM bounce.write_notice(c, r.id);
END
$$;
COMMENT ON FUNCTION bounce.settle_exhausted(bounce.communication, bounce.communication_recipient, text, jsonb) IS
  'internal: refused for now for the last time: failed, and a task resend_exhausted';

CREATE FUNCTION bounce.settle_pending(c bounce.communication, r bounce.communication_recipient, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  due timestamptz;
BEGIN
  IF r.tries + 1 >= bounce.parameter_integer('retry_max_attempts', c.process) THEN
    PERFORM bounce.settle_exhausted(c, r, reply, document);
    RETURN;
  END IF;
  due := now() + bounce.retry_delay(c.process, r.tries + 1, reply, 2 * random() - 1);
  UPDATE bounce.communication_recipient AS q
  SET delivery = 'pending', due_at = due, tries = q.tries + 1, response = reply,
      next_attempt_at = CASE WHEN q.state = 'bounced' AND q.class = 'soft' THEN due END
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: %s', r.address, reply) WHERE k.id = c.id;
  PERFORM bounce.write_log(c.id, r.id, 'deferred', format('try %s of %s to %s, next at %s: %s', r.tries + 1,
    bounce.parameter_integer('retry_max_attempts', c.process), r.address, to_char(due, 'YYYY-MM-DD HH24:MI:SS'), reply));
END
$$;
COMMENT ON FUNCTION bounce.settle_pending(bounce.communication, bounce.communication_recipient, text, jsonb) IS
  'internal: refused for now: this recipient alone is tried again later';

CREATE FUNCTION bounce.settle_recipient(c bounce.communication, r bounce.communication_recipient, outcome text, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  CASE outcome
    WHEN 'accepted' THEN PERFORM bounce.settle_accepted(c, r, reply);
    WHEN 'rejected' THEN PERFORM bounce.settle_rejected(c, r, reply, document);
    WHEN 'pending'  THEN PERFORM bounce.settle_pending(c, r, reply, document);
    WHEN 'unknown'  THEN PERFORM bounce.settle_unknown(c, r, reply);
    WHEN 'released' THEN
      UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now() WHERE q.id = r.id;
  END CASE;
END
$$;
COMMENT ON FUNCTION bounce.settle_recipient(bounce.communication, bounce.communication_recipient, text, text, jsonb) IS
  'internal: the five outcomes; released: nothing of it was sent, and it was not its fault';

CREATE FUNCTION bounce.settle_delivery(claim_id uuid, server text, outcomes jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  c bounce.communication;
  r bounce.communication_recipient;
  o record;
BEGIN
  SELECT k.* INTO c FROM bounce.communication AS k
  WHERE k.id = (SELECT q.communication_id FROM bounce.communication_recipient AS q WHERE q.id = (outcomes -> 0 ->> 'recipient_id')::bigint)
  FOR NO KEY UPDATE;
  IF c.claim_id IS DISTINCT FROM settle_delivery.claim_id OR c.lease_expire_time IS NULL THEN
    RETURN 'lost';
  END IF;
  FOR o IN SELECT x.* FROM jsonb_to_recordset(outcomes) AS x (recipient_id bigint, outcome text, response text, document jsonb)
           ORDER BY x.recipient_id LOOP
    SELECT q.* INTO r FROM bounce.communication_recipient AS q WHERE q.id = o.recipient_id AND q.communication_id = c.id FOR NO KEY UPDATE;
    IF r.delivery IN ('claimed', 'sending') THEN
      PERFORM bounce.settle_recipient(c, r, o.outcome, left(coalesce(o.response, ''), 2000), coalesce(o.document, '{}'));
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM jsonb_array_elements(outcomes) AS e WHERE e.value ->> 'outcome' IN ('accepted', 'rejected', 'pending')) THEN
    PERFORM bounce.server_works(server);
  END IF;
  RETURN coalesce(CASE WHEN outcomes -> 0 ->> 'outcome' = 'released' THEN bounce.finish_communication(c.id)
                       ELSE bounce.finish_communication(c.id, c.attempt_claim_id IS DISTINCT FROM settle_delivery.claim_id,
                                                        left(outcomes -> 0 ->> 'response', 2000)) END, 'PROCESSING');
END
$$;
COMMENT ON FUNCTION bounce.settle_delivery(uuid, text, jsonb) IS
  'a worker tells what became of one transaction: [{recipient_id, outcome, response, document}], all of one communication; outcome '
  'accepted, rejected, pending, unknown or released; document: the classifier''s, for the middle two. Returns the communication''s '
  'state, or "lost" when the lease had ended and the sweeper was here. A repeat is harmless';

CREATE FUNCTION bounce.settle_and_begin(settled_claim uuid, server text, outcomes jsonb, begun_claim uuid, begun_recipients bigint[])
RETURNS SETOF bounce.delivery_content
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF settled_claim IS NOT NULL THEN
    PERFORM bounce.settle_delivery(settled_claim, server, outcomes);
  END IF;
  IF begun_claim IS NOT NULL THEN
    RETURN QUERY SELECT * FROM bounce.begin_delivery(begun_claim, begun_recipients);
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.settle_and_begin(uuid, text, jsonb, uuid, bigint[]) IS
  'settles one transaction and begins the next in one statement: one commit for each message. Either half may be NULL';
