-- SPDX-License-Identifier: BSD-2-Clause
--
-- The delivery state of a communication follows from what became of its recipients:
--
--   somebody claimed or being sent to    PROCESSING
--   somebody due or pending              PENDING when nothing was ever tried, else RETRY
--   somebody unknown                     ERROR
--   somebody accepted                    SUCCESS
--   else                                 ERROR
--
-- Whoever writes it, the table takes nothing else, but for one wish: RETRY or PENDING
-- set on SUCCESS or ERROR sends again.

CREATE OR REPLACE FUNCTION bounce_internal.waiting_state(old_state text, was_tried boolean)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN old_state IN ('PENDING', 'RETRY') THEN old_state
              WHEN was_tried OR old_state IN ('SUCCESS', 'ERROR') THEN 'RETRY'
              ELSE 'PENDING' END
$$;
COMMENT ON FUNCTION bounce_internal.waiting_state(text, boolean) IS
  'PENDING or RETRY, for a delivery with recipients that are due';

CREATE OR REPLACE FUNCTION bounce_internal.summary_state(
  communication_id bigint, old_state text, attempts integer) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT CASE WHEN t.in_claim THEN 'PROCESSING'
                      WHEN t.due_at IS NOT NULL
                        THEN bounce_internal.waiting_state(old_state, attempts > 0 OR t.was_tried)
                      ELSE t.ended END
          FROM bounce_internal.recipient_totals(ARRAY[summary_state.communication_id]) AS t);
END $$;
COMMENT ON FUNCTION bounce_internal.summary_state(bigint, text, integer) IS
  'the delivery state that follows from the recipients';

CREATE OR REPLACE FUNCTION bounce_internal.why_not_received(
  r bounce.communication_recipient, q bounce.recipient_delivery) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN (q).state = 'unknown' OR (q).cancelled_due_at IS NOT NULL
                   OR (r).state = 'bounced' AND (q).response ~ '^(2|$)'
              THEN (r).diagnostic ELSE (q).response END
$$;
COMMENT ON FUNCTION bounce_internal.why_not_received(
  bounce.communication_recipient, bounce.recipient_delivery) IS
  'the words for why a recipient did not get the mail: the server''s; of one whom it took, those '
  'of the report that came later; of one that was cancelled, who did it';

CREATE OR REPLACE FUNCTION bounce_internal.summary_error(communication_id bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT left(coalesce(string_agg(format('%s: %s', f.address, f.words), E'\n'
                                    ORDER BY f.rank, f.id)
                           FILTER (WHERE f.place <= 10), '')
                || CASE WHEN count(*) > 10 THEN format(E'\nand %s more', count(*) - 10) ELSE '' END,
                4000)
    FROM (SELECT r.id, r.address, row_number() OVER (ORDER BY k.rank, r.id) AS place, k.rank,
                 bounce_internal.why_not_received(r, q) AS words
          FROM bounce.communication_recipient AS r
          JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
          JOIN (VALUES ('unknown', 1), ('rejected', 2), ('pending', 3)) AS k (state, rank)
            ON k.state = q.state
          WHERE r.communication_id = summary_error.communication_id
            AND r.state <> 'replaced') AS f);
END $$;
COMMENT ON FUNCTION bounce_internal.summary_error(bigint) IS
  'the recipients that did not get the mail and why, one line each, lost replies first; at most '
  'ten';

CREATE OR REPLACE FUNCTION bounce_internal.delivery_guard_state() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  follows boolean;
BEGIN
  IF OLD.state IN ('SUCCESS', 'ERROR') AND NEW.state IN ('RETRY', 'PENDING') THEN
    IF NOT EXISTS (SELECT FROM bounce.communication_content AS k
                   WHERE k.communication_id = NEW.communication_id) THEN
      PERFORM bounce_internal.refuse('check_violation',
        bounce_internal.say(
          'communication %s: there is no content to send', OLD.communication_id::text),
        bounce_internal.say('Hand it over with bounce.submit_communication().'));
    END IF;
    NEW.due_at := coalesce(NEW.due_at, now());
    RETURN NEW;
  ELSIF bounce_internal.is_allowed_transition(OLD.state, NEW.state) IS NOT TRUE THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'communication %s: delivery state cannot go from %s to %s', OLD.communication_id::text,
        OLD.state::text, coalesce(NEW.state, 'none')),
      bounce_internal.say(
        'SUCCESS and ERROR are final except for RETRY and PENDING, which send again.'));
  END IF;
  IF NEW.state = 'PROCESSING' THEN
    follows := EXISTS (SELECT FROM bounce.recipient_delivery AS q
                       WHERE q.communication_id = NEW.communication_id
                         AND q.state IN ('claimed', 'sending'));
  ELSIF NEW.state = 'SUCCESS' THEN     -- the cheaper question first
    follows := (SELECT bool_and(q.state = 'accepted') FROM bounce.recipient_delivery AS q
                WHERE q.communication_id = NEW.communication_id);
  END IF;
  IF follows IS NOT TRUE THEN
    follows := NEW.state IS NOT DISTINCT FROM
               bounce_internal.summary_state(NEW.communication_id, OLD.state, NEW.attempts);
  END IF;
  IF NOT follows THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'communication %s: delivery state cannot be set from %s to %s by hand: it follows '
        'from its recipients', OLD.communication_id::text, OLD.state::text, NEW.state::text),
      CASE WHEN OLD.state = 'PROCESSING'
                        THEN format('A worker has it until %s.', OLD.lease_expire_time)
                        ELSE 'bounce.retry_communication() sends at once, '
                             'bounce.cancel_communication() ends it, '
                             'bounce.hold_communication() keeps it.' END);
  END IF;
  -- of the last try; of one that ends without any, when it ended
  NEW.end_time := CASE WHEN OLD.state = 'PROCESSING' AND NEW.state <> 'PENDING'
                         THEN clock_timestamp()
                       WHEN NEW.state IN ('SUCCESS', 'ERROR')
                         THEN coalesce(NEW.end_time, clock_timestamp())
                       ELSE NEW.end_time END;
  -- who waits for it is told now
  NEW.urgent_at := CASE WHEN NEW.state = 'PROCESSING' THEN NEW.urgent_at END;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.delivery_guard_state() IS
  'refuses transitions that do not exist, and states that contradict the recipients; ends what '
  'send_now() asked for';

CREATE OR REPLACE FUNCTION bounce_internal.delivery_after_insert() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'PENDING' THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'communication %s: a new one cannot be %s', NEW.communication_id::text, NEW.state::text),
      bounce_internal.say('Hand it over with bounce.submit_communication().'));
  ELSIF NOT EXISTS (SELECT FROM bounce.communication_content AS k
                    WHERE k.communication_id = NEW.communication_id) THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'communication %s: there is no content to send', NEW.communication_id::text),
      bounce_internal.say('Hand it over with bounce.submit_communication().'));
  END IF;
  PERFORM pg_notify('bounce_delivery', '');
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.delivery_after_insert() IS
  'a delivery starts as PENDING with something to send; wakes the workers';

CREATE OR REPLACE FUNCTION bounce_internal.delivery_after_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('SUCCESS', 'ERROR') THEN
    PERFORM bounce_internal.requeue_recipients(NEW, OLD.state);
    -- only now: what takes this back remembers it
    UPDATE bounce.communication_delivery AS d SET end_time = NULL
    WHERE d.communication_id = NEW.communication_id AND d.attempts = 0;
  END IF;
  IF NEW.due_at <= now() THEN
    PERFORM pg_notify('bounce_delivery', '');
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.delivery_after_update() IS
  'RETRY or PENDING on a finished delivery queues its recipients; what is due wakes the workers';

CREATE OR REPLACE FUNCTION bounce_internal.remember_recipients(
  recipient_ids bigint[], task_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET undo_state = jsonb_strip_nulls(jsonb_build_object(
        'was', bounce_internal.recipient_as_it_is(r),
        'task', remember_recipients.task_id))
  FROM bounce.recipient_delivery AS q
  WHERE q.recipient_id = r.id AND r.id = ANY (recipient_ids)
    AND (r.undo_state IS NULL OR (r.undo_state #>> '{was,attempts}')::integer < r.attempts
         OR r.attempts > 0 AND q.state NOT IN ('due', 'pending'));
END $$;
COMMENT ON FUNCTION bounce_internal.remember_recipients(bigint[], bigint) IS
  'keeps what there was before a person has a mail of the queue sent again, and the task that '
  'this closes, for withdraw_resend(); of one that waits for what a person did before, what there '
  'was before that';

CREATE OR REPLACE FUNCTION bounce_internal.forget_failure(communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication AS c SET status = 'open'
  WHERE c.id = forget_failure.communication_id AND c.status = 'error'
    AND EXISTS (SELECT FROM bounce.communication_recipient AS o
                WHERE o.communication_id = c.id AND o.state = 'open')
    AND NOT EXISTS (SELECT FROM bounce.communication_recipient AS o
                    WHERE o.communication_id = c.id AND o.state = 'error');
  UPDATE bounce.communication_delivery AS d
  SET error = bounce_internal.summary_error(d.communication_id)
  WHERE d.communication_id = forget_failure.communication_id;
END $$;
COMMENT ON FUNCTION bounce_internal.forget_failure(bigint) IS
  'has a mail say of itself only what its recipients say, after something that had failed was '
  'taken back';

CREATE OR REPLACE FUNCTION bounce_internal.uncancel_recipients(communication_id bigint)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  ids CONSTANT bigint[] := ARRAY(
    SELECT q.recipient_id FROM bounce.recipient_delivery AS q
    WHERE q.communication_id = uncancel_recipients.communication_id
      AND q.cancelled_due_at IS NOT NULL);
BEGIN
  UPDATE bounce.recipient_delivery AS q
  SET state = CASE WHEN q.tries > 0 THEN 'pending' ELSE 'due' END, due_at = q.cancelled_due_at
  WHERE q.recipient_id = ANY (ids);
  UPDATE bounce.communication_recipient AS r
  SET state = CASE r.state WHEN 'error' THEN 'open' ELSE r.state END,
      diagnostic = CASE r.state WHEN 'error' THEN '' ELSE r.diagnostic END,
      next_attempt_at = CASE WHEN r.state = 'bounced' AND r.class = 'soft' THEN q.due_at END
  FROM bounce.recipient_delivery AS q WHERE q.recipient_id = r.id AND r.id = ANY (ids);
  PERFORM bounce_internal.forget_failure(communication_id);
END $$;
COMMENT ON FUNCTION bounce_internal.uncancel_recipients(bigint) IS
  'those of a mail that were cancelled wait as they did before';

CREATE OR REPLACE FUNCTION bounce_internal.requeue_recipients(
  d bounce.communication_delivery, old_state text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  without CONSTANT bigint[] := bounce_internal.recipients_without(d.communication_id);
  requeued CONSTANT text := bounce_internal.say('set to %w, was %w', d.state, old_state);
  t bounce.task;
BEGIN
  IF EXISTS (SELECT FROM bounce.recipient_delivery AS q
             WHERE q.communication_id = d.communication_id AND q.due_at IS NOT NULL) THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM bounce.recipient_delivery AS q
             WHERE q.communication_id = d.communication_id AND q.cancelled_due_at IS NOT NULL) THEN
    PERFORM bounce_internal.uncancel_recipients(d.communication_id),
      bounce_internal.write_log(d.communication_id, NULL, 'requeued', requeued);
    RETURN;
  END IF;
  -- what asks whether it is to be sent again is answered
  SELECT k.* INTO t FROM bounce.task AS k
  WHERE k.dedup_key = 'delivery_problem:unknown:' || d.communication_id AND k.status = 'open';
  IF FOUND THEN
    t := bounce_internal.lock_task(t.id, '{delivery_problem}');
  END IF;
  PERFORM bounce_internal.remember_recipients(without, t.id);
  INSERT INTO bounce.recipient_delivery AS q (recipient_id, communication_id, due_at)
  SELECT u.id, d.communication_id, now() FROM unnest(without) AS u (id)
  ON CONFLICT (recipient_id) DO UPDATE SET state = 'due', due_at = now(), tries = 0
  WHERE q.state NOT IN ('due', 'pending');
  IF cardinality(without) > 0 THEN
    PERFORM bounce_internal.write_log(d.communication_id, NULL, 'requeued', requeued);
  ELSE
    PERFORM bounce_internal.derive_communication(d.communication_id);
  END IF;
  IF t.id IS NOT NULL THEN
    PERFORM bounce_internal.close_task(t.id, 'unblocked', bounce_internal.say('sent again'));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.requeue_recipients(bounce.communication_delivery, text) IS
  'sends a finished delivery again that was set to RETRY or PENDING, unless a recipient is '
  'waiting already; where some were cancelled, to those, as they would have been sent to';

CREATE OR REPLACE FUNCTION bounce_internal.recipients_without(communication_id bigint)
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(
    WITH r AS (
      SELECT k.id, k.attempts, k.state <> 'sent'
             OR coalesce(q.state IN ('rejected', 'unknown'), false) AS is_without
      FROM bounce.communication_recipient AS k
      LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = k.id
      WHERE k.communication_id = recipients_without.communication_id AND k.state <> 'replaced')
    SELECT r.id FROM r
    WHERE r.attempts < 255 AND (r.is_without OR NOT EXISTS (SELECT FROM r AS o WHERE o.is_without))
    ORDER BY r.id);
END $$;
COMMENT ON FUNCTION bounce_internal.recipients_without(bigint) IS
  'the recipients that did not get the mail; all when all did';

CREATE OR REPLACE FUNCTION bounce_internal.counts_as_sent(recipient_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.communication_recipient AS r
                 WHERE r.id = counts_as_sent.recipient_id AND r.state = 'sent');
END $$;
COMMENT ON FUNCTION bounce_internal.counts_as_sent(bigint) IS
  'whether the recipient has the mail, as far as is known';

CREATE OR REPLACE FUNCTION bounce_internal.tries_of_last_send(q bounce.recipient_delivery)
RETURNS integer
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce((SELECT (r.undo_state #>> '{was,tries}')::integer
                   FROM bounce.communication_recipient AS r
                   WHERE r.id = q.recipient_id AND r.undo_state #>> '{was,delivery}' = 'accepted'
                     AND (r.undo_state #>> '{was,id}')::bigint = r.id
                     AND (r.undo_state #>> '{was,attempts}')::integer = r.attempts),
                  greatest(1, q.tries));
END $$;
COMMENT ON FUNCTION bounce_internal.tries_of_last_send(bounce.recipient_delivery) IS
  'of a recipient that waits for another send, which is called off: the tries of the send before';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_delivery_before_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF (CASE OLD.state
       WHEN 'due'     THEN NEW.state = 'sending' OR NEW.state = 'pending' AND NEW.tries = 0
                           OR NEW.state = 'unknown' AND NEW.first_try_at IS NULL
       WHEN 'claimed' THEN NEW.state IN ('accepted', 'unknown')
       WHEN 'sending' THEN NEW.state IN ('claimed')
       WHEN 'pending' THEN NEW.state IN ('sending', 'unknown')
                           OR NEW.state = 'accepted'
                              AND NOT bounce_internal.counts_as_sent(NEW.recipient_id)
       WHEN 'rejected' THEN NEW.state NOT IN ('due', CASE WHEN OLD.tries > 0 THEN 'pending' END)
       ELSE NEW.state <> 'due'
     END) THEN
    PERFORM bounce_internal.refuse('check_violation',
      bounce_internal.say(
        'recipient %s: delivery cannot go from %s to %s', OLD.recipient_id::text, OLD.state::text,
        NEW.state::text));
  END IF;
  IF NEW.state = 'accepted' AND OLD.state IN ('due', 'pending') THEN
    NEW.tries := bounce_internal.tries_of_last_send(NEW);
  END IF;
  -- asked once: each expression costs a transaction, and few rows have any of these
  IF num_nonnulls(NEW.accepted_at, NEW.refused_at, NEW.cancelled_due_at) > 0 THEN
    NEW.accepted_at := NULL;
    IF NEW.state <> 'rejected' THEN
      NEW.refused_at := NULL;
      NEW.cancelled_due_at := NULL;
    END IF;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_delivery_before_update() IS
  'an unclaimed recipient cannot be sent to, and one that was not sent to cannot have accepted. '
  'One that was tried may wait as it did before it was cancelled. '
  'One that waits to be sent to once more has the mail of before when that is called off. '
  'What was tried may be unknown once more: a person has taken back what he had said of it';

CREATE OR REPLACE FUNCTION bounce_internal.recipient_delivery_after_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM bounce_internal.derive_communication(NEW.communication_id);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.recipient_delivery_after_update() IS
  'updates the delivery when a recipient becomes due outside of a claim';

CREATE OR REPLACE FUNCTION bounce_internal.is_allowed_transition(old_state text, new_state text)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE coalesce(old_state, '')
    WHEN ''           THEN new_state IN ('PENDING', 'RETRY')
    WHEN 'PENDING'    THEN new_state IN ('PROCESSING', 'SUCCESS', 'ERROR')
    WHEN 'PROCESSING' THEN new_state IN ('SUCCESS', 'ERROR', 'RETRY', 'PENDING')
    WHEN 'RETRY'      THEN new_state IN ('PROCESSING', 'SUCCESS', 'ERROR')
    WHEN 'SUCCESS'    THEN new_state IN ('PENDING', 'RETRY')
    WHEN 'ERROR'      THEN new_state IN ('PENDING', 'RETRY')
  END
$$;
COMMENT ON FUNCTION bounce_internal.is_allowed_transition(text, text) IS
  'the transitions of the delivery state. PENDING to SUCCESS: set to PENDING by a person, then '
  'the rest was cancelled';

-- In SQL, so that it becomes a part of the statement that asks. LIMIT takes nothing away: it is
-- planned as if there were few, so that each is found by its key.
CREATE OR REPLACE FUNCTION bounce_internal.recipient_totals(communication_ids bigint[])
RETURNS TABLE (
  communication_id bigint, in_claim boolean, due_at timestamptz, was_tried boolean, ended text,
  all_accepted boolean, has_bounced boolean, has_failed boolean, all_sent boolean,
  none_open boolean)
LANGUAGE sql STABLE AS $$
  -- a recipient that the queue does not send to counts for the communication's status only
  SELECT u.id, coalesce(bool_or(q.state IN ('claimed', 'sending')), false),
         min(q.due_at) FILTER (WHERE q.state IN ('due', 'pending')),
         coalesce(bool_or(r.attempts > 0 OR q.tries > 0) FILTER (WHERE q.state IS NOT NULL), false),
         CASE WHEN bool_or(q.state = 'unknown' AND r.state <> 'replaced') THEN 'ERROR'
              WHEN bool_or(q.state = 'accepted') THEN 'SUCCESS'
              WHEN count(q.state) > 0 THEN 'ERROR' END,
         coalesce(bool_and(q.state = 'accepted'), true),
         coalesce(bool_or(r.state = 'bounced'), false), coalesce(bool_or(r.state = 'error'), false),
         coalesce(bool_and(r.state = 'sent'), true),
         coalesce(bool_and(r.state IN ('sent', 'replaced')), false)
  FROM (SELECT i.id FROM unnest(communication_ids) AS i (id)
        LIMIT cardinality(communication_ids)) AS u
  LEFT JOIN bounce.communication_recipient AS r ON r.communication_id = u.id
  LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
  GROUP BY u.id
$$;
COMMENT ON FUNCTION bounce_internal.recipient_totals(bigint[]) IS
  'the recipients of each communication in one row. ended: SUCCESS or ERROR, the final state when '
  'no recipient is waiting; NULL when the queue does not send it';

CREATE OR REPLACE FUNCTION bounce_internal.derived_status(
  status text, has_bounced boolean, has_failed boolean, all_sent boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN has_bounced THEN 'bounced' WHEN has_failed THEN 'error'
              WHEN status = 'bounced' OR status IN ('open', 'error') AND all_sent THEN 'sent'
              ELSE status END
$$;
COMMENT ON FUNCTION bounce_internal.derived_status(text, boolean, boolean, boolean) IS
  'the status of a communication that follows from its recipients';

CREATE OR REPLACE FUNCTION bounce_internal.derive_communication(communication_id bigint)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  t record;
  new_state text;
BEGIN
  SELECT k.* INTO t
  FROM bounce_internal.recipient_totals(ARRAY[derive_communication.communication_id]) AS k;
  UPDATE bounce.communication AS c
  SET status = bounce_internal.derived_status(c.status, t.has_bounced, t.has_failed, t.all_sent)
  WHERE c.id = derive_communication.communication_id
    AND c.status <> bounce_internal.derived_status(c.status, t.has_bounced, t.has_failed,
                                                   t.all_sent);
  IF t.ended IS NULL THEN
    RETURN;     -- the queue does not send it
  END IF;
  -- a claim ends by finish_communications() only
  UPDATE bounce.communication_delivery AS d
  SET state = n.state, due_at = t.due_at,
      error = CASE WHEN d.state IN ('PENDING', 'RETRY') AND n.state IN ('SUCCESS', 'ERROR')
                   THEN bounce_internal.summary_error(d.communication_id) ELSE d.error END
  FROM (SELECT k.communication_id,
               CASE WHEN k.state = 'PROCESSING' THEN k.state
                    WHEN t.due_at IS NOT NULL
                      THEN bounce_internal.waiting_state(k.state, k.attempts > 0 OR t.was_tried)
                    WHEN bounce_internal.is_allowed_transition(k.state, t.ended) THEN t.ended
                    ELSE k.state END AS state
        FROM bounce.communication_delivery AS k
        WHERE k.communication_id = derive_communication.communication_id) AS n
  WHERE d.communication_id = n.communication_id
    AND (d.state, d.due_at) IS DISTINCT FROM (n.state, t.due_at)
  RETURNING d.state INTO new_state;
  IF t.has_bounced OR NOT t.all_accepted THEN
    PERFORM bounce_internal.tell_end(communication_id, new_state);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.derive_communication(bigint) IS
  'the only function that derives the status and delivery state of a communication from its '
  'recipients; but for finish_communications(), with a claim';

CREATE OR REPLACE FUNCTION bounce_internal.tell_end(communication_id bigint, new_state text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF new_state IN ('SUCCESS', 'ERROR') THEN
    PERFORM bounce_internal.write_notice(communication_id);
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.tell_end(bigint, text) IS
  'the non-delivery notice of a mail that somebody did not get, when its delivery has come to its '
  'end';

CREATE OR REPLACE FUNCTION bounce_internal.delivery_set_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  IF to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
    PERFORM bounce_internal.refuse('feature_not_supported',
      bounce_internal.say(
        'communication %s: of a delivery only state can be set', OLD.communication_id::text),
      bounce_internal.say(
        'UPDATE bounce.delivery SET state = ''RETRY'' WHERE communication_id = ...'));
  END IF;
  IF NEW.state IS DISTINCT FROM OLD.state THEN
    PERFORM FROM bounce.communication AS c WHERE c.id = OLD.communication_id FOR NO KEY UPDATE;
    UPDATE bounce.communication_delivery AS d SET state = NEW.state
    WHERE d.communication_id = OLD.communication_id;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION bounce_internal.delivery_set_state() IS
  'sets RETRY or PENDING through the view; any other state is refused';
