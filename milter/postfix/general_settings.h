/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Settings of Postfix as a whole over which a person stumbles who wires it for the first time.
 */
#ifndef MILTER_POSTFIX_GENERAL_SETTINGS_H
#define MILTER_POSTFIX_GENERAL_SETTINGS_H

#include "milter/postconf/postconf.h"

/* Something that is missing; NULL if nothing. Heap. */
char *general_settings_fault(const struct postconf *postfix);

/* Prints a warning for what may be intended. addresses: one of each bounce domain. */
void general_settings_warn(const struct postconf *postfix, const char *const *addresses);

#endif
