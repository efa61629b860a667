-- SPDX-License-Identifier: BSD-2-Clause
-- For tests/bench/console.pl, after console.sql: one in ten of the bounces was in shadow mode, one
-- in a hundred is a letter that nobody could classify; the addresses are blocked. One mail in three
-- went through the queue; the last of these wait, are held, are being sent, were given up.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE bounce.bounce SET in_shadow = true, events = '{blocked,task}' WHERE id % 230 = 0;
UPDATE bounce.bounce SET class = 'unclassified', reason = 'undetermined' WHERE id % 2300 = 0;
UPDATE bounce.bounce_message SET class = 'unclassified', reason = 'undetermined'
WHERE id % 2300 = 0;
CREATE TEMPORARY TABLE queued AS
SELECT c.id, c.process, c.created_at, CASE c.id / 3 % 4 WHEN 0 THEN 'PENDING' WHEN 1 THEN 'PENDING'
         WHEN 2 THEN 'PROCESSING' ELSE 'ERROR' END AS state, c.id / 3 % 4 = 1 AS is_held
FROM bounce.communication AS c WHERE c.id % 3 = 0;
UPDATE queued SET state = 'SUCCESS', is_held = false WHERE id <= :rows - 30000;
INSERT INTO bounce.communication_delivery (communication_id, process, state, due_at, held_at,
  held_by, claim_id, lease_expire_time, end_time, attempts)
SELECT q.id, q.process, q.state,
       CASE WHEN q.state NOT IN ('SUCCESS', 'ERROR') THEN now() END,
       CASE WHEN q.is_held THEN now() END, CASE WHEN q.is_held THEN 'eva' END,
       CASE WHEN q.state = 'PROCESSING' THEN gen_random_uuid() END,
       CASE WHEN q.state = 'PROCESSING' THEN now() + interval '1 hour' END,
       CASE WHEN q.state IN ('SUCCESS', 'ERROR') THEN q.created_at END, 1
FROM queued AS q;
INSERT INTO bounce.recipient_delivery (recipient_id, communication_id, state, due_at)
SELECT q.id, q.id, CASE q.state WHEN 'SUCCESS' THEN 'accepted' WHEN 'ERROR' THEN 'rejected'
                     WHEN 'PROCESSING' THEN 'sending' ELSE 'due' END,
       CASE WHEN q.state NOT IN ('SUCCESS', 'ERROR') THEN now() END
FROM queued AS q;
INSERT INTO bounce.address_block (address, why, source, blocked_by, reason)
SELECT DISTINCT ON (bounce.address_key(b.recipient)) b.recipient, 'no such user', 'person', 'eva',
       'user_unknown' FROM bounce.bounce AS b;
COMMIT;
VACUUM ANALYZE;
