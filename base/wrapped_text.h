/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The help of a program in lines that a terminal of 80 columns shows whole.
 */
#ifndef BASE_WRAPPED_TEXT_H
#define BASE_WRAPPED_TEXT_H

#include <stdio.h>

/* Prints the head, and the text behind it in lines of at most 80 characters, all but the first
 * begun by indent blanks; a line end is printed behind the last. A word that is longer than a
 * line is not parted. */
void wrapped_text_print(FILE *out, const char *head, const char *text, size_t indent);

#endif
