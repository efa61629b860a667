/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the day of return. The first line of the input is the Date field, the
 * rest the text. What is found is a day, written as promised.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "classifier/prose/return_date.h"
#include "classifier/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *clean = text_clean((const char *)data, size, size);
	char *line = strchr(clean, '\n');
	char found[RETURN_DATE_SIZE];
	unsigned year, month, day;

	if (line)
		*line++ = '\0';
	return_date_find(line ? line : "", clean, found);
	if (found[0] == '\0')
		return 0;
	if (strlen(found) != RETURN_DATE_SIZE - 1 ||
	    sscanf(found, "%4u-%2u-%2u", &year, &month, &day) != 3 ||
	    !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		__builtin_trap();
	return 0;
}
