-- SPDX-License-Identifier: BSD-2-Clause
--
-- The notices to a process's owner: what has failed for good is gathered in
-- bounce.follow_up and goes out as one mail per process, mailbox and
-- owner_notice_interval. It is an ordinary communication of the process, with the
-- null return path: it cannot bounce, and of its own failure nobody is told.

CREATE OR REPLACE FUNCTION bounce.is_notice_mail(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.communication_content AS k WHERE k.communication_id = is_notice_mail.communication_id AND k.null_sender);
END
$$;
COMMENT ON FUNCTION bounce.is_notice_mail(bigint) IS 'internal: whether a communication is a notice of ours, of which no further notice is made';

CREATE OR REPLACE FUNCTION bounce.owner_notices_due(at timestamptz) RETURNS TABLE (process text, mailbox text, follow_up_ids bigint[])
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT c.process, u.mailbox, array_agg(u.id ORDER BY u.id)
  FROM bounce.follow_up AS u JOIN bounce.communication AS c ON c.id = u.communication_id
  WHERE u.kind = 'owner_notice' AND u.status = 'open' AND coalesce(u.lease_ends_at <= at, true)
  GROUP BY c.process, u.mailbox
  HAVING min(u.created_at) <= at - bounce.parameter_interval('owner_notice_interval', c.process)
  ORDER BY c.process, u.mailbox;
END
$$;
COMMENT ON FUNCTION bounce.owner_notices_due(timestamptz) IS
  'internal: what was gathered for long enough, one row per mail to be sent; not what an application has claimed';

CREATE OR REPLACE FUNCTION bounce.owner_notice_words(process text, texts text[], at_most integer DEFAULT 100) RETURNS text
LANGUAGE sql STABLE
RETURN concat_ws(E'\n', format(E'Mails of the process "%s" that were not delivered, and are not sent again by themselves:\n', process),
                 array_to_string(texts[1:at_most], E'\n'),
                 CASE WHEN cardinality(texts) > at_most THEN format(E'... and %s more.\n', cardinality(texts) - at_most) END,
                 'What is to be done with them is in the tasks: bouncectl tasks --process ' || process || E'\n');
COMMENT ON FUNCTION bounce.owner_notice_words(text, text[], integer) IS 'internal: the text of the mail; an outage does not make it endless';

CREATE OR REPLACE FUNCTION bounce.queue_owner_notice(process text, mailbox text, follow_up_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  texts CONSTANT text[] := ARRAY(SELECT u.text FROM bounce.follow_up AS u WHERE u.id = ANY (follow_up_ids) ORDER BY u.id);
  newest CONSTANT bounce.communication := (SELECT c FROM bounce.follow_up AS u JOIN bounce.communication AS c ON c.id = u.communication_id
                                           WHERE u.id = ANY (follow_up_ids) ORDER BY bounce.address_domain(c.sender) = '', u.id DESC LIMIT 1);
  sender CONSTANT text := 'postmaster@' || coalesce(nullif(bounce.address_domain(newest.sender), ''), bounce.address_domain(mailbox));
  subject CONSTANT text := CASE cardinality(texts) WHEN 1 THEN 'Undelivered: ' || newest.subject
                           ELSE format('Undelivered: %s mails (%s)', cardinality(texts), process) END;
  content bounce.communication_content;
  new_id bigint;
BEGIN
  content.body_text := bounce.owner_notice_words(process, texts);
  content.header_from := format('Mail Delivery <%s>', sender);
  content.header_to := ARRAY[mailbox];
  content.header_cc := '{}';
  content.reply_to := '';
  content.auto_submitted := 'auto-generated';
  content.null_sender := true;
  content.bytes := octet_length(content.body_text);
  new_id := bounce.queue_communication(process, '', sender, subject, NULL, now());
  PERFORM bounce.queue_content(new_id, content, '[]');
  PERFORM bounce.queue_recipients(new_id, ARRAY[mailbox], '{}', '{}', now());
  RETURN new_id;
END
$$;
COMMENT ON FUNCTION bounce.queue_owner_notice(text, text, bigint[]) IS 'internal: the mail in the queue; from the domain of the newest mail it tells of';

CREATE OR REPLACE FUNCTION bounce.send_owner_notices(at timestamptz DEFAULT now()) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
DECLARE
  d record;
  ids bigint[];
  new_id bigint;
  sent integer := 0;
BEGIN
  FOR d IN SELECT * FROM bounce.owner_notices_due(at) LOOP
    -- two workers that look at the same moment tell it once
    ids := ARRAY(SELECT u.id FROM bounce.follow_up AS u WHERE u.id = ANY (d.follow_up_ids) AND u.status = 'open'
                 ORDER BY u.id FOR UPDATE SKIP LOCKED);
    CONTINUE WHEN cardinality(ids) = 0;
    new_id := bounce.queue_owner_notice(d.process, d.mailbox, ids);
    UPDATE bounce.follow_up AS u SET status = 'done', finished_at = now(), notice_id = new_id, result = 'sent as communication ' || new_id
    WHERE u.id = ANY (ids);
    PERFORM bounce.write_log(u.communication_id, u.recipient_id, 'owner_notice_done', format('%s is told, communication %s', d.mailbox, new_id), u.bounce_id)
    FROM bounce.follow_up AS u WHERE u.id = ANY (ids) ORDER BY u.id;
    sent := sent + 1;
  END LOOP;
  RETURN sent;
END
$$;
COMMENT ON FUNCTION bounce.send_owner_notices(timestamptz) IS
  'bounce-delivery calls it while it sweeps: puts the owners'' notices that are due into the queue; how many mails';

CREATE OR REPLACE FUNCTION bounce.owner_text(f bounce.finding) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT format(E'* "%s" (%s) of %s to %s: %s.\n  The other side said: %s\n',
                        c.subject, concat_ws(' ', c.process, nullif(c.business_ref, '')), to_char(c.created_at, 'YYYY-MM-DD'),
                        f.address, n.meaning, concat_ws(' ', nullif(f.status, ''), nullif(f.reply_code, ''),
                                                        coalesce(nullif(bounce.one_line(f.diagnostic), ''), 'nothing')))
          FROM bounce.communication AS c, bounce.bounce_reason AS n
          WHERE c.id = f.communication_id AND n.reason = f.reason);
END
$$;
COMMENT ON FUNCTION bounce.owner_text(bounce.finding) IS 'internal: what the owner is told of one recipient';

CREATE OR REPLACE FUNCTION bounce.tell_owner(INOUT f bounce.finding)
LANGUAGE plpgsql AS $$
DECLARE
  mailbox CONSTANT text := bounce.parameter('owner_mailbox', f.process);
BEGIN
  IF 'bounced' = ANY (f.events) AND f.task_kind IN ('hard_bounce', 'delivery_problem', 'resend_exhausted')
     AND mailbox <> '' AND bounce.parameter_boolean('owner_notice', f.process) AND NOT bounce.is_notice_mail(f.communication_id) THEN
    f := bounce.put_follow_up(f, 'owner_notice', mailbox, bounce.owner_text(f));
  END IF;
END
$$;
COMMENT ON FUNCTION bounce.tell_owner(bounce.finding) IS
  'internal: notes for the process''s owner that a recipient has failed for good: not while a resend is due or a block is held';

GRANT EXECUTE ON FUNCTION bounce.send_owner_notices(timestamptz) TO bounce_delivery;
