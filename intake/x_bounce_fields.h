/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The header fields X-Bounce-..., which only we may write: the verdict for a person who gets the
 * mail. Those that came with it are a stranger's.
 */
#ifndef INTAKE_X_BOUNCE_FIELDS_H
#define INTAKE_X_BOUNCE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* "" for a field that is not wanted. */
struct x_bounce_fields {
	const char *class;
	const char *reason;
	const char *bounce_id;
};

/* Appends the fields -Class, -Reason and -Id; line breaks in a value become blanks. */
void x_bounce_fields_append(GString *header, const struct x_bounce_fields *fields,
			    const char *line_end);

/* Whether a field is one of them, in any case. field: its name, or the line that it begins. */
bool x_bounce_fields_is_one(const char *field, size_t len);

/* A stranger's header, line by line; all zero before the first one. */
struct x_bounce_filter {
	bool has_field;  /* there is one that a line may continue */
	bool is_dropped; /* that one is ours to write */
};

/* What becomes of a line, which is without its end. Nothing is a header's but fields and lines that
 * continue one: who comes behind our fields must not continue them, and where an MTA ends the
 * header, it ends here as well. */
enum x_bounce_line {
	X_BOUNCE_LINE_KEPT,
	X_BOUNCE_LINE_DROPPED,
	X_BOUNCE_LINE_EMPTY,    /* the header is over */
	X_BOUNCE_LINE_NO_FIELD, /* the header is over, and lacks its empty line */
};
enum x_bounce_line x_bounce_filter_line(struct x_bounce_filter *filter, const char *line,
					size_t len);

#endif
