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
 * brackets and quotes around it. */
bool address_find(const char *text, size_t len, struct slice *address_out);

/* Takes the next mailbox off a header value (a To or From field) and gives its
 * bare address; mailboxes without one are passed over. false at the end. */
bool address_next(struct slice *rest, struct slice *address_out);

/* The bare address of a DSN address field's value without its type, or of a
 * Return-Path: brackets, comments and quotes around it gone. It need not
 * have a domain. Empty if there is none. */
struct slice address_bare(const char *value, size_t len);

/* Is the address in a list that ends with NULL? ASCII case does not count. */
bool address_is_in(const char *const *list, const char *address);

/* The first place of the text at which the address stands by itself, not as part of a longer one.
 * ASCII case does not count. NULL if there is none, or the address is empty. */
const char *address_locate(const char *text, const char *address);

/* Decodes xtext (RFC 3461 section 4) "+XX" in place. */
void address_decode_xtext(char *text);

/* Decodes "\x{HEX}" (RFC 6533 section 3) in place; text stays valid UTF-8. */
void address_decode_utf8(char *text);

#endif
