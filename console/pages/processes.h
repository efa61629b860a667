/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Business processes, and the applications that may use them.
 */
#ifndef CONSOLE_PAGES_PROCESSES_H
#define CONSOLE_PAGES_PROCESSES_H

#include "console/answer/page.h"

page_handler processes_list;
page_handler processes_show;

#endif
