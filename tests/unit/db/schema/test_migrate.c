/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is said of the schema of a real PostgreSQL (tests/check.pl has set PGHOST and the rest).
 */
#include <string.h>

#include "base/error.h"
#include "db/schema/migrate.h"

static const char conninfo[] = "dbname=postgres";

static void test_schema_state(void)
{
	g_autofree char *current = g_strdup_printf("dbname=%s", g_getenv("BOUNCE_TEMPLATE"));
	struct db_schema_status status;
	g_autoptr(GError) error = NULL;

	g_assert_true(db_schema_read(current, &status, &error));
	g_assert_cmpint((int)status.state, ==, DB_SCHEMA_CURRENT);
	g_assert_cmpuint(status.version, ==, status.known);
	db_schema_status_clear(&status);
	g_assert_true(db_schema_read(conninfo, &status, &error));
	g_assert_cmpint((int)status.state, ==, DB_SCHEMA_ABSENT);
	db_schema_status_clear(&status);
	g_assert_false(db_schema_require(conninfo, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_nonnull(strstr(error->message, "bouncectl db init"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/db/schema-state", test_schema_state);
	return g_test_run();
}
