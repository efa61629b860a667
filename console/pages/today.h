/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The first page: what is wrong, then the work.
 */
#ifndef CONSOLE_PAGES_TODAY_H
#define CONSOLE_PAGES_TODAY_H

#include "console/answer/page.h"

page_handler today_show;

#endif
