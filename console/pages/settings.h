/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The parameters: meaning, bounds, history, values of single processes; what shadow mode would have
 * done; and the keys that sign return paths.
 */
#ifndef CONSOLE_PAGES_SETTINGS_H
#define CONSOLE_PAGES_SETTINGS_H

#include "console/answer/page.h"

page_handler settings_list;
page_handler settings_show;
page_handler settings_shadow;
page_handler settings_keys;

#endif
