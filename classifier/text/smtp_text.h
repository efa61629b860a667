/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SMTP codes and hosts in free text. Careful rather than complete: an address
 * of the Internet, a version or a date is not a code.
 */
#ifndef CLASSIFIER_TEXT_SMTP_TEXT_H
#define CLASSIFIER_TEXT_SMTP_TEXT_H

#include <stdbool.h>

#include "classifier/text/slice.h"

/* The first enhanced status code of class 4 or 5 (RFC 3463), one that follows
 * a reply code or '#' first; failing these one of class 2. */
bool smtp_find_status(const char *text, struct slice *status_out);

/* The first reply code 4yz or 5yz (RFC 5321 section 4.2) in a place where one can be. */
bool smtp_find_reply(const char *text, struct slice *reply_out);

/* The host of "host mx.example.org[192.0.2.1] said:" and its kin. */
bool smtp_find_host(const char *text, struct slice *host_out);

#endif
