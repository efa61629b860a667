/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file    = *( blank / comment / section / setting )
 * comment = *WSP "#" *any
 * section = "[" id "]"            id = 1*( a-z / 0-9 / "." / "-" / "_" )
 * setting = key *WSP "=" *WSP value
 */
#include "classifier/rules/rule_file.h"

#include <string.h>

#include "base/error.h"

struct reader {
	const struct rule_source *source;
	GPtrArray *rules;
	struct rule *rule; /* the section being read; owned by rules */
	unsigned line;
	const char *key;
	bool has_rank;
	bool has_look;
};

static const char *const field_names[RULE_FIELD_COUNT] = {
    [RULE_FIELD_DIAGNOSTIC] = "diagnostic", [RULE_FIELD_TEXT] = "text",
    [RULE_FIELD_SUBJECT] = "subject",       [RULE_FIELD_FROM] = "from",
    [RULE_FIELD_REMOTE_MTA] = "remote_mta", [RULE_FIELD_REPORTING_MTA] = "reporting_mta",
};

static const char *const tier_names[] = {
    [RULE_TIER_SITE] = "site",
    [RULE_TIER_STRONG] = "strong",
    [RULE_TIER_NORMAL] = "normal",
    [RULE_TIER_WEAK] = "weak",
};

const char *rule_tier_name(enum rule_tier tier)
{
	return tier_names[tier];
}

static void rule_line_clear(gpointer data)
{
	g_free(((struct rule_line *)data)->text);
}

static GArray *rule_lines_new(void)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct rule_line));

	g_array_set_clear_func(lines, rule_line_clear);
	return lines;
}

static struct rule *rule_new(const struct reader *reader, const char *id)
{
	struct rule *rule = g_new0(struct rule, 1);

	rule->id = g_strdup(id);
	rule->file = g_strdup(reader->source->name);
	rule->line = reader->line;
	rule->tier = reader->source->is_site ? RULE_TIER_SITE : RULE_TIER_NORMAL;
	rule->look = 1U << RULE_FIELD_DIAGNOSTIC;
	rule->match = rule_lines_new();
	rule->unless = rule_lines_new();
	rule->host = rule_lines_new();
	rule->example = rule_lines_new();
	rule->counter = rule_lines_new();
	rule->status = g_ptr_array_new_with_free_func(g_free);
	rule->reply = g_ptr_array_new_with_free_func(g_free);
	rule->why = g_strdup("");
	return rule;
}

void rule_free(struct rule *rule)
{
	if (rule == NULL)
		return;
	g_array_unref(rule->match);
	g_array_unref(rule->unless);
	g_array_unref(rule->host);
	g_array_unref(rule->example);
	g_array_unref(rule->counter);
	g_ptr_array_unref(rule->status);
	g_ptr_array_unref(rule->reply);
	g_free(rule->why);
	g_free(rule->file);
	g_free(rule->id);
	g_free(rule);
}

__attribute__((format(printf, 3, 4))) static bool fail(const struct reader *reader, GError **error,
						       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *where =
	    reader->rule == NULL ? g_strdup("") : g_strdup_printf("rule %s: ", reader->rule->id);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s:%u: %s%s%s%s", reader->source->name,
		    reader->line, where, reader->key != NULL ? reader->key : "",
		    reader->key != NULL ? ": " : "", message);
	return false;
}

static bool set_reason(struct reader *reader, const char *value, GError **error)
{
	if (reader->rule->reason != NULL)
		return fail(reader, error, "given twice");
	reader->rule->reason = reason_find(value);
	return reader->rule->reason != NULL || fail(reader, error, "no such reason: %s", value);
}

static bool find_field(const char *name, enum rule_field *field_out)
{
	for (unsigned i = 0; i < RULE_FIELD_COUNT; i++)
		if (strcmp(field_names[i], name) == 0) {
			*field_out = (enum rule_field)i;
			return true;
		}
	return false;
}

static bool set_look(struct reader *reader, const char *value, GError **error)
{
	g_auto(GStrv) names = g_strsplit(value, ",", -1);
	enum rule_field field = RULE_FIELD_DIAGNOSTIC;

	if (reader->has_look)
		return fail(reader, error, "given twice");
	reader->has_look = true;
	reader->rule->look = 0;
	for (char **name = names; *name != NULL; name++) {
		if (!find_field(g_strstrip(*name), &field))
			return fail(reader, error, "no such field: %s", *name);
		reader->rule->look |= 1U << field;
	}
	return true;
}

static bool set_rank(struct reader *reader, const char *value, GError **error)
{
	if (reader->has_rank)
		return fail(reader, error, "given twice");
	if (reader->source->is_site)
		return fail(reader, error,
			    "the site's own rules come before all others and have no rank");
	reader->has_rank = true;
	for (enum rule_tier tier = RULE_TIER_STRONG; tier <= RULE_TIER_WEAK; tier++)
		if (strcmp(value, tier_names[tier]) == 0) {
			reader->rule->tier = tier;
			return true;
		}
	return fail(reader, error, "neither strong, normal nor weak: %s", value);
}

static bool add_line(const struct reader *reader, GArray *lines, const char *value)
{
	struct rule_line line = {.line = reader->line, .text = g_strdup(value)};

	g_array_append_val(lines, line);
	return true;
}

static bool set_match(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	return add_line(reader, reader->rule->match, value);
}

static bool set_unless(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	return add_line(reader, reader->rule->unless, value);
}

static bool set_host(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	return add_line(reader, reader->rule->host, value);
}

static bool set_example(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	return add_line(reader, reader->rule->example, value);
}

static bool set_counter(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	return add_line(reader, reader->rule->counter, value);
}

/* "5.1.1, 5.7.*": digits, dots and wildcards only, so that a slip is seen */
static bool add_codes(struct reader *reader, GPtrArray *codes, const char *value, GError **error)
{
	g_auto(GStrv) items = g_strsplit(value, ",", -1);

	for (char **item = items; *item != NULL; item++) {
		g_strstrip(*item);
		if (**item == '\0' || (*item)[strspn(*item, "0123456789.*?")] != '\0')
			return fail(reader, error, "no code: \"%s\"", *item);
		g_ptr_array_add(codes, g_strdup(*item));
	}
	return true;
}

static bool set_status(struct reader *reader, const char *value, GError **error)
{
	return add_codes(reader, reader->rule->status, value, error);
}

static bool set_reply(struct reader *reader, const char *value, GError **error)
{
	return add_codes(reader, reader->rule->reply, value, error);
}

static bool set_why(struct reader *reader, const char *value, GError **error)
{
	if (reader->rule->why[0] != '\0')
		return fail(reader, error, "given twice");
	g_free(reader->rule->why);
	reader->rule->why = g_strdup(value);
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct reader *reader, const char *value, GError **error);
} keys[] = {
    {"reason", set_reason},   {"look", set_look},       {"match", set_match},
    {"unless", set_unless},   {"status", set_status},   {"reply", set_reply},
    {"host", set_host},       {"rank", set_rank},       {"why", set_why},
    {"example", set_example}, {"counter", set_counter},
};

static bool finish_rule(struct reader *reader, GError **error)
{
	const struct rule *rule = reader->rule;

	if (rule == NULL)
		return true;
	reader->line = rule->line;
	reader->key = NULL;
	if (rule->reason == NULL)
		return fail(reader, error, "has no reason");
	if (rule->match->len == 0 && rule->status->len == 0 && rule->reply->len == 0 &&
	    rule->host->len == 0)
		return fail(reader, error, "has neither match nor status, reply or host");
	if (rule->match->len == 0 && rule->unless->len > 0 && !reader->has_look)
		return fail(reader, error, "has unless without match: say in look where");
	return true;
}

static bool is_id(const char *id)
{
	return *id != '\0' && id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-_")] == '\0';
}

static bool read_section(struct reader *reader, char *line, GError **error)
{
	size_t len = strlen(line);
	unsigned number = reader->line;

	if (!finish_rule(reader, error))
		return false;
	reader->rule = NULL;
	reader->key = NULL;
	reader->line = number;
	if (line[len - 1] != ']')
		return fail(reader, error, "section without a closing bracket");
	line[len - 1] = '\0';
	if (!is_id(line + 1))
		return fail(reader, error,
			    "a rule's id has small letters, digits, dots and dashes: [%s]",
			    line + 1);
	reader->rule = rule_new(reader, line + 1);
	reader->has_look = false;
	reader->has_rank = false;
	g_ptr_array_add(reader->rules, reader->rule);
	return true;
}

static bool read_setting(struct reader *reader, char *line, GError **error)
{
	char *equals = strchr(line, '=');

	reader->key = NULL;
	if (equals == NULL)
		return fail(reader, error, "neither [rule], key = value nor # comment: %s", line);
	*equals = '\0';
	g_strchomp(line);
	char *value = g_strstrip(equals + 1);
	reader->key = line;
	if (reader->rule == NULL)
		return fail(reader, error, "stands before the first [rule]");
	if (*value == '\0')
		return fail(reader, error, "has no value");
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if (strcmp(keys[i].name, line) == 0)
			return keys[i].set(reader, value, error);
	return fail(reader, error, "no such key");
}

static bool read_line(struct reader *reader, char *line, GError **error)
{
	g_strstrip(line);
	if (*line == '\0' || *line == '#')
		return true;
	return *line == '[' ? read_section(reader, line, error) : read_setting(reader, line, error);
}

bool rule_file_parse(const struct rule_source *source, GPtrArray *rules, GError **error)
{
	struct reader reader = {.source = source, .rules = rules};

	if (!g_utf8_validate_len(source->text, source->len, NULL))
		return fail(&reader, error, "is not UTF-8 text");
	g_autofree char *text = g_strndup(source->text, source->len);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		reader.line++;
		if (!read_line(&reader, *line, error))
			return false;
	}
	return finish_rule(&reader, error);
}
