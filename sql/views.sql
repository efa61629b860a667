-- SPDX-License-Identifier: BSD-2-Clause
--
-- The views, for applications first, then for operators. Applied anew whenever a text
-- changes; a migration drops a view first whose columns are removed or renamed.

-- For applications ------------------------------------------------------------------
--
-- They read with their owner's rights, whom the policies of the tables do not bind: each asks
-- itself which processes are the caller's. security_barrier: nobody's own function is called with a
-- row before that.

CREATE OR REPLACE VIEW bounce.undelivered WITH (security_barrier) AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, c.created_at,
       r.id AS recipient_id, r.address AS recipient, r.state, k.bounced_at,
       r.class, r.reason, coalesce(n.meaning, '') AS meaning, r.status_code, r.diagnostic,
       r.attempts, r.next_attempt_at, t.id AS task_id, t.kind AS task_kind,
       bounce.is_address_blocked(r.address, c.process) AS is_blocked,
       CASE WHEN r.next_attempt_at IS NOT NULL
            THEN bounce.sentence('sent again at %t',
                                 to_char(r.next_attempt_at, 'YYYY-MM-DD HH24:MI'))
            WHEN t.id IS NOT NULL THEN bounce.sentence('task %s waits for a person', t.id::text)
            ELSE bounce.sentence('nothing') END AS what_next
FROM bounce.failed_recipient AS k
JOIN bounce.communication_recipient AS r ON r.id = k.recipient_id
JOIN bounce.communication AS c ON c.id = r.communication_id
LEFT JOIN bounce.bounce_reason AS n ON n.reason = r.reason
LEFT JOIN bounce.task AS t ON t.id = r.task_id AND t.status = 'open'
WHERE r.state IN ('bounced', 'error') AND c.process = ANY ((SELECT bounce.own_processes())::text[])
  AND NOT EXISTS (SELECT FROM bounce.communication_delivery AS d
                  WHERE d.communication_id = c.id AND d.is_notice);
COMMENT ON VIEW bounce.undelivered IS
  'documents that did not arrive, why, and what happens next; one row per recipient. task_*: the '
  'open task about it';

-- Returns rows of the view, so it can only be created after it.
CREATE OR REPLACE FUNCTION bounce.undelivered_documents(
  process text, since timestamptz, until timestamptz) RETURNS SETOF bounce.undelivered
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = bounce, pg_temp AS $$
BEGIN
  PERFORM bounce_internal.require_process(bounce_internal.require_own_process(process)),
    bounce_internal.require_period(since, until);
  RETURN QUERY SELECT u.* FROM bounce.undelivered AS u
  WHERE (undelivered_documents.process IS NULL OR u.process = undelivered_documents.process)
    AND u.created_at >= coalesce(since, '-infinity') AND u.created_at < coalesce(until, 'infinity')
  ORDER BY u.created_at, u.communication_id, u.recipient_id;
END $$;
COMMENT ON FUNCTION bounce.undelivered_documents(text, timestamptz, timestamptz) IS
  'application: the mails that a process (NULL: any of yours) registered in a period and that did '
  'not arrive, why, and what happens next. since is included, until is not; NULL: unlimited';

CREATE OR REPLACE VIEW bounce.auto_reply WITH (security_barrier) AS
SELECT b.communication_id, c.process, c.business_ref, b.recipient_id,
       coalesce(r.address, b.recipient) AS recipient, b.received_at, b.reason,
       coalesce(n.meaning, '') AS meaning, b.return_date, b.new_address, b.has_left, b.trust,
       b.id AS bounce_id
FROM bounce.bounce AS b
JOIN bounce.communication AS c ON c.id = b.communication_id
LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
LEFT JOIN bounce.bounce_reason AS n ON n.reason = b.reason
WHERE b.class = 'auto_reply' AND c.process = ANY ((SELECT bounce.own_processes())::text[]);
COMMENT ON VIEW bounce.auto_reply IS
  'automatic replies to mails: the day of return, or else the last day of absence; another address '
  '(new_address, empty: none) and whether the person has left, as the reply says. Anybody can '
  'write a reply: new_address is for a person to ask about, and not to send to';

CREATE OR REPLACE VIEW bounce.scheduled_resend WITH (security_barrier) AS
SELECT r.next_attempt_at, r.attempts + 1 AS attempt, c.id AS communication_id, c.process,
       c.business_ref, c.subject, r.id AS recipient_id, r.address AS recipient, r.reason,
       r.diagnostic, k.claimed_by, k.lease_expire_time
FROM bounce.communication_recipient AS r
JOIN bounce.communication AS c ON c.id = r.communication_id
LEFT JOIN bounce.resend_claim AS k ON k.recipient_id = r.id AND k.lease_expire_time > now()
WHERE r.next_attempt_at IS NOT NULL AND c.process = ANY ((SELECT bounce.own_processes())::text[])
  AND bounce.may_write_to(r.address, c.process);
COMMENT ON VIEW bounce.scheduled_resend IS
  'what is to be sent again after a soft bounce, when it is due, and which poller has it in hand. '
  'An application claims what it sends itself with claim_resends()';

-- to_char: RFC 3339 in UTC, whatever the session's time zone is
CREATE OR REPLACE VIEW bounce.delivery WITH (security_barrier) AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, c.created_at, d.state,
       d.start_time, d.end_time,
       concat_ws(E'\n', nullif(d.error, ''), nullif(i.came_back_error, '')) AS error,
       d.attempts, d.lease_expire_time, d.due_at, d.held_at,
       d.priority, i.info,
       jsonb_build_object(
         'state', d.state,
         'startTime', to_char(d.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
         'endTime', to_char(d.end_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
         'error', nullif(concat_ws(E'\n', nullif(d.error, ''), nullif(i.came_back_error, '')), ''),
         'attempts', d.attempts,
         'leaseExpireTime', to_char(d.lease_expire_time AT TIME ZONE 'UTC',
                                    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
         'cameBack', i.came_back,
         'info', (i.info - 'message_id')
                 || jsonb_build_object('messageId', i.info -> 'message_id')) AS json,
       i.unknown, i.came_back
FROM bounce.communication_delivery AS d
JOIN bounce.communication AS c ON c.id = d.communication_id
CROSS JOIN LATERAL (
  SELECT jsonb_build_object(
           'message_id', coalesce((SELECT m.message_id FROM bounce.communication_message_id AS m
                                   WHERE m.communication_id = d.communication_id
                                     AND m.attempt <= max(r.attempts)
                                   ORDER BY m.attempt DESC, m.message_id LIMIT 1), c.message_id),
           'accepted', coalesce(jsonb_agg(r.address ORDER BY r.id)
                                FILTER (WHERE q.state = 'accepted' AND r.state <> 'bounced'),
                                '[]'),
           'rejected', coalesce(jsonb_agg(r.address ORDER BY r.id)
                                FILTER (WHERE q.state = 'rejected'), '[]'),
           'pending', coalesce(jsonb_agg(r.address ORDER BY r.id)
                               FILTER (WHERE q.state IN ('due', 'claimed', 'sending',
                                                         'pending')), '[]'),
           'delivered', coalesce(jsonb_agg(r.address ORDER BY r.id)
                                 FILTER (WHERE r.delivered_at IS NOT NULL
                                           AND r.state <> 'bounced'), '[]'),
           'response', d.response) AS info,
         coalesce(jsonb_agg(r.address ORDER BY r.id)
                  FILTER (WHERE q.state = 'unknown'), '[]') AS unknown,
         coalesce(jsonb_agg(r.address ORDER BY r.id)
                  FILTER (WHERE q.state = 'accepted' AND r.state = 'bounced'), '[]') AS came_back,
         coalesce(string_agg(format('%s came back: %s', r.address,
                                    coalesce(nullif(bounce.clean_diagnostic(r.diagnostic), ''),
                                             r.reason)), E'\n' ORDER BY r.id)
                  FILTER (WHERE r.state = 'bounced'
                            AND (q.state = 'accepted'
                                 OR q.state IN ('due', 'claimed', 'sending')
                                    AND q.response ~ '^2')), '')
           AS came_back_error
  FROM bounce.recipient_delivery AS q
  JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
  WHERE q.communication_id = d.communication_id AND r.state <> 'replaced') AS i
WHERE NOT d.is_notice AND c.process = ANY ((SELECT bounce.own_processes())::text[]);
COMMENT ON VIEW bounce.delivery IS
  'each communication in the delivery queue: PENDING, PROCESSING, SUCCESS, ERROR, RETRY. info: '
  'message_id (of the last send), accepted, rejected, pending (still to be sent to), delivered (a '
  'report said so, see report_delivered: they are also among the accepted), response. '
  'unknown: recipients whose final reply was lost; came_back: those for whom the server accepted '
  'the mail, and a bounce came later; both are also named in error, as are those to whom it is '
  'sent again since it came back. Each recipient is in one of '
  'the five lists, unless another address replaced it. json: the same with the field names of '
  'Firebase''s Trigger Email, times as RFC 3339. UPDATE ... SET state = ''RETRY'' or ''PENDING'' '
  'on SUCCESS and ERROR sends again to those that did not get it; nothing else can be set. '
  'Notices of '
  'ours are not among them';

-- here, because the view has to be there
CREATE OR REPLACE TRIGGER delivery_set_state
  INSTEAD OF UPDATE ON bounce.delivery
  FOR EACH ROW EXECUTE FUNCTION bounce_internal.delivery_set_state();

CREATE OR REPLACE VIEW bounce.queued_delivery AS
SELECT d.communication_id, d.process, d.state, d.priority, d.due_at, d.held_at,
       d.lease_expire_time, c.created_at,
       d.state <> 'PROCESSING' AND d.held_at IS NULL AS is_waiting
FROM bounce.communication_delivery AS d
JOIN bounce.communication AS c ON c.id = d.communication_id
-- an index for each of the three: the millions that have ended are not read
WHERE d.state IN ('PENDING', 'RETRY') AND d.held_at IS NULL
   OR d.state IN ('PENDING', 'RETRY') AND d.held_at IS NOT NULL
   OR d.state = 'PROCESSING';
COMMENT ON VIEW bounce.queued_delivery IS
  'the deliveries that have not ended. is_waiting: not on hold, and no worker has it';

CREATE OR REPLACE VIEW bounce.delivery_metric WITH (security_barrier) AS
SELECT p.name AS process,
       count(*) FILTER (WHERE d.is_waiting AND d.due_at <= now()) AS due,
       count(*) FILTER (WHERE d.is_waiting AND d.due_at > now()) AS scheduled,
       count(*) FILTER (WHERE d.held_at IS NOT NULL) AS held,
       count(*) FILTER (WHERE d.state = 'PROCESSING') AS processing,
       coalesce(extract(epoch FROM now() - min(d.due_at) FILTER (
         WHERE d.is_waiting AND d.due_at <= now())), 0)::bigint AS oldest_due_seconds,
       coalesce(extract(epoch FROM now() - min(d.created_at) FILTER (
         WHERE d.state <> 'PROCESSING')), 0)::bigint AS oldest_seconds,
       p.paused_at
FROM bounce.process AS p
LEFT JOIN bounce.queued_delivery AS d ON d.process = p.name
WHERE p.name = ANY ((SELECT bounce.own_processes())::text[])
GROUP BY p.name;
COMMENT ON VIEW bounce.delivery_metric IS
  'length and age of the delivery queue per process; paused_at: nothing of it is sent since then';

CREATE OR REPLACE VIEW bounce.refused_delivery WITH (security_barrier) AS
SELECT c.id AS communication_id, c.process, c.business_ref, c.subject, r.id AS recipient_id,
       r.address, q.refused_at, b.id IS NOT NULL AS is_blocked, coalesce(b.reason, '') AS reason,
       coalesce(b.why, '') AS why, b.blocked_at
FROM bounce.recipient_delivery AS q
JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id
JOIN bounce.communication AS c ON c.id = r.communication_id
LEFT JOIN LATERAL (
  SELECT k.* FROM bounce.address_block AS k
  WHERE k.address_key = r.address_key AND k.lifted_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > now())
    AND (k.only_process IS NULL OR k.only_process = c.process)
  ORDER BY k.only_process NULLS FIRST LIMIT 1) AS b ON true
WHERE q.refused_at IS NOT NULL AND c.process = ANY ((SELECT bounce.own_processes())::text[]);
COMMENT ON VIEW bounce.refused_delivery IS
  'mails that were not sent because the address is blocked; they are sent when the block is '
  'lifted (resend_after_block)';

-- For operators ---------------------------------------------------------------------

-- For lists: suggest_address() learns, so the planner would work out every column of task_detail
-- for each task that is asked about.
CREATE OR REPLACE VIEW bounce.task_outline AS
SELECT t.id, t.kind, t.status,
       CASE WHEN g.is_gathering
            THEN greatest(t.count, (SELECT count(*) FROM bounce.bounce AS b
                                    WHERE b.task_id = t.id))::integer
            ELSE t.count END AS count,
       t.owner, t.due_at, t.status = 'open' AND t.due_at < now() AS is_overdue, t.created_at,
       t.last_seen_at, t.address, t.domain, t.reason, t.diagnosis, t.correction, t.new_address,
       coalesce(t.process, '') AS process, t.communication_id, t.recipient_id, t.bounce_id,
       t.summary, t.resolution, t.resolved_at, t.resolved_by, t.note, t.dedup_key, g.is_gathering,
       CASE WHEN t.reason = 'submission_server' OR t.kind = 'process_paused' THEN 1
            WHEN t.kind = 'outage' THEN 2
            WHEN t.due_at < now() THEN 3 ELSE 4 END AS urgency,
       t.marked_summary, t.marked_note
FROM bounce.task AS t
CROSS JOIN LATERAL (
  SELECT t.bounce_id IS NOT NULL
         AND (t.kind IN ('delivery_problem', 'outage')
              OR t.dedup_key = 'bounce_without_communication:') AS is_gathering) AS g;
COMMENT ON VIEW bounce.task_outline IS
  'tasks as they are kept, for lists: to be filtered and put in order, before task_detail is asked '
  'for the words about a few. is_gathering: it gathers bounces, which are counted in '
  'bounce.bounce. urgency: 1 our server cannot be used, or a process is paused, 2 an outage waits '
  'for a decision, 3 overdue, 4 any other';

CREATE OR REPLACE VIEW bounce.task_detail AS
SELECT t.id, t.kind, t.status, t.count, t.owner, t.due_at, t.is_overdue,
       t.created_at, greatest(t.last_seen_at, b.received_at) AS last_seen_at,
       t.address, t.domain, t.reason,
       coalesce(n.meaning, '') AS meaning, t.diagnosis,
       CASE WHEN t.correction = '' AND t.status = 'open'
                 AND t.kind IN ('hard_bounce', 'resend_exhausted', 'soft_bounces')
            THEN bounce.suggest_address(t.address) ELSE t.correction END AS correction,
       t.process,
       coalesce(b.communication_id, t.communication_id) AS communication_id,
       coalesce(c.business_ref, '') AS business_ref, coalesce(c.subject, '') AS subject,
       bounce.told(t.summary, t.marked_summary)
       || CASE WHEN b.id IS NULL OR t.kind = 'bounce_without_communication' THEN ''
                         ELSE CASE t.kind WHEN 'outage'
                                          THEN bounce.sentence(', lately %s', b.recipient)
                                          ELSE '' END
                              || ': ' || concat_ws(' ', b.reason, nullif(
                                   bounce.clean_diagnostic(
                                     concat_ws(' ', nullif(b.reply_code, ''), nullif(b.status, ''),
                                               b.diagnostic)), '')) END AS summary,
       coalesce(b.recipient_id, t.recipient_id) AS recipient_id,
       coalesce(b.id, t.bounce_id) AS bounce_id,
       t.resolution, t.resolved_at, t.resolved_by,
       bounce.told(t.note, t.marked_note) AS note, t.urgency,
       CASE WHEN t.reason = 'webhook' THEN bounce.sentence('webhook')
            WHEN t.reason = 'operator_copy' THEN bounce.sentence('letters for the operator')
            WHEN t.reason = 'submission_server'
              THEN bounce.sentence('our mail server %s',
                                   substr(t.dedup_key, length('delivery_problem:server:') + 1))
            WHEN t.kind = 'process_paused' THEN bounce.sentence('process %s', t.process)
            WHEN o.id IS NOT NULL
              THEN CASE o.scope WHEN 'domain' THEN o.about
                                WHEN 'diagnostic' THEN format('"%s"', left(o.about, 60))
                                ELSE bounce.sentence('all domains') END
            WHEN t.address <> '' THEN t.address WHEN t.domain <> '' THEN t.domain
            ELSE bounce.sentence('reports that fit no mail') END AS about,
       CASE WHEN NOT s.is_said THEN bounce.told(t.summary, t.marked_summary)
            ELSE concat_ws(': ', nullif(n.meaning, ''), nullif(s.said, '')) END AS why,
       CASE WHEN t.status <> 'open' THEN ''
            WHEN t.reason = 'submission_server'
              THEN 'mend the server or the settings of bounce-delivery: mail goes out by itself'
            WHEN t.reason = 'webhook'
              THEN 'have the receiver mended, then send again what it missed: webhook retry'
            WHEN t.reason = 'operator_copy'
              THEN 'mend the server or the smtp_ settings of bounce-delivery, then: copies retry'
            WHEN t.kind = 'outage'
              THEN 'decide whether it is an outage: until then nothing is blocked'
            WHEN t.kind = 'process_paused'
              THEN 'find out why its mails come back, then let it send: queue resume'
            WHEN t.kind = 'auto_reply'
              THEN 'ask whether it is true: anybody can write such a reply; then --address or '
                   '--dead'
            WHEN t.kind = 'complaint'
              THEN 'take the address off the list, or say that it may not be written to'
            WHEN t.kind = 'delivery_problem' AND t.reason = 'unknown'
              THEN 'find out whether it arrived, or send it again'
            WHEN t.kind = 'delivery_problem' THEN 'have the cause mended, then send again'
            WHEN t.kind = 'bounce_without_communication' THEN 'read the report'
            ELSE 'find the right address, or say that it works or is dead' END AS what_next,
       t.new_address,
       CASE WHEN s.is_said AND n.meaning <> '' THEN s.said ELSE '' END AS said
FROM bounce.task_outline AS t
LEFT JOIN LATERAL (
  SELECT q.* FROM bounce.bounce AS q WHERE q.task_id = t.id AND t.is_gathering
  ORDER BY q.received_at DESC, q.id DESC LIMIT 1) AS b ON true
LEFT JOIN bounce.communication AS c ON c.id = coalesce(b.communication_id, t.communication_id)
LEFT JOIN bounce.bounce_reason AS n ON n.reason = t.reason
LEFT JOIN bounce.outage AS o
  ON o.id = CASE t.kind WHEN 'outage'
                        THEN substring(t.dedup_key FROM '^outage:([0-9]+)')::bigint END
CROSS JOIN LATERAL (
  SELECT t.kind NOT IN ('outage', 'soft_bounces', 'complaint', 'process_paused', 'auto_reply')
         AND t.reason NOT IN ('submission_server', 'webhook', 'operator_copy')
         AND t.diagnosis <> '' AS is_said,
         bounce.clean_diagnostic(coalesce(substring(t.diagnosis FROM ' said: (.*)$'),
           CASE WHEN n.meaning IS NULL THEN t.diagnosis
                ELSE substr(t.diagnosis, length(n.meaning) + 3) END)) AS said) AS s;
COMMENT ON VIEW bounce.task_detail IS
  'tasks with the diagnosis as a sentence, the mail they are about, and the address that was '
  'probably meant. about: whom or what; why: the diagnosis in a line; said: what the other system '
  'said, where why is the meaning of the reason and that; what_next: what is to be done, empty '
  'when it is closed. What a task gathers is counted in bounce.bounce, and its last bounce found '
  'there. urgency: that of task_outline';

CREATE OR REPLACE VIEW bounce.open_task AS
SELECT * FROM bounce.task_detail WHERE status = 'open' ORDER BY urgency, due_at NULLS LAST, id;
COMMENT ON VIEW bounce.open_task IS
  'the open tasks, the most urgent first, then in the order in which they are due';

CREATE OR REPLACE VIEW bounce.blocked_address AS
SELECT b.address, b.reason, b.why, b.blocked_at, b.blocked_by, b.bounce_id, b.communication_id,
       coalesce(c.process, '') AS process, b.id, b.address_key, b.source, b.only_process,
       b.expires_at, b.import_id
FROM bounce.address_block AS b LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
WHERE b.lifted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > now());
COMMENT ON VIEW bounce.blocked_address IS
  'the blocked addresses, why and since when; process: whose mail bounced; only_process: the only '
  'one that may not write there; source: who said so; expires_at: when the block ends by itself';

CREATE OR REPLACE VIEW bounce.open_outage AS
SELECT t.id AS task_id, o.id AS outage_id, o.scope, o.about, o.opened_at,
       greatest(t.last_seen_at, (SELECT max(h.held_at) FROM bounce.held_block AS h
                                 WHERE h.outage_id = o.id AND h.decision IS NULL)) AS last_seen_at,
       (SELECT count(*) FROM bounce.held_block AS h
        WHERE h.outage_id = o.id AND h.decision IS NULL) AS held,
       o.seen, o.usual, o.time_window,
       (SELECT string_agg(s.address, ', ')
        FROM (SELECT h.address FROM bounce.held_block AS h
              WHERE h.outage_id = o.id AND h.decision IS NULL ORDER BY h.id LIMIT 5) AS s) AS sample
FROM bounce.outage AS o
JOIN bounce.task AS t ON t.dedup_key = 'outage:' || o.id AND t.status = 'open';
COMMENT ON VIEW bounce.open_outage IS
  'outages that wait for a decision: how many blocks are held, the rate seen and the usual one, '
  'and a few of the addresses';

CREATE OR REPLACE VIEW bounce.shadow_consequence AS
SELECT b.id AS bounce_id, b.received_at, c.process, b.communication_id,
       coalesce(r.address, b.recipient) AS address, b.class, b.reason, b.trust,
       'blocked' = ANY (b.events) AS would_block,
       'resend_scheduled' = ANY (b.events) AS would_resend,
       'task' = ANY (b.events) AS would_make_task,
       'follow_up' = ANY (b.events) AS would_follow_up,
       'owner_notice' = ANY (b.events) AS would_tell_owner, b.consequence
FROM bounce.bounce AS b
LEFT JOIN bounce.communication AS c ON c.id = b.communication_id
LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE b.in_shadow;
COMMENT ON VIEW bounce.shadow_consequence IS
  'the consequences that would have followed if the process were not in shadow mode';

CREATE OR REPLACE VIEW bounce.parameter_setting AS
SELECT p.name, p.process, p.value, d.default_value,
       p.process IS NULL AND p.value = d.default_value AS is_default,
       d.type, d.minimum, d.maximum, d.allowed, d.per_process, d.description, p.updated_at,
       p.updated_by
FROM bounce.system_parameter AS p JOIN bounce.parameter_definition AS d ON d.name = p.name;
COMMENT ON VIEW bounce.parameter_setting IS
  'the current parameters with their definitions; process NULL: the global value';

CREATE OR REPLACE VIEW bounce.process_access AS
SELECT p.name AS process, p.description,
       coalesce(string_agg(a.application, ', ' ORDER BY a.application),
                CASE WHEN o.is_open THEN 'all' ELSE 'none' END) AS applications,
       count(a.id) = 0 AND o.is_open AS is_open, p.created_at, p.paused_at
FROM bounce.process AS p
CROSS JOIN (SELECT s.value::boolean AS is_open FROM bounce.system_parameter AS s
            WHERE s.name = 'open_processes' AND s.process IS NULL) AS o
LEFT JOIN bounce.process_application AS a ON a.process = p.name AND a.taken_at IS NULL
GROUP BY p.name, o.is_open;
COMMENT ON VIEW bounce.process_access IS
  'each process, and the applications that may use it: roles, or all where nobody has it and '
  'open_processes is on. Who gave it to whom is in process_application';

CREATE OR REPLACE VIEW bounce.token_key_state AS
SELECT k.id,
       CASE WHEN k.expires_at <= now() THEN 'expired'
            WHEN k.retired_at IS NOT NULL
                 OR EXISTS (SELECT FROM bounce.token_key AS n
                            WHERE n.retired_at IS NULL
                              AND (n.created_at, n.id) > (k.created_at, k.id)) THEN 'verifies'
            ELSE 'signs' END AS state,
       k.created_at, k.retired_at, k.expires_at
FROM bounce.token_key AS k;
COMMENT ON VIEW bounce.token_key_state IS
  'the keys of return paths without their secrets: the one that signs, those that still verify, '
  'and the expired ones';

CREATE OR REPLACE VIEW bounce.event_partition AS
SELECT p.relname::text AS parent, c.relname::text AS partition, a.attname::text AS time_column,
       make_timestamptz(substring(c.relname FROM '_([0-9]{4})[0-9]{2}$')::integer,
                        substring(c.relname FROM '_[0-9]{4}([0-9]{2})$')::integer,
                        1, 0, 0, 0, 'UTC') AS month
FROM pg_partitioned_table AS t
JOIN pg_class AS p ON p.oid = t.partrelid
JOIN pg_attribute AS a ON a.attrelid = p.oid AND a.attnum = t.partattrs[0]
JOIN pg_inherits AS i ON i.inhparent = p.oid
JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE p.relnamespace = 'bounce'::regnamespace;
COMMENT ON VIEW bounce.event_partition IS
  'the partitions of the event tables; month NULL: the default partition';
