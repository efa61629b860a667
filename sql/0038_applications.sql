-- SPDX-License-Identifier: BSD-2-Clause
--
-- What applications call beyond 0009: who a recipient is, what did not arrive, and
-- notifications. LISTEN bounce_communication (payload: communication id) tells of
-- each change of a communication's status, LISTEN bounce_follow_up of the outbox.

DROP FUNCTION bounce.register_communication(text, text[], text, text, text, text, text);
CREATE FUNCTION bounce.register_communication(process text, recipients text[], subject text DEFAULT '', business_ref text DEFAULT '',
                                              sender text DEFAULT '', message_id text DEFAULT NULL, status text DEFAULT 'open',
                                              person_refs text[] DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  new_id bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM bounce.process AS p WHERE p.name = register_communication.process) THEN
    RAISE EXCEPTION 'unknown process "%"', register_communication.process
      USING ERRCODE = 'foreign_key_violation', HINT = 'INSERT INTO bounce.process (name, description) VALUES (...)';
  ELSIF cardinality(person_refs) <> cardinality(recipients) THEN
    RAISE EXCEPTION '% recipients, but % person references', cardinality(recipients), cardinality(person_refs)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM bounce.need_recipients(recipients);
  INSERT INTO bounce.communication (process, subject, business_ref, sender, message_id, status)
  VALUES (register_communication.process, register_communication.subject, register_communication.business_ref,
          register_communication.sender, register_communication.message_id, register_communication.status)
  RETURNING id INTO new_id;
  INSERT INTO bounce.communication_recipient (communication_id, address, person_ref)
  SELECT new_id, (array_agg(r.address ORDER BY r.place))[1], coalesce(max(r.person_ref), '')
  FROM unnest(register_communication.recipients, register_communication.person_refs) WITH ORDINALITY AS r (address, person_ref, place)
  GROUP BY bounce.address_key(r.address)
  ORDER BY min(r.place);
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.register_communication(text, text[], text, text, text, text, text, text[]) IS
  'registers one outgoing mail and its recipients (an address named twice counts once); returns communication.id. '
  'status open: not handed over yet, UPDATE it to sent afterwards. person_refs: the application''s own name of the person behind each '
  'address; NULL, or NULL within, for bare addresses. 23503 for an unknown process, 23514 for an impossible address, '
  'no recipient, or the status bounced';

CREATE FUNCTION bounce.set_person(communication_id bigint, address text, person_ref text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r SET person_ref = coalesce(set_person.person_ref, '')
  WHERE r.communication_id = set_person.communication_id AND r.address_key = bounce.address_key(set_person.address);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'communication % has no recipient %', set_person.communication_id, set_person.address USING ERRCODE = 'no_data_found';
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.set_person(bigint, text, text) IS 'whom an address of a communication belongs to, in the application''s own words. P0002';

CREATE FUNCTION bounce.undelivered_documents(process text, since timestamptz, until timestamptz) RETURNS SETOF bounce.undelivered
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT u.* FROM bounce.undelivered AS u
  WHERE (undelivered_documents.process IS NULL OR u.process = undelivered_documents.process)
    AND u.created_at >= coalesce(since, '-infinity') AND u.created_at < coalesce(until, 'infinity')
  ORDER BY u.created_at, u.communication_id, u.recipient_id;
END
$$;
COMMENT ON FUNCTION bounce.undelivered_documents(text, timestamptz, timestamptz) IS
  'what a process (NULL: any) registered in a time and did not arrive, why, and what happens next; since included, until not, NULL: open';

CREATE FUNCTION bounce.tell_communication() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bounce_communication', NEW.id::text);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION bounce.tell_communication() IS 'internal: tells listeners that a communication has another status';
CREATE TRIGGER communication_tell AFTER UPDATE OF status ON bounce.communication
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION bounce.tell_communication();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bounce FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bounce.register_communication(text, text[], text, text, text, text, text, text[]),
  bounce.set_person(bigint, text, text), bounce.undelivered_documents(text, timestamptz, timestamptz) TO bounce_application;
GRANT INSERT (person_ref) ON bounce.communication_recipient TO bounce_application;
GRANT EXECUTE ON FUNCTION bounce.undelivered_documents(text, timestamptz, timestamptz) TO bounce_operator;
