-- SPDX-License-Identifier: BSD-2-Clause
--
-- Beginning, settling and ending a claim: what a worker calls for each mail. Their
-- statements are the same for every mail, and so are their plans (plan_cache_mode):
-- an array of ids would otherwise be planned anew each time.

CREATE OR REPLACE FUNCTION bounce.begin_delivery(claim_id uuid, recipient_ids bigint[]) RETURNS SETOF bounce.delivery_content
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET plan_cache_mode = force_generic_plan AS $$
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
         (SELECT jsonb_agg(jsonb_build_object('filename', a.filename, 'content_type', a.content_type, 'content_id', a.content_id,
                                              'content', encode(a.content, 'base64')) ORDER BY a.place)
          FROM bounce.communication_attachment AS a WHERE a.communication_id = c.id)
  FROM bounce.communication_content AS k WHERE k.communication_id = c.id;
END
$$;
COMMENT ON FUNCTION bounce.begin_delivery(uuid, bigint[]) IS
  'a worker is about to send these recipients of one communication their mail: from here on an end without settling is unknown. '
  'Returns what to send; no row when the claim is lost, the mail is held, or an address was blocked meanwhile: then it must not be '
  'sent. A repeat by the same claim is harmless';

CREATE OR REPLACE FUNCTION bounce.settle_accepted(c bounce.communication, r bounce.communication_recipient, reply text) RETURNS void
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

CREATE OR REPLACE FUNCTION bounce.settle_delivery(claim_id uuid, server text, outcomes jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  c bounce.communication;
  r bounce.communication_recipient;
  o record;
  has_answered boolean := false;
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
    has_answered := has_answered OR o.outcome IN ('accepted', 'rejected', 'pending');
  END LOOP;
  IF has_answered THEN
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

CREATE OR REPLACE FUNCTION bounce.settle_and_begin(settled_claim uuid, server text, outcomes jsonb, begun_claim uuid, begun_recipients bigint[])
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

CREATE OR REPLACE FUNCTION bounce.finish_communication(communication_id bigint, counts boolean DEFAULT false, reply text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  is_open CONSTANT boolean := EXISTS (
    SELECT FROM bounce.communication_recipient AS r
    WHERE r.communication_id = finish_communication.communication_id AND r.delivery IN ('claimed', 'sending'));
  new_state text;
BEGIN
  UPDATE bounce.communication AS c
  SET delivery_state = d.state, lease_expire_time = NULL, due_at = d.due_at,
      attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
      response = coalesce(reply, c.response),
      status = CASE WHEN d.bounced THEN 'bounced' WHEN d.error THEN 'error' WHEN d.sent THEN 'sent' ELSE c.status END,
      error = CASE WHEN d.is_clean THEN '' ELSE c.error END
  FROM (SELECT CASE WHEN bool_or(r.due_at IS NOT NULL) THEN
                 CASE WHEN NOT counts AND k.attempts = 0 AND bool_and(r.attempts = 0) THEN 'PENDING' ELSE 'RETRY' END
                    WHEN bool_or(r.delivery = 'unknown') THEN 'ERROR'
                    WHEN bool_or(r.delivery = 'accepted') THEN 'SUCCESS'
                    ELSE 'ERROR' END AS state,
               bool_or(r.state = 'bounced') AS bounced, bool_or(r.state = 'error') AS error, bool_and(r.state = 'sent') AS sent,
               bool_and(r.delivery = 'accepted') AS is_clean,
               min(r.due_at) AS due_at
        FROM bounce.communication_recipient AS r JOIN bounce.communication AS k ON k.id = r.communication_id
        WHERE r.communication_id = finish_communication.communication_id AND NOT is_open
        GROUP BY k.id) AS d
  WHERE c.id = finish_communication.communication_id AND c.delivery_state = 'PROCESSING'
  RETURNING c.delivery_state INTO new_state;
  IF new_state IS NULL AND reply IS NOT NULL THEN
    UPDATE bounce.communication AS c
    SET attempts = c.attempts + counts::integer, attempt_claim_id = CASE WHEN counts THEN c.claim_id ELSE c.attempt_claim_id END,
        response = reply
    WHERE c.id = finish_communication.communication_id;
  END IF;
  RETURN new_state;
END
$$;
COMMENT ON FUNCTION bounce.finish_communication(bigint, boolean, text) IS
  'internal: the state after a claim, once none of its recipients is claimed or being sent to; NULL before that. Something still to '
  'send: RETRY (PENDING when nothing was tried yet); an unknown outcome: ERROR; somebody accepted: SUCCESS; else ERROR. counts: the claim is an attempt that was not counted yet';
