/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "\2nn" and "\3nn" only: what is below is ASCII, and an escape of something else.
 */
#include "classifier/text/octal.h"

#include <string.h>

static int octal_byte(const char *at, size_t left)
{
	if (left < 4 || at[0] != '\\' || at[1] < '2' || at[1] > '3')
		return -1;
	if (at[2] < '0' || at[2] > '7' || at[3] < '0' || at[3] > '7')
		return -1;
	return (at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0');
}

/* Bytes of one UTF-8 character written in octal at this place; their count, or 0. */
static int octal_character(const char *at, size_t left, char *bytes)
{
	int count = 0;
	for (int byte; count < 4 && (byte = octal_byte(at, left)) >= 0; at += 4, left -= 4) {
		bytes[count++] = (char)byte;
		if (g_utf8_validate(bytes, count, NULL))
			return count;
	}
	return 0;
}

void octal_decode(char *text)
{
	char *out = strchr(text, '\\');
	if (!out)
		return;
	size_t left = strlen(out);
	for (const char *at = out; left > 0;) {
		char bytes[4];
		int count = *at == '\\' ? octal_character(at, left, bytes) : 0;
		size_t used = count ? (size_t)count * 4 : 1;
		if (count)
			memcpy(out, bytes, (size_t)count);
		else
			*out = *at;
		out += count ? count : 1;
		at += used;
		left -= used;
	}
	*out = '\0';
}

char *octal_decode_bytes(const char *text, size_t len, size_t *len_out)
{
	char *bytes = g_malloc(len + 1);
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		int octal = octal_byte(text + i, len - i);
		bytes[used++] = octal < 0 ? text[i] : (char)octal;
		i += octal < 0 ? 0 : 3;
	}
	bytes[used] = '\0';
	*len_out = used;
	return bytes;
}
