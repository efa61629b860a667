/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table that dialects.awk makes of etc/dialects.
 */
#include "classifier/prose/dialects.h"

#include <glib.h>

#include "dialects.inc"

const size_t prose_dialect_count = G_N_ELEMENTS(prose_dialects);
