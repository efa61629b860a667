/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A page: a template with a model, in a language.
 */
#ifndef CONSOLE_TEMPLATE_RENDER_H
#define CONSOLE_TEMPLATE_RENDER_H

#include <glib.h>

#include "console/template/model.h"
#include "console/template/template.h"
#include "console/text/catalogue.h"

/* The templates by name, of which one may call another. */
struct render {
	GHashTable *templates; /* of struct template */
	const struct catalogue *catalogue;
};

/* Appends the page. Everything of the model is cleaned of what acts instead of being seen, then
 * escaped; only our own templates are written as they are. */
void render_page(const struct render *render, const char *name, const struct model *model,
		 GString *out);

/* Path and parameters: name, value ..., ended by NULL; those without a value are left out. Each is
 * percent-encoded. The only way to make an address, also for a redirect. Heap. */
char *render_url(const char *path, const char *const *parameters);

#endif
