/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The few system parameters that must be known before a message is complete,
 * kept up to date by a thread that listens for bounce_parameter. While the
 * database is away the last values stay.
 */
#ifndef DB_PARAMETER_CACHE_H
#define DB_PARAMETER_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "db/token.h"

struct db_watch;

/* A snapshot; immutable. Release with db_parameters_unref. */
struct db_parameters {
	char **bounce_domains;  /* lower case, NULL-terminated */
	char *operator_mailbox; /* "" if none is set */
	bool refuse_bad_token;
	char *return_path_prefix; /* what stands before a token */
	struct token_key *token_keys;
	size_t token_key_count;
};

/* Reads the parameters once, then starts the thread. NULL with BM_ERROR_RETRY
 * or BM_ERROR_CONFIG as pg_query. Free with db_watch_free, which ends the thread. */
struct db_watch *db_watch_new(const char *conninfo, GError **error)
    __attribute__((warn_unused_result));
void db_watch_free(struct db_watch *watch);

struct db_parameters *db_watch_parameters(struct db_watch *watch);
void db_parameters_unref(struct db_parameters *parameters);

/* Whether the domain of address is one of ours; case and a dot at the end do not
 * matter. */
bool db_parameters_is_ours(const struct db_parameters *parameters, const char *address);

/* Whether an address of ours is to be refused: it has the form of a signed
 * return path, and is malformed or was not signed by us. One whose key is not
 * among ours is not refused: that key may be newer than this snapshot. Nor is an
 * expired one: it still finds its communication. */
bool db_parameters_refuses(const struct db_parameters *parameters, const char *address);

/* Whether the parameters are up to date: false while the database is away. */
bool db_watch_is_current(struct db_watch *watch);

typedef struct db_parameters db_parameters_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(db_parameters_t, db_parameters_unref)

#endif
