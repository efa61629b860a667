/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a cleanup service refuses by content, before or instead of us.
 */
#ifndef MILTER_POSTFIX_CONTENT_CHECKS_H
#define MILTER_POSTFIX_CONTENT_CHECKS_H

#include <stdbool.h>

#include "milter/postconf/postconf.h"

enum { CONTENT_CHECKS_BYTES_MIN = 100000 }; /* of a mail: twice what Postfix returns of one */

/* Prints a line of --check that says which rule keeps bounces from us, and what to do; true if
 * there is none. */
bool content_checks_check(const struct postconf *postfix, const struct postconf_service *cleanup);

#endif
