/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Header fields as slices of a text (RFC 5322 section 2.2), for messages, for
 * delivery-status groups and for originals that came back as plain text.
 * Tolerant: a line that is no field is passed over.
 */
#ifndef CLASSIFIER_TEXT_HEADER_H
#define CLASSIFIER_TEXT_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/text/slice.h"

struct header_field {
	struct slice name; /* without white space before the colon */
	struct slice
	    value; /* folded as it came, without leading white space and trailing line end */
};

/* The bytes before the first empty line. */
struct slice header_block(const char *bytes, size_t len);

/* Bytes of the field name at the beginning of a line, or 0 if the line begins no field by RFC 5322
 * section 2.2, with the blanks before the colon that section 4.5 allows. header_next() reads more:
 * this is for what is sent on. */
size_t header_name_length(const char *line, size_t len);

/* Takes the next field off *rest; false at the end or at an empty line, which
 * *rest then begins with. */
bool header_next(struct slice *rest, struct header_field *field_out);

/* Whether the block has one field or more, and every line belongs to one. */
bool header_is_sound(struct slice block);

/* Whether the word, case does not matter, is anywhere in the text. */
bool header_has_word(struct slice text, const char *word);

bool header_name_is(const struct header_field *field, const char *name);

/* The value of the first field of that name (case does not matter). */
bool header_find(struct slice block, const char *name, struct slice *value_out);

/* The "type/subtype" at the start of a Content-Type value, past white space and
 * comments (RFC 2045 section 5.1); empty if there is none. */
struct slice header_media_type(struct slice value);

/* Line ends and the white space around them become one space. Heap. */
char *header_unfold(const char *value, size_t len);

#endif
