-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker tells of a transaction, also when it comes too late.

CREATE OR REPLACE FUNCTION bounce_internal.settle_accepted(c bounce.communication, r bounce.communication_recipient, reply text) RETURNS void
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
  PERFORM bounce_internal.write_log(c.id, r.id, CASE WHEN attempt > 1 THEN 'resent' ELSE 'sent' END, format('send %s to %s: %s', attempt, r.address, reply));
END
$$;
COMMENT ON FUNCTION bounce_internal.settle_accepted(bounce.communication, bounce.communication_recipient, text) IS
  'the server has taken it: the send counts, and what an earlier one left behind is over';

CREATE OR REPLACE FUNCTION bounce_internal.settle_unknown(c bounce.communication, r bounce.communication_recipient, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  attempt CONSTANT integer := coalesce(r.begun_attempt, r.attempts + 1);
  again CONSTANT boolean := bounce.parameter('delivery_unknown', c.process) = 'retry'
                            AND r.tries + 1 < bounce_internal.parameter_integer('retry_max_attempts', c.process);
BEGIN
  IF r.attempts >= attempt THEN
    PERFORM bounce_internal.settle_accepted(c, r, 'it bounced, so it was taken');
    RETURN;
  END IF;
  UPDATE bounce.communication_recipient AS q
  SET delivery = 'unknown', due_at = NULL, tries = q.tries + 1, state = 'error', attempts = attempt, last_attempt_at = now(),
      next_attempt_at = NULL, class = NULL, reason = '', status_code = '', bounced_at = NULL, bounce_id = NULL,
      diagnostic = 'outcome unknown: ' || why, response = ''
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: outcome unknown: %s', r.address, why) WHERE k.id = c.id;
  PERFORM bounce_internal.write_log(c.id, r.id, 'unknown', format('send %s to %s, outcome unknown: %s', attempt, r.address, why));
  IF again THEN
    UPDATE bounce.communication_recipient AS q
    SET delivery = 'due', due_at = now() + bounce_internal.retry_delay(c.process, r.tries + 1, '', 2 * random() - 1) WHERE q.id = r.id;
  ELSE
    PERFORM bounce_internal.gather_task('delivery_problem', 'unknown', format('%s (communication %s) may or may not have been sent: %s. '
      'Set delivery_state to RETRY to send it again', r.address, c.id, why), c, r);
  END IF;
END
$$;
COMMENT ON FUNCTION bounce_internal.settle_unknown(bounce.communication, bounce.communication_recipient, text) IS
  'the final reply was not heard. It counts as a send, because it may have gone out; it is not sent again unless a person, '
  'or the parameter delivery_unknown, says so';

CREATE OR REPLACE FUNCTION bounce_internal.finding_of(c bounce.communication, r bounce.communication_recipient, document jsonb) RETURNS bounce_internal.finding
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding;
BEGIN
  SELECT * INTO STRICT f FROM bounce_internal.read_findings(document) LIMIT 1;
  IF f.class = 'unclassified' OR f.is_notice THEN
    f.reason := 'recipient_refused';
    f.action := 'failed';
    f := bounce_internal.classify(f, 'dsn');
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
COMMENT ON FUNCTION bounce_internal.finding_of(bounce.communication, bounce.communication_recipient, jsonb) IS
  'the server''s refusal as a finding; one that nobody can classify is a refused recipient, because it did not arrive';

CREATE OR REPLACE FUNCTION bounce_internal.store_refusal(f bounce_internal.finding, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  message_id CONSTANT bigint := nextval('bounce.bounce_message_id_seq');
BEGIN
  PERFORM bounce_internal.store_message((message_id, 'discard', false, NULL, f.class, f.reason)::bounce.outcome,
                               bounce_internal.complete_document(document, NULL), NULL);
  PERFORM bounce_internal.store_bounces(message_id, ARRAY[f]);
END
$$;
COMMENT ON FUNCTION bounce_internal.store_refusal(bounce_internal.finding, jsonb) IS 'kept like any other bounce, source delivery';

CREATE OR REPLACE FUNCTION bounce_internal.settle_rejected(c bounce.communication, r bounce.communication_recipient, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding := bounce_internal.finding_of(c, r, document);
BEGIN
  UPDATE bounce.communication_recipient AS q SET delivery = 'rejected', due_at = NULL, tries = q.tries + 1, response = reply
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: %s', r.address, reply) WHERE k.id = c.id;
  f := (bounce_internal.follow_all(ARRAY[f]))[1];
  PERFORM bounce_internal.store_refusal(f, document);
  PERFORM bounce_internal.write_notice(c, r.id);
END
$$;
COMMENT ON FUNCTION bounce_internal.settle_rejected(bounce.communication, bounce.communication_recipient, text, jsonb) IS
  'refused for good: the policy decides as for a bounce (hard: block and task; technical: gathered task; soft: resend)';

CREATE OR REPLACE FUNCTION bounce_internal.settle_pending(c bounce.communication, r bounce.communication_recipient, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  due timestamptz;
BEGIN
  IF r.tries + 1 >= bounce_internal.parameter_integer('retry_max_attempts', c.process) THEN
    PERFORM bounce_internal.settle_exhausted(c, r, reply, document);
    RETURN;
  END IF;
  due := now() + bounce_internal.retry_delay(c.process, r.tries + 1, reply, 2 * random() - 1);
  UPDATE bounce.communication_recipient AS q
  SET delivery = 'pending', due_at = due, tries = q.tries + 1, response = reply,
      next_attempt_at = CASE WHEN q.state = 'bounced' AND q.class = 'soft' THEN due END
  WHERE q.id = r.id;
  UPDATE bounce.communication AS k SET error = format('%s: %s', r.address, reply) WHERE k.id = c.id;
  PERFORM bounce_internal.write_log(c.id, r.id, 'deferred', format('try %s of %s to %s, next at %s: %s', r.tries + 1,
    bounce_internal.parameter_integer('retry_max_attempts', c.process), r.address, to_char(due, 'YYYY-MM-DD HH24:MI:SS'), reply));
END
$$;
COMMENT ON FUNCTION bounce_internal.settle_pending(bounce.communication, bounce.communication_recipient, text, jsonb) IS
  'refused for now: this recipient alone is tried again later';

CREATE OR REPLACE FUNCTION bounce_internal.settle_recipient(c bounce.communication, r bounce.communication_recipient, outcome text, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  CASE outcome
    WHEN 'accepted' THEN PERFORM bounce_internal.settle_accepted(c, r, reply);
    WHEN 'rejected' THEN PERFORM bounce_internal.settle_rejected(c, r, reply, document);
    WHEN 'pending'  THEN PERFORM bounce_internal.settle_pending(c, r, reply, document);
    WHEN 'unknown'  THEN PERFORM bounce_internal.settle_unknown(c, r, reply);
    WHEN 'released' THEN
      UPDATE bounce.communication_recipient AS q SET delivery = 'due', due_at = now() WHERE q.id = r.id;
  END CASE;
END
$$;
COMMENT ON FUNCTION bounce_internal.settle_recipient(bounce.communication, bounce.communication_recipient, text, text, jsonb) IS
  'the five outcomes; released: nothing of it was sent, and it was not its fault';

CREATE OR REPLACE FUNCTION bounce_internal.settle_late(c bounce.communication, outcomes jsonb) RETURNS void
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
    PERFORM bounce_internal.write_log(c.id, r.id, 'heard_late', format('send %s to %s, heard after its lease had ended: %s: %s', r.attempts, r.address, o.outcome, o.response));
    IF NOT EXISTS (SELECT FROM bounce.communication_recipient AS q WHERE q.task_id = r.task_id AND q.delivery = 'unknown')
       AND EXISTS (SELECT FROM bounce.task AS t WHERE t.id = r.task_id AND t.status = 'open' AND bounce_internal.is_unknown_task(t)) THEN
      PERFORM bounce_internal.close_task(r.task_id, 'done', 'heard after all: ' || o.outcome);
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION bounce_internal.settle_late(bounce.communication, jsonb) IS
  'what was unknown because a lease ended, and is known after all, while nobody has claimed it since: accepted, or refused and so '
  'due again, which cannot send it twice';
