/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "&" begins a run of UTF-16 in base64 without padding, with "," for "/"; "-" ends it.
 */
#include "fetch/imap/folder_name.h"

#include <stdbool.h>

#include <glib.h>

#include "base/secret.h"
#include "net/sasl.h"

char *imap_quote(const char *text)
{
	char *escaped = sasl_escape(text);
	char *quoted = g_strdup_printf("\"%s\"", escaped);

	secret_free(escaped);
	return quoted;
}

static void append_run(GString *out, const char *run, gsize len)
{
	g_autofree gunichar2 *units = g_utf8_to_utf16(run, (glong)len, NULL, NULL, NULL);
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	for (gunichar2 *unit = units; *unit != 0; unit++) {
		const guint8 pair[] = {(guint8)(*unit >> 8), (guint8)(*unit & 0xff)};

		g_byte_array_append(bytes, pair, sizeof pair);
	}
	g_autofree char *base64 = g_base64_encode(bytes->data, bytes->len);
	g_strdelimit(base64, "/", ',');
	for (char *p = base64; *p != '\0'; p++)
		if (*p == '=')
			*p = '\0';
	g_string_append_printf(out, "&%s-", base64);
}

static bool is_utf7_plain(char byte)
{
	return byte >= ' ' && byte < 0x7f;
}

char *imap_folder_name(const char *name)
{
	g_autoptr(GString) out = g_string_new(NULL);

	while (*name != '\0') {
		const char *end = name;

		while (*end != '\0' && !is_utf7_plain(*end))
			end++;
		if (end > name) {
			append_run(out, name, (gsize)(end - name));
			name = end;
			continue;
		}
		g_string_append_c(out, *name);
		if (*name == '&')
			g_string_append_c(out, '-');
		name++;
	}
	return imap_quote(out->str);
}
