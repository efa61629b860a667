-- SPDX-License-Identifier: BSD-2-Clause
--
-- Registering what an application sent itself.

CREATE OR REPLACE FUNCTION bounce.register_communication(process text, recipients text[], subject text DEFAULT '', business_ref text DEFAULT '',
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
