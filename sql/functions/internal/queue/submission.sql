-- SPDX-License-Identifier: BSD-2-Clause
--
-- Handing over a first send. What a programmer has to mend is refused here, in one
-- line; what only the world can tell ends in the delivery state, never here.

CREATE OR REPLACE FUNCTION bounce_internal.refuse_submission(
  problem text, remedy text DEFAULT NULL, code text DEFAULT '22023') RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM bounce_internal.refuse(code, problem, remedy);
END $$;
COMMENT ON FUNCTION bounce_internal.refuse_submission(text, text, text) IS
  'raises an error for the programmer, with a hint if there is one';

-- Addresses --------------------------------------------------------------------------

-- RFC 5321 section 4.1.2, as far as it protects the dialogue; a quoted local part with blanks is
-- not taken. Domains may be U-labels (RFC 5890): they are sent as A-labels.
CREATE OR REPLACE FUNCTION bounce_internal.is_mailbox(mailbox text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(bounce_internal.bare_address(
      mailbox) ~ '^[^@[:space:][:cntrl:]<>,;:\\"()]{1,64}@[^@[:space:][:cntrl:]<>,;:\\"()]{1,253}$'
                  AND bounce_internal.bare_address(mailbox) !~ '@\.|\.\.[^@]*$|\.$', false)
$$;
COMMENT ON FUNCTION bounce_internal.is_mailbox(text) IS
  'whether it is an address, or "Name <address>"';

CREATE OR REPLACE FUNCTION bounce_internal.needs_smtputf8(mailbox text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT split_part(bounce_internal.bare_address(mailbox), '@', 1) ~ '[^\x01-\x7f]'
$$;
COMMENT ON FUNCTION bounce_internal.needs_smtputf8(text) IS
  'whether only SMTPUTF8 (RFC 6531) can carry the address, because its local part is not ASCII. '
  'Domains are sent as A-labels';

CREATE OR REPLACE FUNCTION bounce_internal.check_mailboxes(
  sender text, reply_to text, recipients text[]) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  bad text;
BEGIN
  IF cardinality(recipients) = 0 THEN
    PERFORM bounce_internal.refuse_submission('a communication needs at least one recipient',
                                              code => '23514');
  END IF;
  SELECT m INTO bad FROM unnest(recipients || sender
                                || nullif(reply_to, '')) WITH ORDINALITY AS u (m, place)
  WHERE NOT bounce_internal.is_mailbox(m)
    AND (m IS NOT NULL OR place <= cardinality(recipients) + 1) ORDER BY place LIMIT 1;
  IF FOUND THEN
    PERFORM bounce_internal.refuse_submission(format('"%s" is not a mail address',
                                                     left(coalesce(bad, 'NULL'), 200)),
                                     'anna@customer.example, or Anna Example '
                                     '<anna@customer.example>; one in each array element.',
                                     '23514');
  END IF;
  SELECT m INTO bad FROM unnest(ARRAY[sender, reply_to]) AS m
  WHERE bounce_internal.needs_smtputf8(m) LIMIT 1;
  IF FOUND THEN
    PERFORM bounce_internal.refuse_submission(
        format('bounce-delivery cannot send as "%s": its local part needs SMTPUTF8',
               left(bad, 200)),
                                     'A domain may have any letters; what is before the @ of a '
                                     'sender must be ASCII.', '0A000');
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.check_mailboxes(text, text, text[]) IS
  'refuses what can never be an address';

CREATE OR REPLACE FUNCTION bounce_internal.with_address(
  mailboxes text[], old_address text, new_address text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT CASE WHEN bounce.address_key(bounce_internal.bare_address(u.mailbox))
                                = bounce.address_key(old_address)
                           THEN replace(u.mailbox, bounce_internal.bare_address(u.mailbox),
                                        new_address)
                           ELSE u.mailbox END
               FROM unnest(mailboxes) WITH ORDINALITY AS u (mailbox, place) ORDER BY u.place)
$$;
COMMENT ON FUNCTION bounce_internal.with_address(text[], text, text) IS
  'the mailboxes of a header field with another address in the place of an old one';

-- Attachments ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.attachment_problem(attachment jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  odd text;
BEGIN
  IF jsonb_typeof(attachment) <> 'object' THEN
    RETURN format('is not an object but of type %s', jsonb_typeof(attachment));
  END IF;
  SELECT k INTO odd FROM jsonb_object_keys(attachment) AS k
  WHERE k NOT IN ('filename', 'contentType', 'content', 'encoding', 'cid') ORDER BY k LIMIT 1;
  IF FOUND THEN
    RETURN format('has "%s", which is not known: filename, contentType, content, encoding, cid are',
                  left(odd, 100));
  END IF;
  SELECT e.key INTO odd FROM jsonb_each(attachment) AS e WHERE jsonb_typeof(e.value) <> 'string'
  ORDER BY e.key LIMIT 1;
  RETURN CASE
    WHEN odd IS NOT NULL THEN format('has a %s that is not a string', odd)
    WHEN NOT attachment ? 'content' THEN 'has no content'
    WHEN attachment ->> 'encoding' NOT IN ('base64', 'utf-8', 'utf8')
      THEN format('has the encoding "%s": base64 for bytes, utf-8 or none for text',
                  left(attachment ->> 'encoding', 100))
    WHEN attachment ->> 'encoding' = 'base64'
         AND (length(translate(attachment ->> 'content', E' \t\r\n', '')) % 4 <> 0
              OR translate(attachment ->> 'content', E' \t\r\n', '') !~ '^[A-Za-z0-9+/]*={0,2}$')
    THEN 'has a content that is not base64'
    WHEN attachment ->> 'contentType' !~ '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$'
    THEN format('has the contentType "%s": type/subtype is wanted, without parameters',
                left(attachment ->> 'contentType', 100))
    WHEN length(attachment ->> 'filename') > 255 THEN 'has a filename of more than 255 characters'
    WHEN attachment ->> 'cid' !~ '^[^[:space:][:cntrl:]<>]{1,200}$'
         OR attachment ->> 'cid' ~ '[^\x01-\x7f]'
         THEN 'has a cid with blanks, angle brackets, or other than ASCII'
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.attachment_problem(jsonb) IS
  'what is wrong with an attachment; NULL when nothing is';

CREATE OR REPLACE FUNCTION bounce_internal.attachment_bytes(attachment jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN attachment ->> 'encoding' = 'base64'
              THEN decode(attachment ->> 'content', 'base64')
              ELSE convert_to(attachment ->> 'content', 'UTF8') END
$$;
COMMENT ON FUNCTION bounce_internal.attachment_bytes(jsonb) IS 'the content of a valid attachment';

CREATE OR REPLACE FUNCTION bounce_internal.check_attachments(attachments jsonb) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  place bigint;
  problem text;
BEGIN
  IF jsonb_typeof(attachments) <> 'array' THEN
    PERFORM bounce_internal.refuse_submission(
        format('attachments: an array is wanted, not something of type %s',
               jsonb_typeof(attachments)),
                                     '[{"filename": "a.pdf", "contentType": "application/pdf", '
                                     '"encoding": "base64", "content": "..."}]');
  END IF;
  SELECT e.ordinality, bounce_internal.attachment_problem(e.value) INTO place, problem
  FROM jsonb_array_elements(attachments) WITH ORDINALITY AS e
  WHERE bounce_internal.attachment_problem(e.value) IS NOT NULL ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    PERFORM bounce_internal.refuse_submission(format('attachment %s %s', place, problem));
  END IF;
  RETURN (SELECT coalesce(sum(octet_length(bounce_internal.attachment_bytes(e.value))), 0)
          FROM jsonb_array_elements(attachments) AS e);
END $$;
COMMENT ON FUNCTION bounce_internal.check_attachments(jsonb) IS
  'the size of all attachments; 22023 when one is invalid';

-- Content ----------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.check_content(
  raw bytea, body_text text, body_html text, attachments jsonb) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  of_files CONSTANT bigint := bounce_internal.check_attachments(attachments);
  bytes CONSTANT bigint := coalesce(length(raw), 0) + coalesce(octet_length(body_text),
                                                               0) + coalesce(octet_length(
                                                                   body_html), 0) + of_files;
BEGIN
  IF raw IS NOT NULL AND (body_text IS NOT NULL OR body_html IS NOT NULL
                          OR jsonb_array_length(attachments) > 0) THEN
    PERFORM bounce_internal.refuse_submission(
        'raw is a whole message: body_text, body_html and attachments do not go with it',
        'Give one or the other.');
  ELSIF raw IS NULL AND body_text IS NULL AND body_html IS NULL
        AND jsonb_array_length(attachments) = 0 THEN
    PERFORM bounce_internal.refuse_submission(
        'there is nothing to send: neither raw nor body_text, body_html or attachments',
                                     'body_text => '''' for a mail that is a subject only.');
  ELSIF length(raw) = 0 THEN
    PERFORM bounce_internal.refuse_submission('raw is empty');
  ELSIF position('\x00'::bytea IN raw) > 0 THEN
    PERFORM bounce_internal.refuse_submission(
        format('raw has a NUL at byte %s, which no mail may have', position('\x00'::bytea IN raw)),
        'Encode the part as base64.');
  ELSIF bytes > bounce_internal.parameter_integer('delivery_max_bytes') THEN
    PERFORM bounce_internal.refuse_submission(
        format('the content has %s bytes, more than delivery_max_bytes allows: %s', bytes,
               bounce.parameter('delivery_max_bytes')), code => '54000');
  END IF;
  RETURN bytes;
END $$;
COMMENT ON FUNCTION bounce_internal.check_content(bytea, text, text, jsonb) IS
  'the size of the content; refuses none, and two at a time';

CREATE OR REPLACE FUNCTION bounce_internal.check_envelope(
  process text, business_ref text, subject text, priority integer, not_before timestamptz,
  auto_submitted text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM bounce.process AS p WHERE p.name = check_envelope.process) THEN
    PERFORM bounce_internal.refuse_submission(format('unknown process "%s"', process),
                                              'INSERT INTO bounce.process (name, description) '
                                              'VALUES (...)', '23503');
  ELSIF length(business_ref) > 500 THEN
    PERFORM bounce_internal.refuse_submission('business_ref has more than 500 characters');
  ELSIF length(subject) > 2000 THEN
    PERFORM bounce_internal.refuse_submission('subject has more than 2000 characters');
  ELSIF priority NOT BETWEEN -100 AND 100 THEN
    PERFORM bounce_internal.refuse_submission(
        format('priority %s is not between -100 and 100', priority));
  ELSIF NOT isfinite(not_before) THEN
    PERFORM bounce_internal.refuse_submission(format('not_before is %s, which never comes',
                                                     not_before));
  ELSIF auto_submitted NOT IN ('', 'auto-generated', 'auto-replied') THEN
    PERFORM bounce_internal.refuse_submission(
        format('auto_submitted is "%s": auto-generated, auto-replied, or empty for a mail that a '
               'person wrote', left(auto_submitted, 100)));
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.check_envelope(text, text, text, integer, timestamptz, text) IS
  'checks the remaining arguments';

-- Rows -------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.message_domain(sender text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT coalesce(substring(
      bounce.address_domain(bounce_internal.bare_address(sender)) FROM '^[a-z0-9.-]+$'),
                  (bounce_internal.domains(bounce.parameter('bounce_domain')))[1], 'localhost')
$$;
COMMENT ON FUNCTION bounce_internal.message_domain(text) IS
  'the domain of our Message-IDs: the sender''s, or the bounce domain if the sender''s is not '
  'ASCII';

CREATE OR REPLACE FUNCTION bounce_internal.message_id_of(
  c bounce.communication, recipient_id bigint, attempt integer) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN attempt = 1 AND (c).message_id IS NOT NULL THEN (c).message_id
              ELSE format('%s.%s.%s@%s', (c).envelope_id, recipient_id, attempt,
                          bounce_internal.message_domain((c).sender)) END
$$;
COMMENT ON FUNCTION bounce_internal.message_id_of(bounce.communication, bigint, integer) IS
  'the Message-ID of a send: that of the communication for the first, a new one for each resend';

CREATE OR REPLACE FUNCTION bounce_internal.new_communication(
  process text, business_ref text, sender text, subject text, idempotency_key text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  fresh_id CONSTANT text := replace(gen_random_uuid()::text, '-', '');
  new_id bigint;
BEGIN
  INSERT INTO bounce.communication AS c (process, business_ref, sender, subject, status,
                                         envelope_id, message_id, idempotency_key)
  VALUES (new_communication.process, coalesce(new_communication.business_ref, ''),
          bounce_internal.bare_address(coalesce(new_communication.sender, '')),
          bounce_internal.one_line(new_communication.subject), 'open',
          fresh_id, format('%s@%s', fresh_id,
                           bounce_internal.message_domain(new_communication.sender)),
          new_communication.idempotency_key)
  ON CONFLICT DO NOTHING RETURNING c.id INTO new_id;
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce_internal.new_communication(text, text, text, text, text) IS
  'adds the communication of a mail that the queue will send; NULL when the key is taken';

CREATE OR REPLACE FUNCTION bounce_internal.communication_of_key(process text, idempotency_key text)
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  IF idempotency_key IS NULL THEN
    RETURN NULL;
  ELSIF btrim(idempotency_key) = '' OR length(idempotency_key) > 200 THEN
    PERFORM bounce_internal.refuse_submission(
        format('idempotency_key has %s characters, from 1 to 200 are possible',
               length(btrim(idempotency_key))), 'NULL when there is none.');
  END IF;
  RETURN (SELECT c.id FROM bounce.communication AS c
          WHERE c.process = communication_of_key.process
            AND c.idempotency_key = communication_of_key.idempotency_key);
END $$;
COMMENT ON FUNCTION bounce_internal.communication_of_key(text, text) IS
  'the communication that was made with this key; NULL when there is none. Volatile: it must see '
  'what another session has committed a moment ago';

CREATE OR REPLACE FUNCTION bounce_internal.queue_content(
  communication_id bigint, content bounce.communication_content, attachments jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  content.communication_id := queue_content.communication_id;
  INSERT INTO bounce.communication_content SELECT content.*;
  INSERT INTO bounce.communication_attachment (communication_id, place, filename, content_type,
                                               content_id, content)
  SELECT queue_content.communication_id, e.ordinality,
         bounce_internal.one_line(e.value ->> 'filename'),
         coalesce(e.value ->> 'contentType', 'application/octet-stream'),
         coalesce(e.value ->> 'cid', ''), bounce_internal.attachment_bytes(e.value)
  FROM jsonb_array_elements(attachments) WITH ORDINALITY AS e;
END $$;
COMMENT ON FUNCTION bounce_internal.queue_content(bigint, bounce.communication_content, jsonb) IS
  'stores content and attachments';

CREATE OR REPLACE FUNCTION bounce_internal.replace_content(
  c bounce.communication, raw bytea, body_text text, body_html text, attachments jsonb)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  content bounce.communication_content;
  files jsonb;
BEGIN
  SELECT k.* INTO content FROM bounce.communication_content AS k WHERE k.communication_id = c.id;
  IF NOT FOUND THEN
    content.header_from := c.sender;
    content.header_to := ARRAY(SELECT r.address FROM bounce.communication_recipient AS r
                               WHERE r.communication_id = c.id AND r.kind = 'to'
                                 AND r.state <> 'replaced' ORDER BY r.id);
    content.header_cc := '{}';
    content.reply_to := '';
    content.auto_submitted := 'auto-generated';
    content.null_sender := false;
  END IF;
  IF num_nonnulls(raw, body_text, body_html) > 0 THEN
    content.raw := raw;
    content.body_text := body_text;
    content.body_html := body_html;
  END IF;
  files := coalesce(attachments, CASE WHEN content.raw IS NOT NULL THEN '[]'::jsonb END,
                    bounce_internal.submitted_attachments(c.id));
  content.bytes := bounce_internal.check_content(content.raw, content.body_text,
                                                 content.body_html, files);
  DELETE FROM bounce.communication_attachment AS a WHERE a.communication_id = c.id;
  DELETE FROM bounce.communication_content AS k WHERE k.communication_id = c.id;
  PERFORM bounce_internal.queue_content(c.id, content, files);
  RETURN content.bytes;
END $$;
COMMENT ON FUNCTION bounce_internal.replace_content(bounce.communication, bytea, text,
                                                    text, jsonb) IS
  'puts another content in the place of that of a mail, also where it was erased. Returns its size';

CREATE OR REPLACE FUNCTION bounce_internal.submitted_attachments(communication_id bigint)
RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'filename', a.filename, 'contentType', a.content_type, 'cid', a.content_id,
                   'encoding', 'base64', 'content', encode(a.content, 'base64'))
                   - CASE a.content_id WHEN '' THEN 'cid' ELSE '' END ORDER BY a.place), '[]')
          FROM bounce.communication_attachment AS a
          WHERE a.communication_id = submitted_attachments.communication_id);
END $$;
COMMENT ON FUNCTION bounce_internal.submitted_attachments(bigint) IS
  'the attachments of a mail, as submit_communication() takes them';

CREATE OR REPLACE FUNCTION bounce_internal.add_recipients(
  communication_id bigint, recipients text[], cc text[], bcc text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.communication_recipient (communication_id, address, kind, attempts, state)
  SELECT add_recipients.communication_id, m.address, m.kind, 0, 'open'
  FROM (SELECT DISTINCT
        ON (bounce.address_key(
            bounce_internal.bare_address(u.mailbox))) bounce_internal.bare_address(
                u.mailbox) AS address,
               k.kind, k.rank, u.place
        FROM (VALUES ('to', 1, recipients), ('cc', 2, cc), ('bcc', 3, bcc)) AS k (kind,
            rank, mailboxes)
        CROSS JOIN LATERAL unnest(k.mailboxes) WITH ORDINALITY AS u (mailbox, place)
        ORDER BY bounce.address_key(bounce_internal.bare_address(u.mailbox)), k.rank, u.place) AS m
  ORDER BY m.rank, m.place;
END $$;
COMMENT ON FUNCTION bounce_internal.add_recipients(bigint, text[], text[], text[]) IS
  'adds the recipients; an address named twice gets one mail';

CREATE OR REPLACE FUNCTION bounce_internal.queue_communication(
  communication_id bigint, priority integer, due timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO bounce.communication_delivery (communication_id, process, priority, due_at)
  SELECT c.id, c.process,
         coalesce(queue_communication.priority,
                  bounce_internal.parameter_integer('delivery_priority', c.process)), due
  FROM bounce.communication AS c WHERE c.id = queue_communication.communication_id;
  INSERT INTO bounce.recipient_delivery (recipient_id, communication_id, state, due_at)
  SELECT r.id, r.communication_id, 'due', due
  FROM bounce.communication_recipient AS r
  WHERE r.communication_id = queue_communication.communication_id;
END $$;
COMMENT ON FUNCTION bounce_internal.queue_communication(bigint, integer, timestamptz) IS
  'adds the delivery, which makes the mail due';

CREATE OR REPLACE FUNCTION bounce_internal.require_queued(communication_id bigint)
RETURNS bounce.communication_delivery
LANGUAGE plpgsql AS $$
DECLARE
  d bounce.communication_delivery;
BEGIN
  SELECT k.* INTO d FROM bounce.communication AS c
  JOIN bounce.communication_delivery AS k ON k.communication_id = c.id
  WHERE c.id = require_queued.communication_id AND bounce_internal.may_use(c.process)
  FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM bounce_internal.refuse('no_data_found',
      bounce_internal.say('no communication %s in the delivery queue', communication_id::text));
  END IF;
  RETURN d;
END $$;
COMMENT ON FUNCTION bounce_internal.require_queued IS
  'a communication in the queue, of the caller''s processes; P0002';
