/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rows of text.
 */
#include "db/rows.h"

#include <string.h>

#include "db/checkout.h"

enum { ACT_WAIT = 600, GLANCE_WAIT = 2 }; /* seconds */

struct cell {
	char *value; /* NULL for SQL NULL */
	size_t len;
};

struct db_rows {
	size_t count;
	size_t column_count;
	char **names;
	enum db_type *types;
	struct cell *cells; /* row by row */
};

/* The fixed numbers of the built-in types (pg_type.dat of PostgreSQL). */
static enum db_type type_of_column(Oid oid)
{
	switch (oid) {
	case 16:
		return DB_BOOLEAN;
	case 17:
		return DB_BYTES;
	case 20:
	case 21:
	case 23:
		return DB_INTEGER;
	case 700:
	case 701:
	case 1700:
		return DB_NUMBER;
	case 114:
	case 3802:
		return DB_JSON;
	case 1184:
		return DB_TIME;
	default:
		return DB_TEXT;
	}
}

/* "2026-11-21 21:55:03.1+00" to RFC 3339. Another DateStyle than ISO, and
 * infinity, stay as they are. */
static char *rfc3339(const char *value)
{
	GString *text = g_string_new(value);
	char *blank = strchr(text->str, ' ');

	if (!blank || blank - text->str != strlen("2026-11-21") || text->str[4] != '-')
		return g_string_free(text, FALSE);
	*blank = 'T';
	const char *zone = strpbrk(blank, "+-");
	if (zone && !strchr(zone, ':'))
		g_string_append(text, ":00");
	return g_string_free(text, FALSE);
}

static struct cell decode_bytes(const char *value)
{
	size_t len = 0;
	unsigned char *bytes = PQunescapeBytea((const unsigned char *)value, &len);
	const struct cell cell = {g_malloc(len + 1), len};

	memcpy(cell.value, bytes, len);
	cell.value[len] = '\0';
	PQfreemem(bytes);
	return cell;
}

static struct cell read_cell(const PGresult *result, int row, int column)
{
	const char *value = PQgetvalue(result, row, column);
	struct cell cell = {NULL, 0};

	if (PQgetisnull(result, row, column))
		return cell;
	switch (type_of_column(PQftype(result, column))) {
	case DB_BOOLEAN:
		cell.value = g_strdup(*value == 't' ? "true" : "false");
		break;
	case DB_TIME:
		cell.value = rfc3339(value);
		break;
	case DB_BYTES:
		return decode_bytes(value);
	case DB_TEXT:
	case DB_INTEGER:
	case DB_NUMBER:
	case DB_JSON:
		cell.value = g_strdup(value);
		break;
	}
	cell.len = strlen(cell.value);
	return cell;
}

static struct db_rows *read_result_rows(const PGresult *result)
{
	struct db_rows *rows = g_new0(struct db_rows, 1);

	rows->count = (size_t)PQntuples(result);
	rows->column_count = (size_t)PQnfields(result);
	rows->names = g_new0(char *, rows->column_count + 1);
	rows->types = g_new0(enum db_type, rows->column_count + 1);
	rows->cells = g_new0(struct cell, rows->count * rows->column_count + 1);
	for (size_t column = 0; column < rows->column_count; column++) {
		rows->names[column] = g_strdup(PQfname(result, (int)column));
		rows->types[column] = type_of_column(PQftype(result, (int)column));
	}
	for (size_t i = 0; i < rows->count * rows->column_count; i++)
		rows->cells[i] =
		    read_cell(result, (int)(i / rows->column_count), (int)(i % rows->column_count));
	return rows;
}

static struct db_rows *ask_statement(PGconn *connection, unsigned wait_seconds,
				     const struct db_statement *statement,
				     const char *const *arguments, GError **error)
{
	g_autofree struct pg_param *params = g_new0(struct pg_param, statement->argument_count + 1);

	for (unsigned i = 0; i < statement->argument_count; i++)
		params[i] = PG_TEXT(arguments[i]);
	g_autoptr(PGresult) result = pg_query(connection, wait_seconds, statement->text,
					      statement->argument_count, params, error);
	return !result ? NULL : read_result_rows(result);
}

struct db_rows *db_rows_fetch(struct db_pool *pool, const struct db_statement *statement,
			      const char *const *arguments, GError **error)
{
	PGconn *connection = checkout_begin(pool, error);

	if (!connection)
		return NULL;
	struct db_rows *rows =
	    ask_statement(connection, checkout_query_wait(pool), statement, arguments, error);
	checkout_end(pool, connection);
	return rows;
}

/* In another time than is usual for the pool. */
static struct db_rows *ask_within(struct db_pool *pool, unsigned wait,
				  const struct db_statement *statement,
				  const char *const *arguments, GError **error)
{
	PGconn *connection = checkout_begin(pool, error);

	if (!connection)
		return NULL;
	struct db_rows *rows = pg_limit_time(connection, wait, error)
				   ? ask_statement(connection, wait, statement, arguments, error)
				   : NULL;
	/* a connection on which that fails is not usable any more */
	pg_limit_time(connection, checkout_query_wait(pool), NULL);
	checkout_end(pool, connection);
	return rows;
}

struct db_rows *db_rows_act(struct db_pool *pool, const struct db_statement *statement,
			    const char *const *arguments, GError **error)
{
	return ask_within(pool, MAX(checkout_query_wait(pool), ACT_WAIT), statement, arguments,
			  error);
}

struct db_rows *db_rows_glance(struct db_pool *pool, const struct db_statement *statement,
			       const char *const *arguments, GError **error)
{
	return ask_within(pool, MIN(checkout_query_wait(pool), GLANCE_WAIT), statement, arguments,
			  error);
}

static bool ask_both(struct db_pool *pool, PGconn *connection, const struct db_trial *trial,
		     struct db_rows *answers[2], GError **error)
{
	static const struct db_statement begin = {"BEGIN", 0};
	unsigned wait = checkout_query_wait(pool);
	g_autoptr(db_rows_t) begun = ask_statement(connection, wait, &begin, NULL, error);

	if (!begun)
		return false;
	answers[0] = ask_statement(connection, wait, trial->act, trial->arguments, error);
	answers[1] = answers[0]
			 ? ask_statement(connection, wait, trial->look, trial->arguments, error)
			 : NULL;
	return answers[1];
}

bool db_rows_try(struct db_pool *pool, const struct db_trial *trial, struct db_rows *answers[2],
		 GError **error)
{
	static const struct db_statement rollback = {"ROLLBACK", 0};
	PGconn *connection = checkout_begin(pool, error);

	answers[0] = answers[1] = NULL;
	if (!connection)
		return false;
	bool is_seen = ask_both(pool, connection, trial, answers, error);
	/* a connection in which a transaction stays open is closed by checkout_end */
	db_rows_free(ask_statement(connection, checkout_query_wait(pool), &rollback, NULL, NULL));
	checkout_end(pool, connection);
	if (!is_seen)
		g_clear_pointer(&answers[0], db_rows_free);
	return is_seen;
}

void db_rows_free(struct db_rows *rows)
{
	if (!rows)
		return;
	for (size_t i = 0; i < rows->count * rows->column_count; i++)
		g_free(rows->cells[i].value);
	g_strfreev(rows->names);
	g_free(rows->types);
	g_free(rows->cells);
	g_free(rows);
}

size_t db_rows_count(const struct db_rows *rows)
{
	return rows->count;
}

size_t db_rows_column_count(const struct db_rows *rows)
{
	return rows->column_count;
}

const char *db_rows_column_name(const struct db_rows *rows, size_t column)
{
	return rows->names[column];
}

enum db_type db_rows_column_type(const struct db_rows *rows, size_t column)
{
	return rows->types[column];
}

const char *db_rows_get(const struct db_rows *rows, size_t row, size_t column)
{
	return rows->cells[row * rows->column_count + column].value;
}

static const struct cell *find_cell(const struct db_rows *rows, size_t row, const char *column)
{
	for (size_t i = 0; i < rows->column_count; i++)
		if (strcmp(rows->names[i], column) == 0)
			return &rows->cells[row * rows->column_count + i];
	return NULL;
}

const char *db_rows_find(const struct db_rows *rows, size_t row, const char *column)
{
	const struct cell *cell = find_cell(rows, row, column);

	return !cell ? NULL : cell->value;
}

bool db_rows_is_true(const struct db_rows *rows, size_t row, const char *column)
{
	return g_strcmp0(db_rows_find(rows, row, column), "true") == 0;
}

const char *db_rows_bytes(const struct db_rows *rows, size_t row, const char *column,
			  size_t *len_out)
{
	const struct cell *cell = find_cell(rows, row, column);

	if (!cell || !cell->value)
		return NULL;
	*len_out = cell->len;
	return cell->value;
}

char *db_error_for_people(const GError *error)
{
	return pg_error_for_people(error->message);
}

bool db_error_is_denied(const GError *error)
{
	return pg_error_is_denied(error->message);
}

bool db_error_is_late(const GError *error)
{
	return pg_error_is_late(error->message);
}
