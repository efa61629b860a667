/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mail addresses in headers and in prose (RFC 5322 section 3.4, RFC 6531),
 * read by one pass without recursion.
 */
#ifndef CLASSIFIER_TEXT_ADDRESS_H
#define CLASSIFIER_TEXT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/text/slice.h"

/* The first thing that looks like local@domain in text[0..len), without
 * brackets and quotes around it. What was written as one address and is none is found
 * as it is written, "jo@smith@host.example", "<max mustermann@host.example>": a part of it
 * may be somebody else's. */
bool address_find(const char *text, size_t len, struct slice *address_out);

/* Takes the next mailbox off a header value (a To or From field) and gives its
 * bare address; mailboxes without one are passed over. false at the end. */
bool address_next(struct slice *rest, struct slice *address_out);

/* The same of a field that names recipients: a mailbox that is no address though it has an at
 * sign is given as it is written. */
bool address_next_recipient(struct slice *rest, struct slice *address_out);

/* The bare address of a DSN address field's value without its type, or of a
 * Return-Path: brackets, comments and quotes around it gone. It need not
 * have a domain. A value that is no address though it has an at sign comes as it is
 * written. Empty if there is none. */
struct slice address_bare(const char *value, size_t len);

/* Is the address in a list that ends with NULL? ASCII case does not count. */
bool address_is_in(const char *const *list, const char *address);

/* The first place of the text at which the address stands by itself, not as part of a longer one.
 * ASCII case does not count. NULL if there is none, or the address is empty. */
const char *address_locate(const char *text, const char *address);

/* Does the text say of the address that it is the rest of what somebody wrote as one?
 * Exim: "mueller@host.example may not follow frau". */
bool address_is_rest(const char *text, const char *address);

/* Decodes xtext (RFC 3461 section 4) "+XX" in place. */
void address_decode_xtext(char *text);

/* Decodes "\x{HEX}" (RFC 6533 section 3) in place; text stays valid UTF-8. */
void address_decode_utf8(char *text);

#endif
