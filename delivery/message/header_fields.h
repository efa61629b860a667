/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The fields of a message of ours, appended to it one by one: printable ASCII, folded, with CRLF.
 * A GMimeMessage would keep each as an object, and parse what it has just been told.
 */
#ifndef DELIVERY_MESSAGE_HEADER_FIELDS_H
#define DELIVERY_MESSAGE_HEADER_FIELDS_H

#include <glib.h>

/* The value of a field with one mailbox, "Name <address>" or "address"; not folded. Heap. */
char *header_fields_mailbox(const char *text) __attribute__((warn_unused_result));

/* As it is: a short value of printable ASCII. */
void header_fields_add(GString *out, const char *name, const char *value);

/* Words for people, in UTF-8 (RFC 2047). */
void header_fields_add_text(GString *out, const char *name, const char *text);

/* mailboxes: as header_fields_mailbox() takes them, NULL-terminated; without any, no field. */
void header_fields_add_mailboxes(GString *out, const char *name, char *const *mailboxes);

#endif
