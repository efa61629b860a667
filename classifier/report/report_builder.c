/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values into the pool, recipients into the array.
 */
#include "classifier/report/report_builder.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/smtp_host.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"

const char *report_builder_value(struct report_build *build, const char *text, size_t len)
{
	size_t max = build->limits->field_bytes;
	if (len > 2 * max)
		build->report->truncated = true;
	g_autofree char *line = text_one_line(text, MIN(len, 2 * max));
	g_autofree char *clean = text_clean(line, strlen(line), max);
	return *clean ? g_string_chunk_insert(build->report->pool, clean) : "";
}

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

void report_builder_decode_octal(char *text)
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

const char *report_builder_words(struct report_build *build, const char *text, size_t len)
{
	len = MIN(len, 4 * build->limits->field_bytes);
	if (!memmem(text, len, "\\2", 2) && !memmem(text, len, "\\3", 2))
		return report_builder_value(build, text, len);
	g_autoptr(GString) bytes = g_string_sized_new(len);
	for (size_t i = 0; i < len; i++) {
		int octal = octal_byte(text + i, len - i);
		g_string_append_c(bytes, octal < 0 ? text[i] : (char)octal);
		i += octal < 0 ? 0 : 3;
	}
	g_autofree char *words = text_from_charset(bytes->str, bytes->len, "", 2 * bytes->len);
	return report_builder_value(build, words, strlen(words));
}

const char *report_builder_header_value(struct report_build *build, struct slice value)
{
	g_autofree char *decoded =
	    mime_decode_value(value.data, MIN(value.len, build->limits->header_bytes));
	return report_builder_value(build, decoded, strlen(decoded));
}

struct report_recipient *report_builder_recipient(struct report_build *build, const char *source)
{
	if (build->recipients->len >= build->limits->recipient_count) {
		build->report->truncated = true;
		return NULL;
	}
	struct report_recipient recipient = report_recipient_empty;
	recipient.source = source;
	g_array_append_val(build->recipients, recipient);
	return &g_array_index(build->recipients, struct report_recipient,
			      build->recipients->len - 1);
}

struct report_recipient *report_builder_find_recipient(struct report_build *build,
						       const char *address)
{
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r =
		    &g_array_index(build->recipients, struct report_recipient, i);
		if (g_ascii_strcasecmp(r->recipient, address) == 0 ||
		    (*r->original_recipient &&
		     g_ascii_strcasecmp(r->original_recipient, address) == 0))
			return r;
	}
	return NULL;
}

static void complete_from(struct report_build *build, struct report_recipient *recipient,
			  const char *text)
{
	struct slice found;
	if (!*recipient->status && status_code_find(text, &found))
		recipient->status = report_builder_value(build, found.data, found.len);
	if (!*recipient->reply_code && status_code_find_reply(text, &found))
		recipient->reply_code = report_builder_value(build, found.data, found.len);
	if (!*recipient->remote_mta && smtp_host_find(text, &found))
		recipient->remote_mta = report_builder_value(build, found.data, found.len);
}

void report_builder_complete_recipient(struct report_build *build,
				       struct report_recipient *recipient)
{
	complete_from(build, recipient, recipient->diagnostic);
}

void report_builder_set_diagnostic(struct report_build *build, struct report_recipient *recipient,
				   struct slice text)
{
	g_autofree char *raw = g_strndup(text.data, MIN(text.len, build->limits->field_bytes));
	recipient->diagnostic = report_builder_words(build, text.data, text.len);
	complete_from(build, recipient, raw);
}

struct report_recipient *report_builder_add_address(struct report_build *build, const char *address,
						    const char *source, enum report_action action)
{
	struct report_recipient *r = report_builder_find_recipient(build, address);
	if (r || !*address)
		return r;
	r = report_builder_recipient(build, source);
	if (!r)
		return NULL;
	r->recipient = report_builder_value(build, address, strlen(address));
	r->action = action;
	return r;
}

const char *report_builder_address_field(struct report_build *build, struct slice block,
					 const char *name)
{
	struct slice value;
	if (!header_find(block, name, &value))
		return "";
	const char *semicolon = memchr(value.data, ';', value.len);
	if (semicolon)
		value =
		    (struct slice){semicolon + 1, value.len - (size_t)(semicolon + 1 - value.data)};
	struct slice bare = address_bare(value.data, value.len);
	return report_builder_value(build, bare.data, bare.len);
}

void report_builder_fail_expired(struct report_build *build)
{
	for (guint i = 0; i < build->recipients->len; i++) {
		struct report_recipient *r =
		    &g_array_index(build->recipients, struct report_recipient, i);
		if (r->action == REPORT_ACTION_DELAYED &&
		    strcasestr(r->diagnostic, "envelope expired"))
			r->action = REPORT_ACTION_FAILED;
	}
}
