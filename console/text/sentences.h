/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sentences of the database: a text with gaps and what stands in them, so that they can be said in
 * the reader's language without a word being changed that somebody else wrote.
 */
#ifndef CONSOLE_TEXT_SENTENCES_H
#define CONSOLE_TEXT_SENTENCES_H

#include "console/text/catalogue.h"

/* The text with its sentences in that language, or as the database says them in English (NULL).
 * Only what carries the mark is one: the session with the database asks for it (bounce.mark,
 * sql/functions/internal/values/sentences.sql), and who writes a mail does not know it. Heap; NULL
 * for NULL. */
char *sentences_told(const struct catalogue *catalogue, const char *mark, const char *text);

#endif
