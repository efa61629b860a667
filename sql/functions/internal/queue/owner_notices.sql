-- SPDX-License-Identifier: BSD-2-Clause
--
-- The notices to the owner of a process. What has failed permanently is collected in
-- bounce.follow_up and sent as one mail per process, mailbox and owner_notice_interval: an ordinary
-- communication of the process with the null return path. It cannot bounce, and its own failure is
-- reported to nobody.

CREATE OR REPLACE FUNCTION bounce_internal.owner_text(f bounce_internal.finding) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT format(E'* "%s" (%s) of %s to %s: %s.\n  The other side said: %s\n',
                        c.subject, concat_ws(' ', c.process, nullif(c.business_ref, '')),
                        to_char(c.created_at, 'YYYY-MM-DD'),
                        f.address, n.meaning,
                        bounce_internal.with_codes(
                          f.reply_code, f.status,
                          coalesce(nullif(bounce_internal.one_line(f.diagnostic), ''), 'nothing')))
          FROM bounce.communication AS c, bounce.bounce_reason AS n
          WHERE c.id = f.communication_id AND n.reason = f.reason);
END $$;
COMMENT ON FUNCTION bounce_internal.owner_text(bounce_internal.finding) IS
  'the text about one recipient in a notice to the owner';

CREATE OR REPLACE FUNCTION bounce_internal.notify_owner(INOUT f bounce_internal.finding)
LANGUAGE sql AS $$
  SELECT CASE WHEN f.policy ->> 'owner_mailbox' <> '' AND (f.policy ->> 'owner_notice')::boolean
                   AND f.task_kind IN ('hard_bounce', 'delivery_problem', 'resend_exhausted')
                   AND NOT bounce_internal.is_test_address(f.address)
                   AND NOT bounce_internal.is_notice_mail(f.communication_id)
              THEN bounce_internal.put_follow_up(f, 'owner_notice', f.policy ->> 'owner_mailbox',
                                                 bounce_internal.owner_text(f))
              ELSE f END
$$;
COMMENT ON FUNCTION bounce_internal.notify_owner(bounce_internal.finding) IS
  'adds a notice for the owner of the process about a recipient that failed permanently; not '
  'while a resend is scheduled or a block is held';

CREATE OR REPLACE FUNCTION bounce_internal.is_notice_mail(communication_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.communication_content AS k
                 WHERE k.communication_id = is_notice_mail.communication_id AND k.null_sender);
END $$;
COMMENT ON FUNCTION bounce_internal.is_notice_mail(bigint) IS
  'whether a communication is a notice of ours, about which no further notice is sent';

CREATE OR REPLACE FUNCTION bounce_internal.owner_notices_due(at timestamptz)
RETURNS TABLE (process text, mailbox text, follow_up_ids bigint[])
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
  SELECT c.process, u.mailbox, array_agg(u.id ORDER BY u.id)
  FROM bounce.follow_up AS u JOIN bounce.communication AS c ON c.id = u.communication_id
  WHERE u.kind = 'owner_notice' AND u.status = 'open' AND coalesce(u.lease_expire_time <= at, true)
  GROUP BY c.process, u.mailbox
  HAVING min(u.created_at) <= at - bounce_internal.parameter_interval('owner_notice_interval',
      c.process)
  ORDER BY c.process, u.mailbox;
END $$;
COMMENT ON FUNCTION bounce_internal.owner_notices_due(timestamptz) IS
  'the notices that have been collected for long enough, one row per mail; without those that an '
  'application has claimed';

CREATE OR REPLACE FUNCTION bounce_internal.owner_notice_text(
  process text, texts text[], at_most integer DEFAULT 100) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT concat_ws(E'\n',
                   format(E'Mails of the process "%s" that were not delivered, and are not sent '
                           'again by themselves:\n', process),
                   array_to_string(texts[1:at_most], E'\n'),
                   CASE WHEN cardinality(texts) > at_most
                        THEN format(E'... and %s more.\n', cardinality(texts) - at_most) END,
                   'What is to be done with them is in the tasks: bouncectl tasks --process '
                     || process || E'\n')
$$;
COMMENT ON FUNCTION bounce_internal.owner_notice_text(text, text[], integer) IS
  'the text of the mail, with a limited number of recipients';

CREATE OR REPLACE FUNCTION bounce_internal.queue_owner_notice(
  process text, mailbox text, follow_up_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  texts CONSTANT text[] := ARRAY(SELECT u.text FROM bounce.follow_up AS u
                                 WHERE u.id = ANY (follow_up_ids) ORDER BY u.id);
  newest CONSTANT bounce.communication := (SELECT c FROM bounce.follow_up AS u
                                           JOIN bounce.communication AS c
                                           ON c.id = u.communication_id
                                           WHERE u.id = ANY (follow_up_ids)
                                           ORDER BY bounce.address_domain(c.sender) = '',
                                           u.id DESC LIMIT 1);
  sender CONSTANT text := 'postmaster@'
    || coalesce(nullif(bounce.address_domain(newest.sender), ''), bounce.address_domain(mailbox));
  subject CONSTANT text := CASE cardinality(texts) WHEN 1 THEN 'Undelivered: ' || newest.subject
                           ELSE format('Undelivered: %s mails (%s)', cardinality(texts),
                                       process) END;
  content bounce.communication_content;
BEGIN
  content.body_text := bounce_internal.owner_notice_text(process, texts);
  content.auto_submitted := 'auto-generated';
  RETURN bounce_internal.queue_notice(process, '', sender, subject, mailbox, content);
END $$;
COMMENT ON FUNCTION bounce_internal.queue_owner_notice(text, text, bigint[]) IS
  'queues the mail, from the sender domain of the newest communication in it';
