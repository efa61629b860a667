/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What waits to be sent, what was sent or given up, by server and by process.
 */
#ifndef CONSOLE_PAGES_QUEUE_H
#define CONSOLE_PAGES_QUEUE_H

#include "console/answer/page.h"

page_handler queue_show;

#endif
