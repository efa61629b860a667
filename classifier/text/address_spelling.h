/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The spellings under which one mail address may have been written down
 * elsewhere: case and the two forms of an internationalised domain (RFC 5891).
 */
#ifndef CLASSIFIER_TEXT_ADDRESS_SPELLING_H
#define CLASSIFIER_TEXT_ADDRESS_SPELLING_H

#include <glib.h>

/* Appends to spellings (char *, freed by the array) those of the address that
 * are not there yet, in lower case: as given, with the domain in A-labels, with
 * the domain in U-labels. An address without "@" is only put in lower case; ""
 * adds nothing. */
void address_spelling_add_all(const char *address, GPtrArray *spellings);

/* The address as SMTP takes it without SMTPUTF8 (RFC 6531): its domain in A-labels.
 * A domain that has none stays as it is. Heap. */
char *address_spelling_for_wire(const char *address);

#endif
