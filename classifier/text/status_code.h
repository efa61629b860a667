/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one reader of enhanced status codes (RFC 3463 section 2) and SMTP reply codes
 * (RFC 5321 section 4.2), alone or in free text. Careful rather than complete: an IP
 * address, a version or a date is not a code. What a code means is in rules/codes.
 */
#ifndef CLASSIFIER_TEXT_STATUS_CODE_H
#define CLASSIFIER_TEXT_STATUS_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/text/slice.h"

enum { STATUS_CODE_SIZE = sizeof "5.123.123" };

/* The length of the enhanced status code with which text begins, by its syntax alone; or 0. */
size_t status_code_length(const char *text);

/* Text begins with three digits that can be a reply code, of class 2, 4 or 5. */
bool status_code_is_reply(const char *text);

/* The text is an enhanced status code and nothing else. */
bool status_code_is_status(const char *text);

/* "", X.0.0, and what is no status code: it says nothing. */
bool status_code_is_generic(const char *status);

/* The enhanced status code of class 4 or 5 in a text. One after a reply code is the server's
 * own and goes first, then one at the start or after '#', then any other. False
 * if there is none. */
bool status_code_find_failure(const char *text, char status_out[STATUS_CODE_SIZE]);

/* The same; failing that, one of class 2 in one of the first two places. */
bool status_code_find(const char *text, struct slice *status_out);

/* The first reply code 4yz or 5yz in a place where one can be. */
bool status_code_find_reply(const char *text, struct slice *reply_out);

#endif
