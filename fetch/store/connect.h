/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The connection below a mailbox, before anything of its protocol is said.
 */
#ifndef FETCH_STORE_CONNECT_H
#define FETCH_STORE_CONNECT_H

#include <glib.h>

#include "fetch/store/store.h"

/* Encrypted from the first byte, but for "imap", which is to ask for STARTTLS. Owned by the
 * caller; NULL and error: BM_ERROR_RETRY, as of stream_connect(). */
struct stream *store_connect(const struct store_opening *opening, GError **error);

#endif
