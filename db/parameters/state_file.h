/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The file state_file: the parameters that were known last, for a start without the database:
 * bounce_domains and operator_mailbox. Keys of return paths are never written.
 */
#ifndef DB_PARAMETERS_STATE_FILE_H
#define DB_PARAMETERS_STATE_FILE_H

#include "db/parameters/parameters.h"

/* NULL with BM_ERROR_CONFIG naming what
 * is wrong with the file, or with BM_ERROR_RETRY when there is none yet. */
struct db_parameters *state_file_read(const char *path, GError **error)
    __attribute__((warn_unused_result));

/* Replaces the file at once, as a whole and durably, unless it says the same already.
 * False with BM_ERROR_CONFIG; the old file is then untouched. */
bool state_file_write(const char *path, const struct db_parameters *parameters, GError **error)
    __attribute__((warn_unused_result));

#endif
