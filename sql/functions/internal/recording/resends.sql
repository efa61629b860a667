-- SPDX-License-Identifier: BSD-2-Clause
--
-- Resends: when a recipient is sent to again, and what stands against it.

CREATE OR REPLACE FUNCTION bounce_internal.resend_delay(policy jsonb, resend integer)
RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN make_interval(secs => least(
    extract(epoch FROM (policy ->> 'resend_initial_delay')::interval)::float8
      * power((policy ->> 'resend_factor')::float8, resend - 1),
    extract(epoch FROM (policy ->> 'resend_max_delay')::interval)::float8));
END $$;
COMMENT ON FUNCTION bounce_internal.resend_delay(jsonb, integer) IS
  'delay before the n-th resend (1, 2 ...): resend_initial_delay * resend_factor ^ (n-1), at most '
  'resend_max_delay';

CREATE OR REPLACE FUNCTION bounce_internal.jitter(fraction numeric, seed bigint, turn integer)
RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
  SELECT 1 + fraction::float8 * (abs(hashint8extended(seed, turn) % 2000001) / 1000000.0 - 1)
$$;
COMMENT ON FUNCTION bounce_internal.jitter(numeric, bigint, integer) IS
  'a factor between 1 - fraction and 1 + fraction, evenly distributed over the seeds and constant '
  'for each';

CREATE OR REPLACE FUNCTION bounce_internal.resend_delay_of(
  f bounce_internal.finding, resend integer) RETURNS interval
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN least(bounce_internal.resend_delay(f.policy, resend)
                 * bounce_internal.jitter((f.policy ->> 'resend_jitter')::numeric,
                                          f.recipient_id, resend),
               (f.policy ->> 'resend_max_delay')::interval);
END $$;
COMMENT ON FUNCTION bounce_internal.resend_delay_of(bounce_internal.finding, integer) IS
  'resend_delay() with this recipient''s jitter, at most resend_max_delay';

CREATE OR REPLACE FUNCTION bounce_internal.is_content_gone(recipient_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bounce.recipient_delivery AS q
                 WHERE q.recipient_id = is_content_gone.recipient_id
                   AND NOT EXISTS (SELECT FROM bounce.communication_content AS k
                                   WHERE k.communication_id = q.communication_id));
END $$;
COMMENT ON FUNCTION bounce_internal.is_content_gone(bigint) IS
  'whether the queue sent the mail and cannot send it again, because its content was erased';

CREATE OR REPLACE FUNCTION bounce_internal.unknown_recipients(task_id bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ARRAY(SELECT r.id FROM bounce.failed_recipient AS k
               JOIN bounce.communication_recipient AS r ON r.id = k.recipient_id
               JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
               WHERE k.task_id = unknown_recipients.task_id AND r.state = 'error'
                 AND q.state = 'unknown' ORDER BY r.id);
END $$;
COMMENT ON FUNCTION bounce_internal.unknown_recipients(bigint) IS
  'the recipients of a task whose final reply was lost';

CREATE OR REPLACE FUNCTION bounce_internal.id_is_shared(f bounce_internal.finding) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN f.trust = 'message_id' AND EXISTS (SELECT FROM bounce.communication_recipient AS r
                                            WHERE r.communication_id = f.communication_id
                                              AND r.id <> f.recipient_id);
END $$;
COMMENT ON FUNCTION bounce_internal.id_is_shared(bounce_internal.finding) IS
  'whether the id that a report is trusted for was also sent to other recipients, any of whom may '
  'have written the report';

CREATE OR REPLACE FUNCTION bounce_internal.resend_obstacle(
  f bounce_internal.finding, resend integer) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE
    WHEN NOT (f.policy ->> 'resend')::boolean THEN bounce_internal.say('resend is off')
    WHEN NOT bounce_internal.is_trusted_for(f, 'resend_min_trust')
      THEN bounce_internal.say('trust is %w only', f.trust::text)
    WHEN bounce_internal.id_is_shared(f)
      THEN bounce_internal.say('trust is %w only, and several got the mail', f.trust::text)
    WHEN NOT bounce_internal.is_writable(f.address, f.process)
      THEN bounce_internal.say('the address is blocked')
    WHEN bounce_internal.is_content_gone(f.recipient_id)
      THEN bounce_internal.say('its content is not kept any more')
    WHEN resend > (f.policy ->> 'resend_max_attempts')::integer
      THEN bounce_internal.say('%s resends were made', (resend - 1)::text)
  END;
END $$;
COMMENT ON FUNCTION bounce_internal.resend_obstacle(bounce_internal.finding, integer) IS
  'why the n-th resend is not scheduled; NULL when it is';

CREATE OR REPLACE FUNCTION bounce_internal.withdraw_bounces(recipient_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE bounce.communication_recipient AS r
  SET state = 'sent', class = NULL, reason = '', status_code = '', diagnostic = '',
      bounced_at = NULL, bounce_id = NULL,
      next_attempt_at = NULL, task_id = NULL, corrections = r.corrections + 1
  WHERE r.id = ANY (recipient_ids) AND r.state = 'bounced';
END $$;
COMMENT ON FUNCTION bounce_internal.withdraw_bounces(bigint[]) IS
  'voids the current bounces of recipients, who count as sent to';

CREATE OR REPLACE FUNCTION bounce_internal.was_sent_to(r bounce.communication_recipient)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce((SELECT q.state = 'accepted' FROM bounce.recipient_delivery AS q
                   WHERE q.recipient_id = r.id), r.attempts > 0);
END $$;
COMMENT ON FUNCTION bounce_internal.was_sent_to(bounce.communication_recipient) IS
  'whether a server took the mail for this recipient; of mail that its application sends itself: '
  'whether it was sent';

CREATE OR REPLACE FUNCTION bounce_internal.request_resends(
  recipient_ids bigint[], bounce_ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  asked_for CONSTANT text := bounce_internal.say('asked for: ') || why;
  scheduled bigint;
BEGIN
  WITH asked AS (
    UPDATE bounce.communication_recipient AS r
    SET next_attempt_at = now(), requested_by = session_user
    FROM unnest(recipient_ids, bounce_ids) AS u (id, bounce_id)
    WHERE r.id = u.id AND r.state IN ('open', 'bounced') AND r.attempts < 255
    RETURNING r.communication_id, r.id, u.bounce_id)
  INSERT INTO bounce.communication_log (communication_id, recipient_id, event, text, bounce_id)
  SELECT a.communication_id, a.id, 'resend_scheduled', asked_for, a.bounce_id FROM asked AS a
  ORDER BY a.id;
  GET DIAGNOSTICS scheduled = ROW_COUNT;
  RETURN scheduled;
END $$;
COMMENT ON FUNCTION bounce_internal.request_resends(bigint[], bigint[], text) IS
  'request_resend() for several recipients, each with the bounce that the log names, whose '
  'communications are locked. Returns the number of those to whom it is sent again';

CREATE OR REPLACE FUNCTION bounce_internal.resend_task(t bounce.task, why text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  unknown CONSTANT bigint[] := bounce_internal.unknown_recipients(t.id);
  bounced CONSTANT bigint[] := ARRAY(
    SELECT q.id FROM bounce.failed_recipient AS k
    JOIN bounce.communication_recipient AS q ON q.id = k.recipient_id
    WHERE k.task_id = t.id AND q.state = 'bounced' ORDER BY q.id);
BEGIN
  RETURN bounce_internal.request_resends(
           bounced, array_fill(t.bounce_id, ARRAY[cardinality(bounced)]), why)
         + (SELECT count(*) FILTER (WHERE bounce_internal.resend_unknown(u, why))
            FROM unnest(unknown) AS u);
END $$;
COMMENT ON FUNCTION bounce_internal.resend_task(bounce.task, text) IS
  'sends the mails of a task again. Returns their number';

CREATE OR REPLACE FUNCTION bounce_internal.resend_unknown(recipient_id bigint, why text)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  q bounce.recipient_delivery;
BEGIN
  UPDATE bounce.recipient_delivery AS d SET state = 'due', due_at = now(), tries = 0
  WHERE d.recipient_id = resend_unknown.recipient_id AND d.state = 'unknown' RETURNING d.* INTO q;
  IF FOUND THEN
    PERFORM bounce_internal.write_log(q.communication_id, q.recipient_id, 'requeued',
                                      bounce_internal.say('asked for: ') || why);
  END IF;
  RETURN q.recipient_id IS NOT NULL;
END $$;
COMMENT ON FUNCTION bounce_internal.resend_unknown(bigint, text) IS
  'sends a mail again that may have arrived already';

-- Mail that an application sends itself ------------------------------------------------

CREATE OR REPLACE FUNCTION bounce_internal.registered_resends()
RETURNS TABLE (recipient_id bigint, process text, next_attempt_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT r.id, c.process, r.next_attempt_at
  FROM bounce.communication_recipient AS r
  JOIN bounce.communication AS c ON c.id = r.communication_id
  WHERE r.next_attempt_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM bounce.communication_delivery AS d
                    WHERE d.communication_id = r.communication_id)
    AND bounce_internal.is_writable(r.address, c.process)
    AND NOT EXISTS (SELECT FROM bounce.process AS p
                    WHERE p.name = c.process AND p.paused_at IS NOT NULL)
$$;
COMMENT ON FUNCTION bounce_internal.registered_resends() IS
  'the resends that applications make themselves, but for those of paused processes';

CREATE OR REPLACE FUNCTION bounce_internal.choose_resends(batch integer, only_process text)
RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  own CONSTANT text[] := bounce.own_processes();
BEGIN
  RETURN ARRAY(
    SELECT r.id FROM bounce.communication_recipient AS r
    JOIN bounce.communication AS c ON c.id = r.communication_id
    WHERE r.next_attempt_at <= now()
      AND (only_process IS NULL OR c.process = only_process) AND c.process = ANY (own)
      AND NOT EXISTS (SELECT FROM bounce.communication_delivery AS d
                      WHERE d.communication_id = c.id)
      AND NOT EXISTS (SELECT FROM bounce.resend_claim AS k
                      WHERE k.recipient_id = r.id AND k.lease_expire_time > clock_timestamp())
      AND bounce_internal.is_writable(r.address, c.process)
      AND NOT EXISTS (SELECT FROM bounce.process AS p
                      WHERE p.name = c.process AND p.paused_at IS NOT NULL)
    ORDER BY r.next_attempt_at, r.id LIMIT batch FOR NO KEY UPDATE OF c, r SKIP LOCKED);
END $$;
COMMENT ON FUNCTION bounce_internal.choose_resends(integer, text) IS
  'locks and returns the recipients of the caller''s processes whose resends are due and in '
  'nobody''s hand, but for those of paused processes';

CREATE OR REPLACE FUNCTION bounce_internal.tell_resend(r bounce.communication_recipient)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  policy CONSTANT jsonb := bounce_internal.policy_of((
    SELECT c.process FROM bounce.communication AS c WHERE c.id = r.communication_id));
BEGIN
  IF ((policy ->> 'resend_notify')::boolean OR (policy ->> 'webhook')::boolean)
     AND NOT EXISTS (SELECT FROM bounce.communication_delivery AS d
                     WHERE d.communication_id = r.communication_id) THEN
    IF (policy ->> 'resend_notify')::boolean THEN
      PERFORM pg_notify('bounce_resend', r.id::text);
    END IF;
    IF (policy ->> 'webhook')::boolean THEN
      PERFORM bounce_internal.add_event(
        'resend.scheduled', r.communication_id,
        jsonb_build_object('recipient_id', r.id, 'not_before', r.next_attempt_at));
    END IF;
  END IF;
END $$;
COMMENT ON FUNCTION bounce_internal.tell_resend(bounce.communication_recipient) IS
  'tells the applications that listen that a resend of a registered mail is scheduled';
