/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statements.
 */
#include "db/people/console_admin.h"

#include "db/people/console_queries.h"

#define STATEMENT(name, count, sql) const struct db_statement name = {sql, count}

/* --- blocks ----------------------------------------------------------------------------------- */

/* What import_blocks() says of a line, in sentences. */
#define OUTCOME                                                                                    \
	"CASE WHEN starts_with(i.outcome, 'there is no process ') "                                \
	"  THEN bounce.sentence('there is no process %s', substr(i.outcome, 21)) "                 \
	"ELSE concat_ws(', ', bounce.sentence('%w', split_part(i.outcome, ',', 1)), "              \
	"  bounce.sentence('for %s alone', substring(i.outcome FROM "                              \
	"    '^blocked, for (.*?)(?:, until [-0-9: ]+)?$')), "                                     \
	"  bounce.sentence('until %t', substring(i.outcome FROM '^blocked.*, until ([-0-9: "       \
	"]+)$'))) "                                                                                \
	"END"
/* What is wrong comes first. */
STATEMENT(console_admin_import_foreseen, 1,
	  "SELECT CASE WHEN i.is_problem THEN 'problem' ELSE 'line' END AS event, "
	  "  i.line || ' ' || i.address AS about, " OUTCOME " AS text, i.is_problem, "
	  "  bounce.sentence('%s lines, %s new blocks, %s faults', (count(*) OVER ())::text, "
	  "    (count(*) FILTER (WHERE i.outcome = 'blocked' "
	  "      OR i.outcome LIKE 'blocked,%') OVER ())::text, "
	  "    (count(*) FILTER (WHERE i.is_problem) OVER ())::text) AS consequence "
	  "FROM bounce.preview_block_import($1) AS i "
	  "ORDER BY i.is_problem DESC, i.line LIMIT " G_STRINGIFY(CONSOLE_CHANGED_MAX));
STATEMENT(console_admin_import, 2,
	  "SELECT i.import_id, i.blocked > 0 AS is_done FROM bounce.import_blocks($1, $2) AS i");

/* --- processes -------------------------------------------------------------------------------- */

STATEMENT(console_admin_applications, 0,
	  "SELECT r.rolname AS name FROM pg_catalog.pg_roles AS r "
	  "WHERE pg_has_role(r.oid, 'bounce_application', 'MEMBER') AND NOT r.rolsuper "
	  "  AND r.rolname <> 'bounce_application' ORDER BY r.rolname LIMIT 300");
STATEMENT(console_admin_process_new, 2,
	  "INSERT INTO bounce.process (name, description) VALUES ($1, coalesce($2::text, '')) "
	  "ON CONFLICT DO NOTHING RETURNING name, true AS is_done");
#define FORESEEN(is_given)                                                                         \
	"SELECT p.consequence AS event, p.role AS about, '' AS text "                              \
	"FROM bounce.preview_process_access($1, $2, " is_given ") AS p"
STATEMENT(console_admin_give_foreseen, 2, FORESEEN("true"));
STATEMENT(console_admin_take_foreseen, 2, FORESEEN("false"));

STATEMENT(console_admin_changed_keys, 0,
	  "SELECT k.state AS event, k.id::text AS about, CASE WHEN k.expires_at IS NOT NULL "
	  "  THEN bounce.sentence('until %t', to_char(k.expires_at, 'YYYY-MM-DD HH24:MI')) "
	  "  ELSE '' END AS text FROM bounce.token_key_state AS k ORDER BY k.id");

/* --- personal data ---------------------------------------------------------------------------- */

#define ERASED(is_person)                                                                          \
	"SELECT 'erased: ' || e.what AS event, e.number::text AS about, "                          \
	"  CASE WHEN e.what = 'open tasks' "                                                       \
	"  THEN regexp_replace(e.sample, '[a-z_]+ ', '', 'g') ELSE e.sample END AS text "          \
	"FROM bounce.preview_erase($1, " is_person ") AS e WHERE e.number > 0"
STATEMENT(console_admin_erase_address_foreseen, 1, ERASED("false"));
STATEMENT(console_admin_erase_address, 2,
	  "SELECT n > 0 AS is_done FROM bounce.erase_address($1, $2) AS n");
STATEMENT(console_admin_erase_person_foreseen, 1, ERASED("true"));
STATEMENT(console_admin_erase_person, 2,
	  "SELECT n > 0 AS is_done FROM bounce.erase_person($1, $2) AS n");

/* --- a mail in the queue ---------------------------------------------------------------------- */

STATEMENT(console_admin_send_now, 1, "SELECT $1::bigint AS id FROM bounce.send_now($1::bigint)");
/* What a field of a form would change by itself (controls, what turns the direction) is not
 * offered. */
STATEMENT(console_admin_content, 1,
	  "SELECT c.subject AS old_subject, t.body_text AS old_text "
	  "FROM bounce.communication AS c "
	  "JOIN bounce.communication_content AS t ON t.communication_id = c.id "
	  "JOIN bounce.communication_delivery AS d ON d.communication_id = c.id "
	  "WHERE c.id = $1::bigint AND t.raw IS NULL AND t.body_html IS NULL AND t.notice IS NULL "
	  "  AND d.state <> 'PROCESSING' AND length(t.body_text) <= 20000 "
	  "  AND t.body_text !~ '[\\u0001-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f"
	  "\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]'");
/* The old ones are those of the snapshot, before the function has run. */
STATEMENT(console_admin_correct, 3,
	  "SELECT c.id, c.subject AS old_subject, t.body_text AS old_text "
	  "FROM bounce.communication AS c "
	  "JOIN bounce.communication_content AS t ON t.communication_id = c.id "
	  "CROSS JOIN LATERAL bounce.correct_content(c.id, $2, "
	  "  replace($3::text, E'\\r\\n', E'\\n')) WHERE c.id = $1::bigint");
