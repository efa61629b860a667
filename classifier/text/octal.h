/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Exim writes the 8-bit bytes of a text in octal: "\303\274" is "ü".
 */
#ifndef CLASSIFIER_TEXT_OCTAL_H
#define CLASSIFIER_TEXT_OCTAL_H

#include <stddef.h>

#include <glib.h>

/* Decodes in place what is a character of UTF-8; the rest stays as it is. */
void octal_decode(char *text);

/* Decodes every byte, whatever its charset. Heap, with a NUL after it. */
char *octal_decode_bytes(const char *text, size_t len, size_t *len_out);

#endif
