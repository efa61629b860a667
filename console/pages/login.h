/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Log in and out.
 */
#ifndef CONSOLE_PAGES_LOGIN_H
#define CONSOLE_PAGES_LOGIN_H

#include "console/answer/page.h"

page_handler login_show;
page_handler login_enter;
page_handler login_leave;

/* The session of the person whom the proxy names, with its new id; the database lets the console's
 * own account in as him. NULL: *refusal_out is the answer. */
struct session *login_named(struct page_call *call, char **id_out, struct response **refusal_out);

/* Whether the account may still log in, and has the rights that it had then: they are those of its
 * session. */
bool login_is_current(const struct session *session);

/* The form, where a page needs a person: 401. */
struct response *login_demand(struct page_call *call);

#endif
