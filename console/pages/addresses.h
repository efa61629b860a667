/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One address: why it is blocked and since when, its mails and what came back to them;
 * and how what is stored of one, or of a person, is erased.
 */
#ifndef CONSOLE_PAGES_ADDRESSES_H
#define CONSOLE_PAGES_ADDRESSES_H

#include "console/answer/page.h"

page_handler addresses_show;
page_handler addresses_erase;

#endif
