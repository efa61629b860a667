/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ids that cannot be guessed, and marks that only this process can make: HMAC-SHA-256 with a key
 * that lives as long as the process.
 */
#ifndef CONSOLE_SESSION_SEAL_H
#define CONSOLE_SESSION_SEAL_H

#include <stdbool.h>

struct seal;

struct seal *seal_new(void);
void seal_free(struct seal *seal);

/* 256 random bits in hexadecimal digits. Heap. */
char *seal_new_id(void);

/* The mark of a text for one purpose, in hexadecimal digits; another purpose has another mark.
 * Heap. */
char *seal_mark(const struct seal *seal, const char *purpose, const char *text);
/* In a time that does not depend on where they differ. */
bool seal_is_mark(const struct seal *seal, const char *purpose, const char *text, const char *mark);

#endif
