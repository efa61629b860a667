/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads the server's replies from the bytes as they were received, for what libESMTP does
 * not pass on. Knows nothing of libESMTP.
 */
#ifndef DELIVERY_SMTP_REPLIES_H
#define DELIVERY_SMTP_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

/* The text of the last refusal with that code, its lines joined by blanks; code 0: of
 * any refusal, with its code in front. "" if there is none. Heap. */
char *replies_last_refusal(const char *received, int code);

/* Whether the reply to EHLO offers 8BITMIME (RFC 5321 section 4.1.1.1: ehlo-line). */
bool replies_offer_8bitmime(const char *received);

/* Whether a login was accepted (RFC 4954 section 4: 235). */
bool replies_accept_login(const char *received);

/* Changes the keyword PIPELINING of an ehlo-line into another one. fresh are the len
 * bytes received last, which may still be changed; received ends in a copy of them. */
void replies_hide_pipelining(const char *received, size_t received_len, char *fresh, size_t len);

#endif
