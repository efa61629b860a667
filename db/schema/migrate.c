/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading and applying the schema: baseline, migrations, definitions.
 */
#include "db/schema/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "db/pg.h"
#include "db/schema/rights.h"
#include "db/schema/schema_lock.h"

enum { CONNECT_WAIT = 10, QUERY_WAIT = 60 };

struct script {
	unsigned version; /* of a migration, else 0 */
	const char *name;
	const char *file;
	const char *text;
};

/* ISO C asks for literals of 4095 bytes at least; GCC and Clang take any. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
static const struct script baseline[] = {
#include "baseline.inc"
};
static const struct script migrations[] = {
#include "migrations.inc"
};
static const struct script definitions[] = {
#include "definitions.inc"
};
#pragma GCC diagnostic pop

static const char exists_statement[] =
    "SELECT to_regclass('bounce.schema_migration') IS NOT NULL AS present";
static const char applied_statement[] =
    "SELECT version, sha256 FROM bounce.schema_migration ORDER BY version";
static const char record_statement[] =
    "INSERT INTO bounce.schema_migration (version, name, sha256) VALUES ($1::integer, $2, $3)";
static const char definitions_statement[] = "SELECT sha256 FROM bounce.schema_functions";
static const char definitions_record_statement[] =
    "INSERT INTO bounce.schema_functions (sha256) VALUES ($1) "
    "ON CONFLICT (one) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()";
/* functions may call each other in any order of the files */
static const char begin_statement[] = "BEGIN; SET LOCAL check_function_bodies = off";
/* any number that nobody else uses; held until the connection ends */
static const char lock_statement[] = "SELECT pg_advisory_lock(7305123456)";

/* The baseline's version: that of the first migration, which leads an older database there. */
static unsigned baseline_version(void)
{
	return migrations[0].version;
}

static unsigned known_version(void)
{
	return migrations[G_N_ELEMENTS(migrations) - 1].version;
}

static char *migration_digest(const struct script *migration)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, migration->text, -1);
}

static char *definitions_digest(void)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);

	for (size_t i = 0; i < G_N_ELEMENTS(definitions); i++)
		g_checksum_update(checksum, (const guchar *)definitions[i].text, -1);
	return g_strdup(g_checksum_get_string(checksum));
}

static void set_schema_status(struct db_schema_status *status_out, enum db_schema_state state,
			      unsigned version, char *detail)
{
	*status_out = (struct db_schema_status){
	    .state = state, .version = version, .known = known_version(), .detail = detail};
}

/* Why an applied migration is not ours, or NULL. */
static char *difference(const struct script *ours, unsigned version, const char *sha256)
{
	if (!ours || ours->version != version)
		return g_strdup_printf(
		    "migration %u is unknown to this program, which knows up to %u: upgrade it",
		    version, known_version());
	g_autofree char *digest = migration_digest(ours);
	if (strcmp(digest, sha256) != 0)
		return g_strdup_printf("migration %u (%s) differs from the one that was applied",
				       version, ours->name);
	return NULL;
}

/* Holds the applied rows against the compiled-in ones, both in order. What came before the
 * baseline is history: its texts are gone. */
static void compare(const PGresult *applied, struct db_schema_status *status_out)
{
	unsigned version = 0;
	size_t known = 0;

	for (int row = 0; row < PQntuples(applied); row++) {
		version = (unsigned)strtoul(pg_value(applied, row, "version"), NULL, 10);
		if (version < baseline_version())
			continue;
		const struct script *ours =
		    known < G_N_ELEMENTS(migrations) ? &migrations[known++] : NULL;
		char *detail = difference(ours, version, pg_value(applied, row, "sha256"));
		if (detail) {
			set_schema_status(status_out, DB_SCHEMA_FOREIGN, version, detail);
			return;
		}
	}
	if (version < baseline_version() - 1)
		set_schema_status(
		    status_out, DB_SCHEMA_FOREIGN, version,
		    g_strdup_printf("schema bounce is at version %u, and this program "
				    "carries over version %u and later",
				    version, baseline_version() - 1));
	else if (version < known_version())
		set_schema_status(
		    status_out, DB_SCHEMA_BEHIND, version,
		    g_strdup_printf("schema bounce is at version %u, this program needs %u",
				    version, known_version()));
	else
		set_schema_status(status_out, DB_SCHEMA_CURRENT, version,
				  g_strdup_printf("schema bounce is at version %u", version));
}

/* Takes back "current" when the definitions are others than ours. */
static bool compare_definitions(PGconn *connection, struct db_schema_status *status, GError **error)
{
	g_autoptr(PGresult) applied =
	    pg_query(connection, QUERY_WAIT, definitions_statement, 0, NULL, error);
	g_autofree char *digest = definitions_digest();

	if (!applied) {
		db_schema_status_clear(status);
		return false;
	}
	if (PQntuples(applied) == 1 && strcmp(digest, pg_value(applied, 0, "sha256")) == 0)
		return true;
	db_schema_status_clear(status);
	set_schema_status(
	    status, DB_SCHEMA_BEHIND, status->version,
	    g_strdup_printf("schema bounce is at version %u, but its functions are not "
			    "those of this program",
			    status->version));
	return true;
}

static bool read_schema_status(PGconn *connection, struct db_schema_status *status_out,
			       GError **error)
{
	g_autoptr(PGresult) exists =
	    pg_query(connection, QUERY_WAIT, exists_statement, 0, NULL, error);

	if (!exists)
		return false;
	if (!pg_value_is_true(exists, 0, "present")) {
		set_schema_status(status_out, DB_SCHEMA_ABSENT, 0,
				  g_strdup("there is no schema bounce in this database"));
		return true;
	}
	g_autoptr(PGresult) applied =
	    pg_query(connection, QUERY_WAIT, applied_statement, 0, NULL, error);
	if (!applied)
		return false;
	compare(applied, status_out);
	return status_out->state != DB_SCHEMA_CURRENT ||
	       compare_definitions(connection, status_out, error);
}

bool db_schema_read(const char *conninfo, struct db_schema_status *status_out, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);

	return connection && read_schema_status(connection, status_out, error);
}

void db_schema_status_clear(struct db_schema_status *status)
{
	g_clear_pointer(&status->detail, g_free);
}

static bool record_migration(PGconn *connection, const struct script *migration, GError **error)
{
	g_autofree char *version = g_strdup_printf("%u", migration->version);
	g_autofree char *digest = migration_digest(migration);
	const struct pg_param params[] = {PG_TEXT(version), PG_TEXT(migration->name),
					  PG_TEXT(digest)};
	g_autoptr(PGresult) result =
	    pg_query(connection, QUERY_WAIT, record_statement, G_N_ELEMENTS(params), params, error);

	return result;
}

static bool apply_script(PGconn *connection, const struct script *script, GError **error)
{
	if (pg_script(connection, script->text, error))
		return true;
	g_prefix_error(error, "%s: ", script->file);
	return false;
}

/* A new database: it has what the first migration leads to. */
static bool apply_baseline(PGconn *connection, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(baseline); i++)
		if (!apply_script(connection, &baseline[i], error))
			return false;
	return record_migration(connection, &migrations[0], error);
}

static bool apply_migrations(PGconn *connection, unsigned version,
			     const struct db_schema_progress *progress, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(migrations); i++) {
		if (migrations[i].version <= version)
			continue;
		if (!apply_script(connection, &migrations[i], error) ||
		    !record_migration(connection, &migrations[i], error))
			return false;
		progress->applied(migrations[i].version, migrations[i].name);
	}
	return true;
}

static bool apply_definitions(PGconn *connection, GError **error)
{
	g_autofree char *digest = definitions_digest();
	const struct pg_param params[] = {PG_TEXT(digest)};

	for (size_t i = 0; i < G_N_ELEMENTS(definitions); i++)
		if (!apply_script(connection, &definitions[i], error))
			return false;
	g_autoptr(PGresult) result = pg_query(connection, QUERY_WAIT, definitions_record_statement,
					      G_N_ELEMENTS(params), params, error);
	return result;
}

static bool apply_rights(PGconn *connection, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(definitions); i++)
		if (strcmp(definitions[i].name, "grants") == 0)
			return apply_script(connection, &definitions[i], error);
	g_assert_not_reached();
}

/* Grants all rights, in the transaction that is open. What was there before, and after it, as
 * rights_read says it. */
static bool grant_again(PGconn *connection, GPtrArray **before_out, GPtrArray **after_out,
			GError **error)
{
	g_autoptr(GPtrArray) before = rights_read(connection, error);

	if (!before || !apply_rights(connection, error))
		return false;
	*after_out = rights_read(connection, error);
	if (!*after_out)
		return false;
	*before_out = g_steal_pointer(&before);
	return true;
}

static bool restore_rights(PGconn *connection, const struct db_schema_progress *progress,
			   GError **error)
{
	g_autoptr(GPtrArray) before = NULL;
	g_autoptr(GPtrArray) after = NULL;

	if (!pg_script(connection, "BEGIN", error) ||
	    !grant_again(connection, &before, &after, error) ||
	    !pg_script(connection, "COMMIT", error))
		return false;
	g_autoptr(GPtrArray) lacking = rights_lacking(after, before);
	g_autoptr(GPtrArray) superfluous = rights_lacking(before, after);
	if (lacking->len > 0 || superfluous->len > 0)
		progress->applied(0, "rights");
	return true;
}

GPtrArray *db_schema_missing_rights(const char *conninfo, GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);
	g_autoptr(GPtrArray) before = NULL;
	g_autoptr(GPtrArray) after = NULL;

	if (!connection || !pg_script(connection, lock_statement, error) ||
	    !pg_script(connection, "BEGIN", error) ||
	    !grant_again(connection, &before, &after, error) ||
	    !pg_script(connection, "ROLLBACK", error))
		return NULL;
	g_autoptr(GPtrArray) memberships = rights_read_memberships(connection, error);
	if (!memberships)
		return NULL;
	GPtrArray *lacking = rights_lacking(after, before);
	g_ptr_array_extend_and_steal(lacking, g_steal_pointer(&memberships));
	return lacking;
}

/* One transaction for all: a database is never left with tables and functions that do not fit. */
static bool bring_up(PGconn *connection, const struct db_schema_status *status,
		     const struct db_schema_progress *progress, GError **error)
{
	unsigned version = status->version;

	if (!pg_script(connection, begin_statement, error))
		return false;
	if (status->state == DB_SCHEMA_ABSENT) {
		if (!apply_baseline(connection, error))
			return false;
		version = baseline_version();
		progress->applied(version, migrations[0].name);
	} else if (!schema_lock_take(connection, progress->waiting, error)) {
		return false;
	}
	if (!apply_migrations(connection, version, progress, error) ||
	    !apply_definitions(connection, error) || !pg_script(connection, "COMMIT", error))
		return false;
	progress->applied(0, "functions");
	return true;
}

bool db_schema_migrate(const char *conninfo, const struct db_schema_progress *progress,
		       GError **error)
{
	g_autoptr(PGconn) connection = pg_open(conninfo, CONNECT_WAIT, error);
	struct db_schema_status status;

	if (!connection || !pg_script(connection, lock_statement, error) ||
	    !read_schema_status(connection, &status, error))
		return false;
	g_autofree char *detail = status.detail;
	if (status.state == DB_SCHEMA_FOREIGN) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "database: %s", detail);
		return false;
	}
	if (status.state == DB_SCHEMA_CURRENT)
		return restore_rights(connection, progress, error);
	return bring_up(connection, &status, progress, error);
}

/* What to run, as the end of a sentence. */
static const char *advice(enum db_schema_state state)
{
	switch (state) {
	case DB_SCHEMA_ABSENT:
		return "; run \"bouncectl db init\"";
	case DB_SCHEMA_BEHIND:
		return "; run \"bouncectl db migrate\"";
	case DB_SCHEMA_CURRENT:
	case DB_SCHEMA_FOREIGN:
		return "";
	}
	g_assert_not_reached();
}

bool db_schema_require(const char *conninfo, GError **error)
{
	struct db_schema_status status;

	if (!db_schema_read(conninfo, &status, error))
		return false;
	g_autofree char *detail = status.detail;
	if (status.state == DB_SCHEMA_CURRENT)
		return true;
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "database: %s%s", detail,
		    advice(status.state));
	return false;
}
