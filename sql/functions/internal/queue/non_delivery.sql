-- SPDX-License-Identifier: BSD-2-Clause
--
-- The non-delivery notice to a process's owner (RFC 3464), made of ASCII only.

CREATE OR REPLACE FUNCTION bounce_internal.notice_status(status_code text, class text, reply text)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN status_code ~ '^[45]\.[0-9]{1,3}\.[0-9]{1,3}$' THEN status_code
              WHEN class = 'soft' OR reply ~ '^4' THEN '4.0.0' ELSE '5.0.0' END
$$;
COMMENT ON FUNCTION bounce_internal.notice_status(text, text, text) IS
  'the status of RFC 3463; 4.x.x when temporary refusals were given up';

CREATE OR REPLACE FUNCTION bounce_internal.notice_facts(recipient_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'reporting_mta', bounce_internal.message_domain(c.sender),
      'process', c.process, 'business_ref', c.business_ref,
      'original', jsonb_build_object('message_id', coalesce(c.message_id, ''), 'envelope_id',
                                     c.envelope_id, 'from', c.sender,
                                     'to', r.address, 'subject', c.subject, 'arrival_date',
                                     c.created_at),
      'recipients', jsonb_build_array(jsonb_build_object(
        'address', r.address, 'action', 'failed', 'status',
        bounce_internal.notice_status(r.status_code, r.class, q.response),
        'diagnostic', q.response, 'last_attempt_date', now())))
    FROM bounce.communication_recipient AS r
    JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
    JOIN bounce.communication AS c ON c.id = r.communication_id
    WHERE r.id = notice_facts.recipient_id);
END $$;
COMMENT ON FUNCTION bounce_internal.notice_facts(bigint) IS
  'what a delivery status notification (RFC 3464) says of one recipient: {reporting_mta, process, '
  'business_ref, original {message_id, envelope_id, from, to, subject, arrival_date}, recipients '
  '[{address, action, status, diagnostic, last_attempt_date}]}. bounce-delivery composes the '
  'message';

CREATE OR REPLACE FUNCTION bounce_internal.queue_notice(
  process text, business_ref text, sender text, subject text, mailbox text,
                                               content bounce.communication_content) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  new_id CONSTANT bigint := bounce_internal.new_communication(process, business_ref,
                                                              sender, subject);
BEGIN
  content.header_from := format('Mail Delivery <%s>', sender);
  content.header_to := ARRAY[mailbox];
  content.header_cc := '{}';
  content.reply_to := '';
  content.null_sender := true;
  content.bytes := octet_length(coalesce(content.body_text, content.notice::text));
  PERFORM bounce_internal.queue_content(new_id, content, '[]');
  PERFORM bounce_internal.add_recipients(new_id, ARRAY[mailbox], '{}', '{}');
  PERFORM bounce_internal.queue_communication(new_id, NULL, now());
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce_internal.queue_notice(text, text, text, text, text,
                                                 bounce.communication_content) IS
  'queues a mail of ours with the null return path, which cannot bounce';

CREATE OR REPLACE FUNCTION bounce_internal.write_notice(a bounce_internal.delivery_attempt)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  owner CONSTANT text := bounce.parameter('owner_mailbox', a.process);
  content bounce.communication_content;
  new_id bigint;
BEGIN
  IF owner = '' OR NOT bounce_internal.parameter_boolean('delivery_notice', a.process)
     OR EXISTS (SELECT FROM bounce.recipient_delivery AS q
                WHERE q.recipient_id = a.recipient_id AND q.due_at IS NOT NULL)
     -- a notice about a notice would go in circles
     OR bounce_internal.is_notice_mail(a.communication_id) THEN
    RETURN;
  END IF;
  content.notice := bounce_internal.notice_facts(a.recipient_id);
  content.auto_submitted := 'auto-replied';
  SELECT bounce_internal.queue_notice(c.process, c.business_ref,
                                      'postmaster@' || bounce_internal.message_domain(c.sender),
                             'Undelivered: ' || c.subject, owner, content) INTO new_id
  FROM bounce.communication AS c WHERE c.id = a.communication_id;
  PERFORM bounce_internal.write_log(a.communication_id, a.recipient_id, 'notice',
                                    format('non-delivery notice to %s, communication %s',
                                           owner, new_id));
END $$;
COMMENT ON FUNCTION bounce_internal.write_notice(bounce_internal.delivery_attempt) IS
  'sends a non-delivery notice about a permanently failed recipient to the owner of the process, '
  'where delivery_notice is on';
