/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bytes that a stranger chose, as a number by which they are known again.
 */
#ifndef FETCH_STORE_DIGEST_H
#define FETCH_STORE_DIGEST_H

#include <stddef.h>

#include <glib.h>

/* The first 64 bits of SHA-256. */
gint64 digest_of(const void *bytes, size_t len);

#endif
