/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The functions about copies of sql/ as C functions.
 */
#include "db/outbox/copies.h"

#include <string.h>

#include "db/outbox/session.h"

static const char claim_statement[] =
    "SELECT bounce_id, claim_id, address, message_id, class, reason, subject, header_from,"
    "  to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS received_at,"
    "  size, is_again, raw, coalesce(asked_by, '') AS asked_by, coalesce(why, '') AS why"
    " FROM bounce.claim_copy(lease => make_interval(secs => $1::integer))";
static const char settle_statement[] =
    "SELECT bounce.settle_copy(bounce_id => $1::bigint, claim_id => $2::uuid, outcome => $3,"
    " response => $4)";

struct db_copies {
	struct db_session *session;
};

struct db_copies *db_copies_new(const char *conninfo, unsigned query_wait)
{
	struct db_copies *copies = g_new0(struct db_copies, 1);

	copies->session = db_session_new(conninfo, query_wait);
	return copies;
}

void db_copies_free(struct db_copies *copies)
{
	if (!copies)
		return;
	db_session_free(copies->session);
	g_free(copies);
}

static void read_copy_raw(const PGresult *row, struct db_copy *copy)
{
	size_t len = 0;
	unsigned char *bytes =
	    PQunescapeBytea((const unsigned char *)pg_value(row, 0, "raw"), &len);

	copy->raw = g_malloc0(len + 1);
	if (bytes)
		memcpy(copy->raw, bytes, len);
	copy->raw_len = bytes ? len : 0;
	PQfreemem(bytes);
}

static struct db_copy *read_copy(const PGresult *row)
{
	struct db_copy *copy = g_new0(struct db_copy, 1);

	copy->bounce_id = g_strdup(pg_value(row, 0, "bounce_id"));
	copy->claim_id = g_strdup(pg_value(row, 0, "claim_id"));
	copy->address = g_strdup(pg_value(row, 0, "address"));
	copy->message_id = g_strdup(pg_value(row, 0, "message_id"));
	copy->class = g_strdup(pg_value(row, 0, "class"));
	copy->reason = g_strdup(pg_value(row, 0, "reason"));
	copy->subject = g_strdup(pg_value(row, 0, "subject"));
	copy->header_from = g_strdup(pg_value(row, 0, "header_from"));
	copy->received_at = g_strdup(pg_value(row, 0, "received_at"));
	copy->size = (size_t)g_ascii_strtoull(pg_value(row, 0, "size"), NULL, 10);
	copy->is_again = pg_value_is_true(row, 0, "is_again");
	copy->asked_by = g_strdup(pg_value(row, 0, "asked_by"));
	copy->why = g_strdup(pg_value(row, 0, "why"));
	read_copy_raw(row, copy);
	return copy;
}

void db_copy_free(struct db_copy *copy)
{
	if (!copy)
		return;
	g_free(copy->bounce_id);
	g_free(copy->claim_id);
	g_free(copy->address);
	g_free(copy->message_id);
	g_free(copy->class);
	g_free(copy->reason);
	g_free(copy->subject);
	g_free(copy->header_from);
	g_free(copy->received_at);
	g_free(copy->asked_by);
	g_free(copy->why);
	g_free(copy->raw);
	g_free(copy);
}

bool db_copies_claim(struct db_copies *copies, unsigned lease, struct db_copy **copy_out,
		     GError **error)
{
	g_autofree char *seconds = g_strdup_printf("%u", lease);
	const struct pg_param params[] = {PG_TEXT(seconds)};
	g_autoptr(PGresult) result =
	    db_session_ask(copies->session, claim_statement, G_N_ELEMENTS(params), params, error);

	*copy_out = result && PQntuples(result) > 0 ? read_copy(result) : NULL;
	return result;
}

bool db_copies_settle(struct db_copies *copies, const struct db_copy *copy, const char *outcome,
		      const char *response, GError **error)
{
	const struct pg_param params[] = {PG_TEXT(copy->bounce_id), PG_TEXT(copy->claim_id),
					  PG_TEXT(outcome), PG_TEXT(response)};
	g_autoptr(PGresult) result =
	    db_session_ask(copies->session, settle_statement, G_N_ELEMENTS(params), params, error);

	return result;
}
