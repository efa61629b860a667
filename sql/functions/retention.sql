-- SPDX-License-Identifier: BSD-2-Clause
--
-- Retention: what is too old is erased, and a person's data in one call.

CREATE OR REPLACE FUNCTION bounce.erase_message_detail(ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.bounce_message AS m
  SET raw = NULL, report = '{}', header_from = '', subject = '', envelope_sender = '', envelope_recipients = '{}', message_id = '', client = ''
  WHERE m.id = ANY (ids);
  UPDATE bounce.bounce AS b SET recipient = '', original_recipient = '', diagnostic = '', evidence = '' WHERE b.bounce_message_id = ANY (ids);
END
$$;
COMMENT ON FUNCTION bounce.erase_message_detail(bigint[]) IS 'internal: leaves of reports what figures need: time, class, reason, codes, rule, process';

CREATE OR REPLACE FUNCTION bounce.erase_content(communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  -- where the queue has the mail itself
  FOREACH name IN ARRAY ARRAY['communication_attachment', 'communication_content'] LOOP
    IF to_regclass('bounce.' || name) IS NOT NULL THEN
      EXECUTE format('DELETE FROM bounce.%I AS k WHERE k.communication_id = $1', name) USING communication_id;
    END IF;
  END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION bounce.erase_recipient(recipient_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r bounce.communication_recipient;
BEGIN
  UPDATE bounce.communication_recipient AS q SET address = 'erased-' || q.id || '@erased.invalid', person_ref = '', diagnostic = ''
  WHERE q.id = recipient_id RETURNING q.* INTO r;
  UPDATE bounce.communication_log AS l SET text = '' WHERE l.communication_id = r.communication_id
    AND (l.recipient_id = r.id OR l.recipient_id IS NULL);
  UPDATE bounce.follow_up AS u SET text = '' WHERE u.recipient_id = r.id;
  -- a mail to this person alone is about this person
  IF NOT EXISTS (SELECT FROM bounce.communication_recipient AS o
                 WHERE o.communication_id = r.communication_id AND o.address_key NOT LIKE 'erased-%@erased.invalid') THEN
    UPDATE bounce.communication AS c SET subject = '' WHERE c.id = r.communication_id;
    PERFORM bounce.erase_content(r.communication_id);
  END IF;
  PERFORM bounce.write_log(r.communication_id, r.id, 'erased', 'personal data erased');
END
$$;
COMMENT ON FUNCTION bounce.erase_recipient(bigint) IS 'internal: takes the person out of one recipient; state and figures stay';

CREATE OR REPLACE FUNCTION bounce.erase_addresses(keys text[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  recipients CONSTANT bigint[] := ARRAY(SELECT r.id FROM bounce.communication_recipient AS r WHERE r.address_key = ANY (keys) ORDER BY r.id);
  messages CONSTANT bigint[] := ARRAY(SELECT b.bounce_message_id FROM bounce.bounce AS b
    WHERE b.recipient_id = ANY (recipients) OR lower(b.recipient) = ANY (keys) OR lower(b.original_recipient) = ANY (keys));
  blocks bigint;
BEGIN
  IF btrim(coalesce(why, '')) = '' THEN
    RAISE EXCEPTION 'a reason is needed to erase a person''s data' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM FROM bounce.communication AS c WHERE c.id IN (SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.id = ANY (recipients))
  ORDER BY c.id FOR NO KEY UPDATE;
  PERFORM bounce.erase_message_detail(messages);
  PERFORM bounce.erase_recipient(r) FROM unnest(recipients) AS r;
  UPDATE bounce.held_block AS h SET address = 'erased@erased.invalid', why = '', decision = coalesce(h.decision, 'dropped'), decided_at = coalesce(h.decided_at, now())
  WHERE h.address = ANY (keys);
  UPDATE bounce.address_block AS k
  SET address = 'erased-' || k.id || '@erased.invalid', why = '', lifted_at = coalesce(k.lifted_at, now()),
      lifted_by = coalesce(k.lifted_by, session_user), lift_why = CASE WHEN k.lifted_at IS NULL THEN 'erased: ' || btrim(erase_addresses.why) ELSE '' END
  WHERE k.address_key = ANY (keys);
  GET DIAGNOSTICS blocks = ROW_COUNT;
  PERFORM bounce.close_task(t.id, 'done', '') FROM bounce.task AS t
  WHERE t.status = 'open' AND t.kind <> 'outage' AND bounce.address_key(t.address) = ANY (keys) ORDER BY t.dedup_key;
  UPDATE bounce.task_history AS h SET text = '' FROM bounce.task AS t
  WHERE h.task_id = t.id AND (bounce.address_key(t.address) = ANY (keys) OR t.recipient_id = ANY (recipients));
  UPDATE bounce.task AS t SET address = '', correction = '', summary = 'erased', diagnosis = '', note = '', dedup_key = 'erased:' || t.id
  WHERE t.status = 'done' AND (bounce.address_key(t.address) = ANY (keys) OR t.recipient_id = ANY (recipients));
  UPDATE bounce.task AS t SET summary = 'erased', diagnosis = '' WHERE t.status = 'open' AND t.recipient_id = ANY (recipients);
  RETURN cardinality(recipients) + cardinality(messages) + blocks;
END
$$;
COMMENT ON FUNCTION bounce.erase_addresses(text[], text) IS 'internal: takes the person behind these addresses out of every table';

CREATE OR REPLACE FUNCTION bounce.housekeeping(batch integer DEFAULT 1000) RETURNS TABLE (step text, done bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT h.step, h.done FROM bounce.housekeeping_at(now(), batch) AS h;
END;
COMMENT ON FUNCTION bounce.housekeeping(integer) IS
  'what a timer calls every hour: months made and dropped, what is too old erased, at most a batch of each. Again while a step has '
  'done as much as batch. The milter may call it as well: how long things are kept is not in its hands';
