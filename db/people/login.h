/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A person at the database: a connection with name and password of its own, so that the rights are
 * the person's and the history has the name.
 */
#ifndef DB_PEOPLE_LOGIN_H
#define DB_PEOPLE_LOGIN_H

#include "db/rows.h"

struct login {
	const char *conninfo; /* the database; an account in it does not count */
	const char *user;
	const char *password; /* NULL: the database asks for none (peer with a map, cert) */
	unsigned query_wait;  /* seconds */
	const char
	    *mark; /* of sentences, which are told in parts (bounce.mark); NULL: in English */
};

/* A pool of the one connection, which is never made anew: when it is lost, every use fails with
 * BM_ERROR_CONFIG, and the person has to log in again; the password is kept nowhere of ours. NULL
 * with BM_ERROR_CONFIG when the database refuses, did not ask for the password that was given
 * (trust, peer: anybody could be anybody), the account has none of the roles of people, or may do
 * more than they (a superuser, the owner of the schema); BM_ERROR_RETRY as pg_open. */
struct db_pool *login_open(const struct login *login, GError **error)
    __attribute__((warn_unused_result));

/* Who it is: name, and what may be done (is_clerk, is_operator, is_admin, is_auditor); may_log_in:
 * whether the account would be let in today, but for a password that is another one by now. */
extern const struct db_statement login_person;

#endif
