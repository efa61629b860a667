/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The delivery queue as a person sees it: looking, sending again, holding,
 * cancelling. Rows come as JSON objects, made by the database.
 */
#ifndef DB_QUEUE_ADMIN_H
#define DB_QUEUE_ADMIN_H

#include <stdbool.h>

#include <glib.h>

/* Which communications; "" is any. */
struct db_queue_filter {
	const char *ids; /* decimal, separated by commas */
	const char *process;
	const char *state;     /* PENDING ... */
	const char *ref;       /* business_ref */
	const char *recipient; /* address, in any case */
	const char *domain;    /* of a recipient */
	unsigned limit;
};

enum db_queue_action { DB_QUEUE_RETRY, DB_QUEUE_HOLD, DB_QUEUE_RELEASE, DB_QUEUE_CANCEL };

/* One JSON object each (char *), by id. NULL with a code as pg_query. Free with g_ptr_array_unref. */
GPtrArray *db_queue_list(const char *conninfo, const struct db_queue_filter *filter, GError **error)
    __attribute__((warn_unused_result));
/* The same with "recipients" and "log". */
GPtrArray *db_queue_show(const char *conninfo, const struct db_queue_filter *filter, GError **error)
    __attribute__((warn_unused_result));
/* Depth and age, one object for each process. */
GPtrArray *db_queue_metrics(const char *conninfo, GError **error) __attribute__((warn_unused_result));
/* Does it to all that fit, in one transaction. *count_out: how many it changed. */
bool db_queue_change(const char *conninfo, enum db_queue_action action, const struct db_queue_filter *filter,
		     unsigned *count_out, GError **error) __attribute__((warn_unused_result));

#endif
