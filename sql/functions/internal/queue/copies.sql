-- SPDX-License-Identifier: BSD-2-Clause
--
-- The operator's copies: queueing one in the transaction that records its report, giving up,
-- erasing.

CREATE OR REPLACE FUNCTION bounce_internal.is_copy_queued(
  f bounce_internal.finding, document jsonb, raw bytea) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN f.policy ->> 'operator_copy' = 'smtp' AND raw IS NOT NULL
         AND (bounce_internal.document_text(document, 'source') IN ('imap', 'pop3')
              OR coalesce(bounce_internal.document_size(document), 0) <= length(raw));
END $$;
COMMENT ON FUNCTION bounce_internal.is_copy_queued(bounce_internal.finding, jsonb, bytea) IS
  'whether bounce-delivery sends the operator''s copy. Of a message that is too long to be '
  'recorded as a whole only the caller has all of it: that one goes as with operator_copy = mta. '
  'Out of a mailbox its beginning is sent, since the mailbox keeps the whole';

CREATE OR REPLACE FUNCTION bounce_internal.copy_message_id(
  id bigint, received_at timestamptz, colleague text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  domains CONSTANT text[] := bounce_internal.domains(bounce.parameter('bounce_domain'));
BEGIN
  RETURN format('copy.%s.%s%s@%s', id, extract(epoch FROM received_at)::bigint,
                '.' || left(md5(lower(colleague)), 12),
                coalesce(domains[1],
                         bounce.address_domain(bounce.parameter('operator_mailbox'))));
END $$;
COMMENT ON FUNCTION bounce_internal.copy_message_id(bigint, timestamptz, text) IS
  'the Message-ID of the operator''s copy of a report, or of what is sent on to a colleague''s '
  'address';

CREATE OR REPLACE FUNCTION bounce_internal.require_letter(b bounce.bounce)
RETURNS bounce.bounce_message
LANGUAGE plpgsql STABLE AS $$
DECLARE
  m bounce.bounce_message;
BEGIN
  SELECT q.* INTO m FROM bounce.bounce_message AS q
  WHERE q.id = b.bounce_message_id AND q.received_at = b.received_at;
  IF m.raw IS NULL OR length(m.raw) = 0 THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('the letter of bounce %s is not kept any more', b.id::text),
      bounce_internal.say('The parameters keep_raw and keep_raw_unclassified say how long.'));
  END IF;
  IF bounce.parameter('operator_copy') <> 'smtp' THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say(
        'letters are not sent from here: operator_copy is %s', bounce.parameter('operator_copy')),
      bounce_internal.say(
        'bounce-delivery sends them with operator_copy = smtp, and with smtp_host in its '
        'configuration.'));
  END IF;
  RETURN m;
END $$;
COMMENT ON FUNCTION bounce_internal.require_letter(bounce.bounce) IS
  'the report that a bounce was read from, which can be sent on; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.require_colleague(address text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bare CONSTANT text := bounce_internal.require_unblocked_address(address);
BEGIN
  -- it becomes a part of a command of SMTP, and would come in here again
  IF bare ~ '[^[:print:]]|["\\]' OR lower(bounce.address_domain(bare)) = ANY (
       bounce_internal.domains(bounce.parameter('bounce_domain'))) THEN
    PERFORM bounce_internal.refuse('invalid_parameter_value',
      bounce_internal.say('a letter cannot be sent on to "%s"', bare),
      bounce_internal.say(
        'The mailbox of a person; not one of the bounce domain, where it came from.'));
  END IF;
  RETURN bare;
END $$;
COMMENT ON FUNCTION bounce_internal.require_colleague(text) IS
  'the bare address of somebody who can read a letter; 22023';

CREATE OR REPLACE FUNCTION bounce_internal.queue_copy(o bounce.report_result, raw bytea)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.operator_copy (bounce_message_id, received_at, bounce_id, address, message_id,
                                    raw)
  SELECT m.id, m.received_at, o.bounce_id, o.forward_to,
         bounce_internal.copy_message_id(m.id, m.received_at),
         CASE WHEN m.raw IS NULL OR length(m.raw) < length(queue_copy.raw) THEN queue_copy.raw END
  FROM bounce.bounce_message AS m
  WHERE m.id = o.bounce_message_id AND o.bounce_id IS NOT NULL
  ON CONFLICT (bounce_message_id) WHERE asked_by IS NULL DO NOTHING;
  RETURN EXISTS (SELECT FROM bounce.operator_copy AS c
                 WHERE c.bounce_message_id = o.bounce_message_id AND c.asked_by IS NULL);
END $$;
COMMENT ON FUNCTION bounce_internal.queue_copy(bounce.report_result, bytea) IS
  'queues the operator''s copy of a recorded report, once. The text is in bounce_message, and '
  'here only where that keeps a part of it. False: there is no report to send';

CREATE OR REPLACE FUNCTION bounce_internal.copy_delay(attempts integer) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (0.8 + 0.4 * random()) * bounce_internal.growing_pause(attempts, 2,
    bounce_internal.parameter_interval('operator_copy_delay'),
    bounce_internal.parameter_interval('operator_copy_max_delay'));
END $$;
COMMENT ON FUNCTION bounce_internal.copy_delay(integer) IS
  'the pause after so many attempts: twice the one before, give or take a fifth';

CREATE OR REPLACE FUNCTION bounce_internal.give_up_copy(k bounce.operator_copy) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  summary CONSTANT text := bounce_internal.say(
    '%w of bounce %s for %s was not sent in %s attempts: ',
    CASE WHEN k.asked_by IS NULL THEN 'the operator''s copy' ELSE 'the letter' END,
    k.bounce_id::text, k.address, k.attempts::text)
    || coalesce(bounce_internal.unmarked(k.response), '');
  open_task CONSTANT bigint :=
    bounce_internal.task_delivery_problem('operator_copy', 'operator_copy', summary);
BEGIN
  UPDATE bounce.operator_copy AS c SET state = 'dead', claim_id = NULL, response = k.response,
    is_uncertain = k.is_uncertain, task_id = open_task
  WHERE c.id = k.id;
END $$;
COMMENT ON FUNCTION bounce_internal.give_up_copy(bounce.operator_copy) IS
  'a copy that nobody tries to send any more: it stays, and one open task tells of all of them';

CREATE OR REPLACE FUNCTION bounce_internal.erase_copies(ids bigint[]) RETURNS void
LANGUAGE sql AS $$
  UPDATE bounce.operator_copy AS c
  SET raw = NULL, response = '', claim_id = NULL,
      state = CASE WHEN c.state IN ('sent', 'withdrawn') THEN c.state ELSE 'erased' END
  WHERE c.bounce_message_id = ANY (ids);
$$;
COMMENT ON FUNCTION bounce_internal.erase_copies(bigint[]) IS
  'erases what the copies of these reports hold, and sends none of them any more';

CREATE OR REPLACE FUNCTION bounce_internal.erase_old_copies(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  k bounce.operator_copy;
  ids bigint[] := '{}';
BEGIN
  FOR k IN SELECT * FROM bounce.operator_copy AS c
           WHERE c.received_at < before AND c.state IN ('waiting', 'dead')
           ORDER BY c.received_at LIMIT batch FOR UPDATE SKIP LOCKED LOOP
    IF k.state = 'waiting' THEN
      k.response := 'its text has been erased: keep_raw_unclassified';
      PERFORM bounce_internal.give_up_copy(k);
    END IF;
    ids := ids || k.bounce_message_id;
  END LOOP;
  PERFORM bounce_internal.erase_copies(ids);
  RETURN cardinality(ids);
END $$;
COMMENT ON FUNCTION bounce_internal.erase_old_copies(timestamptz, integer) IS
  'erases copies of reports whose text is not kept any longer, at most a batch of the oldest; a '
  'task tells of those that still waited. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.delete_old_copies(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM bounce.operator_copy AS c
  USING (SELECT q.id FROM bounce.operator_copy AS q WHERE q.received_at < before
         ORDER BY q.received_at LIMIT batch) AS old
  WHERE c.id = old.id;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END $$;
COMMENT ON FUNCTION bounce_internal.delete_old_copies(timestamptz, integer) IS
  'forgets copies together with their reports, at most a batch. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.forgotten_copies()
RETURNS TABLE (fault text, about text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'copy not sent'::text,
         format('bounce %s, for %s, since %s', c.bounce_id, c.address, c.created_at)
  FROM bounce.operator_copy AS c
  WHERE c.state = 'waiting'
    AND c.created_at < now() - bounce_internal.parameter_interval('operator_copy_late')
  UNION ALL
  SELECT 'copy given up without task', format('bounce %s, for %s', c.bounce_id, c.address)
  FROM bounce.operator_copy AS c
  WHERE c.state = 'dead' AND c.task_id IS NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.forgotten_copies() IS
  'copies for the operator that wait too long, or that nobody is told of';

CREATE OR REPLACE FUNCTION bounce_internal.status_of_copies(at timestamptz)
RETURNS TABLE (name text, value text, warning text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  w record;
BEGIN
  SELECT count(*) FILTER (WHERE c.state = 'waiting') AS waiting,
         count(*) FILTER (WHERE c.state = 'dead') AS dead,
         min(c.created_at) FILTER (WHERE c.state = 'waiting') AS since INTO w
  FROM bounce.operator_copy AS c WHERE c.state IN ('waiting', 'dead');
  RETURN QUERY SELECT * FROM bounce_internal.status_line('copies_waiting',
    CASE WHEN w.waiting > 0 OR bounce.parameter('operator_copy') = 'smtp' THEN w.waiting::text END,
    CASE WHEN w.since < at - bounce_internal.parameter_interval('operator_copy_late')
         THEN bounce_internal.sentence(
           'letters for the operator wait since %t: copies list says why',
           to_char(w.since, 'YYYY-MM-DD HH24:MI')) END);
  RETURN QUERY SELECT * FROM bounce_internal.status_line('copies_given_up', nullif(w.dead, 0)::text,
    CASE WHEN w.dead > 0
         THEN bounce_internal.sentence('the operator did not get them: copies retry') END);
END $$;
COMMENT ON FUNCTION bounce_internal.status_of_copies(timestamptz) IS
  'the rows of status() about the operator''s copies';

CREATE OR REPLACE FUNCTION bounce_internal.metrics_of_copies(at timestamptz)
RETURNS TABLE (name text, labels text, value double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT 'bounce_operator_copies', bounce_internal.metric_labels('state', s.state),
         count(c.state)::double precision
  FROM (VALUES ('waiting'), ('dead')) AS s (state)
  LEFT JOIN bounce.operator_copy AS c ON c.state = s.state GROUP BY s.state;
  RETURN QUERY VALUES
    ('bounce_operator_copy_oldest_seconds', ''::text,
     (SELECT coalesce(extract(epoch FROM at - min(c.created_at)), 0)
      FROM bounce.operator_copy AS c WHERE c.state = 'waiting')::double precision);
END $$;
COMMENT ON FUNCTION bounce_internal.metrics_of_copies(timestamptz) IS
  'the rows of metrics() about the operator''s copies';
