/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Log in and out.
 */
#ifndef CONSOLE_PAGES_LOGIN_H
#define CONSOLE_PAGES_LOGIN_H

#include "console/pages/page.h"

page_handler login_show;
page_handler login_enter;
page_handler login_leave;

/* The form, where a page needs a person: 401. */
struct response *login_demand(struct page_call *call);

#endif
