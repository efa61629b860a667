/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines are broken at blanks, of which there is one between two words.
 */
#include "base/wrapped_text.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { COLUMNS = 80 };

void wrapped_text_print(FILE *out, const char *head, const char *text, size_t indent)
{
	size_t column = (size_t)g_utf8_strlen(head, -1);
	bool is_first = true; /* of its line: no blank stands before it */

	fputs(head, out);
	for (const char *word = text; *word != '\0'; is_first = false) {
		size_t bytes = strcspn(word, " ");
		size_t width = (size_t)g_utf8_strlen(word, (gssize)bytes);

		if (!is_first && column + 1 + width > COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			is_first = true;
		}
		fprintf(out, "%s%.*s", is_first ? "" : " ", (int)bytes, word);
		column += width + !is_first;
		word += bytes + strspn(word + bytes, " ");
	}
	fputc('\n', out);
}
