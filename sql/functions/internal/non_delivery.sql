-- SPDX-License-Identifier: BSD-2-Clause
--
-- The non-delivery notice to a process's owner (RFC 3464), made of ASCII only.

CREATE OR REPLACE FUNCTION bounce_internal.base64_lines(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(encode(convert_to(words, 'UTF8'), 'base64'), E'\n', E'\r\n', 'g') || E'\r\n'
$$;

CREATE OR REPLACE FUNCTION bounce_internal.mime_word(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN words ~ '^[ -~]*$' THEN words
              ELSE (SELECT string_agg('=?utf-8?B?' || translate(encode(convert_to(substr(words, 1 + i * 10, 10), 'UTF8'), 'base64'), E'\n', '') || '?=',
                                      E'\r\n ' ORDER BY i)
                    FROM generate_series(0, (length(words) - 1) / 10) AS i) END
$$;
COMMENT ON FUNCTION bounce_internal.mime_word(text) IS 'RFC 2047: encoded-words of at most 75 characters where the text is not plain ASCII';

CREATE OR REPLACE FUNCTION bounce_internal.mail_date(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS') || ' +0000'
$$;
COMMENT ON FUNCTION bounce_internal.mail_date(timestamptz) IS 'RFC 5322 section 3.3; to_char without TM is English';

CREATE OR REPLACE FUNCTION bounce_internal.plain_ascii(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(bounce_internal.one_line(words), '[^ -~]', '?', 'g')
$$;
COMMENT ON FUNCTION bounce_internal.plain_ascii(text) IS 'one line without anything but printable ASCII';

CREATE OR REPLACE FUNCTION bounce_internal.typed_address(address text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN address ~ '^[\x01-\x7f]*$' THEN 'rfc822; ' || address
              ELSE 'utf-8; ' || (SELECT string_agg(CASE WHEN c ~ '[\x01-\x7f]' AND c <> '\' THEN c ELSE format('\x{%s}', upper(to_hex(ascii(c)))) END, '' ORDER BY place)
                                 FROM regexp_split_to_table(address, '') WITH ORDINALITY AS u (c, place)) END
$$;
COMMENT ON FUNCTION bounce_internal.typed_address(text) IS 'address-type and address; RFC 6533 section 3, utf-8-addr-xtext, where it is not ASCII';

CREATE OR REPLACE FUNCTION bounce_internal.notice_status(r bounce.communication_recipient) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN (r).status_code ~ '^[45]\.[0-9]{1,3}\.[0-9]{1,3}$' THEN (r).status_code
              WHEN (r).class = 'soft' OR (r).response ~ '^4' THEN '4.0.0' ELSE '5.0.0' END
$$;
COMMENT ON FUNCTION bounce_internal.notice_status(bounce.communication_recipient) IS 'RFC 3463; given up after temporary refusals is 4.x.x';

CREATE OR REPLACE FUNCTION bounce_internal.notice_fields(c bounce.communication, r bounce.communication_recipient, reporter text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN format(E'Reporting-MTA: dns; %s\r\nOriginal-Envelope-Id: %s\r\nArrival-Date: %s\r\n\r\n'
                'Original-Recipient: %s\r\nFinal-Recipient: %4$s\r\nAction: failed\r\nStatus: %s\r\nDiagnostic-Code: smtp; %s\r\nLast-Attempt-Date: %s\r\n',
                reporter, c.envelope_id, bounce_internal.mail_date(c.created_at), bounce_internal.typed_address(r.address), bounce_internal.notice_status(r),
                left(bounce_internal.plain_ascii(r.response), 900), bounce_internal.mail_date(now()));
END
$$;
COMMENT ON FUNCTION bounce_internal.notice_fields(bounce.communication, bounce.communication_recipient, text) IS 'message/delivery-status, RFC 3464 section 2';

CREATE OR REPLACE FUNCTION bounce_internal.notice_text(c bounce.communication, r bounce.communication_recipient, owner text, reporter text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
  boundary CONSTANT text := format('notice.%s.%s', c.envelope_id, r.id);
BEGIN
  RETURN format(E'From: Mail Delivery <postmaster@%s>\r\nTo: <%s>\r\nSubject: Undelivered: %s\r\nDate: %s\r\n'
      'Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n'
      'Content-Type: multipart/report; report-type=delivery-status; boundary="%s"\r\n\r\n',
      reporter, owner, bounce_internal.mime_word(left(c.subject, 60)), bounce_internal.mail_date(now()), boundary)
    || format(E'--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n', boundary,
         bounce_internal.base64_lines(format(E'The mail "%s" (%s) to %s was not delivered and is not tried again.\r\n\r\n%s\r\n',
           c.subject, concat_ws(' ', c.process, nullif(c.business_ref, '')), r.address, r.response)))
    || format(E'--%s\r\nContent-Type: message/delivery-status\r\n\r\n%s\r\n', boundary, bounce_internal.notice_fields(c, r, reporter))
    || format(E'--%s\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\nX-Communication-ID: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: %s\r\n\r\n--%1$s--\r\n',
         boundary, coalesce(c.message_id, ''), c.envelope_id, bounce_internal.plain_ascii(c.sender), bounce_internal.plain_ascii(r.address), bounce_internal.mime_word(left(c.subject, 60)));
END
$$;
COMMENT ON FUNCTION bounce_internal.notice_text(bounce.communication, bounce.communication_recipient, text, text) IS
  'a delivery status notification, RFC 3464, that names one recipient';

CREATE OR REPLACE FUNCTION bounce_internal.write_notice(c bounce.communication, recipient_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  owner CONSTANT text := bounce.parameter('owner_mailbox', c.process);
  reporter CONSTANT text := bounce_internal.message_domain(c.sender);
  r bounce.communication_recipient;
  content bounce.communication_content;
  new_id bigint;
BEGIN
  SELECT q.* INTO r FROM bounce.communication_recipient AS q WHERE q.id = write_notice.recipient_id;
  -- a notice about a notice would go in circles
  IF owner = '' OR NOT bounce_internal.parameter_boolean('delivery_notice', c.process) OR r.due_at IS NOT NULL
     OR EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = c.id AND k.null_sender) THEN
    RETURN;
  END IF;
  content.raw := convert_to(bounce_internal.notice_text(c, r, owner, reporter), 'UTF8');
  content.header_from := '';
  content.header_to := ARRAY[owner];
  content.header_cc := '{}';
  content.reply_to := '';
  content.auto_submitted := '';
  content.null_sender := true;
  content.bytes := length(content.raw);
  new_id := bounce_internal.queue_communication(c.process, c.business_ref, 'postmaster@' || reporter, 'Undelivered: ' || c.subject, NULL, now());
  PERFORM bounce_internal.queue_content(new_id, content, '[]');
  PERFORM bounce_internal.queue_recipients(new_id, ARRAY[owner], '{}', '{}', now());
  PERFORM bounce_internal.write_log(c.id, r.id, 'notice', format('non-delivery notice to %s, communication %s', owner, new_id));
END
$$;
COMMENT ON FUNCTION bounce_internal.write_notice(bounce.communication, bigint) IS
  'where delivery_notice is on, tells the process''s owner of a recipient that has failed for good';
