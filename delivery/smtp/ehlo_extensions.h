/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the server offers in its reply to EHLO (RFC 5321 section 4.1.1.1).
 */
#ifndef DELIVERY_SMTP_EHLO_EXTENSIONS_H
#define DELIVERY_SMTP_EHLO_EXTENSIONS_H

#include <stdbool.h>

struct ehlo_extensions {
	bool has_starttls;   /* RFC 3207 */
	bool has_pipelining; /* RFC 2920 */
	bool has_8bitmime;   /* RFC 6152 */
	bool has_smtputf8;   /* RFC 6531 */
	bool has_dsn;        /* RFC 3461 */
	bool has_size;       /* RFC 1870 */
	char *mechanisms;    /* RFC 4954: "PLAIN LOGIN"; "" if none */
};

/* lines: of the reply without its code, each ended by LF. */
void ehlo_extensions_read(struct ehlo_extensions *offers, const char *lines);
void ehlo_extensions_clear(struct ehlo_extensions *offers);

#endif
