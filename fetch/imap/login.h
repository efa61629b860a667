/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the greeting to a session that may be used: STARTTLS where the port is not encrypted by
 * itself, and the login.
 */
#ifndef FETCH_IMAP_LOGIN_H
#define FETCH_IMAP_LOGIN_H

#include "fetch/imap/dialogue.h"
#include "fetch/store/store.h"

/* False with BM_ERROR_RETRY, or BM_ERROR_CONFIG where the server refuses us. The password is
 * offered to no server whose certificate was not verified. */
bool imap_login(struct imap_dialogue *dialogue, const struct store_opening *opening, GError **error)
    __attribute__((warn_unused_result));

#endif
