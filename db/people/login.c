/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The string of the configuration, with name and password behind it: of keywords that come twice
 * libpq takes the last.
 */
#include "db/people/login.h"

#include <string.h>

#include "base/error.h"
#include "db/checkout.h"
#include "db/conninfo.h"

enum { CONNECT_WAIT = 5, NAME_MAX_BYTES = 63 };

/* What a browser may be made to do must end where the role of an administrator ends. A role that
 * could be taken on counts as well; of a superuser every role is one. */
#define IS_MIGHTY                                                                                  \
	"EXISTS (SELECT FROM pg_roles AS r WHERE pg_has_role(session_user, r.oid, 'MEMBER') "      \
	"  AND (r.rolsuper OR r.rolcreaterole OR r.rolbypassrls OR r.rolreplication "              \
	"    OR r.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', "   \
	"      'pg_write_server_files', 'pg_execute_server_program') "                             \
	"    OR r.oid = (SELECT n.nspowner FROM pg_namespace AS n WHERE n.nspname = 'bounce'))) "

const struct db_statement login_person = {
    "SELECT session_user AS name,"
    "  pg_has_role(session_user, 'bounce_clerk', 'MEMBER') AS is_clerk,"
    "  pg_has_role(session_user, 'bounce_operator', 'MEMBER') AS is_operator,"
    "  pg_has_role(session_user, 'bounce_admin', 'MEMBER') AS is_admin,"
    "  pg_has_role(session_user, 'bounce_auditor', 'MEMBER') AS is_auditor,"
    "  p.rolcanlogin AND coalesce(p.rolvaliduntil > now(), true) AND NOT " IS_MIGHTY
    "  AS may_log_in FROM pg_roles AS p WHERE p.rolname = session_user",
    0};

static const char roles_statement[] =
    "SELECT EXISTS (SELECT FROM unnest(ARRAY['bounce_clerk', 'bounce_operator', 'bounce_admin', "
    "  'bounce_auditor']) AS r (name) WHERE pg_has_role(session_user, r.name, 'MEMBER')) "
    "  AS has_role, " IS_MIGHTY "AS is_mighty";

static bool refuse_person(GError **error, const char *why)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s", why);
	return false;
}

/* An empty password would let libpq look for one elsewhere, where the daemon's own may lie. */
static bool is_complete(const struct login *login, GError **error)
{
	gsize len = strlen(login->user);
	bool is_empty = login->password && *login->password == '\0';

	if (len == 0 || len > NAME_MAX_BYTES || is_empty)
		return refuse_person(error, "name or password is missing");
	if (strchr(login->conninfo, '='))
		return true;
	return refuse_person(error,
			     "conninfo: an address (postgresql://) cannot be used here: write "
			     "\"host=... dbname=...\"");
}

static bool is_person(PGconn *connection, const struct login *login, GError **error)
{
	if (login->password && !PQconnectionUsedPassword(connection))
		return refuse_person(error,
				     "the database asks for no password (pg_hba.conf: trust, peer "
				     "or ident): nobody can log in until it does");
	g_autoptr(PGresult) result =
	    pg_query(connection, login->query_wait, roles_statement, 0, NULL, error);
	if (!result)
		return false;
	if (!pg_value_is_true(result, 0, "has_role"))
		return refuse_person(error, "the account has none of the roles bounce_clerk, "
					    "bounce_operator, bounce_admin and bounce_auditor");
	return !pg_value_is_true(result, 0, "is_mighty") ||
	       refuse_person(
		   error, "the account may do more than bounce_admin (superuser, CREATEROLE, "
			  "BYPASSRLS, REPLICATION, pg_read_all_data and the like, or it owns the "
			  "schema): use another one for the console");
}

static PGconn *connect_as(const struct login *login, GError **error)
{
	GString *conninfo = g_string_new(login->conninfo);

	conninfo_append(conninfo, "user", login->user);
	if (login->password)
		conninfo_append(conninfo, "password", login->password);
	conninfo_append(conninfo, "passfile", "/dev/null");
	conninfo_append(conninfo, "application_name", "bounce-console");
	PGconn *connection = pg_open(conninfo->str, CONNECT_WAIT, error);
	explicit_bzero(conninfo->str, conninfo->len);
	g_string_free(conninfo, TRUE);
	return connection;
}

static bool ask_for_marks(PGconn *connection, const struct login *login, GError **error)
{
	static const char statement[] = "SELECT set_config('bounce.mark', $1, false)";
	const struct pg_param params[] = {PG_TEXT(login->mark)};
	g_autoptr(PGresult) result = login->mark
					 ? pg_query(connection, login->query_wait, statement,
						    G_N_ELEMENTS(params), params, error)
					 : NULL;

	return result || !login->mark;
}

struct db_pool *login_open(const struct login *login, GError **error)
{
	g_autoptr(PGconn) connection = is_complete(login, error) ? connect_as(login, error) : NULL;

	if (!connection || !pg_limit_statements(connection, login->query_wait, error) ||
	    !is_person(connection, login, error) || !ask_for_marks(connection, login, error))
		return NULL;
	return checkout_adopt(g_steal_pointer(&connection), login->query_wait);
}
