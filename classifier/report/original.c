/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Header fields to values, and the search for a header block in prose.
 */
#include "classifier/report/original.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/header.h"

#define TO_COUNT_MAX 200 /* addresses kept of To and Cc */
#define HEADER_LINES 60  /* lines looked at to tell a header from prose */

/* msg-id without its brackets; old systems write none. */
static const char *id_value(struct value_pool *pool, struct slice value)
{
	const char *open = memchr(value.data, '<', value.len);
	if (open) {
		size_t left = value.len - (size_t)(open + 1 - value.data);
		const char *close = memchr(open + 1, '>', left);
		value = (struct slice){open + 1, close ? (size_t)(close - open - 1) : left};
	}
	return value_pool_line(pool, value.data, value.len);
}

static const char *first_address(struct value_pool *pool, struct slice value)
{
	struct slice address;
	value.len = MIN(value.len, pool->limits->address_header_bytes);
	return address_next(&value, &address) ? value_pool_line(pool, address.data, address.len)
					      : "";
}

static void collect_addresses(struct value_pool *pool, struct slice value, GPtrArray *to)
{
	struct slice address;
	if (value.len > pool->limits->address_header_bytes) {
		value.len = pool->limits->address_header_bytes;
		pool->is_truncated = true;
	}
	while (to->len < TO_COUNT_MAX && address_next_recipient(&value, &address))
		g_ptr_array_add(to, (gpointer)value_pool_line(pool, address.data, address.len));
}

/* RFC 5321 section 4.4: Received: from ... by ... for <address>; date. Exim writes no brackets. */
static const char *received_for(struct value_pool *pool, struct slice value)
{
	const char *end = value.data + value.len;
	for (const char *at = value.data; (at = memmem(at, (size_t)(end - at), "for ", 4));
	     at += 4) {
		if (at == value.data || !g_ascii_isspace(at[-1]))
			continue;
		size_t len = 4;
		while (at + len < end && !g_ascii_isspace(at[len]) && at[len] != ';')
			len++;
		return first_address(pool, (struct slice){at + 4, len - 4});
	}
	return "";
}

/* Whom it went to, where To does not say. */
static void read_trace_field(struct value_pool *pool, const struct header_field *field,
			     struct report_header *out)
{
	static const char *const envelope[] = {"X-Envelope-To", "Envelope-To", "X-Original-To",
					       "X-Rcpt-To", "Apparently-To"};
	for (size_t i = 0; i < G_N_ELEMENTS(envelope) && !*out->envelope_to; i++)
		if (header_name_is(field, envelope[i]))
			out->envelope_to = first_address(pool, field->value);
	if (*out->delivered_to)
		return;
	if (header_name_is(field, "Delivered-To"))
		out->delivered_to = first_address(pool, field->value);
	else if (header_name_is(field, "Received"))
		out->delivered_to = received_for(pool, field->value);
}

/* The first of a field wins, as in every mail reader. */
static void read_field(struct value_pool *pool, const struct header_field *field,
		       struct report_header *out, GPtrArray *to)
{
	if (!*out->message_id && header_name_is(field, "Message-ID"))
		out->message_id = id_value(pool, field->value);
	else if (!*out->from && header_name_is(field, "From"))
		out->from = first_address(pool, field->value);
	else if (!*out->sender && header_name_is(field, "Return-Path")) {
		struct slice bare = address_bare(field->value.data, field->value.len);
		out->sender = value_pool_line(pool, bare.data, bare.len);
	} else if (!*out->subject && header_name_is(field, "Subject"))
		out->subject = value_pool_header(pool, field->value);
	else if (!*out->date && header_name_is(field, "Date"))
		out->date = value_pool_line(pool, field->value.data, field->value.len);
	else if (header_name_is(field, "To") || header_name_is(field, "Cc") ||
		 header_name_is(field, "X-HmXmrOriginalRecipient"))
		collect_addresses(pool, field->value, to);
	else
		read_trace_field(pool, field, out);
}

void original_read_header(struct value_pool *pool, struct slice header, struct report_header *out)
{
	struct header_field field;
	GPtrArray *to = g_ptr_array_new();
	size_t count = 0;
	while (header_next(&header, &field)) {
		if (count++ >= pool->limits->header_count) {
			pool->is_truncated = true;
			break;
		}
		read_field(pool, &field, out, to);
	}
	out->to = value_pool_list(pool, to);
}

struct original original_empty(void)
{
	return (struct original){
	    .header = report_header_empty, .communication_id = "", .queue_id = ""};
}

void original_read(struct value_pool *pool, struct slice header, struct original *original)
{
	struct slice value;
	original_read_header(pool, header, &original->header);
	if (header_find(header, "X-Communication-ID", &value))
		original->communication_id = value_pool_header(pool, value);
	if (!*original->queue_id && header_find(header, "X-Postfix-Queue-ID", &value))
		original->queue_id = value_pool_line(pool, value.data, value.len);
}

/* --- in text -------------------------------------------------------------- */

static bool field_is(const char *line, const char *name)
{
	size_t len = strlen(name);
	return g_ascii_strncasecmp(line, name, len) == 0 && line[len] == ':';
}

enum field_weight {
	FIELD_UNKNOWN,
	FIELD_DESCRIBES, /* reports describe the message with these */
	FIELD_PROVES,    /* only a message's own header has these */
};

static enum field_weight field_weight(const char *line)
{
	static const struct {
		const char *name;
		enum field_weight weight;
	} fields[] = {
	    {"Received", FIELD_PROVES},       {"Return-Path", FIELD_PROVES},
	    {"MIME-Version", FIELD_PROVES},   {"Content-Type", FIELD_PROVES},
	    {"DKIM-Signature", FIELD_PROVES}, {"X-Mailer", FIELD_PROVES},
	    {"Delivered-To", FIELD_PROVES},   {"Message-ID", FIELD_DESCRIBES},
	    {"From", FIELD_DESCRIBES},        {"To", FIELD_DESCRIBES},
	    {"Subject", FIELD_DESCRIBES},     {"Date", FIELD_DESCRIBES},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		if (field_is(line, fields[i].name))
			return fields[i].weight;
	return FIELD_UNKNOWN;
}

static size_t quote_length(const char *line)
{
	return strspn(line, " \t>|");
}

static bool looks_like_field(const char *line)
{
	size_t n = 0;
	while ((unsigned char)line[n] > ' ' && line[n] != ':' && n < 60)
		n++;
	return n > 0 && line[n] == ':';
}

/* Is there a message header here? Three known fields of different weight, or one
 * that proves and one more. */
static bool is_header_start(const char *line, bool *whole_out)
{
	size_t quote = quote_length(line);
	unsigned proofs = 0, known = 0;
	for (unsigned seen = 0; seen < HEADER_LINES && *line && *line != '\n'; seen++) {
		const char *at = line + MIN(quote, quote_length(line));
		if (*at != ' ' && *at != '\t') {
			enum field_weight weight = field_weight(at);
			if (!looks_like_field(at))
				break;
			proofs += weight == FIELD_PROVES;
			known += weight != FIELD_UNKNOWN;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	*whole_out = proofs >= 1 && known >= 2;
	return *whole_out || known >= 3;
}

const char *original_find_in_text(const char *text, bool *whole_out)
{
	bool fresh = true; /* a field in the middle of a block is not its start */
	for (const char *line = text; line;) {
		const char *at = line + quote_length(line);
		bool field = looks_like_field(at);
		if (field && fresh && is_header_start(line, whole_out))
			return line;
		fresh = !field;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

char *original_unquote(const char *block)
{
	size_t quote = quote_length(block);
	if (quote == 0)
		return g_strdup(block);
	GString *out = g_string_new(NULL);
	while (*block) {
		size_t len = strcspn(block, "\n");
		size_t skip = MIN(quote, quote_length(block));
		g_string_append_len(out, block + MIN(skip, len), (gssize)(len - MIN(skip, len)));
		g_string_append_c(out, '\n');
		block += len + (block[len] == '\n');
	}
	return g_string_free(out, FALSE);
}
