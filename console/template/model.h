/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a page shows: texts and lists by name. A list holds models again, its rows. The texts are as
 * they came, from whomever; they are made safe where they are written (template/render.c).
 */
#ifndef CONSOLE_TEMPLATE_MODEL_H
#define CONSOLE_TEMPLATE_MODEL_H

#include <stdbool.h>

#include <glib.h>

struct model;

struct model *model_new(void);
void model_free(struct model *model);

/* Copies. NULL removes: the name is then not there. */
void model_set(struct model *model, const char *name, const char *text);
/* Is there or not, for sections. */
void model_flag(struct model *model, const char *name, bool is_set);
/* A new row at the end of that list; the model owns it. */
struct model *model_add(struct model *model, const char *name);

/* NULL where there is none. */
const char *model_text(const struct model *model, const char *name);
const GPtrArray *model_rows(const struct model *model, const char *name);

typedef struct model model_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(model_t, model_free)

#endif
