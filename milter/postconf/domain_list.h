/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists of domains in main.cf, read as Postfix matches them: names, files, and tables, which
 * postmap(1) asks.
 */
#ifndef MILTER_POSTCONF_DOMAIN_LIST_H
#define MILTER_POSTCONF_DOMAIN_LIST_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

/* Whether the list in that parameter, as "relay_domains", has the domain, or a parent of it where
 * Postfix looks for those too. A table that cannot be asked may have it. */
bool domain_list_has(const struct postconf *postfix, const char *parameter, const char *domain);

#endif
