/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file         = *( blank / comment / section / setting )
 * comment      = *WSP "#" *any
 * section      = "[words]" / "[" id "]"       id = 1*( a-z / 0-9 / "." / "-" / "_" )
 * setting      = key *WSP "=" *WSP value *( continuation )
 * continuation = 1*WSP value                  ; but for a line that begins a setting
 *
 * A setting is applied when the line after its last continuation is seen.
 */
#include "classifier/rules/rule_file.h"

#include <string.h>

#include "base/error.h"
#include "classifier/rules/spelling.h"

struct reader {
	const struct rule_source *source;
	struct word_classes *classes;
	GPtrArray *rules;
	struct rule *rule; /* the section being read; owned by rules */
	bool is_words;     /* the section being read is [words] */
	unsigned line;     /* of what a message is about */
	const char *key;   /* the setting being read; NULL: none */
	GString *value;    /* as far as it has been read */
	bool has_rank;
	bool has_look;
};

__attribute__((format(printf, 3, 4))) static bool fail(const struct reader *reader, GError **error,
						       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *where = reader->rule       ? g_strdup_printf("rule %s: ", reader->rule->id)
				 : reader->is_words ? g_strdup("words: ")
						    : g_strdup("");
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s:%u: %s%s%s%s", reader->source->name,
		    reader->line, where, reader->key ? reader->key : "", reader->key ? ": " : "",
		    message);
	return false;
}

/* --- the keys of a rule -------------------------------------------------- */

static bool set_reason(struct reader *reader, const char *value, GError **error)
{
	if (reader->rule->reason)
		return fail(reader, error, "given twice");
	reader->rule->reason = reason_find(value);
	return reader->rule->reason || fail(reader, error, "no such reason: %s", value);
}

static bool set_look(struct reader *reader, const char *value, GError **error)
{
	g_auto(GStrv) names = g_strsplit(value, ",", -1);
	enum rule_field field = RULE_FIELD_DIAGNOSTIC;

	if (reader->has_look)
		return fail(reader, error, "given twice");
	reader->has_look = true;
	reader->rule->look = 0;
	for (char **name = names; *name; name++) {
		if (!rule_field_find(g_strstrip(*name), &field))
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
	return rule_tier_find(value, &reader->rule->tier) ||
	       fail(reader, error, "none of guard, strong, normal, weak: %s", value);
}

static bool add_pattern(struct reader *reader, GArray *lines, const char *value, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autofree char *pattern = word_classes_expand(reader->classes, value, &cause);

	if (!pattern)
		return fail(reader, error, "%s", cause->message);
	g_autofree char *widened = spelling_widen(pattern);
	rule_add_line(lines, reader->line, widened);
	return true;
}

static bool set_match(struct reader *reader, const char *value, GError **error)
{
	return add_pattern(reader, reader->rule->match, value, error);
}

static bool set_unless(struct reader *reader, const char *value, GError **error)
{
	return add_pattern(reader, reader->rule->unless, value, error);
}

static bool set_host(struct reader *reader, const char *value, GError **error)
{
	return add_pattern(reader, reader->rule->host, value, error);
}

static bool set_example(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	rule_add_line(reader->rule->example, reader->line, value);
	return true;
}

static bool set_counter(struct reader *reader, const char *value, GError **error)
{
	(void)error;
	rule_add_line(reader->rule->counter, reader->line, value);
	return true;
}

/* "5.1.1, 5.7.*": only digits, dots and wildcards, so that a slip is noticed */
static bool add_codes(struct reader *reader, GPtrArray *codes, const char *value, GError **error)
{
	g_auto(GStrv) items = g_strsplit(value, ",", -1);

	for (char **item = items; *item; item++) {
		g_strstrip(*item);
		if (**item == '\0' || (*item)[strspn(*item, "0123456789.*?")] != '\0')
			return fail(reader, error, "no code: \"%s\"", *item);
		g_ptr_array_add(codes, g_strdup(*item));
	}
	return true;
}

static bool set_rule_status(struct reader *reader, const char *value, GError **error)
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

static const struct rule_key {
	const char *name;
	bool (*set)(struct reader *reader, const char *value, GError **error);
} keys[] = {
    {"reason", set_reason},   {"look", set_look},          {"match", set_match},
    {"unless", set_unless},   {"status", set_rule_status}, {"reply", set_reply},
    {"host", set_host},       {"rank", set_rank},          {"why", set_why},
    {"example", set_example}, {"counter", set_counter},
};

static const struct rule_key *find_rule_key(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* --- settings ------------------------------------------------------------- */

static bool define_class(struct reader *reader, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autofree char *place = g_strdup_printf("%s:%u", reader->source->name, reader->line);

	return word_classes_add(reader->classes, reader->key, reader->value->str, place, &cause) ||
	       fail(reader, error, "%s", cause->message);
}

static bool apply_setting(struct reader *reader, GError **error)
{
	if (!reader->key)
		return true;
	if (!reader->rule && !reader->is_words)
		return fail(reader, error, "stands before the first [rule]");
	if (reader->value->len == 0)
		return fail(reader, error, "has no value");
	if (reader->is_words)
		return define_class(reader, error);
	const struct rule_key *key = find_rule_key(reader->key);
	return key ? key->set(reader, reader->value->str, error)
		   : fail(reader, error, "no such key");
}

static bool finish_setting(struct reader *reader, GError **error)
{
	if (!apply_setting(reader, error))
		return false;
	reader->key = NULL;
	return true;
}

static bool begin_setting(struct reader *reader, char *line, GError **error)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return fail(reader, error, "neither [rule], key = value nor # comment: %s", line);
	*equals = '\0';
	reader->key = g_strchomp(line);
	g_string_assign(reader->value, g_strstrip(equals + 1));
	return true;
}

/* One blank between the two, but none where a bar ends the one or begins the other. */
static bool continue_setting(struct reader *reader, const char *text, GError **error)
{
	GString *value = reader->value;

	if (!reader->key)
		return fail(reader, error, "continues nothing: %s", text);
	if (value->len > 0 && value->str[value->len - 1] != '|' && *text != '|')
		g_string_append_c(value, ' ');
	g_string_append(value, text);
	return true;
}

/* Keys may be indented. */
static bool is_setting(const char *line)
{
	g_autofree char *name = g_strndup(line, strcspn(line, "= \t"));
	const char *behind = line + strlen(name);

	return behind[strspn(behind, " \t")] == '=' && find_rule_key(name);
}

/* --- sections --------------------------------------------------------------- */

static bool finish_rule(struct reader *reader, GError **error)
{
	const struct rule *rule = reader->rule;

	if (!rule)
		return true;
	reader->line = rule->line;
	if (!rule->reason)
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

static void begin_rule(struct reader *reader, const char *id)
{
	reader->rule = rule_new(id, reader->source->name, reader->line);
	if (reader->source->is_site)
		reader->rule->tier = RULE_TIER_SITE;
	reader->has_look = false;
	reader->has_rank = false;
	g_ptr_array_add(reader->rules, reader->rule);
}

static bool begin_section(struct reader *reader, char *line, GError **error)
{
	size_t len = strlen(line);

	reader->rule = NULL;
	reader->is_words = false;
	if (line[len - 1] != ']')
		return fail(reader, error, "section without a closing bracket");
	line[len - 1] = '\0';
	if (!is_id(line + 1))
		return fail(reader, error,
			    "a rule's id has small letters, digits, dots and dashes: [%s]",
			    line + 1);
	reader->is_words = strcmp(line + 1, "words") == 0;
	if (!reader->is_words)
		begin_rule(reader, line + 1);
	return true;
}

/* --- lines ------------------------------------------------------------------- */

static bool read_rule_line(struct reader *reader, unsigned number, char *line, GError **error)
{
	bool is_indented = g_ascii_isspace(*line);

	g_strstrip(line);
	if (*line == '\0' || *line == '#')
		return true;
	if (is_indented && !is_setting(line)) {
		reader->line = reader->key ? reader->line : number;
		return continue_setting(reader, line, error);
	}
	if (!finish_setting(reader, error) || (*line == '[' && !finish_rule(reader, error)))
		return false;
	reader->line = number;
	return *line == '[' ? begin_section(reader, line, error)
			    : begin_setting(reader, line, error);
}

static bool read_lines(struct reader *reader, GError **error)
{
	g_autofree char *text = g_strndup(reader->source->text, reader->source->len);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (unsigned i = 0; lines[i]; i++)
		if (!read_rule_line(reader, i + 1, lines[i], error))
			return false;
	return finish_setting(reader, error) && finish_rule(reader, error);
}

bool rule_file_parse(const struct rule_source *source, GPtrArray *rules, GError **error)
{
	g_autoptr(word_classes_t) own = word_classes_new(NULL);
	g_autoptr(GString) value = g_string_new(NULL);
	struct reader reader = {.source = source,
				.classes = source->classes ? source->classes : own,
				.rules = rules,
				.value = value};

	if (!g_utf8_validate_len(source->text, source->len, NULL))
		return fail(&reader, error, "is not UTF-8 text");
	return read_lines(&reader, error);
}
