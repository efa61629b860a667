/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Bounces of a period by class, reason, domain, process or time.
 */
#ifndef CONSOLE_PAGES_FIGURES_H
#define CONSOLE_PAGES_FIGURES_H

#include "console/pages/page.h"

page_handler figures_show;

#endif
