/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The story of a mail, of a bounce with the message that was read, and what a search finds.
 */
#ifndef CONSOLE_PAGES_MAILS_H
#define CONSOLE_PAGES_MAILS_H

#include "console/answer/page.h"

page_handler mails_search;
page_handler mails_show;
page_handler mails_bounce;

#endif
