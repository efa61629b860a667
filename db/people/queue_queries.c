/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue's views and functions for people, and those of processes.
 */
#include "db/people/queue_queries.h"

#define STATEMENT(name, count, sql) const struct db_statement name = {sql, count}

/* --- looking -------------------------------------------------------------------- */

STATEMENT(
    queue_list, 7,
    "SELECT d.communication_id AS id, d.process, d.business_ref, d.subject, d.state, d.due_at,"
    "  d.held_at, d.priority, d.attempts,"
    "  (SELECT min(r.address) || CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1)"
    "                                 ELSE '' END"
    "   FROM bounce.communication_recipient AS r WHERE r.communication_id = d.communication_id)"
    "  AS recipient,"
    "  nullif(d.error, '') AS error, d.created_at, d.start_time, d.end_time, d.lease_expire_time,"
    "  d.info "
    "FROM bounce.delivery AS d "
    "WHERE d.state = ANY ($1::text[])"
    "  AND ($1::text[] && '{ERROR,SUCCESS}'"
    "       OR d.communication_id = ANY (ARRAY(SELECT w.communication_id"
    "                                          FROM bounce.queued_delivery AS w)))"
    "  AND ($2::text IS NULL OR d.process = $2) AND ($3::text IS NULL OR d.business_ref = $3)"
    "  AND (($4::text IS NULL AND $5::text IS NULL)"
    "       OR EXISTS (SELECT FROM bounce.communication_recipient AS r"
    "                  WHERE r.communication_id = d.communication_id"
    "                    AND ($4::text IS NULL OR r.address_key = bounce.address_key($4))"
    "                    AND ($5::text IS NULL"
    "                         OR bounce.address_domain(r.address) = lower($5))))"
    "  AND (d.held_at IS NOT NULL OR NOT coalesce($6::boolean, false)) "
    "ORDER BY d.communication_id LIMIT $7::integer");

/* --- acting: the functions say why not -------------------------------------------- */

STATEMENT(queue_retry, 1, "SELECT $1::bigint AS id FROM bounce.retry_communication($1::bigint)");
#define SUBMIT                                                                                     \
	"SELECT bounce.submit_communication(process => $1, recipients => $2::text[], "             \
	"  sender => $3, raw => decode($4, 'hex'), business_ref => coalesce($5, '')) AS id"
STATEMENT(queue_submit, 5, SUBMIT);
/* In one transaction: else a worker could have it sent before. */
STATEMENT(queue_submit_now, 5,
	  "WITH s AS MATERIALIZED (" SUBMIT ") SELECT s.id FROM s, bounce.send_now(s.id)");
STATEMENT(queue_send_now, 1, "SELECT $1::bigint AS id FROM bounce.send_now($1::bigint)");
STATEMENT(queue_send_outcome, 1,
	  "SELECT $1::bigint AS id, o.state, o.is_over, o.is_taken, o.error, o.response, "
	  "  o.message_id, o.accepted, o.rejected, o.pending, "
	  "  array_to_string(o.accepted, ', ') AS who, o.state = 'SUCCESS' AS done, "
	  "  cardinality(o.rejected) > 0 OR o.error <> '' AS is_refused_for_some "
	  "FROM bounce.send_outcome($1::bigint) AS o");
STATEMENT(queue_hold, 1, "SELECT $1::bigint AS id, bounce.hold_communication($1::bigint) AS done");
STATEMENT(queue_release, 1,
	  "SELECT $1::bigint AS id, bounce.release_communication($1::bigint) AS done");
STATEMENT(queue_whom, 1,
	  "SELECT c.id, c.process, c.business_ref, c.subject, count(*) FILTER (WHERE q.is_waiting) "
	  "AS recipients, coalesce(string_agg(r.address, ', ' ORDER BY r.id) "
	  "  FILTER (WHERE q.is_waiting), '') AS addresses, coalesce(bool_or(q.is_waiting), false) "
	  "AS done "
	  "FROM bounce.communication AS c "
	  "JOIN bounce.communication_recipient AS r ON r.communication_id = c.id "
	  "JOIN (SELECT d.recipient_id, d.state IN ('due', 'pending') AS is_waiting "
	  "      FROM bounce.recipient_delivery AS d) AS q ON q.recipient_id = r.id "
	  "WHERE c.id = $1::bigint GROUP BY c.id");
STATEMENT(queue_cancel, 1,
	  "SELECT $1::bigint AS id, n AS recipients, n > 0 AS done FROM "
	  "bounce.cancel_communication($1::bigint) AS n");

STATEMENT(
    queue_outcome, 1,
    "SELECT d.communication_id AS id, d.state, d.due_at, d.held_at, w.waiting, w.blocked,"
    "  CASE WHEN w.waiting = 0"
    "         THEN 'nothing is to be sent: ' || coalesce(nullif(d.error, ''), d.state)"
    "       WHEN w.blocked = w.waiting"
    "         THEN 'nothing will be sent: ' || w.blocked_addresses || ' is blocked'"
    "       WHEN d.held_at IS NOT NULL THEN 'it is held, and goes out when it is released'"
    "       WHEN p.paused_at IS NOT NULL"
    "         THEN format('process %s is paused, and it goes out when that is resumed', p.name)"
    "       ELSE format('due for %s of %s recipients', w.waiting - w.blocked, w.recipients)"
    "            || CASE WHEN w.blocked > 0 THEN '; blocked: ' || w.blocked_addresses ELSE '' END"
    "  END AS outcome "
    "FROM bounce.delivery AS d JOIN bounce.process AS p ON p.name = d.process CROSS JOIN LATERAL ("
    "  SELECT count(*) AS recipients, count(*) FILTER (WHERE r.is_waiting) AS waiting,"
    "    count(*) FILTER (WHERE r.is_waiting AND NOT r.may_write) AS blocked,"
    "    string_agg(r.address, ', ' ORDER BY r.id)"
    "      FILTER (WHERE r.is_waiting AND NOT r.may_write) AS blocked_addresses"
    "  FROM (SELECT k.id, k.address, q.due_at IS NOT NULL AS is_waiting,"
    "          q.due_at IS NULL OR bounce.may_write_to(k.address, d.process) AS may_write"
    "        FROM bounce.communication_recipient AS k"
    "        LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = k.id"
    "        WHERE k.communication_id = d.communication_id) AS r) AS w "
    "WHERE d.communication_id = $1::bigint");

/* --- letters ------------------------------------------------------------------------ */

STATEMENT(queue_forward_letter, 3,
	  "SELECT $1::bigint AS bounce_id, f.forwarded_to AS address, f.is_new, f.consequence "
	  "FROM bounce.forward_letter($1::bigint, $2, $3) AS f");
STATEMENT(queue_withdraw_letter, 3,
	  "SELECT $1::bigint AS bounce_id, $2::text AS address, w AS withdrawn "
	  "FROM bounce.withdraw_letter($1::bigint, $2, $3) AS w");

/* --- processes ---------------------------------------------------------------------- */

STATEMENT(queue_pause, 2,
	  "SELECT $1::text AS process, d AS done FROM bounce.pause_process($1, $2) AS d");
STATEMENT(queue_resume, 2,
	  "SELECT $1::text AS process, d AS done FROM bounce.resume_process($1, $2) AS d");

/* --- processes, and the applications that may use them -------------------------------- */

STATEMENT(
    queue_queries_processes, 1,
    "SELECT process, applications, is_open, paused_at, nullif(description, '') AS description "
    "FROM bounce.process_access WHERE $1::text IS NULL OR strpos(process, $1) > 0 "
    "ORDER BY process");
STATEMENT(queue_queries_process, 1,
	  "SELECT process, nullif(description, '') AS description, applications, is_open, "
	  "created_at, paused_at FROM bounce.process_access WHERE process = $1");
STATEMENT(queue_queries_process_history, 1,
	  "SELECT application, given_at, given_by, give_why, taken_at, taken_by, take_why "
	  "FROM bounce.process_application WHERE process = $1 ORDER BY id");
STATEMENT(queue_queries_process_preview_give, 2,
	  "SELECT role, has_now, has_then, consequence "
	  "FROM bounce.preview_process_access($1, $2, true)");
STATEMENT(queue_queries_process_preview_take, 2,
	  "SELECT role, has_now, has_then, consequence "
	  "FROM bounce.preview_process_access($1, $2, false)");
STATEMENT(queue_queries_process_give, 3,
	  "SELECT $1::text AS process, $2::text AS application, d AS done "
	  "FROM bounce.give_process($1, $2, $3) AS d");
STATEMENT(queue_queries_process_take, 3,
	  "SELECT $1::text AS process, $2::text AS application, d AS done "
	  "FROM bounce.take_process($1, $2, $3) AS d");

/* --- figures ------------------------------------------------------------------------ */

STATEMENT(queue_states, 0,
	  "SELECT s.state, count(d.state) AS communications,"
	  "  count(*) FILTER (WHERE d.is_waiting AND d.due_at <= now()) AS due,"
	  "  count(*) FILTER (WHERE d.held_at IS NOT NULL) AS held,"
	  "  count(*) FILTER (WHERE d.lease_expire_time < now()) AS lease_expired,"
	  "  min(d.created_at) AS oldest_at,"
	  "  min(d.due_at) FILTER (WHERE d.held_at IS NULL AND d.due_at > now()) AS next_due_at "
	  "FROM (VALUES (1, 'PENDING'), (2, 'PROCESSING'), (3, 'RETRY')) AS s (place, state) "
	  "LEFT JOIN bounce.queued_delivery AS d ON d.state = s.state "
	  "GROUP BY s.place, s.state ORDER BY s.place");
STATEMENT(queue_processes, 0, "SELECT * FROM bounce.delivery_metric ORDER BY process");
STATEMENT(queue_domains, 1,
	  "SELECT bounce.address_domain(r.address) AS domain, count(*) AS recipients,"
	  "  count(*) FILTER (WHERE q.due_at <= now()) AS due, min(q.due_at) AS next_due_at,"
	  "  max(q.tries) AS tries,"
	  "  nullif((array_agg(q.response ORDER BY q.tries DESC, r.id DESC))[1], '') AS response "
	  "FROM bounce.queued_delivery AS d"
	  "  JOIN bounce.recipient_delivery AS q ON q.communication_id = d.communication_id"
	  "  JOIN bounce.communication_recipient AS r ON r.id = q.recipient_id "
	  "WHERE q.due_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $1::integer");
STATEMENT(
    queue_servers, 0,
    "SELECT s.name AS server, s.problem = '' AS works, bounce.server_problem(s.problem) AS problem,"
    "  s.problem_since, s.failures, s.probe_at, s.task_id "
    "FROM bounce.delivery_server AS s ORDER BY s.name");
