-- SPDX-License-Identifier: BSD-2-Clause
--
-- The operator's copies for the worker that sends them, and for the operator who sends again.

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
      address = CASE mailbox WHEN '' THEN c.address ELSE mailbox END
  WHERE c.bounce_message_id = (
    SELECT w.bounce_message_id FROM bounce.operator_copy AS w
    WHERE w.state = 'waiting' AND w.due_at <= clock_timestamp()
    ORDER BY w.due_at, w.bounce_message_id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING c.* INTO k;
  IF FOUND THEN
    RETURN QUERY
    SELECT k.bounce_id, k.claim_id, k.address, k.message_id, m.class::text, m.reason, m.subject,
           m.header_from, m.received_at, m.size, k.is_uncertain, coalesce(k.raw, m.raw, '')
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
    WHERE c.bounce_message_id = k.bounce_message_id;
  ELSIF outcome = 'refused' OR clock_timestamp()
        > k.created_at + bounce_internal.parameter_interval('operator_copy_lifetime') THEN
    PERFORM bounce_internal.give_up_copy(k);
  ELSE
    UPDATE bounce.operator_copy AS c SET claim_id = NULL, response = k.response,
      is_uncertain = k.is_uncertain,
      due_at = clock_timestamp() + bounce_internal.copy_delay(k.attempts)
    WHERE c.bounce_message_id = k.bounce_message_id;
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
    WHERE c.claim_id IS NULL AND c.state <> 'erased'
      AND CASE WHEN retry_copies.bounce_id IS NULL THEN c.state IN ('waiting', 'dead')
               ELSE c.bounce_id = retry_copies.bounce_id END
    RETURNING c.bounce_id)
  SELECT count(*) INTO revived FROM again;
  IF NOT EXISTS (SELECT FROM bounce.operator_copy AS c WHERE c.state = 'dead') THEN
    UPDATE bounce.task AS t SET status = 'done', resolved_at = now(), resolved_by = session_user,
      resolution = 'done', note = format('%s copies are sent again', revived)
    WHERE t.dedup_key = 'delivery_problem:operator_copy' AND t.status = 'open';
  END IF;
  RETURN revived;
END $$;
COMMENT ON FUNCTION bounce.retry_copies(bigint) IS
  'operator: sends again all copies for the operator that were given up, and those that wait, at '
  'once; or the one of a bounce, even if it was sent. When none is given up any more, the task '
  'about them is closed. Returns the number';
