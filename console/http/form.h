/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a browser sends as application/x-www-form-urlencoded: a query, the body of a form.
 */
#ifndef CONSOLE_HTTP_FORM_H
#define CONSOLE_HTTP_FORM_H

#include <glib.h>

enum { FORM_FIELDS_MAX = 1000 };

struct form;

/* NULL with BM_ERROR_INPUT: too many fields, a broken escape, a NUL, what is no UTF-8. Nothing of
 * such a form is used. */
struct form *form_parse(const char *bytes, gsize len, GError **error)
    __attribute__((warn_unused_result));
void form_free(struct form *form);

/* The first value of that name; "" where there is none. */
const char *form_get(const struct form *form, const char *name);
/* The same; NULL where there is none, or an empty one. */
const char *form_find(const struct form *form, const char *name);
/* All values of that name, in order, ended by NULL; the array is the caller's (g_free), the values
 * are not. */
const char **form_all(const struct form *form, const char *name);

typedef struct form form_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(form_t, form_free)

#endif
