-- SPDX-License-Identifier: BSD-2-Clause
-- For tests/bench/console.pl, after db.sql: one in 23 of its communications came back, and the last
-- :tasks of these wait for a person. Days that are over are counted.
BEGIN;
SELECT count(bounce_internal.make_month(e.parent, m)) FROM bounce.event_partition AS e
CROSS JOIN generate_series(now() - interval '7 months', now(), interval '1 month') AS m
WHERE e.month IS NULL;
CREATE TEMPORARY TABLE back AS
SELECT r.id, r.address, c.process, r.created_at + interval '1 minute' AS at,
       (ARRAY['user_unknown', 'mailbox_full', 'spam_rejected', 'domain_unknown'])[1 + r.id / 23 % 4]
         AS reason,
       r.id > :rows - :tasks * 23 AS is_task
FROM bounce.communication_recipient AS r JOIN bounce.communication AS c ON c.id = r.id
WHERE r.id % 23 = 0;

SET LOCAL session_replication_role = replica;
INSERT INTO bounce.bounce_message (id, received_at, source, envelope_sender, envelope_recipients,
  queue_id, client, own_mta, kind, dialect, message_id, header_from, subject, reporting_mta,
  truncated, size, digest, disposition, class, reason, report, raw)
SELECT b.id, b.at, 'milter', '', '{}', 'Q' || b.id, '192.0.2.1', false, 'dsn', 'rfc3464',
       'b' || b.id, 'mailer-daemon@example.net', 'Undelivered', 'mx.example.net', false, 4000,
       md5(b.id::text), 'discard', n.class, b.reason, '{}', 'the raw message'
FROM back AS b JOIN bounce.bounce_reason AS n USING (reason);
INSERT INTO bounce.bounce (id, bounce_message_id, received_at, communication_id, recipient_id,
  attempt, matched_by, trust, recipient, original_recipient, action, status, reply_code, diagnostic,
  remote_mta, reason, class, is_notice, permanence, rule, evidence, consequence, task_id)
SELECT b.id, b.id, b.at, b.id, b.id, 1, 'token', 'token', b.address, '', 'failed', '5.1.1', '550',
       'no such user', 'mx.example.com', b.reason, n.class, false, 'permanent', 'test.rule', '', '',
       CASE WHEN b.is_task THEN b.id END
FROM back AS b JOIN bounce.bounce_reason AS n USING (reason);
UPDATE bounce.communication_recipient AS r
SET state = 'bounced', class = n.class, reason = b.reason, bounced_at = b.at, bounce_id = b.id,
    diagnostic = 'no such user', task_id = CASE WHEN b.is_task THEN b.id END
FROM back AS b JOIN bounce.bounce_reason AS n USING (reason) WHERE r.id = b.id;
INSERT INTO bounce.failed_recipient (recipient_id, bounced_at, task_id)
SELECT b.id, b.at, CASE WHEN b.is_task THEN b.id END FROM back AS b;
UPDATE bounce.communication AS c SET status = 'bounced' FROM back AS b WHERE c.id = b.id;
INSERT INTO bounce.task (id, kind, dedup_key, summary, process, communication_id, recipient_id,
  address, domain, reason, bounce_id, created_at, last_seen_at, due_at, diagnosis)
SELECT b.id, 'hard_bounce', 'hard_bounce:' || b.id, 'Mail to ' || b.address || ' came back',
       b.process, b.id, b.id, b.address, bounce.address_domain(b.address), b.reason, b.id, b.at,
       b.at, b.at + interval '14 days', 'the mailbox does not exist: no such user'
FROM back AS b WHERE b.is_task;
SET LOCAL session_replication_role = origin;
SELECT setval('bounce.bounce_message_id_seq', :rows), setval('bounce.bounce_id_seq', :rows),
       setval('bounce.task_id_seq', :rows);
COMMIT;
SELECT bounce_internal.count_days(now(), 1000);
VACUUM ANALYZE;
