/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One address: why it is blocked and since when, its mails and what came back to them.
 */
#ifndef CONSOLE_PAGES_ADDRESSES_H
#define CONSOLE_PAGES_ADDRESSES_H

#include "console/answer/page.h"

page_handler addresses_show;

#endif
