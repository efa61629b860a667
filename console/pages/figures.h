/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bounces of a period, of one process or of all, by class, reason, domain, process or time; as a
 * page and as a file.
 */
#ifndef CONSOLE_PAGES_FIGURES_H
#define CONSOLE_PAGES_FIGURES_H

#include "console/answer/page.h"

page_handler figures_show;
page_handler figures_export;

#endif
