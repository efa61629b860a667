/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The few system parameters that must be known before a message is complete, as an
 * immutable snapshot.
 */
#ifndef DB_PARAMETERS_PARAMETERS_H
#define DB_PARAMETERS_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "db/values/token.h"

/* Counted references: release with db_parameters_unref. */
struct db_parameters {
	char **bounce_domains;  /* lower case, NULL-terminated */
	char *operator_mailbox; /* "" if none is set */
	bool refuse_bad_token;
	char *return_path_prefix; /* of the local part, before a token */
	struct token_key *token_keys;
	size_t token_key_count;
};

/* The same as texts; lists are separated by blanks. */
struct db_parameter_texts {
	const char *bounce_domains;
	const char *operator_mailbox;
	bool refuse_bad_token;
	const char *return_path_prefix;
	const char *token_keys; /* "id:hex" each; what has another form is skipped */
};

struct db_parameters *db_parameters_new(const struct db_parameter_texts *texts);
void db_parameters_unref(struct db_parameters *parameters);

/* Whether the domain of address is one of ours; case and a dot at the end do not matter. */
bool db_parameters_is_ours(const struct db_parameters *parameters, const char *address);

/* Whether an address of ours is to be refused: it has the form of a signed return path,
 * and is malformed or was not signed by us. One with an unknown key is not refused: the
 * key may be newer than this snapshot. Nor is an expired one: it still finds its
 * communication. */
bool db_parameters_refuses(const struct db_parameters *parameters, const char *address);

typedef struct db_parameters db_parameters_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(db_parameters_t, db_parameters_unref)

#endif
