/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A socket at which clients are awaited, by the name that configuration files give it:
 * unix:PATH or inet:PORT@HOST.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <glib.h>

/* What is wrong with the name; NULL if nothing. */
const char *listen_objection(const char *name);

/* Opens it. mode is that of a unix socket; one on which somebody answers is left alone. Its path
 * is *path_out, heap, for who unlinks it; NULL for inet. -1 with an error that begins with key:
 * BM_ERROR_CONFIG for a name that is none, BM_ERROR_RETRY for one that cannot be opened now. */
struct listen_place {
	const char *key; /* of the configuration, for messages */
	const char *name;
	unsigned mode;
};
int listen_open(const struct listen_place *place, char **path_out, GError **error)
    __attribute__((warn_unused_result));

#endif
