/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every dimension of a message that a stranger controls has its bound here.
 * Beyond a bound the message is cut and parsed as far as it goes; it is never
 * refused for its size. Reports carry what matters at the front.
 */
#ifndef CLASSIFIER_TEXT_LIMITS_H
#define CLASSIFIER_TEXT_LIMITS_H

#include <stddef.h>

struct limits {
	size_t message_bytes;        /* bytes of a message that are read at all */
	size_t header_count;         /* header fields of one part */
	size_t header_bytes;         /* one header field, folded lines included */
	size_t address_header_bytes; /* one address field: bounds GMime's recursion */
	size_t part_count;           /* MIME parts, over all levels */
	size_t part_depth;           /* nesting of multiparts and messages */
	size_t part_bytes;           /* decoded bytes of one part */
	size_t nested_reports;       /* reports inside reports that are followed */
	size_t recipient_count;      /* recipients of one report */
	size_t reference_count;      /* ids of In-Reply-To and References together */
	size_t text_bytes;           /* human-readable text looked at by prose and rules */
	size_t field_bytes;          /* one value of a report: diagnostic, subject ... */
};

/* The bounds in force unless the configuration says otherwise. */
extern const struct limits limits_default;

#endif
