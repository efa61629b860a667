/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By what the same report is known when it comes again.
 */
#ifndef CLASSIFIER_READ_DIGEST_H
#define CLASSIFIER_READ_DIGEST_H

#include <stddef.h>

enum { DIGEST_SIZE = 65 };

/* SHA-256 of the body, which begins after the first empty line, in lower-case hex. */
void digest_of_body(const char *bytes, size_t len, char digest_out[DIGEST_SIZE]);

#endif
