/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What has to be there before the schema is: the database itself, and afterwards the login
 * roles of the daemons. A second run changes nothing.
 */
#ifndef DB_SCHEMA_CREATE_H
#define DB_SCHEMA_CREATE_H

#include <stdbool.h>

#include <glib.h>

/* Creates the database that conninfo names, unless it is there: encoding UTF8. Asks the
 * server's database "postgres" for it. False with a code as pg_query. */
bool db_create_database(const char *conninfo, GError **error) __attribute__((warn_unused_result));

/* Creates the login roles bouncemilter, bouncefetch, bouncedelivery and bounceconsole, named as the
 * accounts that the daemons run as, in the group roles of the schema, which must be there. They
 * have no password: that is for peer authentication. */
bool db_create_login_roles(const char *conninfo, GError **error)
    __attribute__((warn_unused_result));

#endif
