/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists that phrases.awk makes of etc/phrases.
 */
#include "classifier/text/words.h"

#include <string.h>

#include <glib.h>

#include "words.inc"

bool words_any(const char *lower, const char *const *words)
{
	for (; *words; words++)
		if (strstr(lower, *words))
			return true;
	return false;
}

bool words_begin(const char *lower, const char *const *words)
{
	for (; *words; words++)
		if (g_str_has_prefix(lower, *words))
			return true;
	return false;
}
