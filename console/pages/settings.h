/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The parameters: meaning, bounds, history, values of single processes; and what shadow mode would
 * have done.
 */
#ifndef CONSOLE_PAGES_SETTINGS_H
#define CONSOLE_PAGES_SETTINGS_H

#include "console/answer/page.h"

page_handler settings_list;
page_handler settings_show;
page_handler settings_shadow;

#endif
