/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists of rights that PostgreSQL keeps beside each object. Where nothing was ever granted, the
 * default holds.
 */
#include "db/schema/rights.h"

enum { QUERY_WAIT = 60 };

static const char rights_statement[] =
    "WITH ours AS (SELECT oid FROM pg_catalog.pg_namespace"
    " WHERE nspname IN ('bounce', 'bounce_internal')),"
    " acl AS (SELECT 'schema ' || n.nspname AS object,"
    " coalesce(n.nspacl, acldefault('n', n.nspowner)) AS list"
    " FROM pg_catalog.pg_namespace AS n JOIN ours USING (oid)"
    " UNION ALL SELECT c.oid::regclass::text, coalesce(c.relacl,"
    " acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner))"
    " FROM pg_catalog.pg_class AS c JOIN ours ON ours.oid = c.relnamespace"
    " UNION ALL SELECT format('column %I of %s', a.attname, c.oid::regclass), a.attacl"
    " FROM pg_catalog.pg_class AS c JOIN ours ON ours.oid = c.relnamespace"
    " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid"
    " UNION ALL SELECT p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))"
    " FROM pg_catalog.pg_proc AS p JOIN ours ON ours.oid = p.pronamespace) "
    "SELECT CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE e.grantee::regrole::text END"
    " || ' lacks ' || e.privilege_type || ' on ' || l.object AS line "
    "FROM acl AS l CROSS JOIN LATERAL aclexplode(l.list) AS e ORDER BY line";

static const char memberships_statement[] =
    "SELECT v.account || ' is no member of ' || v.group_role AS line "
    "FROM (VALUES " RIGHTS_ACCOUNTS ") AS v (account, group_role) "
    "JOIN pg_catalog.pg_roles AS r ON r.rolname = v.account "
    "WHERE to_regrole(v.group_role) IS NULL"
    " OR NOT pg_has_role(r.oid, to_regrole(v.group_role), 'MEMBER') "
    "ORDER BY line";

static GPtrArray *read_lines(PGconn *connection, const char *statement, GError **error)
{
	g_autoptr(PGresult) result = pg_query(connection, QUERY_WAIT, statement, 0, NULL, error);

	if (!result)
		return NULL;
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	for (int row = 0; row < PQntuples(result); row++)
		g_ptr_array_add(lines, g_strdup(pg_value(result, row, "line")));
	return lines;
}

GPtrArray *rights_read(PGconn *connection, GError **error)
{
	return read_lines(connection, rights_statement, error);
}

GPtrArray *rights_read_memberships(PGconn *connection, GError **error)
{
	return read_lines(connection, memberships_statement, error);
}

GPtrArray *rights_lacking(const GPtrArray *all, const GPtrArray *some)
{
	g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *lacking = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < some->len; i++)
		g_hash_table_add(there, some->pdata[i]);
	for (guint i = 0; i < all->len; i++)
		if (!g_hash_table_contains(there, all->pdata[i]))
			g_ptr_array_add(lacking, g_strdup(all->pdata[i]));
	return lacking;
}
