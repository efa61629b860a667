/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The last known parameters in a file, for a start without the database: which addresses
 * are ours, and the operator's mailbox. Keys of return paths are never written.
 */
#ifndef DB_PARAMETER_STATE_H
#define DB_PARAMETER_STATE_H

#include <stdbool.h>

#include <glib.h>

#include "db/parameters.h"

/* NULL with BM_ERROR_CONFIG naming what is wrong with the file, or with BM_ERROR_RETRY when
 * there is none yet. */
struct db_parameters *parameter_state_read(const char *path, GError **error)
    __attribute__((warn_unused_result));

/* Replaces the file at once, as a whole and durably, unless it says the same already.
 * False with BM_ERROR_CONFIG; the old file is then untouched. */
bool parameter_state_write(const char *path, const struct db_parameters *parameters, GError **error)
    __attribute__((warn_unused_result));

#endif
