/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bytes that a stranger chose, as a number by which they are known again.
 */
#ifndef FETCH_STORE_SHORT_HASH_H
#define FETCH_STORE_SHORT_HASH_H

#include <stddef.h>

#include <glib.h>

/* The first 64 bits of SHA-256. */
gint64 short_hash_of(const void *bytes, size_t len);

#endif
