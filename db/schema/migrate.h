/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The schema's version. The files of sql/ are compiled in, so that a program and its
 * schema cannot be mixed up. A new database gets sql/baseline/; an older one gets the
 * migrations that it lacks. Everything that has no past (functions, triggers, views,
 * grants, seed rows: the definitions) is applied anew whenever a text differs.
 * bounce.schema_migration and bounce.schema_functions say what a database has, with the
 * SHA-256 of the texts.
 */
#ifndef DB_SCHEMA_MIGRATE_H
#define DB_SCHEMA_MIGRATE_H

#include <stdbool.h>

#include <glib.h>

enum db_schema_state {
	DB_SCHEMA_ABSENT,  /* no schema bounce here */
	DB_SCHEMA_BEHIND,  /* migrations are waiting, or the definitions differ */
	DB_SCHEMA_CURRENT, /* exactly what this program knows */
	DB_SCHEMA_FOREIGN, /* newer than this program, too old for it, or a migration was changed */
};

struct db_schema_status {
	enum db_schema_state state;
	unsigned version; /* highest applied, 0 if none */
	unsigned known;   /* highest compiled in */
	char *detail;     /* one line for people; heap */
};

/* Reads the state. False with a code as pg_query. */
bool db_schema_read(const char *conninfo, struct db_schema_status *status_out, GError **error)
    __attribute__((warn_unused_result));
void db_schema_status_clear(struct db_schema_status *status);

struct db_schema_progress {
	/* After each step: a migration's version and name, or 0 and "functions" or "rights". */
	void (*applied)(unsigned version, const char *name);
	/* When others use the schema, and now and then while that lasts. */
	void (*waiting)(void);
};

/* Applies what is waiting in one transaction, under a lock, so that two runs at the same time do no
 * harm, and with everybody else kept out of the schema, so that nobody's transaction fails; where
 * nothing is, gives the roles the rights back that they have lost. False with BM_ERROR_CONFIG when
 * the state is DB_SCHEMA_FOREIGN. */
bool db_schema_migrate(const char *conninfo, const struct db_schema_progress *progress,
		       GError **error) __attribute__((warn_unused_result));

/* Which rights the roles lack, and which of the daemons' accounts their roles, a line for people
 * each, in a current schema; release with g_ptr_array_unref. Grants them in a transaction that is
 * rolled back, so it needs the rights of the owner. NULL with a code as pg_query. */
GPtrArray *db_schema_missing_rights(const char *conninfo, GError **error)
    __attribute__((warn_unused_result));

/* True when the schema is current; otherwise BM_ERROR_CONFIG with the command to run. */
bool db_schema_require(const char *conninfo, GError **error) __attribute__((warn_unused_result));

#endif
