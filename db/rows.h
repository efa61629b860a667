/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The answer of a statement as rows of text with named, typed columns: for
 * programs that show what they are given and do not look into it.
 */
#ifndef DB_ROWS_H
#define DB_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "db/pool.h"

/* One statement with its parameters $1 ... in order. The texts are in db/people/operator_queries.c.
 */
struct db_statement {
	const char *text;
	unsigned argument_count;
};

enum db_type {
	DB_TEXT,
	DB_INTEGER,
	DB_NUMBER,
	DB_BOOLEAN, /* "true", "false" */
	DB_TIME,    /* RFC 3339: "2026-11-21T21:55:03.123456+00:00" */
	DB_JSON,
	DB_BYTES, /* decoded: read with db_rows_bytes */
};

struct db_rows;

/* Runs the statement in a transaction of its own; arguments has as many values
 * as it takes, NULL is SQL NULL. NULL with a code as pg_query; the text is the
 * server's own, which names what is wrong. */
struct db_rows *db_rows_fetch(struct db_pool *pool, const struct db_statement *statement,
			      const char *const *arguments, GError **error)
    __attribute__((warn_unused_result));
/* The same for what a person does, which may be about thousands of mails: it may take minutes, and
 * waits no longer for a lock than any other statement of the pool. */
struct db_rows *db_rows_act(struct db_pool *pool, const struct db_statement *statement,
			    const char *const *arguments, GError **error)
    __attribute__((warn_unused_result));
/* The same for what a page can do without: after two seconds it fails (db_error_is_late). */
struct db_rows *db_rows_glance(struct db_pool *pool, const struct db_statement *statement,
			       const char *const *arguments, GError **error)
    __attribute__((warn_unused_result));
void db_rows_free(struct db_rows *rows);

/* What an act would do. The only answer that is sure to be right: it is done, looked at, and taken
 * back. look is asked after it, in the same transaction, with the first of its arguments. */
struct db_trial {
	const struct db_statement *act;
	const struct db_statement *look;
	const char *const *arguments;
};
/* False with an error as db_rows_fetch; else both answers, which are the caller's. Nothing is
 * changed, whatever it returns. */
bool db_rows_try(struct db_pool *pool, const struct db_trial *trial, struct db_rows *answers[2],
		 GError **error) __attribute__((warn_unused_result));

size_t db_rows_count(const struct db_rows *rows);
size_t db_rows_column_count(const struct db_rows *rows);
const char *db_rows_column_name(const struct db_rows *rows, size_t column);
enum db_type db_rows_column_type(const struct db_rows *rows, size_t column);

/* NULL for SQL NULL; valid as long as the rows. */
const char *db_rows_get(const struct db_rows *rows, size_t row, size_t column);
/* By name; NULL also where there is no such column. */
const char *db_rows_find(const struct db_rows *rows, size_t row, const char *column);
/* Whether a DB_BOOLEAN value is true; false for SQL NULL, and where there is no such value. */
bool db_rows_is_true(const struct db_rows *rows, size_t row, const char *column);
/* A DB_BYTES value; NULL for SQL NULL. */
const char *db_rows_bytes(const struct db_rows *rows, size_t row, const char *column,
			  size_t *len_out);

/* What went wrong, for a person: one line, and in a second what to do, where that
 * is known. Without the codes that are for logs. Heap. */
char *db_error_for_people(const GError *error);
/* Whether it is that the account has no right to it. */
bool db_error_is_denied(const GError *error);
/* Whether it took too long, and nothing else is wrong. */
bool db_error_is_late(const GError *error);

typedef struct db_rows db_rows_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(db_rows_t, db_rows_free)

#endif
