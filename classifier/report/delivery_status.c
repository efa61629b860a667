/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 3464 section 2.1:
 *   delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )
 *   per-recipient-fields = [ original-recipient-field CRLF ] final-recipient-field CRLF
 *                          action-field CRLF status-field CRLF [ ... ]
 *   typed field = field-name ":" type ";" value
 * Senders forget the empty line between groups, put several into one group,
 * leave out the type, and indent. So the groups are found by their fields: a
 * recipient ends at a field that it has already, or at an empty line once it is
 * complete.
 */
#include "classifier/report/delivery_status.h"

#include <string.h>

#include "classifier/report/correspondents.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/status_code.h"

#define REPEATED_MAX 20 /* recipients looked back at for a repeated one */

struct status_parser {
	const struct message *message;
	struct finding *finding;
	struct report_recipient current;
	bool empty_line;     /* since the last field */
	bool is_route;       /* Final-Recipient is the way to a back-end */
	const char *comment; /* of Status: "5.4.4 (Illegal host/domain name found)" */
	size_t added;
};

/* The same one again: some systems repeat a group for each try. */
static bool is_repeated(const struct status_parser *p)
{
	const GArray *list = p->finding->recipients;
	const struct report_recipient *r = &p->current;
	for (guint i = list->len - MIN(list->len, REPEATED_MAX); i < list->len; i++) {
		const struct report_recipient *other =
		    &g_array_index(list, struct report_recipient, i);
		if (other->action == r->action &&
		    g_ascii_strcasecmp(other->recipient, r->recipient) == 0 &&
		    g_ascii_strcasecmp(other->original_recipient, r->original_recipient) == 0)
			return true;
	}
	return false;
}

/* The address that the diagnostic refuses, where no field has one: "550 5.1.1 <x@y>: unknown". */
static const char *named_in_words(const struct status_parser *p, const char *words)
{
	struct slice found;
	if (!address_find(words, strlen(words), &found))
		return "";
	struct message message = *p->message;
	message.original = p->finding->original; /* X-Postfix-Sender is in it */
	const char *address = value_pool_line(message.pool, found.data, found.len);
	bool is_other =
	    correspondents_is_bystander(&message, address) || address_is_rest(words, address);
	return is_other ? "" : address;
}

/* "anna@ims-ms-daemon" for anna@customer.example: a host without a dot is known to the reporting
 * system only. A member of a list has another local part. */
static bool is_at_backend(const char *address, const char *original)
{
	const char *at = strrchr(address, '@'), *dot = strrchr(original, '@');
	return at && dot && !strpbrk(at, ".:]") && strchr(dot, '.') &&
	       at - address == dot - original &&
	       g_ascii_strncasecmp(address, original, (gsize)(at - address)) == 0;
}

static void flush(struct status_parser *p)
{
	struct report_recipient *r = &p->current;
	bool is_of_backend = p->is_route || is_at_backend(r->recipient, r->original_recipient);
	r->is_literal &= !is_of_backend && *r->recipient;
	if (is_of_backend && *r->original_recipient)
		r->recipient = r->original_recipient;
	if (!*r->recipient)
		r->recipient = *r->actual_recipient ? r->actual_recipient : r->original_recipient;
	if (!*r->recipient && r->action == REPORT_ACTION_FAILED)
		r->recipient = named_in_words(p, r->diagnostic);
	if (!*r->diagnostic && r->action == REPORT_ACTION_FAILED)
		r->diagnostic = p->comment;
	if (*r->recipient && !is_repeated(p)) {
		struct report_recipient *to = finding_add_recipient(p->finding, "rfc3464");
		if (to) {
			*to = p->current;
			finding_complete_recipient(p->finding, to);
			p->added++;
		}
	}
	p->current = report_recipient_empty;
	p->current.source = "rfc3464";
	p->is_route = false;
	p->comment = "";
}

/* Splits "type; value"; a type is one word. */
static struct slice typed_value(struct slice field, struct slice *type_out)
{
	*type_out = (struct slice){"", 0};
	size_t n = 0;
	while (n < field.len && (g_ascii_isalnum(field.data[n]) || field.data[n] == '-'))
		n++;
	size_t semicolon = n;
	while (semicolon < field.len && field.data[semicolon] == ' ')
		semicolon++;
	if (n == 0 || semicolon >= field.len || field.data[semicolon] != ';')
		return field;
	*type_out = (struct slice){field.data, n};
	semicolon++;
	while (semicolon < field.len && g_ascii_isspace(field.data[semicolon]))
		semicolon++;
	return (struct slice){field.data + semicolon, field.len - semicolon};
}

static bool slice_is(struct slice s, const char *word)
{
	return s.len == strlen(word) && g_ascii_strncasecmp(s.data, word, s.len) == 0;
}

static const char *address_value(struct value_pool *pool, struct slice field, bool original)
{
	struct slice type;
	struct slice value = typed_value(field, &type);
	g_autofree char *line = header_unfold(value.data, value.len);
	if (slice_is(type, "utf-8"))
		address_decode_utf8(line);
	struct slice bare = address_bare(line, strlen(line));
	g_autofree char *address = g_strndup(bare.data, bare.len);
	if (original)
		address_decode_xtext(address);
	return value_pool_string(pool, address);
}

/* Whether an address is the value to the letter. Of "'anna@host.example" the address that was meant
 * is read, but who wrote it may have meant what he wrote: a local part may begin so. */
static bool is_whole_value(const char *address, struct slice field)
{
	struct slice type;
	struct slice value = typed_value(field, &type);
	g_autofree char *line = header_unfold(value.data, value.len);
	size_t len = strlen(g_strstrip(line));
	bool is_angle = len >= 2 && line[0] == '<' && line[len - 1] == '>';
	line[is_angle ? len - 1 : len] = '\0';
	return strcmp(line + is_angle, address) == 0;
}

/* An MTA field is "dns; host", a comment may follow; some write "host (address)". */
static const char *host_value(struct value_pool *pool, struct slice field)
{
	struct slice type;
	struct slice value = typed_value(field, &type);
	size_t n = 0;
	while (n < value.len && !g_ascii_isspace(value.data[n]) && value.data[n] != '(')
		n++;
	return value_pool_line(pool, value.data, n ? n : value.len);
}

static enum report_action action_value(struct slice value)
{
	static const struct {
		const char *word;
		enum report_action action;
	} words[] = {
	    {"fail", REPORT_ACTION_FAILED},       {"delay", REPORT_ACTION_DELAYED},
	    {"defer", REPORT_ACTION_DELAYED},     {"deliver", REPORT_ACTION_DELIVERED},
	    {"relay", REPORT_ACTION_RELAYED},     {"expand", REPORT_ACTION_EXPANDED},
	    {"expire", REPORT_ACTION_FAILED},     {"undeliver", REPORT_ACTION_FAILED},
	    {"bounce", REPORT_ACTION_FAILED},     {"reject", REPORT_ACTION_FAILED},
	    {"error", REPORT_ACTION_FAILED},      {"fatal", REPORT_ACTION_FAILED},
	    {"return", REPORT_ACTION_FAILED},     {"refuse", REPORT_ACTION_FAILED},
	    {"non-del", REPORT_ACTION_FAILED},    {"not del", REPORT_ACTION_FAILED},
	    {"success", REPORT_ACTION_DELIVERED}, {"retry", REPORT_ACTION_DELAYED},
	    {"queue", REPORT_ACTION_DELAYED},     {"pending", REPORT_ACTION_DELAYED},
	};
	/* begins so: "failde", "Failed (bounced)", "delay"; a cut "fai" still fails */
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (value.len > 0 &&
		    g_ascii_strncasecmp(value.data, words[i].word,
					MIN(value.len, strlen(words[i].word))) == 0)
			return words[i].action;
	return value.len == 0 ? REPORT_ACTION_NONE : REPORT_ACTION_OTHER;
}

static const char *status_value(struct value_pool *pool, struct slice field)
{
	struct slice found;
	g_autofree char *line = header_unfold(field.data, field.len);
	return status_code_find(line, &found) ? value_pool_line(pool, found.data, found.len) : "";
}

/* What stands in brackets behind the code. */
static const char *status_comment(struct value_pool *pool, struct slice field)
{
	const char *start = memchr(field.data, '(', field.len);
	size_t len = start ? field.len - (size_t)(start - field.data) : 0;
	if (len < 3 || start[len - 1] != ')')
		return "";
	return value_pool_diagnostic(pool, start + 1, len - 2);
}

static void set_diagnostic(struct status_parser *p, struct slice field)
{
	struct slice type;
	struct slice value = typed_value(field, &type);
	g_autofree char *lower = g_ascii_strdown(type.data, (gssize)type.len);
	p->current.diagnostic_type = value_pool_string(p->finding->pool, lower);
	g_autofree char *words =
	    mime_decode_value(value.data, MIN(value.len, p->finding->pool->limits->header_bytes));
	p->current.diagnostic = value_pool_diagnostic(p->finding->pool, words, strlen(words));
}

/* Extensions that name the original where it does not come back. */
static bool original_field(struct status_parser *p, const struct header_field *field)
{
	struct report_header *original = &p->finding->original.header;
	if (header_name_is(field, "X-Postfix-Sender")) {
		if (!*original->sender)
			original->sender = address_value(p->finding->pool, field->value, false);
		return true;
	}
	if (!header_name_is(field, "Original-Message-ID") &&
	    !header_name_is(field, "X-Original-Message-ID"))
		return false;
	if (!*original->message_id) {
		struct slice bare = address_bare(field->value.data, field->value.len);
		original->message_id = value_pool_line(p->finding->pool, bare.data, bare.len);
	}
	return true;
}

static bool per_message_field(struct status_parser *p, const struct header_field *field)
{
	struct finding *finding = p->finding;
	if (header_name_is(field, "Reporting-MTA"))
		finding->facts.reporting_mta = host_value(p->finding->pool, field->value);
	else if (header_name_is(field, "Received-From-MTA"))
		finding->facts.received_from_mta = host_value(p->finding->pool, field->value);
	else if (header_name_is(field, "DSN-Gateway"))
		finding->facts.dsn_gateway = host_value(p->finding->pool, field->value);
	else if (header_name_is(field, "Arrival-Date"))
		finding->facts.arrival_date =
		    value_pool_line(p->finding->pool, field->value.data, field->value.len);
	else if (header_name_is(field, "X-Postfix-Queue-ID"))
		finding->original.queue_id =
		    value_pool_line(p->finding->pool, field->value.data, field->value.len);
	else if (header_name_is(field, "Original-Envelope-Id")) {
		g_autofree char *id = header_unfold(field->value.data, field->value.len);
		address_decode_xtext(id);
		finding->facts.envelope_id = value_pool_string(p->finding->pool, id);
	} else {
		return original_field(p, field);
	}
	return true;
}

/* RFC 5321 appendix C: "@relay.example:anna@host.example" */
static bool is_route(struct slice field)
{
	struct slice type;
	struct slice value = typed_value(field, &type);
	while (value.len > 0 && (*value.data == '<' || g_ascii_isspace(*value.data)))
		value.data++, value.len--;
	return value.len > 0 && *value.data == '@' && memchr(value.data, ':', value.len);
}

enum recipient_field {
	FIELD_NONE,
	FIELD_FINAL,
	FIELD_ORIGINAL,
	FIELD_ACTUAL,
	FIELD_ACTION,
	FIELD_STATUS,
	FIELD_DIAGNOSTIC,
	FIELD_REMOTE,
	FIELD_LOG_ID,
	FIELD_LAST_ATTEMPT,
	FIELD_RETRY_UNTIL,
};

static enum recipient_field field_kind(const struct header_field *field)
{
	static const struct {
		const char *name;
		enum recipient_field kind;
	} names[] = {
	    {"Final-Recipient", FIELD_FINAL},
	    {"Original-Recipient", FIELD_ORIGINAL},
	    {"X-Actual-Recipient", FIELD_ACTUAL},
	    {"Action", FIELD_ACTION},
	    {"Status", FIELD_STATUS},
	    {"Diagnostic-Code", FIELD_DIAGNOSTIC},
	    {"Remote-MTA", FIELD_REMOTE},
	    {"Final-Log-ID", FIELD_LOG_ID},
	    {"Last-Attempt-Date", FIELD_LAST_ATTEMPT},
	    {"Will-Retry-Until", FIELD_RETRY_UNTIL},
	};
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (header_name_is(field, names[i].name))
			return names[i].kind;
	return FIELD_NONE;
}

/* Does this field begin another recipient? */
static bool begins_next(const struct status_parser *p, enum recipient_field kind)
{
	const struct report_recipient *r = &p->current;
	bool named = *r->recipient || *r->original_recipient;
	bool answered = r->action != REPORT_ACTION_NONE || *r->status;
	if (kind == FIELD_FINAL && *r->recipient)
		return true;
	if (kind == FIELD_ORIGINAL && *r->original_recipient)
		return true;
	if (p->empty_line && named && answered)
		return kind == FIELD_FINAL || kind == FIELD_ORIGINAL ||
		       (kind == FIELD_ACTION && r->action) || (kind == FIELD_STATUS && *r->status);
	return false;
}

static void recipient_field(struct status_parser *p, enum recipient_field kind, struct slice value)
{
	struct report_recipient *r = &p->current;
	if (begins_next(p, kind))
		flush(p);
	p->empty_line = false;
	switch (kind) {
	case FIELD_FINAL:
		p->is_route = is_route(value);
		r->recipient = address_value(p->finding->pool, value, false);
		r->is_literal = is_whole_value(r->recipient, value);
		break;
	case FIELD_ORIGINAL:
		r->original_recipient = address_value(p->finding->pool, value, true);
		break;
	case FIELD_ACTUAL:
		r->actual_recipient = address_value(p->finding->pool, value, false);
		break;
	case FIELD_ACTION:
		r->action = action_value(value);
		break;
	case FIELD_STATUS:
		r->status = status_value(p->finding->pool, value);
		p->comment = status_comment(p->finding->pool, value);
		break;
	case FIELD_DIAGNOSTIC:
		if (!*r->diagnostic)
			set_diagnostic(p, value);
		break;
	case FIELD_REMOTE:
		r->remote_mta = host_value(p->finding->pool, value);
		break;
	case FIELD_LOG_ID:
		r->final_log_id = value_pool_line(p->finding->pool, value.data, value.len);
		break;
	case FIELD_LAST_ATTEMPT:
		r->last_attempt_date = value_pool_line(p->finding->pool, value.data, value.len);
		break;
	case FIELD_RETRY_UNTIL:
		r->will_retry_until = value_pool_line(p->finding->pool, value.data, value.len);
		break;
	case FIELD_NONE:
		break;
	}
}

/* Length of what a line is indented or quoted by, if a field follows. */
static size_t field_indent(const char *line)
{
	size_t indent = strspn(line, " \t>|");
	size_t name =
	    strspn(line + indent, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");
	return name > 0 && line[indent + name] == ':' ? indent : 0;
}

/* A group may be indented or quoted as a whole: then nothing is a continuation. */
static char *outdented(const char *text)
{
	while (*text == '\n')
		text++;
	if (field_indent(text) == 0 && !strstr(text, "\n\n ") && !strstr(text, "\n\n\t") &&
	    !strstr(text, "\n\n>"))
		return g_strdup(text);
	GString *out = g_string_new(NULL);
	size_t indent = field_indent(text);
	for (bool fresh = false; *text;) {
		size_t len = strcspn(text, "\n");
		if (fresh)
			indent = field_indent(text);
		size_t skip = MIN(strspn(text, " \t>|"), indent);
		g_string_append_len(out, text + skip, (gssize)(len - MIN(skip, len)));
		g_string_append_c(out, '\n');
		fresh = strspn(text, " \t>|") >= len;
		text += len + (text[len] == '\n');
	}
	return g_string_free(out, FALSE);
}

size_t delivery_status_parse(const struct message *message, const char *text,
			     struct finding *finding)
{
	struct status_parser p = {.message = message,
				  .finding = finding,
				  .current = report_recipient_empty,
				  .comment = ""};
	p.current.source = "rfc3464";
	g_autofree char *clean = outdented(text);
	struct slice rest = {clean, strlen(clean)};
	while (rest.len > 0) {
		struct header_field field;
		if (!header_next(&rest, &field)) {
			const char *newline = memchr(rest.data, '\n', rest.len);
			size_t skip = newline ? (size_t)(newline - rest.data) + 1 : rest.len;
			rest = (struct slice){rest.data + skip, rest.len - skip};
			p.empty_line = true;
		} else if (!per_message_field(&p, &field)) {
			enum recipient_field kind = field_kind(&field);
			if (kind != FIELD_NONE)
				recipient_field(&p, kind, field.value);
		}
	}
	flush(&p);
	return p.added;
}

static bool line_starts(const char *line, const char *word)
{
	return g_ascii_strncasecmp(line, word, strlen(word)) == 0;
}

bool delivery_status_begins(const char *line)
{
	line += strspn(line, " \t>|");
	return line_starts(line, "Final-Recipient:") || line_starts(line, "Original-Recipient:") ||
	       line_starts(line, "Reporting-MTA:");
}

const char *delivery_status_find(const char *text)
{
	if (!strcasestr(text, "-Recipient:") ||
	    !(strcasestr(text, "Action:") || strcasestr(text, "Status:")))
		return NULL;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (delivery_status_begins(line))
			return line;
	}
	return NULL;
}
