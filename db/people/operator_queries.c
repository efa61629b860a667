/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statements of bouncectl.
 */
#include "db/people/operator_queries.h"

#include "db/people/task_words.h"

#define STATEMENT(name, count, sql) const struct db_statement name = {sql, count}

/* value is a number, a time or null where it is one; that of bounce.status() is text. */
STATEMENT(
    operator_queries_status, 0,
    "WITH queue AS ("
    "  SELECT count(*) FILTER (WHERE d.is_waiting) AS waiting,"
    "    count(*) FILTER (WHERE d.is_waiting AND d.due_at <= now()) AS due,"
    "    min(d.due_at) FILTER (WHERE d.is_waiting AND d.due_at <= now()) AS oldest,"
    "    count(*) FILTER (WHERE d.held_at IS NOT NULL) AS held,"
    "    count(*) FILTER (WHERE d.state = 'PROCESSING') AS processing,"
    "    count(*) FILTER (WHERE d.lease_expire_time < now() - interval '1 minute') AS expired"
    "  FROM bounce.queued_delivery AS d), "
    "server AS (SELECT min(s.problem_since) AS since, string_agg(s.name || ': ' || s.problem, '; ' "
    "ORDER BY s.name) AS "
    "problem "
    "  FROM bounce.delivery_server AS s WHERE s.problem <> ''), "
    "line AS ("
    "  SELECT ordinality AS part, name, value, warning FROM bounce.status() WITH ORDINALITY "
    "  UNION ALL SELECT v.part, v.name, v.value, coalesce(v.warning, '') "
    "  FROM queue AS q, server AS s, "
    "LATERAL (VALUES "
    "    (101, 'queue_waiting', q.waiting::text, ''), (102, 'queue_due', q.due::text, ''), "
    "    (103, 'queue_oldest_due_at', q.oldest::text, "
    "     CASE WHEN q.oldest < now() - interval '1 hour' "
    "AND s.since IS NULL "
    "        THEN 'due since more than an hour: does bounce-delivery run? Or quiet hours, or a "
    "rate' END), "
    "    (104, 'queue_held', q.held::text, ''), (105, 'queue_processing', q.processing::text, ''), "
    "    (106, 'queue_leases_expired', q.expired::text, "
    "        CASE WHEN q.expired > 0 THEN 'nobody takes them back: does bounce-delivery run?' "
    "END), "
    "    (107, 'submission_server_down_since', s.since::text, "
    "     s.problem || ': mend the server or the "
    "settings of bounce-delivery, mail goes out by itself then')) AS v (part, name, value, "
    "warning)) "
    "SELECT l.name, CASE WHEN l.value = '' THEN NULL WHEN l.value ~ '^[0-9]{1,18}$' THEN "
    "to_jsonb(l.value::bigint) "
    "  WHEN l.value ~ '^[0-9]{4}-[0-9][0-9]-[0-9][0-9] ' THEN to_jsonb(l.value::timestamptz) "
    "  ELSE to_jsonb(l.value) END AS value, nullif(l.warning, '') AS warning, "
    "  l.value AS text FROM line AS l "
    "  ORDER BY CASE l.name WHEN 'submission_server_down_since' THEN "
    "-2 WHEN 'outages_open' THEN -1 ELSE l.part END");

STATEMENT(operator_queries_count_today, 0, "SELECT bounce.count_today() AS is_more");

STATEMENT(operator_queries_metrics, 0,
	  "SELECT name, type, help, labels, value FROM bounce.metrics()");

/* Each for itself: a clerk may not read the parameters. */
STATEMENT(operator_queries_process_names, 0,
	  "SELECT p.name FROM bounce.process AS p ORDER BY p.name LIMIT 500");
STATEMENT(operator_queries_parameter_names, 0,
	  "SELECT DISTINCT s.name FROM bounce.parameter_setting AS s ORDER BY s.name LIMIT 500");
STATEMENT(operator_queries_task_numbers, 0,
	  "SELECT t.id FROM bounce.task AS t WHERE t.status = 'open' ORDER BY t.id LIMIT 500");

STATEMENT(operator_queries_operator_mailbox, 0,
	  "SELECT operator_mailbox FROM bounce.milter_settings()");

/* --- tasks ------------------------------------------------------------------- */

/* $1 owner, $2 kind, $3 part of address or domain, $4 process, $5 closed ones too, $6 limit, $7
 * domain, $8 reason, $9 part of any words, $10 overdue only, $11 due before, $12 made since, $13
 * made before, $14 order */
#define FITTING_TASKS                                                                              \
	"FROM bounce.task_outline AS t "                                                           \
	"WHERE ($1::text IS NULL OR t.owner = $1) AND ($2::text IS NULL OR t.kind = $2) "          \
	"  AND ($3::text IS NULL OR strpos(lower(t.address), lower($3)) > 0 OR strpos(t.domain, "  \
	"lower($3)) > 0) "                                                                         \
	"  AND ($4::text IS NULL OR t.process = $4) AND (t.status = 'open' OR "                    \
	"coalesce($5::boolean, false)) "                                                           \
	"  AND ($7::text IS NULL OR t.domain = lower($7)) AND ($8::text IS NULL OR t.reason = "    \
	"$8) "                                                                                     \
	"  AND " TASK_WORDS_FIT("$9") " "                                                          \
				      "  AND (t.is_overdue OR NOT coalesce($10::boolean, false)) " \
				      "  AND ($11::timestamptz IS NULL OR t.due_at < $11) "        \
				      "  AND ($12::timestamptz IS NULL OR t.created_at >= $12) "   \
				      "AND ($13::timestamptz IS NULL "                             \
				      "OR t.created_at < $13) "
/* In the order $14 of the open ones, then of the closed ones. */
#define TASK_PAGE                                                                                  \
	"SELECT t.id, row_number() OVER (ORDER BY t.status DESC, CASE $14::text WHEN 'domain' "    \
	"THEN t.domain END, CASE $14 WHEN 'count' THEN -t.count END, "                             \
	"  CASE $14 WHEN 'age' THEN t.created_at END, t.urgency, t.due_at NULLS LAST, t.id) "      \
	"AS place " FITTING_TASKS "ORDER BY place LIMIT $6::integer"

/* The words of those of a page only; OFFSET 0 has them worked out one by one. */
STATEMENT(operator_queries_tasks, 14,
	  "WITH page AS MATERIALIZED (" TASK_PAGE ") "
	  "SELECT t.id, t.kind, t.status, t.count, t.due_at, t.is_overdue, t.owner, t.address, "
	  "t.about, t.domain, t.reason, t.urgency, t.why, t.what_next, bounce.ago(t.created_at) AS "
	  "since, t.diagnosis, t.correction, t.new_address, t.process, t.communication_id, "
	  "t.business_ref, t.subject, t.summary, t.created_at, t.last_seen_at "
	  "FROM page AS p CROSS JOIN LATERAL "
	  "  (SELECT d.* FROM bounce.task_detail AS d WHERE d.id = p.id OFFSET 0) AS t "
	  "ORDER BY p.place");
STATEMENT(operator_queries_task_ids, 14, TASK_PAGE);
STATEMENT(operator_queries_task_groups, 15,
	  "SELECT coalesce(nullif(CASE $15::text WHEN 'kind' THEN t.kind WHEN 'reason' THEN "
	  "t.reason WHEN 'process' THEN t.process WHEN 'owner' THEN t.owner ELSE t.domain END, "
	  "''), '-') AS label, "
	  "  sum(t.count)::bigint AS bounces, count(*) FILTER (WHERE t.is_overdue) AS overdue, "
	  "min(t.created_at) AS oldest_at, "
	  "  string_agg(DISTINCT t.kind, ', ') AS kinds, string_agg(DISTINCT t.reason, ', ') AS "
	  "reasons, count(*) AS tasks " FITTING_TASKS
	  "AND ($14::text IS NULL OR true) GROUP BY 1 ORDER BY 7 DESC, 1 LIMIT $6::integer");
STATEMENT(operator_queries_task, 1,
	  "SELECT t.id, t.kind, t.status, t.count, t.due_at, nullif(t.is_overdue, false) AS "
	  "is_overdue, t.owner, t.about, t.address, "
	  "  t.domain, t.reason, t.why, bounce.ago(t.created_at) AS since, t.what_next, "
	  "  coalesce(nullif(t.diagnosis, ''), t.summary) AS diagnosis, "
	  "t.correction, t.new_address, t.process, "
	  "  t.business_ref, t.subject, t.communication_id, t.bounce_id, t.created_at, "
	  "  CASE WHEN t.count > 1 THEN t.last_seen_at END AS last_seen_at, "
	  "bounce.is_address_blocked(t.address, t.process) AS "
	  "is_blocked, "
	  "  t.resolution, t.resolved_at, t.resolved_by, t.note "
	  "FROM bounce.task_detail AS t WHERE t.id = $1::bigint");
/* Only what would work: of resolving by trying it, of what closes a task otherwise by the right
 * to it. */
STATEMENT(
    operator_queries_task_ways, 1,
    "SELECT u.command, u.meaning, u.outcome FROM ("
    "SELECT 'bouncectl task resolve ' || t.id || w.option || ' --yes' AS command, "
    "CASE WHEN w.way = 'dead' AND t.kind = 'complaint' "
    "     THEN 'they do not want it: block the address for this process' "
    "     WHEN w.way = 'dead' AND bounce.is_address_blocked(t.address) "
    "     THEN 'the address is dead: leave it blocked' "
    "     WHEN w.way = 'unblocked' AND t.kind = 'delivery_problem' "
    "     THEN 'it is mended: send again' "
    "     WHEN w.way = 'unblocked' AND NOT bounce.is_address_blocked(t.address, t.process) "
    "     THEN 'it works: send again' "
    "     ELSE w.meaning END "
    "|| CASE w.way WHEN 'suggested' THEN ': ' || t.correction ELSE '' END AS "
    "meaning, p.outcome, w.place "
    "FROM bounce.task_detail AS t CROSS JOIN (VALUES "
    "  (1, 'corrected', ' --address ADDRESS', 'this is the right one: send there'), "
    "  (2, 'suggested', ' --suggested', 'the suggested address is the right one'), "
    "  (3, 'unblocked', ' --works --note TEXT', 'it works: lift the block, send again'), "
    "  (4, 'dead', ' --dead', 'the address is dead: block it'), "
    "  (5, 'arrived', ' --arrived', 'nobody heard the outcome: it did arrive'), "
    "  (6, 'dismissed', ' --outage --note TEXT', 'it was an outage: block nothing, send "
    "again'), "
    "  (7, 'confirmed', ' --no-outage', 'it was none: block what is held'), "
    "  (9, 'done', '', 'leave it at that')) AS w (place, way, option, meaning) "
    "CROSS JOIN LATERAL bounce.preview_task(t.id, w.way, 'preview', "
    "  'somebody@example.invalid') AS p "
    "WHERE t.id = $1::bigint AND t.status = 'open' AND p.is_possible "
    "UNION ALL "
    "SELECT replace(o.command, '{}', coalesce(quote_ident(t.process), '')), o.meaning, '', 8 FROM "
    "bounce.task AS t CROSS JOIN (VALUES "
    "  ('process_paused', '', 'bounce.resume_process(text, text)', "
    "   'bouncectl queue resume {} --why TEXT', 'send again what waits, and the next ones'), "
    "  ('delivery_problem', 'webhook', 'bounce.retry_events(bigint)', "
    "   'bouncectl webhook retry', 'tell the URL again'), "
    "  ('delivery_problem', 'operator_copy', 'bounce.retry_copies(bigint)', "
    "   'bouncectl copies retry', 'send the letters again')) "
    "  AS o (kind, reason, act, command, meaning) "
    "WHERE t.id = $1::bigint AND t.status = 'open' AND t.kind = o.kind "
    "  AND t.reason = o.reason AND has_function_privilege(o.act, 'EXECUTE')) AS u "
    "ORDER BY u.place");
STATEMENT(operator_queries_task_mails, 1,
	  "SELECT r.communication_id, c.process, c.business_ref, c.subject, r.address, r.state, "
	  "r.attempts, "
	  "r.next_attempt_at, "
	  "  r.bounce_id "
	  "FROM bounce.communication_recipient AS r JOIN bounce.communication AS c ON c.id = "
	  "r.communication_id "
	  "WHERE r.id IN (SELECT k.recipient_id FROM bounce.failed_recipient AS k "
	  "  WHERE k.task_id = $1::bigint) ORDER BY r.communication_id LIMIT 50");
STATEMENT(operator_queries_task_story, 1,
	  "SELECT at, actor, action, text FROM bounce.task_story($1::bigint)");
STATEMENT(operator_queries_task_held, 1,
	  "SELECT h.held_at, h.address, h.reason, bounce.clean_diagnostic(regexp_replace("
	  "  h.diagnostic, '^' || h.reason || ' ', '')) AS diagnostic, h.communication_id "
	  "FROM bounce.outage_sample($1::bigint) AS h");
STATEMENT(operator_queries_task_assign, 3,
	  "SELECT $1::bigint AS id, coalesce($2, '') AS owner "
	  "FROM bounce.assign_task($1::bigint, coalesce($2, ''), coalesce($3, ''))");
STATEMENT(operator_queries_task_postpone, 3,
	  "SELECT $1::bigint AS id, $2::timestamptz AS due_at "
	  "FROM bounce.postpone_task($1::bigint, $2::timestamptz, coalesce($3, ''))");
STATEMENT(operator_queries_task_note, 2,
	  "SELECT $1::bigint AS id, $2::text AS note FROM bounce.note_task($1::bigint, $2)");
STATEMENT(operator_queries_task_resolve, 2,
	  "SELECT $1::bigint AS id, 'done' AS status FROM bounce.resolve_task($1::bigint, "
	  "coalesce($2, ''))");
STATEMENT(operator_queries_task_corrected, 3,
	  "SELECT $1::bigint AS id, 'done' AS status, $3::text AS address, n AS resent, "
	  "bounce.task_waits_for($1::bigint) AS waits "
	  "FROM bounce.resolve_task_corrected($1::bigint, $3, coalesce($2, '')) AS n");
STATEMENT(
    operator_queries_task_suggested, 2,
    "SELECT d.id, 'done' AS status, d.correction AS address, n AS resent, "
    "bounce.task_waits_for(d.id) AS waits FROM bounce.task_detail AS d "
    "CROSS JOIN LATERAL bounce.resolve_task_corrected(d.id, d.correction, coalesce($2, '')) AS n "
    "WHERE d.id = $1::bigint AND d.correction <> ''");
STATEMENT(operator_queries_task_preview, 5,
	  "SELECT u.id, t.kind, t.about, t.reason, "
	  "t.business_ref, t.subject, t.process, coalesce(p.is_possible, false) AS is_possible, "
	  "coalesce(p.outcome, 'no task ' || u.id) AS outcome "
	  "FROM unnest($1::bigint[]) WITH ORDINALITY AS u (id, place) "
	  /* one by one: a join would work out the words of all tasks */
	  "LEFT JOIN LATERAL (SELECT d.kind, d.about, d.reason, d.business_ref, d.subject, "
	  "    d.process FROM bounce.task_detail AS d WHERE d.id = u.id OFFSET 0) AS t ON true "
	  "CROSS JOIN LATERAL bounce.preview_task(u.id, $2, $3, $4, "
	  "  NOT coalesce($5::boolean, false)) AS p ORDER BY u.place");
STATEMENT(operator_queries_task_reopen, 2,
	  "SELECT $1::bigint AS id, r.restored, r.sent, r.sent = 0 AS is_whole, t.about "
	  "FROM bounce.task_detail AS t, LATERAL bounce.reopen_task(t.id, $2) AS r "
	  "WHERE t.id = $1::bigint");
STATEMENT(operator_queries_recipient_add, 3,
	  "SELECT $1::bigint AS id, $2::text AS address, n IS NOT NULL AS is_new "
	  "FROM bounce.add_recipient($1::bigint, $2, $3) AS n");
STATEMENT(operator_queries_recipient_change, 4,
	  "SELECT $1::bigint AS id, $2::text AS old_address, $3::text AS address, "
	  "n IS NOT NULL AS is_new "
	  "FROM bounce.change_recipient($1::bigint, $2, $3, $4) AS n");
STATEMENT(operator_queries_resend_withdraw, 3,
	  "SELECT $1::bigint AS id, $2::text AS address, is_done "
	  "FROM bounce.withdraw_resend($1::bigint, $2, $3) AS is_done");
STATEMENT(
    operator_queries_task_unblocked, 3,
    "SELECT $1::bigint AS id, 'done' AS status, n AS resent, "
    "  CASE WHEN n > 0 THEN bounce.task_waits_for(t.id) ELSE '' END AS waits, "
    "  coalesce(nullif(t.address, ''), t.domain) AS about, "
    "  CASE WHEN t.address <> '' THEN t.address || ' is not blocked, ' ELSE '' END AS block "
    "FROM bounce.task AS t, LATERAL bounce.resolve_task_unblocked(t.id, coalesce($2, ''), NOT "
    "  coalesce($3::boolean, false)) AS n WHERE t.id = $1::bigint");
STATEMENT(operator_queries_task_arrived, 2,
	  "SELECT $1::bigint AS id, 'done' AS status, n AS arrived "
	  "FROM bounce.resolve_task_arrived($1::bigint, coalesce($2, '')) AS n");
STATEMENT(operator_queries_task_dead, 2,
	  "SELECT t.id, 'done' AS status, b AS newly_blocked, t.address AS about, "
	  "CASE t.kind WHEN 'complaint' THEN ' for process ' || t.process ELSE '' END AS scope "
	  "FROM bounce.resolve_task_dead($1::bigint, coalesce($2, '')) AS b "
	  "JOIN bounce.task AS t ON t.id = $1::bigint");
STATEMENT(operator_queries_task_outage_real, 2,
	  "SELECT $1::bigint AS id, 'done' AS status, n AS blocked "
	  "FROM bounce.confirm_outage($1::bigint, coalesce($2, '')) AS n");
STATEMENT(operator_queries_task_outage_dismiss, 3,
	  "SELECT $1::bigint AS id, 'done' AS status, n AS undone "
	  "FROM bounce.dismiss_outage($1::bigint, coalesce($2, ''), NOT coalesce($3::boolean, "
	  "false)) AS n");

/* --- parameters ---------------------------------------------------------------- */

STATEMENT(operator_queries_params, 3,
	  "SELECT name, process, value, default_value, is_default, type, description, updated_at, "
	  "updated_by "
	  "FROM bounce.parameter_setting "
	  "WHERE ($1::text IS NULL OR strpos(name, $1) > 0) AND ($2::text IS NULL OR process = $2 "
	  "OR process IS NULL) "
	  "  AND (NOT is_default OR NOT coalesce($3::boolean, false)) "
	  "ORDER BY name, process NULLS FIRST");
STATEMENT(operator_queries_param, 1,
	  "SELECT name, process, value, default_value, type, minimum, maximum, "
	  "  array_to_string(allowed, ' | ') AS allowed, per_process, description, updated_at, "
	  "updated_by "
	  "FROM bounce.parameter_setting WHERE name = $1 AND process IS NULL");
STATEMENT(operator_queries_param_processes, 1,
	  "SELECT process, value, updated_at, updated_by FROM bounce.parameter_setting "
	  "WHERE name = $1 AND process IS NOT NULL ORDER BY process");
STATEMENT(operator_queries_param_log, 1,
	  "SELECT changed_at, changed_by, process, old_value, new_value FROM "
	  "bounce.system_parameter_history "
	  "WHERE name = $1 ORDER BY changed_at DESC, id DESC LIMIT 20");
STATEMENT(operator_queries_param_set, 3,
	  "SELECT $1::text AS name, coalesce($3::text, '') AS process, v AS value "
	  "FROM bounce.set_parameter($1, $2, $3) AS v");
STATEMENT(operator_queries_param_unset, 2,
	  "SELECT $1::text AS name, $2::text AS process, v AS value FROM bounce.set_parameter($1, "
	  "NULL, $2) AS v");

/* --- communications and bounces -------------------------------------------------- */

#define FOUND                                                                                      \
	"SELECT f.id, f.matched, c.created_at, bounce.ago(c.created_at) AS since, c.process, "     \
	"c.business_ref, c.subject, c.status, c.envelope_id, "                                     \
	"(SELECT string_agg(r.address, ', ' ORDER BY r.id) "                                       \
	"  FROM bounce.communication_recipient AS r "                                              \
	"  WHERE r.communication_id = c.id) AS recipients "                                        \
	"FROM bounce.find_communications($1) AS f CROSS JOIN LATERAL "                             \
	"  (SELECT q.* FROM bounce.communication AS q WHERE q.id = f.id OFFSET 0) AS c "

STATEMENT(operator_queries_find, 1, FOUND "ORDER BY f.id DESC LIMIT 20");
STATEMENT(operator_queries_name, 1,
	  FOUND "WHERE f.matched <> 'address' ORDER BY f.id DESC LIMIT 20");
STATEMENT(operator_queries_communication, 1,
	  "SELECT c.id, c.process, c.business_ref, c.subject, c.sender, c.status,"
	  "  d.state AS delivery_state, d.due_at, d.held_at,"
	  "  CASE WHEN d.due_at IS NOT NULL OR d.attempts > 0 THEN d.attempts END AS attempts,"
	  "  nullif(d.error, '') AS error, c.created_at, c.message_id, c.envelope_id "
	  "FROM bounce.communication AS c"
	  "  LEFT JOIN bounce.communication_delivery AS d ON d.communication_id = c.id "
	  "WHERE c.id = $1::bigint");
STATEMENT(operator_queries_communication_recipients, 1,
	  "SELECT r.address, r.state, r.attempts, r.class, r.reason, r.status_code,"
	  "  CASE WHEN r.class IS NOT NULL OR r.diagnostic = '' THEN r.diagnostic"
	  "    WHEN starts_with(r.diagnostic, 'outcome unknown: ')"
	  "      THEN bounce.sentence('outcome unknown: %w', substr(r.diagnostic, 18))"
	  "    ELSE bounce.sentence('%w', r.diagnostic) END AS diagnostic,"
	  "  r.bounced_at, q.state AS delivery, q.due_at, coalesce(q.tries, 0) AS tries, "
	  "  q.first_try_at, q.last_try_at, r.delivered_at,"
	  "  nullif(q.response, '') AS response, r.next_attempt_at, r.task_id, r.bounce_id,"
	  "  bounce.is_address_blocked(r.address, c.process) AS is_blocked,"
	  "  b.return_date, nullif(b.new_address, '') AS new_address, b.has_left "
	  "FROM bounce.communication_recipient AS r"
	  "  JOIN bounce.communication AS c ON c.id = r.communication_id"
	  "  LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id "
	  "  LEFT JOIN LATERAL (SELECT a.* FROM bounce.bounce AS a WHERE a.recipient_id = r.id"
	  "    AND a.class = 'auto_reply' ORDER BY a.id DESC LIMIT 1) AS b ON true "
	  "WHERE r.communication_id = $1::bigint ORDER BY r.id");
STATEMENT(operator_queries_communication_story, 1,
	  "SELECT at, event, text, recipient, actor, bounce_id, task_id FROM "
	  "bounce.communication_story($1::bigint)");

STATEMENT(operator_queries_bounces, 7,
	  "SELECT b.id, b.received_at, b.class, b.reason, b.recipient, b.status, b.diagnostic, "
	  "bounce.clean_diagnostic(concat_ws(' ', nullif(b.reply_code, ''), nullif(b.status, ''), "
	  "  b.diagnostic)) AS why, "
	  "b.trust, b.matched_by, "
	  "b.rule, "
	  "  b.communication_id, b.bounce_message_id, b.consequence, b.task_id, b.return_date, "
	  "nullif(b.new_address, '') AS new_address, b.has_left "
	  "FROM bounce.bounce AS b "
	  "WHERE ($1::bigint IS NULL OR b.communication_id = $1) "
	  "  AND ($2::text IS NULL OR strpos(lower(b.recipient), lower($2)) > 0) "
	  "  AND ($3::text IS NULL OR b.class = $3) "
	  "  AND ($4::timestamptz IS NULL OR b.received_at >= $4) AND ($5::timestamptz IS NULL OR "
	  "b.received_at < $5) "
	  "  AND ($7::text IS NULL OR b.bounce_message_id IN (SELECT m.id FROM "
	  "bounce.bounce_message AS m WHERE m.queue_id = $7)) "
	  "ORDER BY b.id DESC LIMIT $6::integer");
STATEMENT(operator_queries_bounce, 1,
	  "SELECT b.id, b.received_at, b.class, b.reason, n.meaning, b.permanence, b.rule, "
	  "b.evidence, b.trust, "
	  "b.matched_by, "
	  "  b.recipient, nullif(b.original_recipient, '') AS original_recipient, b.action, "
	  "b.status, b.reply_code, "
	  "  b.diagnostic, b.remote_mta, b.return_date, nullif(b.new_address, '') AS new_address, "
	  "nullif(b.has_left, false) AS has_left, "
	  "b.consequence, b.communication_id, c.business_ref, "
	  "c.subject, b.attempt, b.task_id, "
	  "  m.kind, m.dialect, m.source, m.reporting_mta, m.client, m.queue_id, m.own_mta, "
	  "m.header_from, "
	  "  m.subject AS report_subject, m.disposition, m.size, m.truncated "
	  "FROM bounce.bounce AS b "
	  "LEFT JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id "
	  "LEFT JOIN bounce.bounce_reason AS n ON n.reason = b.reason "
	  "LEFT JOIN bounce.communication AS c ON c.id = b.communication_id "
	  "WHERE b.id = $1::bigint");
STATEMENT(operator_queries_bounce_raw, 1,
	  "SELECT m.raw, b.evidence FROM bounce.bounce AS b "
	  "JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id WHERE b.id = $1::bigint");

/* --- corrections ------------------------------------------------------------------ */

STATEMENT(operator_queries_reclassify, 3,
	  "SELECT $1::bigint AS id, $2::text AS reason, done AS consequence FROM "
	  "bounce.reclassify($1::bigint, $2, $3) "
	  "AS done");
STATEMENT(operator_queries_reclassify_preview, 3,
	  "SELECT b.id, b.received_at, coalesce(r.address, b.recipient) AS address, "
	  "c.business_ref, c.subject, b.class, b.reason, "
	  "bounce.clean_diagnostic(concat_ws(' ', nullif(b.reply_code, ''), nullif(b.status, ''), "
	  "  b.diagnostic)) AS diagnostic, "
	  "bounce.preview_reclassify(b.id, $2, $3) AS would_be "
	  "FROM bounce.bounce AS b "
	  "LEFT JOIN bounce.communication AS c ON c.id = b.communication_id "
	  "LEFT JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id "
	  "WHERE b.id = $1::bigint");
STATEMENT(operator_queries_rule_hits, 2,
	  "SELECT other_reason, class, bounces, sample "
	  "FROM bounce.rule_hits(substring($1 FROM '\nmatch += ([^\n]+)'), $2)");
STATEMENT(operator_queries_replay_reports, 4,
	  "SELECT id, raw FROM bounce.reports_to_replay($1::timestamptz, $2::timestamptz, "
	  "$3::bigint, $4::integer)");
STATEMENT(operator_queries_replay_differences, 2,
	  "SELECT $1 AS report, bounce_id, recipient, old_class, old_reason, new_class, "
	  "new_reason, old_rule, new_rule "
	  "FROM bounce.replay_differences($1::bigint, $2::jsonb)");
STATEMENT(operator_queries_replay_apply, 3,
	  "SELECT bounce.replay_report($1::bigint, $2::jsonb, $3) AS applied");
STATEMENT(operator_queries_undo_preview, 5,
	  "SELECT bounce_id, received_at, communication_id, recipient, reason, class, rule, "
	  "diagnostic, lifts_block, "
	  "  closes_task, requeues, kept_back "
	  "FROM bounce.undo_preview($1::timestamptz, $2::timestamptz, $3, $4, $5)");
STATEMENT(operator_queries_undo, 7,
	  "SELECT undo_id, undo_id IS NOT NULL AS is_done, bounces, blocks, tasks, requeued "
	  "FROM bounce.undo_bounces(since => $1::timestamptz, until => $2::timestamptz, why => $6, "
	  "domain => $3, rule => $4, "
	  "  diagnostic => $5, resend => NOT coalesce($7::boolean, false))");

STATEMENT(operator_queries_undo_list, 1,
	  "SELECT id, at, actor, cardinality(bounces) AS bounces, why, conditions, "
	  "taken_back_at, taken_back_by, taken_back_why "
	  "FROM bounce.undo ORDER BY id DESC LIMIT $1::integer");
STATEMENT(operator_queries_redo, 2,
	  "SELECT $1::bigint AS undo_id, bounces, blocks, tasks, restored, sent "
	  "FROM bounce.redo_bounces($1::bigint, $2)");

/* --- reports ----------------------------------------------------------------------- */

STATEMENT(
    operator_queries_report, 5,
    "SELECT label, total, hard, soft, technical, auto_reply, unclassified, failed, sent, "
    "rate, taken_back, total - hard - soft - technical - auto_reply - unclassified AS notices "
    "FROM bounce.report_by($1, $2::timestamptz, $3::timestamptz, $4) LIMIT $5::integer");
STATEMENT(operator_queries_shadow, 3,
	  "SELECT bounce_id, received_at, process, communication_id, address, class, reason, "
	  "trust, would_block, "
	  "  would_resend, would_make_task, would_follow_up, consequence "
	  "FROM bounce.shadow_consequence WHERE ($1::text IS NULL OR process = $1) "
	  "  AND ($2::timestamptz IS NULL OR received_at >= $2) ORDER BY received_at DESC LIMIT "
	  "$3::integer");

/* --- rights --------------------------------------------------------------------------- */

STATEMENT(
    operator_queries_roles_that_may, 1,
    "WITH object AS ("
    "  SELECT p.oid, true AS is_function FROM pg_proc AS p "
    "  WHERE p.proname = $1 AND p.pronamespace = 'bounce'::regnamespace "
    "  UNION ALL SELECT c.oid, false FROM pg_class AS c "
    "  WHERE c.relname = $1 AND c.relnamespace = 'bounce'::regnamespace) "
    "SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) AS roles FROM pg_roles AS r "
    "WHERE r.rolname LIKE 'bounce\\_%' AND NOT pg_has_role(r.oid, 'USAGE') "
    "  AND NOT r.rolcanlogin AND EXISTS (SELECT FROM object AS o WHERE CASE WHEN o.is_function "
    "    THEN has_function_privilege(r.oid, o.oid, 'EXECUTE') "
    "    ELSE has_table_privilege(r.oid, o.oid, 'SELECT') END)");

/* --- care ---------------------------------------------------------------------------- */

STATEMENT(operator_queries_audit, 0, "SELECT fault, count, sample, mend FROM bounce.audit()");
STATEMENT(operator_queries_keep_month, 0, "SELECT coalesce(bounce.keep_month(), '') AS done");
STATEMENT(operator_queries_housekeeping, 3,
	  "SELECT 'months made' AS step, $2::bigint AS done "
	  "UNION ALL SELECT 'months dropped', $3::bigint "
	  "UNION ALL SELECT step, done FROM bounce.housekeeping($1::integer) "
	  "WHERE step NOT LIKE 'months%'");
STATEMENT(operator_queries_erase_preview, 2,
	  "SELECT what, number, sample FROM bounce.preview_erase($1, coalesce($2::boolean, "
	  "false))");
STATEMENT(operator_queries_erase, 3,
	  "SELECT $1::text AS name, CASE WHEN coalesce($3::boolean, false) THEN "
	  "bounce.erase_person($1, $2) "
	  "  ELSE bounce.erase_address($1, $2) END AS rows");
STATEMENT(
    operator_queries_keys, 0,
    "SELECT id, state, created_at, retired_at, expires_at FROM bounce.token_key_state ORDER BY id");
STATEMENT(operator_queries_keys_rotate, 0, "SELECT bounce.rotate_token_key() AS id");
