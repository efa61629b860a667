-- SPDX-License-Identifier: BSD-2-Clause
--
-- The operator's copies for the worker that sends them, and for people: who sends again, and who
-- sends a letter on.

CREATE OR REPLACE FUNCTION bounce.claim_copy(lease interval) RETURNS SETOF bounce.copy_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  at_most CONSTANT integer := bounce_internal.parameter_integer('operator_max_per_hour');
  mailbox CONSTANT text := bounce.parameter('operator_mailbox');
  k bounce.operator_copy;
BEGIN
  IF at_most <= (SELECT count(*)
                 FROM (SELECT FROM bounce.operator_copy AS s
                       WHERE s.sent_at > clock_timestamp() - interval '1 hour'
                       LIMIT at_most) AS q) THEN
    RETURN;
  END IF;
  -- one that is still claimed is of a worker that is gone, and may have arrived
  UPDATE bounce.operator_copy AS c
  SET is_uncertain = c.is_uncertain OR c.claim_id IS NOT NULL, claim_id = gen_random_uuid(),
      attempts = c.attempts + 1, due_at = clock_timestamp() + lease,
      address = CASE WHEN mailbox = '' OR c.asked_by IS NOT NULL THEN c.address ELSE mailbox END
  WHERE c.id = (
    SELECT w.id FROM bounce.operator_copy AS w
    WHERE w.state = 'waiting' AND w.due_at <= clock_timestamp()
    ORDER BY w.due_at, w.id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING c.* INTO k;
  IF FOUND THEN
    RETURN QUERY
    SELECT k.bounce_id, k.claim_id, k.address, k.message_id, m.class::text, m.reason, m.subject,
           m.header_from, m.received_at, m.size, k.is_uncertain, coalesce(k.raw, m.raw, ''),
           k.asked_by, k.why
    FROM bounce.bounce_message AS m
    WHERE m.id = k.bounce_message_id AND m.received_at = k.received_at;
  END IF;
END $$;
COMMENT ON FUNCTION bounce.claim_copy(interval) IS
  'delivery: a copy for the operator that is due, for this worker alone until the lease ends. No '
  'row: there is none, or operator_max_per_hour were sent within the hour';

CREATE OR REPLACE FUNCTION bounce.settle_copy(
  bounce_id bigint, claim_id uuid, outcome text, response text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  k bounce.operator_copy;
BEGIN
  SELECT * INTO k FROM bounce.operator_copy AS c
  WHERE c.bounce_id = settle_copy.bounce_id AND c.claim_id = settle_copy.claim_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  k.response := left(bounce_internal.one_line(response), 500);
  k.is_uncertain := k.is_uncertain OR outcome = 'unknown';
  IF outcome = 'sent' THEN
    UPDATE bounce.operator_copy AS c SET state = 'sent', sent_at = clock_timestamp(), raw = NULL,
      claim_id = NULL, response = k.response, is_uncertain = k.is_uncertain
    WHERE c.id = k.id;
  ELSIF outcome = 'refused' OR clock_timestamp()
        > k.created_at + bounce_internal.parameter_interval('operator_copy_lifetime') THEN
    PERFORM bounce_internal.give_up_copy(k);
  ELSE
    UPDATE bounce.operator_copy AS c SET claim_id = NULL, response = k.response,
      is_uncertain = k.is_uncertain,
      due_at = clock_timestamp() + bounce_internal.copy_delay(k.attempts)
    WHERE c.id = k.id;
  END IF;
  RETURN true;
END $$;
COMMENT ON FUNCTION bounce.settle_copy(bigint, uuid, text, text) IS
  'delivery: what became of a claimed copy: sent, failed (it is tried again after a growing pause, '
  'and given up in the end), unknown (the same; it may have arrived) or refused (given up at '
  'once). False: the lease had ended';

CREATE OR REPLACE FUNCTION bounce.retry_copies(bounce_id bigint DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  revived integer;
BEGIN
  WITH again AS (
    UPDATE bounce.operator_copy AS c
    SET state = 'waiting', attempts = 0, due_at = clock_timestamp(), created_at = clock_timestamp(),
      task_id = NULL, is_uncertain = c.is_uncertain OR c.state = 'sent'
    WHERE c.claim_id IS NULL AND c.state NOT IN ('erased', 'withdrawn')
      AND CASE WHEN retry_copies.bounce_id IS NULL THEN c.state IN ('waiting', 'dead')
               ELSE c.bounce_id = retry_copies.bounce_id END
    RETURNING c.bounce_id)
  SELECT count(*) INTO revived FROM again;
  IF NOT EXISTS (SELECT FROM bounce.operator_copy AS c WHERE c.state = 'dead') THEN
    UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
      resolution = 'done', note = bounce_internal.say('%s copies are sent again', revived::text)
    WHERE t.dedup_key = 'delivery_problem:operator_copy' AND t.status = 'open';
  END IF;
  RETURN revived;
END $$;
COMMENT ON FUNCTION bounce.retry_copies(bigint) IS
  'operator: sends again all copies for the operator that were given up, and those that wait, at '
  'once; or the one of a bounce, even if it was sent. When none is given up any more, the task '
  'about them is closed. Returns the number';

CREATE OR REPLACE FUNCTION bounce.forward_letter(
  bounce_id bigint, address text, why text, OUT forwarded_to text, OUT is_new boolean,
  OUT consequence text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
#variable_conflict use_column
DECLARE
  because CONSTANT text :=
    left(bounce_internal.one_line(bounce_internal.require_reason_text(why, 'send a letter on')),
         500);
  b CONSTANT bounce.bounce := bounce_internal.lock_bounce(bounce_id);
  m CONSTANT bounce.bounce_message := bounce_internal.require_letter(b);
BEGIN
  forwarded_to := bounce_internal.require_colleague(address);
  INSERT INTO bounce.operator_copy AS c (bounce_message_id, received_at, bounce_id, address,
                                         message_id, asked_by, why, raw)
  VALUES (m.id, m.received_at, b.id, forwarded_to,
          bounce_internal.copy_message_id(m.id, m.received_at, forwarded_to), session_user, because,
          m.raw)
  ON CONFLICT (bounce_message_id, lower(address)) WHERE asked_by IS NOT NULL DO UPDATE
  SET state = 'waiting', attempts = 0, due_at = clock_timestamp(), created_at = clock_timestamp(),
      bounce_id = b.id, task_id = NULL, asked_by = session_user, why = because, raw = m.raw
  WHERE c.state IN ('dead', 'withdrawn');
  is_new := FOUND;
  IF is_new THEN
    PERFORM bounce_internal.write_log(b.communication_id, b.recipient_id, 'letter_forwarded',
                                      bounce_internal.say('to %s: %s', forwarded_to, because),
                                      b.id);
  END IF;
  consequence := CASE
    WHEN is_new THEN bounce_internal.sentence('the letter goes to %s', forwarded_to)
    ELSE bounce_internal.sentence('nothing to do, it was sent on to %s already', forwarded_to) END;
END $$;
COMMENT ON FUNCTION bounce.forward_letter(bigint, text, text) IS
  'operator: sends the letter that a bounce was read from on to a person, by the queue of the '
  'operator''s copies; what it says is not changed, nor its verdict. To the same address once: '
  'is_new is false then. withdraw_letter() takes it back until it is sent. P0002 for an unknown '
  'bounce; 22023 without a reason, when its text is not kept any more, when it is not an address, '
  'is blocked or is one of the bounce domain''s, and while operator_copy is not smtp';

CREATE OR REPLACE FUNCTION bounce.withdraw_letter(
  bounce_id bigint, address text, why text, OUT withdrawn boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  because CONSTANT text := bounce_internal.require_reason_text(why, 'take a letter back');
  b CONSTANT bounce.bounce := bounce_internal.lock_bounce(bounce_id);
  bare CONSTANT text := bounce_internal.require_address(address);
BEGIN
  UPDATE bounce.operator_copy AS c SET state = 'withdrawn', task_id = NULL, raw = NULL
  WHERE c.bounce_message_id = b.bounce_message_id AND lower(c.address) = lower(bare)
    AND c.asked_by IS NOT NULL AND c.state IN ('waiting', 'dead') AND c.claim_id IS NULL;
  withdrawn := FOUND;
  IF withdrawn THEN
    PERFORM bounce_internal.write_log(b.communication_id, b.recipient_id, 'letter_withdrawn',
                                      bounce_internal.say('to %s: %s', bare, because), b.id);
  ELSIF EXISTS (SELECT FROM bounce.operator_copy AS c
                WHERE c.bounce_message_id = b.bounce_message_id AND lower(c.address) = lower(bare)
                  AND c.asked_by IS NOT NULL AND (c.state = 'sent' OR c.claim_id IS NOT NULL)) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('the letter is sent to %s already', bare),
      bounce_internal.say('What a server has taken, or is taking, cannot be taken back.'));
  END IF;
END $$;
COMMENT ON FUNCTION bounce.withdraw_letter(bigint, text, text) IS
  'operator: takes forward_letter() back. False: it was not sent on to that address. P0002 for an '
  'unknown bounce; 22023 without a reason, or when it is sent already';
