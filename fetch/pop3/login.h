/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the greeting to a session that may be used.
 */
#ifndef FETCH_POP3_LOGIN_H
#define FETCH_POP3_LOGIN_H

#include "fetch/pop3/dialogue.h"
#include "fetch/store/store.h"

/* False with BM_ERROR_RETRY, or BM_ERROR_CONFIG where the server refuses us. The stream is
 * encrypted, its server verified. */
bool pop3_login(struct pop3_dialogue *dialogue, const struct store_opening *opening, GError **error)
    __attribute__((warn_unused_result));

#endif
