/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run of bytes that belongs to somebody else.
 */
#ifndef CLASSIFIER_TEXT_SLICE_H
#define CLASSIFIER_TEXT_SLICE_H

#include <stddef.h>

/* Bytes of the message, line ends LF; not NUL-terminated. */
struct slice {
	const char *data;
	size_t len;
};

#endif
