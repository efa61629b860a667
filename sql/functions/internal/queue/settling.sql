-- SPDX-License-Identifier: BSD-2-Clause
--
-- What a worker tells of a transaction, also when it comes too late.

CREATE OR REPLACE FUNCTION bounce_internal.note_accepted(
  communication_id bigint, server text, outcomes jsonb) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  noted integer;
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET accepted_at = clock_timestamp(), response = left(coalesce(o.response, ''), 2000)
  FROM jsonb_to_recordset(outcomes) AS o (recipient_id bigint, outcome text, response text)
  WHERE q.recipient_id = o.recipient_id AND o.outcome = 'accepted'
    AND q.communication_id = note_accepted.communication_id AND q.state IN ('claimed', 'sending')
    AND NOT EXISTS (SELECT FROM bounce.delivery_server AS s
                    WHERE s.name = note_accepted.server AND s.problem <> '');
  GET DIAGNOSTICS noted = ROW_COUNT;
  RETURN noted;
END $$;
COMMENT ON FUNCTION bounce_internal.note_accepted(bigint, text, jsonb) IS
  'keeps that the server accepted the mail, for those of these outcomes that say so, and returns '
  'how many there are. Of a server with a problem, which that ends, nothing is noted';

-- What a statement costs is to start it: so one locks both mails, and one writes both rows and
-- reads what is to be sent. It is the second that asks for blocks, states and content, because it
-- sees what came while the first waited. IS NOT DISTINCT FROM keeps the index of the claims away,
-- in which a plan that was made for few finds a mail by going through all of its claim.
CREATE OR REPLACE FUNCTION bounce_internal.note_and_begin(
  settled_claim uuid, server text, outcomes jsonb, begun_claim uuid, begun_recipients bigint[])
RETURNS bounce.delivery_content
LANGUAGE plpgsql AS $$
DECLARE
  at CONSTANT timestamptz := clock_timestamp();
  begun_id CONSTANT bigint := begun_recipients[1];
  settled_id CONSTANT bigint := outcomes -> 0 ->> 'recipient_id';
  begun_mail bigint;
  begun_message_id text;
  content bounce.delivery_content;
BEGIN
  IF begun_claim IS NULL OR cardinality(begun_recipients) <> 1
     OR (settled_claim IS NULL) <> (outcomes IS NULL)
     OR outcomes IS NOT NULL AND (jsonb_array_length(outcomes) <> 1
                                  OR outcomes -> 0 ->> 'outcome' IS DISTINCT FROM 'accepted') THEN
    RETURN NULL;
  END IF;
  -- where nothing is settled, the one that is begun stands for both
  SELECT cb.id, cb.message_id INTO begun_mail, begun_message_id FROM bounce.communication AS cs
  JOIN bounce.communication_delivery AS s ON s.communication_id = cs.id,
       bounce.communication AS cb
  JOIN bounce.communication_delivery AS b ON b.communication_id = cb.id
  WHERE cs.id = (SELECT q.communication_id FROM bounce.recipient_delivery AS q
                 WHERE q.recipient_id = coalesce(settled_id, begun_id))
    AND (s.claim_id, s.state) IS NOT DISTINCT FROM (coalesce(settled_claim, begun_claim),
                                                    'PROCESSING')
    AND (s.urgent_at IS NULL OR settled_id IS NULL)
    AND cb.id = (SELECT q.communication_id FROM bounce.recipient_delivery AS q
                 WHERE q.recipient_id = begun_id)
    AND (b.claim_id, b.state) IS NOT DISTINCT FROM (begun_claim, 'PROCESSING')
    AND b.held_at IS NULL
    AND cb.message_id IS NOT NULL     -- another would have to be remembered
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  WITH written AS (
    UPDATE bounce.recipient_delivery AS q
    SET accepted_at = CASE q.recipient_id WHEN settled_id THEN at END,
        response = CASE q.recipient_id
                   WHEN settled_id THEN left(coalesce(outcomes -> 0 ->> 'response', ''), 2000)
                   ELSE q.response END,
        state = CASE q.recipient_id WHEN settled_id THEN q.state ELSE 'sending' END,
        begun_attempt = CASE q.recipient_id WHEN settled_id THEN q.begun_attempt ELSE 1 END,
        first_try_at = coalesce(q.first_try_at, at),
        last_try_at = CASE q.recipient_id WHEN settled_id THEN q.last_try_at ELSE at END
    WHERE q.recipient_id = ANY (ARRAY[settled_id, begun_id]) AND q.state IN ('claimed', 'sending')
      AND (q.accepted_at IS NULL OR q.recipient_id = settled_id)
      AND EXISTS (SELECT FROM bounce.communication_recipient AS r
                  WHERE r.id = begun_id AND r.attempts = 0
                    AND NOT EXISTS (SELECT FROM bounce.address_block AS k
                                    WHERE k.address_key = r.address_key AND k.lifted_at IS NULL))
      AND NOT EXISTS (SELECT FROM bounce.delivery_server AS v
                      WHERE v.name = note_and_begin.server AND v.problem <> '')
    RETURNING q.recipient_id)
  SELECT k.* INTO content FROM bounce_internal.content_of(begun_mail, begun_message_id) AS k
  WHERE (SELECT count(*) FROM written) = num_nonnulls(settled_id, begun_id);
  RETURN content;
END $$;
COMMENT ON FUNCTION bounce_internal.note_and_begin(uuid, text, jsonb, uuid, bigint[]) IS
  'the ordinary step of a worker: the mail before was accepted, if there was one, and the next is '
  'sent to its only recipient for the first time. Returns the content of the next, or all NULL: it '
  'is another step, or something stands against it; then each half is to be done by itself, also '
  'if it was done here, which does no harm';

-- For several mails at once: what one costs is the number of statements.
CREATE OR REPLACE FUNCTION bounce_internal.settle_accepted(communication_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o record;
BEGIN
  WITH sent AS (
    UPDATE bounce.communication_recipient AS r
    SET state = 'sent', attempts = coalesce(q.begun_attempt, r.attempts + 1),
        last_attempt_at = q.accepted_at, next_attempt_at = NULL, class = NULL, reason = '',
        status_code = '', diagnostic = '', bounced_at = NULL, bounce_id = NULL
    FROM bounce.recipient_delivery AS q
    WHERE q.communication_id = ANY (communication_ids) AND q.accepted_at IS NOT NULL
      AND r.id = q.recipient_id AND r.attempts < coalesce(q.begun_attempt, r.attempts + 1)
    RETURNING r.communication_id, r.id, r.address, r.attempts, q.response),
  accepted AS (
    UPDATE bounce.recipient_delivery AS q SET state = 'accepted', due_at = NULL, tries = q.tries + 1
    FROM sent AS s WHERE q.recipient_id = s.id)
  INSERT INTO bounce.communication_log (communication_id, recipient_id, event, text, marked)
  SELECT s.communication_id, s.id, CASE WHEN s.attempts > 1 THEN 'resent' ELSE 'sent' END,
         bounce_internal.plain(s.words) || bounce_internal.unmarked(s.response), s.words
  FROM (SELECT q.*, bounce_internal.say('send %s to %s: ', q.attempts::text, q.address) AS words
        FROM sent AS q OFFSET 0) AS s;     -- said once
  FOR o IN SELECT (r.communication_id, c.process, r.id, r.address, q.begun_attempt, r.attempts,
                   q.tries)::bounce_internal.delivery_attempt AS told, q.response
           FROM bounce.recipient_delivery AS q
           JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
           JOIN bounce.communication AS c ON c.id = q.communication_id
           WHERE q.communication_id = ANY (communication_ids) AND q.accepted_at IS NOT NULL
           ORDER BY r.id LOOP
    PERFORM bounce_internal.settle_overtaken(o.told, o.response);
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_accepted(bigint[]) IS
  'the server accepted what was noted of these mails: the sends count, and the traces of earlier '
  'ones are cleared, but for what is known already by its bounce';

CREATE OR REPLACE FUNCTION bounce_internal.settle_noted(communication_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  noted bigint[];
  replies text[];
  id bigint;
BEGIN
  SELECT array_agg(n.communication_id), array_agg(n.response) INTO noted, replies
  FROM (SELECT DISTINCT ON (q.communication_id) q.communication_id, q.response
        FROM bounce.recipient_delivery AS q
        WHERE q.communication_id = ANY (communication_ids) AND q.accepted_at IS NOT NULL
        ORDER BY q.communication_id, q.accepted_at DESC) AS n;
  IF noted IS NULL THEN
    RETURN;
  END IF;
  BEGIN
    PERFORM bounce_internal.settle_accepted(noted);
    PERFORM bounce_internal.finish_communications(noted, true, replies);
  EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    IF cardinality(noted) = 1 THEN
      -- nobody can settle it: unknown, when the lease has ended
      UPDATE bounce.recipient_delivery AS q SET accepted_at = NULL
      WHERE q.communication_id = noted[1];
    ELSE
      FOREACH id IN ARRAY noted LOOP
        PERFORM bounce_internal.settle_noted(ARRAY[id]);
      END LOOP;
    END IF;
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_noted(bigint[]) IS
  'settles what was noted of these mails, which are locked: all together, or, if one of them '
  'cannot be settled, each by itself';

CREATE OR REPLACE FUNCTION bounce_internal.settle_claims(claim_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.settle_noted(ARRAY(
    SELECT c.id FROM bounce.communication AS c
    JOIN bounce.communication_delivery AS d ON d.communication_id = c.id
    WHERE d.claim_id = ANY (claim_ids) AND d.state = 'PROCESSING'
      AND EXISTS (SELECT FROM bounce.recipient_delivery AS q
                  WHERE q.communication_id = d.communication_id AND q.accepted_at IS NOT NULL)
    ORDER BY c.id FOR NO KEY UPDATE OF c, d SKIP LOCKED));
END $$;
COMMENT ON FUNCTION bounce_internal.settle_claims(uuid[]) IS
  'settles what was noted in these claims, but for mails that another session has';

CREATE OR REPLACE FUNCTION bounce_internal.settle_overtaken(
  a bounce_internal.delivery_attempt, reply text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET state = CASE WHEN r.next_attempt_at IS NULL THEN 'accepted' ELSE 'due' END,
      due_at = r.next_attempt_at, response = reply
  FROM bounce.communication_recipient AS r WHERE r.id = a.recipient_id AND q.recipient_id = r.id;
  PERFORM bounce_internal.write_log(a.communication_id, a.recipient_id,
                                    CASE WHEN a.attempt > 1 THEN 'resent' ELSE 'sent' END,
                           bounce_internal.say('send %s to %s: ', a.attempt::text, a.address)
                           || bounce_internal.unmarked(reply));
END $$;
COMMENT ON FUNCTION bounce_internal.settle_overtaken(bounce_internal.delivery_attempt, text) IS
  'the server accepted the mail, and its bounce was faster than we: the later news stands';

CREATE OR REPLACE FUNCTION bounce_internal.note_error(
  a bounce_internal.delivery_attempt, words text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_delivery AS d SET error = format('%s: %s', a.address, words)
  WHERE d.communication_id = a.communication_id;
END $$;
COMMENT ON FUNCTION bounce_internal.note_error(bounce_internal.delivery_attempt, text) IS
  'keeps the last error until finish_communications() sums it up';

CREATE OR REPLACE FUNCTION bounce_internal.settle_unknown(
  a bounce_internal.delivery_attempt, why text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  again CONSTANT boolean := bounce.parameter('delivery_unknown', a.process) = 'retry'
                            AND a.tries + 1 < bounce_internal.parameter_integer(
                                'retry_max_attempts', a.process);
BEGIN
  IF a.attempts >= a.attempt THEN
    PERFORM bounce_internal.settle_overtaken(a, 'it bounced, so it was taken');
    RETURN;
  END IF;
  UPDATE bounce.recipient_delivery AS q SET state = 'unknown', due_at = NULL, tries = q.tries + 1,
    response = ''
  WHERE q.recipient_id = a.recipient_id;
  UPDATE bounce.communication_recipient AS r
  SET state = 'error', attempts = a.attempt, last_attempt_at = now(), next_attempt_at = NULL,
      class = NULL, reason = '',
      status_code = '', bounced_at = NULL, bounce_id = NULL,
      diagnostic = bounce_internal.plain('outcome unknown: ' || why)
  WHERE r.id = a.recipient_id;
  PERFORM bounce_internal.note_error(a, bounce_internal.plain('outcome unknown: ' || why));
  PERFORM bounce_internal.write_log(a.communication_id, a.recipient_id, 'unknown',
                           bounce_internal.say('send %s to %s, outcome unknown: ',
                                               a.attempt::text, a.address) || why);
  IF again THEN
    UPDATE bounce.recipient_delivery AS q
    SET state = 'due', due_at = now() + bounce_internal.retry_delay(a.process, a.tries + 1, '',
        2 * random() - 1)
    WHERE q.recipient_id = a.recipient_id;
  ELSE
    PERFORM bounce_internal.add_to_task('delivery_problem', 'unknown',
      bounce_internal.say('%s (communication %s) may or may not have been sent: ', a.address,
                          a.communication_id::text) || why
      || bounce_internal.say('. Set the state of its delivery to RETRY to send it again'), a);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_unknown(bounce_internal.delivery_attempt, text) IS
  'the final reply was lost. It counts as a send, because the mail may have been accepted; it is '
  'not sent again unless a person or the parameter delivery_unknown decides so';

CREATE OR REPLACE FUNCTION bounce_internal.finding_of(
  a bounce_internal.delivery_attempt, document jsonb) RETURNS bounce_internal.finding
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding := (bounce_internal.read_findings(document))[1];
BEGIN
  IF f.class = 'unclassified' OR f.is_notice THEN
    f.reason := 'recipient_refused';
    f.action := 'failed';
    f := bounce_internal.classify(f, 'dsn');
  END IF;
  f.communication_id := a.communication_id;
  f.recipient_id := a.recipient_id;
  f.process := a.process;
  f.policy := bounce_internal.policy_of(a.process);
  f.address := bounce.address_key(a.address);
  f.attempt := greatest(a.attempt, a.attempts);
  f.matched_by := 'communication_id';
  f.trust := 'token';     -- we asked and were answered ourselves: nothing can be surer
  f.bounce_message_id := bounce_internal.new_message_id();
  f.bounce_id := nextval('bounce.bounce_id_seq');
  RETURN f;
END $$;
COMMENT ON FUNCTION bounce_internal.finding_of(bounce_internal.delivery_attempt, jsonb) IS
  'the refusal of the server as a finding; an unclassified one becomes recipient_refused, because '
  'the mail did not arrive';

CREATE OR REPLACE FUNCTION bounce_internal.store_refusal(f bounce_internal.finding, document jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.store_messages(
    ARRAY[(f.bounce_message_id, 'discard', false, NULL, f.class, f.reason, NULL, NULL, NULL, NULL,
           NULL)::bounce.report_result],
    ARRAY[bounce_internal.complete_document(document, NULL)], ARRAY[NULL::bytea], ARRAY[f],
    ARRAY[f]);
  PERFORM bounce_internal.store_bounces(ARRAY[f]);
END $$;
COMMENT ON FUNCTION bounce_internal.store_refusal(bounce_internal.finding, jsonb) IS
  'stores the refusal like any other bounce, with the source delivery';

CREATE OR REPLACE FUNCTION bounce_internal.settle_rejected(
  a bounce_internal.delivery_attempt, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding := bounce_internal.finding_of(a, document);
BEGIN
  UPDATE bounce.recipient_delivery AS q SET state = 'rejected', due_at = NULL, tries = q.tries + 1,
    response = reply
  WHERE q.recipient_id = a.recipient_id;
  PERFORM bounce_internal.note_error(a, reply);
  f := (bounce_internal.process_findings(ARRAY[f]))[1];
  PERFORM bounce_internal.store_refusal(f, document);
END $$;
COMMENT ON FUNCTION bounce_internal.settle_rejected(bounce_internal.delivery_attempt,
                                                    text, jsonb) IS
  'refused permanently: the consequences of a bounce follow (hard: block and task; technical: '
  'collected in a task; soft: resend)';

CREATE OR REPLACE FUNCTION bounce_internal.settle_exhausted(
  a bounce_internal.delivery_attempt, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  f bounce_internal.finding := bounce_internal.finding_of(a, document);
  tries_made CONSTANT integer := a.tries + 1;
  sent_to bounce.communication_recipient;
BEGIN
  UPDATE bounce.recipient_delivery AS q SET state = 'rejected', due_at = NULL, tries = tries_made,
    response = reply
  WHERE q.recipient_id = a.recipient_id;
  UPDATE bounce.communication_recipient AS r SET next_attempt_at = NULL WHERE r.id = a.recipient_id;
  PERFORM bounce_internal.note_error(a, format('given up after %s tries: %s', tries_made, reply));
  SELECT r.* INTO sent_to FROM bounce.communication_recipient AS r WHERE r.id = a.recipient_id;
  f := bounce_internal.weigh(f, sent_to);
  f := bounce_internal.step(f, 'bounced',
                            bounce_internal.say('given up after %s tries', tries_made::text));
  f := bounce_internal.request_task(f, 'resend_exhausted', f.address,
         bounce_internal.say('%s is not tried again, %s tries were made: ', f.address,
                             tries_made::text) || bounce_internal.described(f));
  f := bounce_internal.make_task(f);
  IF f.moves THEN
    f := bounce_internal.write_follow_up(f, 'resend_exhausted');
    PERFORM bounce_internal.mark_bounced(ARRAY[f]);
  END IF;
  PERFORM bounce_internal.log_steps(ARRAY[f]);
  PERFORM bounce_internal.store_refusal(f, document);
END $$;
COMMENT ON FUNCTION bounce_internal.settle_exhausted(bounce_internal.delivery_attempt,
                                                     text, jsonb) IS
  'refused temporarily for the last time: failed, with a task resend_exhausted';

CREATE OR REPLACE FUNCTION bounce_internal.settle_pending(
  a bounce_internal.delivery_attempt, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  at_most CONSTANT integer := bounce_internal.parameter_integer('retry_max_attempts', a.process);
  due timestamptz;
BEGIN
  IF a.tries + 1 >= at_most THEN
    PERFORM bounce_internal.settle_exhausted(a, reply, document);
    RETURN;
  END IF;
  due := now() + bounce_internal.retry_delay(a.process, a.tries + 1, reply, 2 * random() - 1);
  -- while the worker still has the recipient: follow_schedule() would begin to count anew
  UPDATE bounce.communication_recipient AS r
  SET next_attempt_at = CASE WHEN r.state = 'bounced' AND r.class = 'soft' THEN due END
  WHERE r.id = a.recipient_id AND (r.state = 'bounced' OR r.next_attempt_at IS NOT NULL);
  UPDATE bounce.recipient_delivery AS q SET state = 'pending', due_at = due, tries = q.tries + 1,
    response = reply
  WHERE q.recipient_id = a.recipient_id;
  PERFORM bounce_internal.note_error(a, reply);
  PERFORM bounce_internal.write_log(a.communication_id, a.recipient_id, 'deferred',
    bounce_internal.say('try %s of %s to %s, next at %t: ', (a.tries + 1)::text, at_most::text,
                        a.address, to_char(due, 'YYYY-MM-DD HH24:MI:SS'))
    || bounce_internal.unmarked(reply));
END $$;
COMMENT ON FUNCTION bounce_internal.settle_pending(bounce_internal.delivery_attempt, text, jsonb) IS
  'refused temporarily: only this recipient is tried again later';

CREATE OR REPLACE FUNCTION bounce_internal.settle_recipient(
  a bounce_internal.delivery_attempt, outcome text, reply text, document jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  CASE outcome
    WHEN 'rejected' THEN PERFORM bounce_internal.settle_rejected(a, reply, document);
    WHEN 'pending'  THEN PERFORM bounce_internal.settle_pending(a, reply, document);
    WHEN 'unknown'  THEN PERFORM bounce_internal.settle_unknown(a,
                                                            bounce_internal.unmarked(reply));
    WHEN 'released' THEN
      UPDATE bounce.recipient_delivery AS q SET state = 'due', due_at = now()
      WHERE q.recipient_id = a.recipient_id;
  END CASE;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_recipient(bounce_internal.delivery_attempt, text,
                                                     text, jsonb) IS
  'the outcomes of a send but for accepted ones; released: nothing was sent, and not because of '
  'this recipient';

CREATE OR REPLACE FUNCTION bounce_internal.outcomes_without_person(outcomes jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT jsonb_agg(CASE WHEN bounce_internal.is_erased_key(r.address_key)
                                THEN o.outcome - 'document' || '{"response": ""}' ELSE o.outcome END
                           ORDER BY o.place)
          FROM jsonb_array_elements(outcomes) WITH ORDINALITY AS o (outcome, place)
          LEFT JOIN bounce.communication_recipient AS r
            ON r.id = (o.outcome ->> 'recipient_id')::bigint);
END $$;
COMMENT ON FUNCTION bounce_internal.outcomes_without_person(jsonb) IS
  'the outcomes of a transaction, without what the server said of those who are erased';

CREATE OR REPLACE FUNCTION bounce_internal.settle_erased(recipient_id bigint, outcome text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET state = CASE outcome WHEN 'unknown' THEN 'unknown' ELSE 'rejected' END, due_at = NULL,
      response = ''
  WHERE q.recipient_id = settle_erased.recipient_id;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_erased(bigint, text) IS
  'a mail was on its way while its person was erased: it is not sent to her again';

CREATE OR REPLACE FUNCTION bounce_internal.settle_outcome(
  d bounce.communication_delivery, outcome jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  settled_id CONSTANT bigint := (outcome ->> 'recipient_id')::bigint;
  kind CONSTANT text := outcome ->> 'outcome';
  reply CONSTANT text := left(coalesce(outcome ->> 'response', ''), 2000);
  has_answered CONSTANT boolean := kind IN ('rejected', 'pending')
    AND coalesce(outcome -> 'is_doubtful', 'false') <> 'true';
  a bounce_internal.delivery_attempt;
BEGIN
  SELECT r.communication_id, d.process, r.id, r.address,
         coalesce(q.begun_attempt, r.attempts + 1), r.attempts, q.tries INTO a
  FROM bounce.communication_recipient AS r JOIN bounce.recipient_delivery AS q
    ON q.recipient_id = r.id
  WHERE r.id = settled_id AND r.communication_id = d.communication_id
    AND q.state IN ('claimed', 'sending')
  FOR NO KEY UPDATE;
  IF FOUND AND bounce_internal.is_erased_key(a.address) THEN
    PERFORM bounce_internal.settle_erased(a.recipient_id, kind);
  ELSIF FOUND THEN
    PERFORM bounce_internal.settle_recipient(a, kind, reply,
                                             coalesce(nullif(outcome -> 'document', 'null'), '{}'));
  END IF;
  RETURN has_answered;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_outcome(bounce.communication_delivery, jsonb) IS
  'settles one recipient that was not accepted, unless that was done. Returns whether the server '
  'had an answer that shows that it works';

CREATE OR REPLACE FUNCTION bounce_internal.settle_transaction(
  d bounce.communication_delivery, server text, outcomes jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  is_released CONSTANT boolean := outcomes -> 0 ->> 'outcome' = 'released';
  has_answered boolean;
BEGIN
  IF d.state IS DISTINCT FROM 'PROCESSING' THEN
    PERFORM bounce_internal.settle_late(d.communication_id, outcomes)
      WHERE d.communication_id IS NOT NULL;
    RETURN 'lost';
  END IF;
  IF bounce_internal.has_erased_fellow(d.communication_id, NULL) THEN
    outcomes := bounce_internal.outcomes_without_person(outcomes);
  END IF;
  has_answered := bounce_internal.note_accepted(d.communication_id, NULL, outcomes) > 0;
  IF has_answered THEN
    PERFORM bounce_internal.settle_accepted(ARRAY[d.communication_id]);
  END IF;
  FOR place IN 0 .. jsonb_array_length(outcomes) - 1 LOOP
    IF outcomes -> place ->> 'outcome' <> 'accepted' THEN
      has_answered := bounce_internal.settle_outcome(d, outcomes -> place) OR has_answered;
    END IF;
  END LOOP;
  IF has_answered THEN
    PERFORM bounce_internal.server_works(s.name) FROM bounce.delivery_server AS s
    WHERE s.name = settle_transaction.server AND s.problem <> '';
  END IF;
  RETURN coalesce((SELECT f.state FROM bounce_internal.finish_communications(
                     ARRAY[d.communication_id], NOT is_released,
                     ARRAY[CASE WHEN NOT is_released
                                THEN left(outcomes -> 0 ->> 'response', 2000) END]) AS f),
                  'PROCESSING');
END $$;
COMMENT ON FUNCTION bounce_internal.settle_transaction(bounce.communication_delivery, text,
                                                       jsonb) IS
  'settle_delivery(), of a delivery that is locked';

CREATE OR REPLACE FUNCTION bounce_internal.settle_late(communication_id bigint, outcomes jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o record;
  r bounce.communication_recipient;
BEGIN
  FOR o IN SELECT x.* FROM jsonb_to_recordset(outcomes) AS x (recipient_id bigint, outcome text,
                                                              response text)
           WHERE x.outcome IN ('accepted', 'rejected', 'pending') ORDER BY x.recipient_id LOOP
    -- unknown, or due again because delivery_unknown says so; a bounce or a person may have
    -- told already
    SELECT k.* INTO r FROM bounce.communication_recipient AS k
    JOIN bounce.recipient_delivery AS q ON q.recipient_id = k.id
    WHERE k.id = o.recipient_id AND k.communication_id = settle_late.communication_id
      AND k.state = 'error'
      AND q.begun_attempt = k.attempts
      AND (q.state = 'unknown' OR q.state = 'due' AND o.outcome = 'accepted')
    FOR NO KEY UPDATE;
    CONTINUE WHEN NOT FOUND;
    UPDATE bounce.recipient_delivery AS q SET state = 'due', due_at = now()
    WHERE q.recipient_id = r.id;
    IF o.outcome = 'accepted' THEN
      UPDATE bounce.recipient_delivery AS q SET state = 'accepted', due_at = NULL,
        response = left(coalesce(o.response, ''), 2000)
      WHERE q.recipient_id = r.id;
      UPDATE bounce.communication_recipient AS k SET state = 'sent', diagnostic = ''
      WHERE k.id = r.id;
    END IF;
    PERFORM bounce_internal.write_log(r.communication_id, r.id, 'heard_late',
      bounce_internal.say('send %s to %s, heard after its lease had ended: %w: ',
                          r.attempts::text, r.address, o.outcome)
      || coalesce(bounce_internal.unmarked(o.response), ''));
    PERFORM bounce_internal.close_unknown_task(
      r.task_id, bounce_internal.say('heard after all: %w', o.outcome));
  END LOOP;
END $$;
COMMENT ON FUNCTION bounce_internal.settle_late(bigint, jsonb) IS
  'corrects an unknown recipient whose result arrives after its lease has ended, unless it was '
  'claimed again: accepted, or refused and therefore due again, which cannot send it twice';

CREATE OR REPLACE FUNCTION bounce_internal.close_unknown_task(task_id bigint, note text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM bounce.task AS t WHERE t.id = close_unknown_task.task_id
             AND t.status = 'open' AND bounce_internal.is_unknown_task(t))
     AND NOT EXISTS (SELECT FROM bounce.failed_recipient AS r
                     JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.recipient_id
                     WHERE r.task_id = close_unknown_task.task_id AND q.state = 'unknown') THEN
    PERFORM bounce_internal.close_task(close_unknown_task.task_id, 'done', note);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.close_unknown_task(bigint, text) IS
  'closes the task about lost replies when none of its recipients is unknown any more';
