/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads the fields that name the envelope, up to the end of the header.
 */
#include "intake/trace_fields.h"

#include <string.h>

#include "classifier/text/address.h"

enum { RECIPIENTS_MAX = 100, ADDRESS_BYTES_MAX = 320 };

/* An address that SMTP could have carried: anybody can write these fields. */
static bool is_sound(struct slice address)
{
	const char *end;

	if (address.len >= ADDRESS_BYTES_MAX ||
	    !g_utf8_validate_len(address.data, address.len, &end))
		return false;
	for (const char *p = address.data; p < address.data + address.len;
	     p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c <= ' ' || (c >= 0x7f && c <= 0x9f) || c == '<' || c == '>')
			return false;
	}
	return address.len == 0 || memchr(address.data, '@', address.len - 1);
}

static void add_traced_recipient(GPtrArray *recipients, struct slice address)
{
	g_autofree char *text = g_strndup(address.data, address.len);

	for (guint i = 0; i < recipients->len; i++)
		if (g_ascii_strcasecmp(recipients->pdata[i], text) == 0)
			return;
	if (address.len > 0 && recipients->len < RECIPIENTS_MAX)
		g_ptr_array_add(recipients, g_steal_pointer(&text));
}

/* Whether the line is a field of that name with an address, or none; the address. */
static bool is_trace_field(const char *line, size_t len, const char *name,
			   struct slice *address_out)
{
	size_t name_len = strlen(name);

	if (len <= name_len || g_ascii_strncasecmp(line, name, name_len) != 0 ||
	    line[name_len] != ':')
		return false;
	*address_out = address_bare(line + name_len + 1, len - name_len - 1);
	return is_sound(*address_out);
}

static void read_trace_line(const char *line, size_t len, struct trace_fields *trace)
{
	static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To"};
	struct slice address;

	if (*trace->sender == '\0' && is_trace_field(line, len, "Return-Path", &address)) {
		g_free(trace->sender);
		trace->sender = g_strndup(address.data, address.len);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (is_trace_field(line, len, names[i], &address))
			add_traced_recipient(trace->recipients, address);
}

void trace_fields_read(const char *bytes, size_t len, struct trace_fields *trace_out)
{
	const char *end = bytes + len;

	trace_out->sender = g_strdup("");
	trace_out->recipients = g_ptr_array_new_null_terminated(4, g_free, TRUE);
	for (const char *line = bytes; line < end;) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((next ? next : end) - line);

		if (line_len > 0 && line[line_len - 1] == '\r')
			line_len--;
		if (line_len == 0 || !next)
			break;
		read_trace_line(line, line_len, trace_out);
		line = next + 1;
	}
}

void trace_fields_clear(struct trace_fields *trace)
{
	g_clear_pointer(&trace->sender, g_free);
	g_clear_pointer(&trace->recipients, g_ptr_array_unref);
}
