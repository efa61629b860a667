/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one error domain. A code answers the caller's only question: what do I do next?
 * The text is for the log: lower case, names the object, no full stop.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#include <glib.h>

#define BM_ERROR (bm_error_quark())

enum bm_error {
	BM_ERROR_RETRY,     /* nothing changed: the same call may succeed later */
	BM_ERROR_UNCERTAIN, /* a COMMIT may or may not have happened: repeat it */
	BM_ERROR_INPUT,     /* this input can never succeed */
	BM_ERROR_CONFIG,    /* a person must act first */
};

GQuark bm_error_quark(void);

/* BM_ERROR_RETRY or BM_ERROR_UNCERTAIN: the same call may be repeated. */
bool bm_error_is_temporary(const GError *error);

#endif
