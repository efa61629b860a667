/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue's views and functions for people.
 */
#include "db/queue_admin.h"

/* What waits, by the indexes of its recipients: the states of millions that have ended
 * are not looked at. The second is what an application sends again by itself. */
#define QUEUED                                                                                     \
	"SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE r.due_at IS "    \
	"NOT NULL"
#define BY_THEMSELVES                                                                              \
	"SELECT r.communication_id FROM bounce.communication_recipient AS r WHERE "                \
	"r.next_attempt_at IS NOT NULL"

#define STATEMENT(name, count, sql) const struct db_statement name = {sql, count}

/* --- looking -------------------------------------------------------------------- */

STATEMENT(
    queue_list, 8,
    "SELECT d.communication_id AS id, d.process, d.business_ref, d.subject, d.state, d.due_at, "
    "d.held_at, "
    "d.priority, d.attempts, "
    "  (SELECT min(r.address) || CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) "
    "ELSE '' END "
    "   FROM bounce.communication_recipient AS r WHERE r.communication_id = d.communication_id) AS "
    "recipient, "
    "  nullif(d.error, '') AS error, d.created_at, d.start_time, d.end_time, d.lease_expire_time, "
    "d.info "
    "FROM bounce.delivery AS d "
    "WHERE ($1::text IS NULL OR d.communication_id = ANY (string_to_array($1, ' ')::bigint[])) "
    "  AND ($1::text IS NOT NULL OR d.state = ANY (string_to_array($2, ' '))) "
    "  AND ($1::text IS NOT NULL OR $2 ~ 'ERROR|SUCCESS' OR d.communication_id = ANY (ARRAY(" QUEUED
    " UNION " BY_THEMSELVES "))) "
    "  AND ($3::text IS NULL OR d.process = $3) AND ($4::text IS NULL OR d.business_ref = $4) "
    "  AND (($5::text IS NULL AND $6::text IS NULL) OR EXISTS (SELECT FROM "
    "bounce.communication_recipient AS r "
    "    WHERE r.communication_id = d.communication_id AND ($5::text IS NULL OR r.address_key = "
    "bounce.address_key($5)) "
    "      AND ($6::text IS NULL OR bounce.address_domain(r.address) = lower($6)))) "
    "  AND (d.held_at IS NOT NULL OR NOT coalesce($7::boolean, false)) "
    "ORDER BY d.communication_id LIMIT $8::integer");

/* --- acting: the functions say why not -------------------------------------------- */

STATEMENT(queue_retry, 1, "SELECT $1::bigint AS id FROM bounce.retry_communication($1::bigint)");
STATEMENT(queue_hold, 1, "SELECT $1::bigint AS id, bounce.hold_communication($1::bigint) AS done");
STATEMENT(queue_release, 1,
	  "SELECT $1::bigint AS id, bounce.release_communication($1::bigint) AS done");
STATEMENT(queue_cancel, 1,
	  "SELECT $1::bigint AS id, n AS recipients, n > 0 AS done FROM "
	  "bounce.cancel_communication($1::bigint) AS n");

STATEMENT(
    queue_outcome, 1,
    "SELECT d.communication_id AS id, d.state, d.due_at, d.held_at, w.waiting, w.blocked, "
    "  CASE WHEN NOT EXISTS (SELECT FROM bounce.communication_content AS k WHERE "
    "k.communication_id = "
    "d.communication_id) "
    "         THEN 'the queue has no content of it: its application has to send it' "
    "       WHEN w.waiting = 0 THEN 'nothing is to be sent: ' || coalesce(nullif(d.error, ''), "
    "d.state) "
    "       WHEN w.blocked = w.waiting THEN 'nothing will be sent: ' || w.blocked_addresses || ' "
    "is blocked' "
    "       WHEN d.held_at IS NOT NULL THEN 'it is held, and goes out when it is released' "
    "       ELSE format('due for %s of %s recipients', w.waiting - w.blocked, w.recipients) "
    "            || CASE WHEN w.blocked > 0 THEN '; blocked: ' || w.blocked_addresses ELSE '' END "
    "END AS outcome "
    "FROM bounce.delivery AS d CROSS JOIN LATERAL ("
    "  SELECT count(*) AS recipients, count(*) FILTER (WHERE r.due_at IS NOT NULL) AS waiting, "
    "    count(*) FILTER (WHERE r.due_at IS NOT NULL AND NOT bounce.may_write_to(r.address, "
    "d.process)) AS blocked, "
    "    string_agg(r.address, ', ' ORDER BY r.id) "
    "      FILTER (WHERE r.due_at IS NOT NULL AND NOT bounce.may_write_to(r.address, d.process)) "
    "AS blocked_addresses "
    "  FROM bounce.communication_recipient AS r WHERE r.communication_id = d.communication_id) AS "
    "w "
    "WHERE d.communication_id = $1::bigint");

/* --- figures ------------------------------------------------------------------------ */

STATEMENT(
    queue_states, 0,
    "SELECT s.state, count(c.id) AS communications, "
    "  count(c.id) FILTER (WHERE c.held_at IS NULL AND c.due_at <= now() AND s.state <> "
    "'PROCESSING') AS due, "
    "  count(c.id) FILTER (WHERE c.held_at IS NOT NULL) AS held, "
    "  count(c.id) FILTER (WHERE c.due_at IS NULL AND s.state <> 'PROCESSING') AS by_application, "
    "  count(c.id) FILTER (WHERE c.lease_expire_time < now()) AS lease_expired, "
    "  min(c.created_at) AS oldest_at, min(c.due_at) FILTER (WHERE c.held_at IS NULL AND c.due_at "
    "> now()) AS "
    "next_due_at "
    "FROM (VALUES (1, 'PENDING'), (2, 'PROCESSING'), (3, 'RETRY')) AS s (place, state) "
    "LEFT JOIN (SELECT k.* FROM bounce.communication AS k WHERE k.id IN (" QUEUED
    " UNION " BY_THEMSELVES ")) AS c "
    "  ON c.delivery_state = s.state "
    "GROUP BY s.place, s.state ORDER BY s.place");
/* The figures of bounce.delivery_metric. */
STATEMENT(queue_processes, 0,
	  "SELECT p.name AS process, "
	  "  count(c.id) FILTER (WHERE c.delivery_state <> 'PROCESSING' AND c.held_at IS NULL AND "
	  "c.due_at <= now()) AS due, "
	  "  count(c.id) FILTER (WHERE c.delivery_state <> 'PROCESSING' AND c.held_at IS NULL AND "
	  "c.due_at > now()) AS "
	  "scheduled, "
	  "  count(c.id) FILTER (WHERE c.held_at IS NOT NULL) AS held, "
	  "  count(c.id) FILTER (WHERE c.delivery_state = 'PROCESSING') AS processing, "
	  "  coalesce(extract(epoch FROM now() - min(c.due_at) FILTER (WHERE c.delivery_state <> "
	  "'PROCESSING' "
	  "      AND c.held_at IS NULL AND c.due_at <= now())), 0)::bigint AS oldest_due_seconds, "
	  "  coalesce(extract(epoch FROM now() - min(c.created_at) FILTER (WHERE c.delivery_state "
	  "<> 'PROCESSING')), "
	  "0)::bigint "
	  "    AS oldest_seconds "
	  "FROM bounce.process AS p LEFT JOIN (SELECT k.* FROM bounce.communication AS k WHERE "
	  "k.id IN (" QUEUED ")) AS c "
	  "  ON c.process = p.name "
	  "GROUP BY p.name ORDER BY p.name");
STATEMENT(queue_domains, 1,
	  "SELECT bounce.address_domain(r.address) AS domain, count(*) AS recipients, "
	  "  count(*) FILTER (WHERE r.due_at <= now()) AS due, min(r.due_at) AS next_due_at, "
	  "max(r.tries) AS tries, "
	  "  nullif((array_agg(r.response ORDER BY r.tries DESC, r.id DESC))[1], '') AS response "
	  "FROM bounce.communication_recipient AS r WHERE r.due_at IS NOT NULL "
	  "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $1::integer");
STATEMENT(queue_servers, 0,
	  "SELECT s.name AS server, s.problem = '' AS works, nullif(s.problem, '') AS problem, "
	  "s.problem_since, s.failures, "
	  "  s.probe_at, s.task_id FROM bounce.delivery_server AS s ORDER BY s.name");
