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
	"CASE WHEN $8 = 'domain' THEN t.domain ELSE '' END AS name, t.id, t.correction "           \
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
	      "  t.reason, t.why, t.what_next, p.correction, t.new_address, t.process, "
	      "  t.business_ref, t.communication_id, bounce.ago(t.created_at) AS since, "
	      "  t.resolution, t.resolved_at, t.resolved_by "
	      "FROM page AS p CROSS JOIN LATERAL "
	      "  (SELECT d.id, d.kind, d.status, d.count, d.due_at, d.is_overdue, d.owner, "
	      "d.about, "
	      "     d.reason, d.why, d.what_next, d.new_address, d.process, d.business_ref, "
	      "     d.communication_id, d.created_at, d.resolution, d.resolved_at, d.resolved_by "
	      "   FROM bounce.task_detail AS d WHERE d.id = p.id OFFSET 0) AS t "
	      "ORDER BY p.number, p.at, p.name, p.id");

STATEMENT(console_queries_kinds, 1,
	  "SELECT t.kind AS label, count(*) AS tasks, "
	  "  count(*) FILTER (WHERE t.due_at < now()) AS overdue, min(t.created_at) AS oldest_at "
	  "FROM bounce.task AS t WHERE t.status = 'open' AND ($1::text IS NULL OR t.owner = $1) "
	  "GROUP BY t.kind ORDER BY 2 DESC, 1");

STATEMENT(console_queries_ways, 1,
	  "SELECT w.way, p.outcome, t.correction FROM bounce.task_detail AS t "
	  "CROSS JOIN unnest(ARRAY['corrected', 'suggested', 'unblocked', 'dead', 'arrived', "
	  "  'dismissed', 'confirmed', 'done']) WITH ORDINALITY AS w (way, place) "
	  "CROSS JOIN LATERAL bounce.preview_task(t.id, w.way, 'preview', "
	  "  'somebody@example.invalid') AS p "
	  "WHERE t.id = $1::bigint AND t.status = 'open' AND p.is_possible "
	  "  AND p.outcome !~ '^0 mails sent to' ORDER BY w.place");
