/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statements.
 */
#include "db/people/block_queries.h"

#define STATEMENT(name, count, sql) const struct db_statement name = {sql, count}

STATEMENT(block_queries_list, 3,
	  "SELECT address, reason, bounce.clean_diagnostic(CASE WHEN bounce_id IS NULL THEN why "
	  "  ELSE substr(why, length(reason) + 2) END) AS why, source, only_process, "
	  "expires_at, blocked_at, blocked_by, bounce_id, communication_id, import_id, "
	  "lifted_at, lifted_by, lift_why "
	  "FROM bounce.address_block "
	  "WHERE ($1::text IS NULL OR strpos(address_key, lower($1)) > 0) "
	  "  AND (coalesce($2::boolean, false) "
	  "       OR lifted_at IS NULL AND (expires_at IS NULL OR expires_at > now())) "
	  "ORDER BY blocked_at DESC, id DESC LIMIT $3::integer");
STATEMENT(block_queries_story, 1,
	  "SELECT at, event, text, actor, bounce_id, communication_id FROM "
	  "bounce.block_story($1)");
STATEMENT(block_queries_block, 4,
	  "SELECT $1::text AS address, b AS newly_blocked "
	  "FROM bounce.block_address($1, $2, $3, $4::timestamptz) AS b");
STATEMENT(block_queries_unblock, 3,
	  "SELECT $1::text AS address, u.blocks > 0 AS was_blocked, u.mails "
	  "FROM bounce.unblock_address($1, $2, $3) AS u");
STATEMENT(block_queries_unblock_preview, 2,
	  "SELECT communication_id, process_name AS process, business_ref, subject, refused_at "
	  "FROM bounce.preview_unblock($1, $2)");
STATEMENT(block_queries_reblock, 2,
	  "SELECT $1::text AS address, b > 0 AS newly_blocked, b AS blocks "
	  "FROM bounce.restore_block($1, $2) AS b");
STATEMENT(block_queries_withdraw_block, 3,
	  "SELECT $1::text AS address, b AS withdrawn FROM bounce.withdraw_block($1, $2, $3) AS b");
STATEMENT(block_queries_export, 1, "SELECT e AS line FROM bounce.export_blocks($1) AS e");
STATEMENT(block_queries_preview, 1,
	  "SELECT line, address, outcome, is_problem FROM bounce.preview_block_import($1)");
STATEMENT(block_queries_import, 2,
	  "SELECT import_id, blocked, unchanged FROM bounce.import_blocks($1, $2)");
STATEMENT(
    block_queries_imports, 1,
    "SELECT i.id, i.imported_at, i.imported_by, i.why, (SELECT count(*) "
    "  FROM bounce.address_block AS b WHERE b.import_id = i.id) AS blocked, "
    "(SELECT count(*) FROM bounce.blocked_address AS b WHERE b.import_id = i.id) AS in_force, "
    "i.withdrawn_at, i.withdrawn_by, i.withdraw_why "
    "FROM bounce.block_import AS i ORDER BY i.id DESC LIMIT $1::integer");
STATEMENT(block_queries_withdraw, 2,
	  "SELECT $1::bigint AS id, lifted, restored "
	  "FROM bounce.withdraw_block_import($1::bigint, $2)");
