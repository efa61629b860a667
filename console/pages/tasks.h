/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tasks: the list, one of them, and what is done with them: first shown, then done, then taken
 * back.
 */
#ifndef CONSOLE_PAGES_TASKS_H
#define CONSOLE_PAGES_TASKS_H

#include "console/pages/page.h"

page_handler tasks_list;
page_handler tasks_show;

#endif
