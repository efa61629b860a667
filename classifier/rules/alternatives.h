/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Takes an expression apart into its alternatives, so that what many rules share is compiled once.
 */
#ifndef CLASSIFIER_RULES_ALTERNATIVES_H
#define CLASSIFIER_RULES_ALTERNATIVES_H

#include <glib.h>

/* The long alternatives of an expression, one by one, and the others together: whatever one of
 * them occurs in, the expression occurs in, and the reverse. What is no expression comes back
 * whole. Heap strings; free with g_ptr_array_unref. */
GPtrArray *alternatives_split(const char *expression);

#endif
