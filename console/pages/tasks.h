/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tasks: the list, one of them, and what is done with them: first shown, then done, then taken
 * back.
 */
#ifndef CONSOLE_PAGES_TASKS_H
#define CONSOLE_PAGES_TASKS_H

#include "console/answer/page.h"

page_handler tasks_list;
page_handler tasks_show;

/* How the list is filtered, as the fields of the call say: name and value in turn. */
void tasks_add_filter(const struct page_call *call, GPtrArray *parameters);
/* The same for a page: filter_NAME each, and for its forms to send along ({{>filter}}). */
void tasks_keep_filter(struct page_call *call);

#endif
