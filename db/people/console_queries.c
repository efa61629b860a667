/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statements of the console.
 */
#include "db/people/console_queries.h"

#include "db/people/task_words.h"

#define STATEMENT(name, count, sql) const struct db_statement name = {sql, count}

/* What the tasks are ordered by, in each of the orders: a number, a time, a text, the id. Closed
 * ones: the last one first. OFFSET 0 keeps the planner from joining the words of all tasks instead
 * of those of a page, one by one. */
#define ORDER_KEY                                                                                  \
	"CASE WHEN t.status = 'done' THEN -extract(epoch FROM t.resolved_at) "                     \
	"  WHEN $8::text = 'count' THEN -t.count WHEN $8 IN ('age', 'domain') THEN 0 "             \
	"  ELSE t.urgency END AS number, "                                                         \
	"CASE WHEN t.status = 'done' OR $8 IN ('count', 'domain') THEN 'epoch' "                   \
	"  WHEN $8 = 'age' THEN t.created_at ELSE coalesce(t.due_at, 'infinity') END AS at, "      \
	"CASE WHEN $8 = 'domain' THEN t.domain ELSE '' END AS name, t.id "                         \
	"FROM bounce.task_outline AS t "

STATEMENT(
    console_queries_tasks, CONSOLE_TASKS_PARAMETERS,
    "WITH page AS MATERIALIZED (SELECT k.* FROM (SELECT " ORDER_KEY
    "WHERE t.status = coalesce($1::text, 'open') "
    "  AND ($2::text IS NULL OR t.owner = $2) "
    "  AND (t.owner = '' OR NOT coalesce($3::boolean, false)) "
    "  AND ($4::text IS NULL OR t.kind = $4) AND ($5::text IS NULL OR t.process = $5) "
    "  AND " TASK_WORDS_FIT(
	"$6") " "
	      "  AND (t.due_at < now() OR NOT coalesce($7::boolean, false))) AS k "
	      "WHERE $9::bigint IS NULL OR (k.number, k.at, k.name, k.id) > "
	      "  (SELECT a.number, a.at, a.name, a.id FROM (SELECT " ORDER_KEY
	      "   WHERE t.id = $9::bigint) AS a) "
	      "ORDER BY k.number, k.at, k.name, k.id LIMIT $10::integer) "
	      "SELECT t.id, t.kind, t.status, t.count, t.due_at, t.is_overdue, t.owner, t.about, "
	      "  t.reason, t.why, t.what_next, t.correction, t.new_address, t.process, "
	      "  t.business_ref, t.communication_id, t.created_at, t.said, "
	      "  t.resolution, t.resolved_at, t.resolved_by "
	      "FROM page AS p CROSS JOIN LATERAL "
	      "  (SELECT d.id, d.kind, d.status, d.count, d.due_at, d.is_overdue, d.owner, "
	      "d.about, "
	      "     d.reason, d.why, d.what_next, d.correction, d.new_address, d.process, "
	      "d.business_ref, "
	      "     d.communication_id, d.created_at, d.said, d.resolution, d.resolved_at, "
	      "d.resolved_by "
	      "   FROM bounce.task_detail AS d WHERE d.id = p.id OFFSET 0) AS t "
	      "ORDER BY p.number, p.at, p.name, p.id");

/* Beside operator_queries_task: its line "why" in parts, the second of them a stranger's. */
STATEMENT(console_queries_task_said, 1,
	  "SELECT t.said FROM bounce.task_detail AS t WHERE t.id = $1::bigint");

STATEMENT(console_queries_people, 1,
	  "SELECT r.rolname AS name FROM pg_catalog.pg_roles AS r "
	  "WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> $1::text AND EXISTS ("
	  "  SELECT FROM unnest(ARRAY['bounce_clerk', 'bounce_operator', 'bounce_admin']) AS g "
	  "  WHERE pg_has_role(r.oid, g, 'MEMBER')) ORDER BY r.rolname LIMIT 300");

STATEMENT(console_queries_kinds, 1,
	  "SELECT t.kind AS label, count(*) AS tasks, "
	  "  count(*) FILTER (WHERE t.due_at < now()) AS overdue, min(t.created_at) AS oldest_at "
	  "FROM bounce.task AS t WHERE t.status = 'open' AND ($1::text IS NULL OR t.owner = $1) "
	  "GROUP BY t.kind ORDER BY 2 DESC, 1");

STATEMENT(console_queries_days, 1,
	  "SELECT label, total FROM bounce.bounces_by_day(days => $1::integer)");
STATEMENT(console_queries_hours, 1,
	  "SELECT label, total FROM bounce.bounces_by_hour(hours => $1::integer)");
STATEMENT(console_queries_process_rates, 0,
	  "SELECT process, sent_day, failed_day, rate_day, sent_week, failed_week, rate_week, "
	  "  rate_usual, verdict, verdict IN ('above_day', 'above_week') AS is_above "
	  "FROM bounce.process_rates() LIMIT 50");

/* w: bounce.task_ways(), t: its task. */
#define WAY                                                                                        \
	"w.way, 'way: ' || CASE WHEN w.way = 'unblocked' AND t.address = '' THEN 'again' "         \
	"                       ELSE w.way END AS way_words, w.takes_address, t.correction "

STATEMENT(console_queries_ways, 1,
	  "SELECT " WAY ", replace(p.outcome, 'somebody@example.invalid', 'the right address') "
	  "  AS outcome FROM bounce.task_detail AS t "
	  "CROSS JOIN LATERAL bounce.task_ways(t.id) AS w "
	  "CROSS JOIN LATERAL bounce.preview_task(t.id, w.way, 'preview', "
	  "  'somebody@example.invalid') AS p "
	  "WHERE t.id = $1::bigint AND p.is_possible ORDER BY w.place");

/* Those that may be, where finding out what each would do takes too long. */
STATEMENT(console_queries_possible_ways, 1,
	  "SELECT " WAY ", '' AS outcome FROM bounce.task_detail AS t "
	  "CROSS JOIN LATERAL bounce.task_ways(t.id) AS w "
	  "WHERE t.id = $1::bigint ORDER BY w.place");

/* --- stories, in which only people have a name ------------------------------------------------ */

#define PERSON(who)                                                                                \
	"CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS g WHERE g.rolname = " who " "        \
	"  AND NOT g.rolsuper AND (pg_has_role(g.oid, 'bounce_milter', 'MEMBER') "                 \
	"                          OR pg_has_role(g.oid, 'bounce_delivery', 'MEMBER'))) "          \
	"THEN '' ELSE " who " END "

#define ACTOR PERSON("s.actor") "AS actor "

STATEMENT(console_queries_mail_story, 1,
	  "SELECT s.at, s.event, s.text, s.recipient, " ACTOR
	  "FROM bounce.communication_story($1::bigint) AS s");
STATEMENT(console_queries_task_story, 1,
	  "SELECT s.at, s.action, s.text, " ACTOR "FROM bounce.task_story($1::bigint) AS s");
STATEMENT(console_queries_block_story, 1,
	  "SELECT s.at, s.event, s.text, " ACTOR "FROM bounce.block_story($1) AS s");

/* --- what an act has done, as long as its transaction is open --------------------------------- */

/* The log is read from its end: what the transaction wrote has its time, and is among the last. */
#define CHANGED_MAILS                                                                              \
	"SELECT l.event, concat_ws(' ', nullif(c.business_ref, ''), r.address) AS about, "         \
	"  bounce.told(l.text, l.marked) AS text, l.id "                                           \
	"FROM (SELECT q.id, q.at, q.event, q.text, q.marked, q.communication_id, q.recipient_id "  \
	"      FROM bounce.communication_log AS q ORDER BY q.id DESC LIMIT " G_STRINGIFY(          \
	    CONSOLE_CHANGED_MAX) ") AS l "                                                         \
				 "JOIN bounce.communication AS c ON c.id = l.communication_id "    \
				 "LEFT JOIN bounce.communication_recipient AS r ON r.id = "        \
				 "l.recipient_id "                                                 \
				 "WHERE l.at = now() "

/* What a stranger's server said, or a sentence of ours. */
#define BLOCK_WHY                                                                                  \
	"CASE WHEN k.marked_why IS NULL "                                                          \
	"  THEN bounce.clean_diagnostic(regexp_replace(k.why, '^' || k.reason || ' ', '')) "       \
	"  ELSE bounce.told(k.why, k.marked_why) END "

STATEMENT(console_queries_changed_mails, 0, CHANGED_MAILS "ORDER BY l.id");
STATEMENT(console_queries_changed_address, 1,
	  "SELECT e.event, e.about, e.text FROM ("
	  "SELECT CASE WHEN k.lifted_at IS NULL THEN 'blocked' ELSE 'block_lifted' END AS event, "
	  "  k.address AS about, concat_ws(', ', CASE WHEN k.lifted_at IS NULL THEN "
	  "  concat_ws(': ', nullif(bounce.sentence('%w', k.reason), bounce.sentence('%w', "
	  "'')), " BLOCK_WHY ") "
	  "  ELSE bounce.told(k.lift_why, k.marked_lift_why) END, "
	  "  CASE WHEN k.only_process IS NOT NULL THEN "
	  "    bounce.sentence('for %s alone', k.only_process) END, "
	  "  CASE WHEN k.expires_at IS NOT NULL THEN bounce.sentence('until %t', "
	  "    to_char(k.expires_at, 'YYYY-MM-DD HH24:MI')) END) AS text, 0 AS id "
	  "FROM bounce.address_block AS k WHERE k.address_key = bounce.address_key($1) "
	  "  AND (k.blocked_at = now() AND k.lifted_at IS NULL OR k.lifted_at = now()) "
	  "UNION ALL " CHANGED_MAILS
	  "  AND l.event NOT IN ('blocked', 'block_lifted')) AS e ORDER BY e.id");

STATEMENT(console_queries_changed_process, 1,
	  "SELECT 'waiting' AS event, m.process AS about, "
	  "  bounce.sentence('%s due, %s later, %s held', m.due::text, m.scheduled::text, "
	  "    m.held::text) AS text "
	  "FROM bounce.delivery_metric AS m WHERE m.process = $1 "
	  "UNION ALL SELECT CASE h.action WHEN 'created' THEN 'task' ELSE 'task_resolved' END, "
	  "  CASE h.action WHEN 'created' THEN '' ELSE t.id::text END, "
	  "  bounce.told(h.text, h.marked) FROM "
	  "bounce.task AS t "
	  "JOIN bounce.task_history AS h ON h.task_id = t.id AND h.at = now() "
	  "WHERE t.dedup_key = 'process_paused:' || $1");

/* --- the queue -------------------------------------------------------------------------------- */

/* The words of $1 are known when it is planned: each has an index of its own. */
STATEMENT(console_queries_queue, 4,
	  "WITH page AS MATERIALIZED ("
	  "  SELECT d.communication_id, d.process, d.state, d.due_at, d.held_at, d.held_by, "
	  "    d.attempts, d.error, d.end_time FROM bounce.communication_delivery AS d "
	  "  WHERE ($1::text = 'waiting' AND d.state IN ('PENDING', 'RETRY') "
	  "           AND d.held_at IS NULL "
	  "         OR $1 = 'held' AND d.held_at IS NOT NULL "
	  "         OR $1 = 'PROCESSING' AND d.state = 'PROCESSING' "
	  "         OR $1 = 'ERROR' AND d.state = 'ERROR' "
	  "         OR $1 = 'SUCCESS' AND d.state = 'SUCCESS') "
	  "    AND ($2::text IS NULL OR d.process = $2) "
	  "    AND ($3::bigint IS NULL OR d.communication_id < $3) AND NOT d.is_notice "
	  "  ORDER BY d.communication_id DESC LIMIT $4::integer) "
	  "SELECT p.*, c.business_ref, c.subject, (SELECT min(r.address) "
	  "    || CASE WHEN count(*) > 1 THEN ' +' || count(*) - 1 ELSE '' END "
	  "  FROM bounce.communication_recipient AS r "
	  "  WHERE r.communication_id = p.communication_id) AS recipients "
	  "FROM page AS p JOIN bounce.communication AS c ON c.id = p.communication_id "
	  "ORDER BY p.communication_id DESC");
STATEMENT(console_queries_queue_processes, 0,
	  "SELECT m.process, m.due, m.scheduled, m.held, m.processing, m.oldest_due_seconds, "
	  "  m.paused_at, p.paused_by, p.pause_why FROM bounce.delivery_metric AS m "
	  "JOIN bounce.process AS p ON p.name = m.process ORDER BY m.process");

/* --- documents -------------------------------------------------------------------------------- */

#define DOCUMENT_PAGE                                                                              \
	"WITH page AS MATERIALIZED ("                                                              \
	"  SELECT r.id, c.created_at FROM bounce.communication AS c "                              \
	"  JOIN bounce.communication_recipient AS r ON r.communication_id = c.id "                 \
	"  WHERE c.process = $1 AND c.created_at >= $2::timestamptz "                              \
	"    AND c.created_at < $3::timestamptz AND r.state IN ('bounced', 'error') "              \
	"    AND ($4::timestamptz IS NULL OR (c.created_at, r.id) > ($4, $5::bigint)) "            \
	"    AND NOT EXISTS (SELECT FROM bounce.communication_delivery AS d "                      \
	"                    WHERE d.communication_id = c.id AND d.is_notice) "                    \
	"  ORDER BY c.created_at, r.id LIMIT $6::integer) "
#define DOCUMENTS                                                                                  \
	"FROM page AS p CROSS JOIN LATERAL (SELECT w.* FROM bounce.undelivered AS w "              \
	"  WHERE w.recipient_id = p.id OFFSET 0) AS u "                                            \
	"LEFT JOIN bounce.task AS t ON t.id = u.task_id ORDER BY p.created_at, p.id"

STATEMENT(console_queries_documents, 6,
	  DOCUMENT_PAGE
	  "SELECT u.created_at, u.created_at::text AS key, u.recipient_id, "
	  "  u.communication_id, u.business_ref, u.subject, u.recipient, u.state, "
	  "  u.bounced_at, u.reason, bounce.clean_diagnostic(u.diagnostic) AS "
	  "  diagnostic, u.is_blocked, u.next_attempt_at, u.task_id, u.task_kind, "
	  "  t.owner, t.due_at, t.due_at < now() AS is_overdue, u.what_next " DOCUMENTS);
STATEMENT(console_queries_document_file, 6,
	  DOCUMENT_PAGE "SELECT u.business_ref, u.recipient, u.created_at, u.subject, u.state, "
			"  u.bounced_at, u.class, u.reason, u.meaning, u.status_code, "
			"  u.diagnostic, u.is_blocked, u.next_attempt_at, u.task_id, u.task_kind, "
			"  t.owner, u.what_next, u.communication_id, u.recipient_id " DOCUMENTS);
/* Each recipient counts, as in the list. */
#define DOCUMENTS_OF_PERIOD                                                                        \
	"FROM bounce.communication AS c "                                                          \
	"JOIN bounce.communication_recipient AS r ON r.communication_id = c.id "                   \
	"WHERE c.process = $1 AND c.created_at >= $2::timestamptz "                                \
	"  AND c.created_at < $3::timestamptz AND NOT EXISTS ("                                    \
	"    SELECT FROM bounce.communication_delivery AS d "                                      \
	"    WHERE d.communication_id = c.id AND d.is_notice)"
STATEMENT(console_queries_document_sum, 3,
	  "SELECT count(*) AS registered, "
	  "  count(*) FILTER (WHERE r.state IN ('bounced', 'error')) AS failed, "
	  "  nullif(count(*) FILTER (WHERE r.state = 'open'), 0) AS waiting " DOCUMENTS_OF_PERIOD);
/* By the queue, which is short where all was sent. */
STATEMENT(console_queries_document_any, 3,
	  "SELECT EXISTS (SELECT " DOCUMENTS_OF_PERIOD ") AS is_any, "
	  "  EXISTS (SELECT FROM bounce.communication_delivery AS d "
	  "    JOIN bounce.communication AS c ON c.id = d.communication_id "
	  "    WHERE d.process = $1 AND d.state IN ('PENDING', 'RETRY', 'PROCESSING') "
	  "      AND NOT d.is_notice AND c.created_at >= $2::timestamptz "
	  "      AND c.created_at < $3::timestamptz) AS is_waiting, "
	  "  $3::timestamptz <= $2::timestamptz AS is_reversed");

/* --- parameters ------------------------------------------------------------------------------- */

STATEMENT(console_queries_changed_parameter, 1,
	  "SELECT 'set' AS event, concat_ws(', ', h.name, h.process) AS about, "
	  "  bounce.sentence('%s, before %s', h.new_value, h.old_value) AS text "
	  "FROM bounce.system_parameter_history AS h "
	  "WHERE h.name = $1 AND h.changed_at >= now() ORDER BY h.id");

/* The old value is that of the snapshot, before the function has run. */
#define OLD_VALUE(process)                                                                         \
	"(SELECT (SELECT s.value FROM bounce.system_parameter AS s WHERE s.name = $1 "             \
	"  AND s.process IS NOT DISTINCT FROM " process ") AS value) AS o "
#define OLD_COLUMNS                                                                                \
	"SELECT $1::text AS name, o.value AS old_value, o.value IS NOT NULL AS was_set, "          \
	"  d.value, o.value IS DISTINCT FROM d.value AS is_done FROM "

STATEMENT(
    console_queries_set, 3,
    OLD_COLUMNS OLD_VALUE("$3::text") "CROSS JOIN LATERAL (SELECT bounce.set_parameter($1, "
				      "  coalesce($2::text, ''), $3) AS value OFFSET 0) AS d");
STATEMENT(console_queries_unset, 2,
	  OLD_COLUMNS OLD_VALUE("$2::text") "CROSS JOIN LATERAL (SELECT bounce.set_parameter($1, "
					    "  NULL, $2) AS value OFFSET 0) AS d");
STATEMENT(console_queries_set_back, 4,
	  "SELECT $1::text AS name, bounce.set_parameter($1, "
	  "  CASE WHEN $4::boolean THEN coalesce($2::text, '') END, $3) AS value");

/* --- letters ---------------------------------------------------------------------------------- */

#define UNCLASSIFIED                                                                               \
	"FROM bounce.bounce AS b WHERE b.bounce_message_id = m.id "                                \
	"  AND b.received_at = m.received_at AND b.class = 'unclassified'"

STATEMENT(console_queries_letters, 3,
	  "WITH page AS MATERIALIZED ("
	  "  SELECT m.id, m.received_at, m.header_from, m.subject FROM bounce.bounce_message AS m "
	  "  WHERE m.class = 'unclassified' AND m.raw IS NOT NULL "
	  "    AND ($1::timestamptz IS NULL OR (m.received_at, m.id) < ($1, $2::bigint)) "
	  "    AND EXISTS (SELECT " UNCLASSIFIED ") "
	  "  ORDER BY m.received_at DESC, m.id DESC LIMIT $3::integer) "
	  "SELECT m.id, m.received_at, m.received_at::text AS key, m.header_from, m.subject, "
	  "  u.bounce_id, u.recipient, u.communication_id, u.task_id, c.business_ref, "
	  "  bounce.clean_diagnostic(u.diagnostic) AS diagnostic "
	  "FROM page AS m CROSS JOIN LATERAL (SELECT b.id AS bounce_id, b.recipient, "
	  "  b.communication_id, b.task_id, b.diagnostic " UNCLASSIFIED
	  "  ORDER BY b.id LIMIT 1) AS u "
	  "LEFT JOIN bounce.communication AS c ON c.id = u.communication_id "
	  "ORDER BY m.received_at DESC, m.id DESC");

STATEMENT(console_queries_letter_copies, 1,
	  "SELECT c.address, c.asked_by, c.why, c.created_at, c.sent_at, "
	  "  CASE c.state WHEN 'dead' THEN 'ERROR' ELSE c.state END AS state, "
	  "  nullif(c.response, '') AS response, c.asked_by IS NOT NULL "
	  "    AND c.state IN ('waiting', 'dead') AND c.claim_id IS NULL AS can_be_withdrawn "
	  "FROM bounce.operator_copy AS c WHERE c.bounce_message_id = "
	  "  (SELECT b.bounce_message_id FROM bounce.bounce AS b WHERE b.id = $1::bigint) "
	  "ORDER BY c.id");

/* --- what is done with mails and bounces ------------------------------------------------------ */

STATEMENT(console_queries_resend, 3,
	  "SELECT bounce.request_resend(r.id, $3) AS is_done, r.address "
	  "FROM bounce.communication_recipient AS r "
	  "WHERE r.communication_id = $1::bigint AND r.address_key = bounce.address_key($2)");
/* One that is cancelled waits as before then, and what takes that back is to cancel it. */
STATEMENT(console_queries_retry, 1,
	  "SELECT $1::bigint AS id, CASE WHEN EXISTS (SELECT FROM bounce.recipient_delivery AS q "
	  "    WHERE q.communication_id = $1 AND q.cancelled_due_at IS NOT NULL) "
	  "  AND NOT EXISTS (SELECT FROM bounce.recipient_delivery AS q "
	  "    WHERE q.communication_id = $1 AND q.due_at IS NOT NULL) "
	  "  THEN 'cancel' ELSE 'withdraw_retry' END AS undo_act "
	  "FROM bounce.retry_communication($1::bigint)");
STATEMENT(console_queries_withdraw_retry, 2,
	  "SELECT $1::bigint AS id, coalesce(bool_or(w.is_done), false) AS is_done FROM ("
	  "  SELECT bounce.withdraw_resend(r.communication_id, r.address, $2) AS is_done "
	  "  FROM bounce.communication_recipient AS r "
	  "  WHERE r.communication_id = $1::bigint AND r.undo_state IS NOT NULL OFFSET 0) AS w");
/* Whom a person had it sent to, and who has not got it yet. */
STATEMENT(console_queries_withdrawable, 1,
	  "SELECT r.address FROM bounce.communication_recipient AS r "
	  "WHERE r.communication_id = $1::bigint AND r.undo_state IS NOT NULL "
	  "  AND (r.next_attempt_at IS NOT NULL OR EXISTS ("
	  "    SELECT FROM bounce.recipient_delivery AS q "
	  "    WHERE q.recipient_id = r.id AND q.state IN ('due', 'pending'))) ORDER BY r.id");
/* The old reason is that of the snapshot: what the act was told to change. */
STATEMENT(console_queries_reclassify, 3,
	  "SELECT b.id, b.reason AS old_reason, d.consequence, "
	  "  strpos(d.consequence, 'nothing to do, it is ') = 0 AS is_done "
	  "FROM bounce.bounce AS b "
	  "CROSS JOIN LATERAL (SELECT bounce.reclassify(b.id, $2, $3) AS consequence OFFSET 0) "
	  "AS d WHERE b.id = $1::bigint");
STATEMENT(console_queries_undo, 7,
	  "SELECT u.undo_id, u.undo_id IS NOT NULL AS is_done, "
	  "  bounce.sentence('%s bounces: %s blocks lifted, %s tasks closed, %s mails sent again', "
	  "    u.bounces::text, u.blocks::text, u.tasks::text, u.requeued::text) AS consequence "
	  "FROM bounce.undo_bounces(since => $1::timestamptz, until => $2::timestamptz, "
	  "  why => $6, domain => $3, rule => $4, diagnostic => $5, "
	  "  resend => NOT coalesce($7::boolean, false)) AS u");
/* What it was judged as, the last one first. */
STATEMENT(console_queries_verdicts, 1,
	  "SELECT v.at, v.actor, regexp_replace(v.why, '^reclassified: ', '') AS why, "
	  "  v.old_class, v.old_reason, v.new_class, v.new_reason "
	  "FROM bounce.verdict_change AS v WHERE v.bounce_id = $1::bigint ORDER BY v.id DESC "
	  "LIMIT 20");
STATEMENT(console_queries_undone, 1,
	  "SELECT u.id AS undo_id, u.at AS undone_at, u.actor, u.why, cardinality(u.bounces) AS "
	  "bounces FROM bounce.undo AS u "
	  "WHERE u.bounces @> ARRAY[$1::bigint] AND u.taken_back_at IS NULL "
	  "ORDER BY u.id DESC LIMIT 20");
STATEMENT(console_queries_retry_letter, 1,
	  "SELECT $1::bigint AS id, n > 0 AS is_done, "
	  "  bounce.sentence('%s copies are sent again', n::text) AS consequence "
	  "FROM bounce.retry_copies($1::bigint) AS n");
STATEMENT(console_queries_retry_letters, 1,
	  "SELECT $1::bigint AS id, n > 0 AS is_done, "
	  "  bounce.sentence('%s copies are sent again', n::text) AS consequence "
	  "FROM bounce.retry_copies() AS n");
STATEMENT(console_queries_retry_events, 1,
	  "SELECT $1::bigint AS id, n > 0 AS is_done, "
	  "  bounce.sentence('%s events are sent again', n::text) AS consequence "
	  "FROM bounce.retry_events() AS n");
STATEMENT(console_queries_reasons, 0,
	  "SELECT n.reason, n.class FROM bounce.bounce_reason AS n ORDER BY n.class, n.reason");

/* In place of the column with that name, which is for reading in English. */
STATEMENT(console_queries_bounce_events, 1,
	  "SELECT coalesce(string_agg(bounce.sentence(e.event), ', ' ORDER BY e.place), '') "
	  "  AS consequence FROM bounce.bounce AS b, "
	  "  unnest(b.events) WITH ORDINALITY AS e (event, place) WHERE b.id = $1::bigint");

/* No more of a message than a page shows: it may have a hundred megabytes. */
STATEMENT(console_queries_bounce_raw, 1,
	  "SELECT substr(m.raw, 1, 262144) AS raw, b.evidence "
	  "FROM bounce.bounce AS b "
	  "JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id WHERE b.id = $1::bigint");

/* --- one address ------------------------------------------------------------------------------ */

STATEMENT(console_queries_address, 1,
	  "SELECT $1::text AS address, count(k.id) > 0 AS is_blocked, "
	  "  min(k.blocked_at) AS since, coalesce(bool_or(k.only_process IS NULL), false) "
	  "  AS is_for_all FROM bounce.blocked_address AS k "
	  "WHERE k.address_key = bounce.address_key($1)");
#define BLOCKED_BY PERSON("k.blocked_by") "AS blocked_by, "
#define BLOCK_TIME(name)                                                                           \
	"to_char(k." name " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS " name ", "
#define BLOCK_TIMES BLOCK_TIME("expires_at") BLOCK_TIME("blocked_at")

STATEMENT(console_queries_address_blocks, 1,
	  "SELECT k.reason, " BLOCK_WHY " AS why, k.source, k.only_process, "
	  "  k.expires_at, k.blocked_at, " BLOCKED_BY "k.bounce_id, k.communication_id, "
	  "  CASE WHEN k.lifted_at IS NULL AND k.expires_at <= now() THEN k.expires_at "
	  "    ELSE k.lifted_at END AS lifted_at, k.lifted_by, "
	  "  bounce.told(k.lift_why, k.marked_lift_why) AS lift_why, "
	  "  k.lifted_at IS NULL AND coalesce(k.expires_at > now(), true) AS is_in_force "
	  "FROM bounce.address_block AS k WHERE k.address_key = bounce.address_key($1) "
	  "ORDER BY k.lifted_at IS NOT NULL, k.blocked_at DESC, k.id DESC LIMIT 50");
STATEMENT(console_queries_blocks, 5,
	  "SELECT k.id, k.address, k.reason, " BLOCK_WHY " AS why, k.source, "
	  "  k.only_process, k.expires_at, k.blocked_at, " BLOCKED_BY
	  "  k.lifted_at IS NULL AND coalesce(k.expires_at > now(), true) AS is_in_force "
	  "FROM bounce.address_block AS k "
	  "WHERE ($1::text IS NULL OR strpos(k.address_key, lower($1)) > 0) "
	  "  AND ($2::text IS NULL OR k.only_process IS NULL OR k.only_process = $2) "
	  "  AND (coalesce($3::boolean, false) "
	  "       OR k.lifted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())) "
	  "  AND ($4::bigint IS NULL OR k.id < $4) ORDER BY k.id DESC LIMIT $5::integer");
STATEMENT(console_queries_block_file, 2,
	  "SELECT k.address, k.reason, k.why, k.source, k.only_process AS process, " BLOCK_TIMES
	  "  k.blocked_by FROM bounce.blocked_address AS k "
	  "WHERE ($1::text IS NULL OR k.only_process IS NULL OR k.only_process = $1) "
	  "  AND ($2::text IS NULL OR k.address_key > bounce.address_key($2)) "
	  "ORDER BY k.address_key FETCH FIRST 1000 ROWS WITH TIES");
STATEMENT(console_queries_address_mails, 4,
	  "WITH page AS MATERIALIZED ("
	  "  SELECT r.id, r.communication_id, r.last_attempt_at, r.state, r.reason, r.task_id, "
	  "    r.attempts, r.next_attempt_at FROM bounce.communication_recipient AS r "
	  "  WHERE r.address_key = bounce.address_key($1) AND ($2::timestamptz IS NULL "
	  "    OR (r.last_attempt_at, r.id) < ($2, $3::bigint)) "
	  "  ORDER BY r.last_attempt_at DESC, r.id DESC LIMIT $4::integer) "
	  "SELECT p.id AS recipient_id, p.last_attempt_at AS at, p.last_attempt_at::text AS key, "
	  "  p.communication_id, p.state, p.task_id, p.attempts, p.next_attempt_at, c.process, "
	  "  c.business_ref, c.subject, b.bounce_id, b.bounces, b.received_at, b.class, "
	  "  coalesce(b.reason, p.reason) AS reason, b.diagnostic "
	  "FROM page AS p JOIN bounce.communication AS c ON c.id = p.communication_id "
	  "LEFT JOIN LATERAL (SELECT q.id AS bounce_id, q.received_at, q.class, q.reason, "
	  "    bounce.clean_diagnostic(concat_ws(' ', nullif(q.reply_code, ''), "
	  "      nullif(q.status, ''), q.diagnostic)) AS diagnostic, count(*) OVER () AS bounces "
	  "  FROM bounce.bounce AS q WHERE q.recipient_id = p.id "
	  "  ORDER BY q.received_at DESC, q.id DESC LIMIT 5) AS b ON true "
	  "ORDER BY p.last_attempt_at DESC, p.id DESC, b.received_at DESC, b.bounce_id DESC");
