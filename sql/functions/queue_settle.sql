-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker tells of a transaction, also when it comes too late.

CREATE OR REPLACE FUNCTION bounce.settle_late(c bounce.communication, outcomes jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o record;
  r bounce.communication_recipient;
BEGIN
  FOR o IN SELECT x.* FROM jsonb_to_recordset(outcomes) AS x (recipient_id bigint, outcome text, response text)
           WHERE x.outcome IN ('accepted', 'rejected', 'pending') ORDER BY x.recipient_id LOOP
    -- unknown, or due again because delivery_unknown says so; a bounce or a person may have told already
    UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now()
    WHERE q.id = o.recipient_id AND q.communication_id = c.id AND q.state = 'error' AND q.begun_attempt = q.attempts
      AND (q.delivery = 'unknown' OR q.delivery = 'due' AND o.outcome = 'accepted')
    RETURNING q.* INTO r;
    CONTINUE WHEN NOT FOUND;
    IF o.outcome = 'accepted' THEN
      UPDATE bounce.communication_recipient AS q
      SET delivery = 'accepted', due_at = NULL, state = 'sent', diagnostic = '', response = left(coalesce(o.response, ''), 2000) WHERE q.id = r.id;
    END IF;
    PERFORM bounce.write_log(c.id, r.id, 'heard_late', format('send %s to %s, heard after its lease had ended: %s: %s', r.attempts, r.address, o.outcome, o.response));
    IF NOT EXISTS (SELECT FROM bounce.communication_recipient AS q WHERE q.task_id = r.task_id AND q.delivery = 'unknown')
       AND EXISTS (SELECT FROM bounce.task AS t WHERE t.id = r.task_id AND t.status = 'open' AND bounce.is_unknown_task(t)) THEN
      PERFORM bounce.close_task(r.task_id, 'done', 'heard after all: ' || o.outcome);
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce.settle_late(bounce.communication, jsonb) IS
  'internal: what was unknown because a lease ended, and is known after all, while nobody has claimed it since: accepted, or refused and so '
  'due again, which cannot send it twice';

CREATE OR REPLACE FUNCTION bounce.settle_delivery(claim_id uuid, server text, outcomes jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
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
    IF c.claim_id = settle_delivery.claim_id THEN
      PERFORM bounce.settle_late(c, outcomes);
    END IF;
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
  'state, or "lost" when the lease had ended and the sweeper was here: what it made unknown is then known after all. A repeat is harmless';
