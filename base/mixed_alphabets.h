/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Letters that only look like others: Cyrillic "а" in a Latin name. Unicode's UTS #39 (security
 * mechanisms), section 5.2: what is "highly restrictive" there is not mixed.
 */
#ifndef BASE_MIXED_ALPHABETS_H
#define BASE_MIXED_ALPHABETS_H

#include <stdbool.h>

/* Whether a word of valid UTF-8 text has letters of several alphabets, or forms of letters that
 * stand for others (full-width, mathematical). The local part of an address and its domain are
 * words of their own. Chinese, Japanese and Korean are written with Latin letters between them. */
bool mixed_alphabets_in(const char *text);

#endif
