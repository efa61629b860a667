-- SPDX-License-Identifier: BSD-2-Clause
--
-- What an application or an operator writes and SMTP or a header field carries is one line, and no
-- angle bracket ends an address or an id in its middle: else CR LF in it would be a command, or a
-- field such as Bcc. What is there already is cleaned first.

ALTER TABLE bounce.communication DISABLE TRIGGER USER;
UPDATE bounce.communication AS c
SET sender = regexp_replace(regexp_replace(c.sender, '^.*<([^<>]*)>[^<>]*$', '\1'),
                            '[\u0001-\u001f\u007f-\u009f<>]+', '', 'g'),
    subject = regexp_replace(c.subject, '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g'),
    message_id = nullif(regexp_replace(c.message_id, '[\u0001-\u001f\u007f-\u009f<>]+', '', 'g'),
                        '')
WHERE c.sender || coalesce(c.message_id, '') ~ '[\u0001-\u001f\u007f-\u009f<>]'
  OR c.subject ~ '[\u0001-\u001f\u007f-\u009f]';
ALTER TABLE bounce.communication ENABLE TRIGGER USER;
ALTER TABLE bounce.communication ADD CONSTRAINT communication_is_one_line
  CHECK (sender || coalesce(message_id, '') !~ '[\u0001-\u001f\u007f-\u009f<>]'
         AND subject !~ '[\u0001-\u001f\u007f-\u009f]');

DELETE FROM bounce.communication_message_id AS m
WHERE m.message_id ~ '[\u0001-\u001f\u007f-\u009f<>]';
ALTER TABLE bounce.communication_message_id ADD CONSTRAINT message_id_is_one_line
  CHECK (message_id !~ '[\u0001-\u001f\u007f-\u009f<>]');

ALTER TABLE bounce.communication_recipient DISABLE TRIGGER USER;
UPDATE bounce.communication_recipient AS r
SET address = regexp_replace(r.address, '[\u0001-\u001f\u007f-\u009f<>]+', '', 'g')
WHERE r.address ~ '[\u0001-\u001f\u007f-\u009f<>]';
ALTER TABLE bounce.communication_recipient ENABLE TRIGGER USER;
ALTER TABLE bounce.communication_recipient ADD CONSTRAINT address_is_one_line
  CHECK (address !~ '[\u0001-\u001f\u007f-\u009f<>]');

-- with display names, so with angle brackets
UPDATE bounce.communication_content AS c
SET header_from = regexp_replace(c.header_from, '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g'),
    reply_to = regexp_replace(c.reply_to, '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g'),
    header_to = ARRAY(SELECT regexp_replace(u.m, '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g')
                      FROM unnest(c.header_to) WITH ORDINALITY AS u (m, place) ORDER BY u.place),
    header_cc = ARRAY(SELECT regexp_replace(u.m, '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g')
                      FROM unnest(c.header_cc) WITH ORDINALITY AS u (m, place) ORDER BY u.place)
WHERE array_to_string(c.header_to || c.header_cc || c.header_from || c.reply_to, ' ')
      ~ '[\u0001-\u001f\u007f-\u009f]';
ALTER TABLE bounce.communication_content ADD CONSTRAINT header_is_one_line
  CHECK (array_to_string(header_to || header_cc || header_from || reply_to, ' ')
         !~ '[\u0001-\u001f\u007f-\u009f]');

UPDATE bounce.communication_attachment AS a
SET filename = regexp_replace(a.filename, '[\u0001-\u001f\u007f-\u009f]+', ' ', 'g'),
    content_id = regexp_replace(a.content_id, '[\u0001-\u001f\u007f-\u009f]+', '', 'g')
WHERE a.filename || a.content_id ~ '[\u0001-\u001f\u007f-\u009f]';
ALTER TABLE bounce.communication_attachment ADD CONSTRAINT attachment_is_one_line
  CHECK (filename || content_id !~ '[\u0001-\u001f\u007f-\u009f]');

UPDATE bounce.follow_up AS u
SET mailbox = regexp_replace(u.mailbox, '[\u0001-\u001f\u007f-\u009f]+', '', 'g')
WHERE u.mailbox ~ '[\u0001-\u001f\u007f-\u009f]';
ALTER TABLE bounce.follow_up ADD CONSTRAINT mailbox_is_one_line
  CHECK (mailbox !~ '[\u0001-\u001f\u007f-\u009f]');
