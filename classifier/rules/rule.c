/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making and freeing rules; the names of tiers and fields.
 */
#include "classifier/rules/rule.h"

#include <string.h>

static const char *const field_names[RULE_FIELD_COUNT] = {
    [RULE_FIELD_DIAGNOSTIC] = "diagnostic", [RULE_FIELD_TEXT] = "text",
    [RULE_FIELD_SUBJECT] = "subject",       [RULE_FIELD_FROM] = "from",
    [RULE_FIELD_REMOTE_MTA] = "remote_mta", [RULE_FIELD_REPORTING_MTA] = "reporting_mta",
};

static const char *const tier_names[] = {
    [RULE_TIER_SITE] = "site",     [RULE_TIER_GUARD] = "guard", [RULE_TIER_STRONG] = "strong",
    [RULE_TIER_NORMAL] = "normal", [RULE_TIER_WEAK] = "weak",
};

const char *rule_tier_name(enum rule_tier tier)
{
	return tier_names[tier];
}

bool rule_tier_find(const char *name, enum rule_tier *tier_out)
{
	for (enum rule_tier tier = RULE_TIER_GUARD; tier <= RULE_TIER_WEAK; tier++)
		if (strcmp(name, tier_names[tier]) == 0) {
			*tier_out = tier;
			return true;
		}
	return false;
}

bool rule_field_find(const char *name, enum rule_field *field_out)
{
	for (unsigned i = 0; i < RULE_FIELD_COUNT; i++)
		if (strcmp(field_names[i], name) == 0) {
			*field_out = (enum rule_field)i;
			return true;
		}
	return false;
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

void rule_add_line(GArray *lines, unsigned line, const char *text)
{
	struct rule_line added = {.line = line, .text = g_strdup(text)};

	g_array_append_val(lines, added);
}

struct rule *rule_new(const char *id, const char *file, unsigned line)
{
	struct rule *rule = g_new0(struct rule, 1);

	rule->id = g_strdup(id);
	rule->file = g_strdup(file);
	rule->line = line;
	rule->tier = RULE_TIER_NORMAL;
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
	if (!rule)
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
