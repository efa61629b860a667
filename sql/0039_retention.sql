-- SPDX-License-Identifier: BSD-2-Clause
--
-- Retention: raw messages and details are erased after a time of their own per
-- class, in bounded batches; whole months of events are dropped; a person's data
-- is erased in one call. housekeeping() is all that a timer has to call.

INSERT INTO bounce.parameter_definition (name, type, default_value, minimum, maximum, description) VALUES
  ('keep_raw_hard',           'interval', '180 days', '1 day', '3650 days', 'how long a report of a hard bounce is kept as received'),
  ('keep_raw_soft',           'interval', '60 days',  '1 day', '3650 days', 'how long a report of a soft bounce is kept as received'),
  ('keep_raw_technical',      'interval', '60 days',  '1 day', '3650 days', 'how long a technical report is kept as received'),
  ('keep_raw_auto_reply',     'interval', '14 days',  '1 day', '3650 days', 'how long an automatic reply is kept as received'),
  ('keep_raw_unclassified',   'interval', '180 days', '1 day', '3650 days', 'how long a report that nobody could classify is kept as received'),
  ('keep_detail_hard',        'interval', '730 days', '1 day', '3650 days', 'how long the words and addresses of a hard bounce are kept'),
  ('keep_detail_soft',        'interval', '365 days', '1 day', '3650 days', 'how long the words and addresses of a soft bounce are kept'),
  ('keep_detail_technical',   'interval', '365 days', '1 day', '3650 days', 'how long the words and addresses of a technical report are kept'),
  ('keep_detail_auto_reply',  'interval', '30 days',  '1 day', '3650 days', 'how long the words and addresses of an automatic reply are kept'),
  ('keep_detail_unclassified', 'interval', '365 days', '1 day', '3650 days', 'how long the words and addresses of an unclassified report are kept'),
  ('keep_events',             'interval', '1095 days', '62 days', '3650 days',
   'how long bounces, reports and log lines are kept at all, by whole months; keys of known reports, closed tasks and done follow-ups as well');

CREATE INDEX bounce_message_raw_idx ON bounce.bounce_message (class, received_at) WHERE raw IS NOT NULL;
CREATE INDEX bounce_message_detail_idx ON bounce.bounce_message (class, received_at) WHERE report <> '{}';

-- Erasing --------------------------------------------------------------------------------------

CREATE FUNCTION bounce.erase_raw(class bounce.class, before timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  erased bigint;
BEGIN
  UPDATE bounce.bounce_message AS m SET raw = NULL
  FROM (SELECT q.id, q.received_at FROM bounce.bounce_message AS q
        WHERE q.class = erase_raw.class AND q.received_at < before AND q.raw IS NOT NULL
        ORDER BY q.received_at LIMIT batch FOR UPDATE SKIP LOCKED) AS old
  WHERE m.id = old.id AND m.received_at = old.received_at;
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END
$$;
COMMENT ON FUNCTION bounce.erase_raw(bounce.class, timestamptz, integer) IS 'internal: erases raw messages of a class, at most a batch of the oldest; how many';

CREATE FUNCTION bounce.erase_message_detail(ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.bounce_message AS m
  SET raw = NULL, report = '{}', header_from = '', subject = '', envelope_sender = '', envelope_recipients = '{}', message_id = '', client = ''
  WHERE m.id = ANY (ids);
  UPDATE bounce.bounce AS b SET recipient = '', original_recipient = '', diagnostic = '', evidence = '' WHERE b.bounce_message_id = ANY (ids);
END
$$;
COMMENT ON FUNCTION bounce.erase_message_detail(bigint[]) IS 'internal: leaves of reports what figures need: time, class, reason, codes, rule, process';

CREATE FUNCTION bounce.erase_detail(class bounce.class, before timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  ids CONSTANT bigint[] := ARRAY(SELECT q.id FROM bounce.bounce_message AS q
    WHERE q.class = erase_detail.class AND q.received_at < before AND q.report <> '{}'
    ORDER BY q.received_at LIMIT batch FOR UPDATE SKIP LOCKED);
BEGIN
  PERFORM bounce.erase_message_detail(ids);
  RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION bounce.erase_detail(bounce.class, timestamptz, integer) IS 'internal: erases words and addresses of a class, at most a batch of the oldest; how many';

CREATE FUNCTION bounce.forget_keys(before timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM bounce.report_key AS k
  USING (SELECT q.key FROM bounce.report_key AS q WHERE q.seen_at < before LIMIT batch) AS old WHERE k.key = old.key;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;

CREATE FUNCTION bounce.forget_work(before timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  tasks bigint;
  follow_ups bigint;
BEGIN
  DELETE FROM bounce.task AS t
  USING (SELECT q.id FROM bounce.task AS q WHERE q.status = 'done' AND q.resolved_at < before LIMIT batch) AS old WHERE t.id = old.id;
  GET DIAGNOSTICS tasks = ROW_COUNT;
  DELETE FROM bounce.follow_up AS u
  USING (SELECT q.id FROM bounce.follow_up AS q WHERE q.status = 'done' AND q.finished_at < before LIMIT batch) AS old WHERE u.id = old.id;
  GET DIAGNOSTICS follow_ups = ROW_COUNT;
  RETURN greatest(tasks, follow_ups);
END
$$;

CREATE FUNCTION bounce.forget_counts(at timestamptz, batch integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  forgotten bigint;
BEGIN
  DELETE FROM bounce.hard_count AS h
  USING (SELECT q.ctid FROM bounce.hard_count AS q
         WHERE q.span = 'minutes' AND q.bucket < at - interval '2 days' OR q.span = 'day' AND q.bucket < at - interval '16 days' LIMIT batch) AS old
  WHERE h.ctid = old.ctid;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN forgotten;
END
$$;

-- The timer ---------------------------------------------------------------------------------------

CREATE FUNCTION bounce.housekeeping_at(at timestamptz, batch integer) RETURNS TABLE (step text, done bigint)
LANGUAGE plpgsql AS $$
DECLARE
  class text;
BEGIN
  -- months wait for a lock; they must not keep the rest from being done, and come again next time
  BEGIN
    step := 'months made';    done := bounce.make_months(at);                                                     RETURN NEXT;
    step := 'months dropped'; done := bounce.drop_months(at - bounce.parameter_interval('keep_events'));          RETURN NEXT;
  EXCEPTION WHEN lock_not_available THEN
    step := 'months: locked, tried again next time'; done := 0; RETURN NEXT;
  END;
  FOREACH class IN ARRAY ARRAY['hard', 'soft', 'technical', 'auto_reply', 'unclassified'] LOOP
    step := 'raw messages erased: ' || class; done := bounce.erase_raw(class, at - bounce.parameter_interval('keep_raw_' || class), batch);    RETURN NEXT;
    step := 'details erased: ' || class; done := bounce.erase_detail(class, at - bounce.parameter_interval('keep_detail_' || class), batch); RETURN NEXT;
  END LOOP;
  step := 'report keys forgotten'; done := bounce.forget_keys(at - bounce.parameter_interval('keep_events'), batch); RETURN NEXT;
  step := 'work forgotten';        done := bounce.forget_work(at - bounce.parameter_interval('keep_events'), batch); RETURN NEXT;
  step := 'counters forgotten';    done := bounce.forget_counts(at, batch);        RETURN NEXT;
  step := 'token keys dropped';    done := bounce.drop_expired_token_keys(at);     RETURN NEXT;
  step := 'domains learned';       done := bounce.learn_domains(batch);            RETURN NEXT;
END
$$;
COMMENT ON FUNCTION bounce.housekeeping_at(timestamptz, integer) IS 'internal: housekeeping() with a clock of the caller''s';

CREATE FUNCTION bounce.housekeeping(batch integer DEFAULT 1000) RETURNS TABLE (step text, done bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = bounce, pg_temp
BEGIN ATOMIC
  SELECT h.step, h.done FROM bounce.housekeeping_at(now(), batch) AS h;
END;
COMMENT ON FUNCTION bounce.housekeeping(integer) IS
  'what a timer calls every hour: months made and dropped, what is too old erased, at most a batch of each. Again while a step has '
  'done as much as batch. The milter may call it as well: how long things are kept is not in its hands';

-- One person -----------------------------------------------------------------------------------------

CREATE FUNCTION bounce.erase_content(communication_id bigint) RETURNS void
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

CREATE FUNCTION bounce.erase_recipient(recipient_id bigint) RETURNS void
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

CREATE FUNCTION bounce.erase_addresses(keys text[], why text) RETURNS bigint
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

CREATE FUNCTION bounce.erase_address(address text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce.erase_addresses(ARRAY[bounce.address_key(address)], why);
END
$$;
COMMENT ON FUNCTION bounce.erase_address(text, text) IS
  'erases what is personal of an address: address, words, raw reports, open tasks, blocks (lifted: an address that is not known cannot be '
  'blocked). States, codes and figures stay. How many recipients, reports and blocks. 22023 without a reason';

CREATE FUNCTION bounce.erase_person(person_ref text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN bounce.erase_addresses(ARRAY(SELECT DISTINCT r.address_key FROM bounce.communication_recipient AS r
    WHERE erase_person.person_ref <> '' AND r.person_ref = erase_person.person_ref), why);
END
$$;
COMMENT ON FUNCTION bounce.erase_person(text, text) IS 'as erase_address(), for every address that a person had';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.housekeeping(integer) TO bounce_milter, bounce_operator;
GRANT EXECUTE ON FUNCTION bounce.erase_address(text, text), bounce.erase_person(text, text) TO bounce_operator;
