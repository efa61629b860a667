/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is done with tasks, one or many: first shown, then done, then taken back.
 */
#ifndef CONSOLE_PAGES_TASK_ACTS_H
#define CONSOLE_PAGES_TASK_ACTS_H

#include "console/answer/page.h"

page_handler task_acts_choose;
page_handler task_acts_preview;
page_handler task_acts_resolve;
page_handler task_acts_reopen;
page_handler task_acts_assign;
page_handler task_acts_postpone;
page_handler task_acts_note;

#endif
