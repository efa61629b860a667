/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The texts of the console in one language: a catalogue of gettext (.mo), compiled in. Read without
 * libintl, whose language belongs to the whole process and needs a locale that is installed.
 */
#ifndef CONSOLE_TEXT_CATALOGUE_H
#define CONSOLE_TEXT_CATALOGUE_H

#include <stdbool.h>

#include <glib.h>

/* Marks a text that is translated where it is shown (tests/house/catalogues.t). */
#define N_(text) text

struct catalogue;

/* For the best of the languages in an Accept-Language (RFC 9110, 12.5.4) that there is a catalogue
 * for; English if there is none. NULL is as "". Lives as long as the program. */
const struct catalogue *catalogue_for(const char *accept_language);

const char *catalogue_tag(const struct catalogue *catalogue); /* "de" */

/* The text in that language, or the text itself where there is none. */
const char *catalogue_text(const struct catalogue *catalogue, const char *text);
/* The form for so many. */
const char *catalogue_plural(const struct catalogue *catalogue, const char *one, const char *many,
			     guint64 count);

/* A catalogue as msgfmt(1) writes it, whose bytes stay. NULL where they are no such file. */
struct catalogue_bytes {
	const char *tag;
	const char *bytes;
	gsize len;
};
struct catalogue *catalogue_read(const struct catalogue_bytes *source);
void catalogue_free(struct catalogue *catalogue);

typedef struct catalogue catalogue_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(catalogue_t, catalogue_free)

#endif
