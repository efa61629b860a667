/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By the functions with which GMime writes a field, and without its objects for a header.
 */
#include "delivery/message/header_fields.h"

#include <string.h>

#include <gmime/gmime.h>

/* By hand: GMime's parser would take a name for the syntax it may contain. */
static InternetAddress *address_new(const char *text)
{
	const char *open = strrchr(text, '<');
	const char *close = !open ? NULL : strchr(open, '>');

	if (!close)
		return internet_address_mailbox_new(NULL, text);
	g_autofree char *address = g_strndup(open + 1, (gsize)(close - open - 1));
	g_autofree char *name = g_strstrip(g_strndup(text, (gsize)(open - text)));
	gsize len = strlen(name);

	if (len >= 2 && name[0] == '"' && name[len - 1] == '"') {
		memmove(name, name + 1, len - 2);
		name[len - 2] = '\0';
	}
	return internet_address_mailbox_new(*name == '\0' ? NULL : name, address);
}

char *header_fields_mailbox(const char *text)
{
	g_autoptr(GObject) address = (GObject *)address_new(text);

	return internet_address_to_string((InternetAddress *)address, NULL, TRUE);
}

/* GMime ends lines with LF and folds some fields with a tab: with a blank all is printable ASCII.
 */
static void append_folded(GString *out, const char *field)
{
	for (const char *p = field; *p != '\0'; p++) {
		if (*p == '\n')
			g_string_append_c(out, '\r');
		g_string_append_c(out, *p == '\t' && p > field && p[-1] == '\n' ? ' ' : *p);
	}
	if (!g_str_has_suffix(field, "\n"))
		g_string_append(out, "\r\n");
}

void header_fields_add(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, "%s: %s\r\n", name, value);
}

void header_fields_add_text(GString *out, const char *name, const char *text)
{
	g_autofree char *encoded = g_mime_utils_header_encode_text(NULL, text, "utf-8");
	g_autofree char *field = g_strdup_printf("%s: %s\n", name, encoded);
	g_autofree char *folded = g_mime_utils_unstructured_header_fold(NULL, NULL, field);

	append_folded(out, folded);
}

void header_fields_add_mailboxes(GString *out, const char *name, char *const *mailboxes)
{
	g_autoptr(GObject) object = (GObject *)internet_address_list_new();
	g_autoptr(GString) field = g_string_new(name);
	InternetAddressList *list = (InternetAddressList *)object;

	if (!*mailboxes)
		return;
	for (; *mailboxes; mailboxes++) {
		g_autoptr(GObject) entry = (GObject *)address_new(*mailboxes);

		internet_address_list_add(list, (InternetAddress *)entry);
	}
	g_string_append(field, ": ");
	internet_address_list_encode(list, NULL, field);
	append_folded(out, field->str);
}
