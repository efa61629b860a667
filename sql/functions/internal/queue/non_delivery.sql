-- SPDX-License-Identifier: BSD-2-Clause
--
-- The non-delivery notice (RFC 3464), made of ASCII only: one for each mail, when nothing of it
-- is left to try.

CREATE OR REPLACE FUNCTION bounce_internal.notice_status(status_code text, class text, reply text)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN status_code ~ '^[45]\.[0-9]{1,3}\.[0-9]{1,3}$' THEN status_code
              WHEN class = 'soft' OR reply ~ '^4' THEN '4.0.0' ELSE '5.0.0' END
$$;
COMMENT ON FUNCTION bounce_internal.notice_status(text, text, text) IS
  'the status of RFC 3463; 4.x.x when temporary refusals were given up';

CREATE OR REPLACE FUNCTION bounce_internal.untold_recipients(communication_id bigint)
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT r.id FROM bounce.communication_recipient AS r
               JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
               WHERE r.communication_id = untold_recipients.communication_id
                 AND (q.state = 'rejected' AND r.state = 'error'
                        AND (q.tries > 0 OR q.refused_at IS NOT NULL)
                      OR q.state IN ('accepted', 'rejected') AND r.state = 'bounced'
                         AND r.next_attempt_at IS NULL)
                 AND q.told_attempt IS DISTINCT FROM r.attempts
               ORDER BY r.id);
END $$;
COMMENT ON FUNCTION bounce_internal.untold_recipients(bigint) IS
  'the recipients that the server or a block has refused, or whose mail came back, and that are '
  'not sent to again, of whom no notice has told; without those that were cancelled before any try';

CREATE OR REPLACE FUNCTION bounce_internal.notice_facts(
  communication_id bigint, recipient_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'reporting_mta', bounce_internal.message_domain(min(c.sender)),
      'process', min(c.process), 'business_ref', min(c.business_ref),
      'original', jsonb_build_object('message_id', coalesce(min(c.message_id), ''), 'envelope_id',
                                     min(c.envelope_id), 'from', min(c.sender),
                                     'to', string_agg(r.address, ', ' ORDER BY r.id), 'subject',
                                     min(c.subject), 'arrival_date', min(c.created_at)),
      'recipients', jsonb_agg(jsonb_build_object(
        'address', r.address, 'action', 'failed', 'diagnostic', words)
        -- a block is no server's word
        || CASE WHEN q.refused_at IS NOT NULL THEN jsonb_build_object('status', '5.7.1')
                ELSE jsonb_build_object(
                  'status', bounce_internal.notice_status(r.status_code, r.class, words),
                  'last_attempt_date', coalesce(q.last_try_at, now())) END
        ORDER BY r.id))
    FROM bounce.communication_recipient AS r
    JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
    JOIN bounce.communication AS c ON c.id = r.communication_id
    CROSS JOIN LATERAL (VALUES (bounce_internal.why_not_received(r, q))) AS w (words)
    WHERE r.communication_id = notice_facts.communication_id AND r.id = ANY (recipient_ids));
END $$;
COMMENT ON FUNCTION bounce_internal.notice_facts(bigint, bigint[]) IS
  'what a delivery status notification (RFC 3464) says of these recipients: {reporting_mta, '
  'process, business_ref, original {message_id, envelope_id, from, to, subject, arrival_date}, '
  'recipients [{address, action, status, diagnostic, last_attempt_date}]}; without the date, a '
  'block kept it back. bounce-delivery composes the message';

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
  UPDATE bounce.communication_delivery AS d SET is_notice = true WHERE d.communication_id = new_id;
  RETURN new_id;
END $$;
COMMENT ON FUNCTION bounce_internal.queue_notice(text, text, text, text, text,
                                                 bounce.communication_content) IS
  'queues a mail of ours with the null return path, which cannot bounce';

CREATE OR REPLACE FUNCTION bounce_internal.write_notice(communication_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  c CONSTANT bounce.communication := (SELECT k FROM bounce.communication AS k
                                      WHERE k.id = write_notice.communication_id);
  mailbox CONSTANT text := CASE bounce.parameter('delivery_notice_to', c.process)
                                WHEN 'sender' THEN c.sender
                                ELSE bounce.parameter('owner_mailbox', c.process) END;
  failed bigint[];
  content bounce.communication_content;
  new_id bigint;
BEGIN
  -- a notice about a notice would go in circles
  IF mailbox = '' OR NOT bounce_internal.parameter_boolean('delivery_notice', c.process)
     OR bounce_internal.is_notice_mail(c.id) THEN
    RETURN;
  END IF;
  failed := bounce_internal.untold_recipients(c.id);
  IF cardinality(failed) = 0 THEN
    RETURN;
  END IF;
  content.notice := bounce_internal.notice_facts(c.id, failed);
  content.auto_submitted := 'auto-replied';
  new_id := bounce_internal.queue_notice(c.process, '', 'postmaster@'
                                         || bounce_internal.message_domain(c.sender),
                                         'Undelivered: ' || c.subject, mailbox, content);
  UPDATE bounce.recipient_delivery AS q SET told_attempt = r.attempts
  FROM bounce.communication_recipient AS r WHERE r.id = q.recipient_id AND r.id = ANY (failed);
  PERFORM bounce_internal.write_log(c.id, r, 'notice',
    bounce_internal.say('non-delivery notice to %s, communication %s', mailbox, new_id::text))
  FROM unnest(failed) AS r;
END $$;
COMMENT ON FUNCTION bounce_internal.write_notice(bigint) IS
  'sends one non-delivery notice about all recipients that did not get the mail, to the owner '
  'of the process or to the sender (delivery_notice_to), where delivery_notice is on. Called when '
  'nothing of the mail is left to try';
