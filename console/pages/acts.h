/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything that is done with one mail, bounce, address, process or parameter: its consequences
 * are shown first, then it is done, then it can be taken back. The form names the act; whether the
 * person may do it, the database decides, in the preview as well.
 */
#ifndef CONSOLE_PAGES_ACTS_H
#define CONSOLE_PAGES_ACTS_H

#include "console/answer/page.h"

page_handler acts_choose;
page_handler acts_preview;
page_handler acts_do;

#endif
