/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of a request's header.
 */
#ifndef CONSOLE_HTTP_FIELDS_H
#define CONSOLE_HTTP_FIELDS_H

#include <stdbool.h>

#include <microhttpd.h>

/* The value; NULL: none. For fields that nothing depends on if there are two. */
const char *fields_first(struct MHD_Connection *connection, const char *name);

/* The value; NULL: none, or more than one: two are as good as none, one may be the client's own. */
const char *fields_only(struct MHD_Connection *connection, const char *name);

/* Whether a proxy before us can only have read the same in the header (RFC 9112, sections 2.2, 3.2,
 * 5.1, 6.3): which host it is for, where its body ends, which fields it has. */
bool fields_are_unmistakable(struct MHD_Connection *connection);

/* Whether the end of the body is said by a length, and not by the body itself (RFC 9112, section
 * 6.1). */
bool fields_have_length(struct MHD_Connection *connection);

#endif
