/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a rule can match is shown by its examples; where a pattern is a list
 * of words it is seen from these, too: folding leaves some of them in no text.
 */
#include "classifier/verdict/rule_check.h"

#include <stdbool.h>
#include <string.h>

#include "classifier/pattern/literal.h"
#include "classifier/pattern/pattern_set.h"
#include "classifier/text/fold.h"
#include "classifier/verdict/rule_trial.h"

struct check {
	const struct ruleset *rules;
	const struct ruleset *alone; /* of the one rule that is checked; NULL: all are */
	const struct rule_check_listener *listener;
	unsigned faults;
};

const char *rule_check_fault_name(enum rule_fault fault)
{
	switch (fault) {
	case RULE_FAULT_NEVER:
		return "never";
	case RULE_FAULT_SHADOWED:
		return "shadowed";
	case RULE_FAULT_SHADOWS:
		return "shadows";
	case RULE_FAULT_NO_EXAMPLE:
		return "no_example";
	case RULE_FAULT_EXAMPLE:
		return "example";
	case RULE_FAULT_COUNTER:
		return "counter";
	}
	return "";
}

__attribute__((format(printf, 5, 6))) static void
report_fault(struct check *check, enum rule_fault kind, const struct rule *rule, unsigned line,
	     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	const struct rule_check_fault found = {kind, rule, line, text};
	check->faults++;
	check->listener->on_fault(&found, check->listener->data);
}

static const struct rule_line *get_line(const GArray *lines, guint index)
{
	return &g_array_index(lines, struct rule_line, index);
}

/* --- patterns that can never be found --------------------------------------- */

/* The fields whose text is folded before it is looked at. */
static bool looks_at_folded_only(const struct rule *rule)
{
	const unsigned folded =
	    1U << RULE_FIELD_DIAGNOSTIC | 1U << RULE_FIELD_TEXT | 1U << RULE_FIELD_SUBJECT;

	return (rule->look & ~folded) == 0;
}

/* In the middle of a text, as folding leaves it. */
static bool survives_folding(const char *word)
{
	static const char *const nobody[] = {NULL};
	g_autofree char *text = g_strconcat("x", word, "x", NULL);
	g_autofree char *apart = g_strconcat("x ", word, " x", NULL);
	g_autofree char *folded = fold_text(text, nobody);
	g_autofree char *folded_apart = fold_text(apart, nobody);

	return strstr(folded, word) || strstr(folded_apart, word);
}

static bool may_be_found(const char *part)
{
	g_auto(GStrv) words = literal_expand(part);
	bool found = !words;

	for (char **word = words; words && *word && !found; word++)
		found = survives_folding(*word);
	return found;
}

static void check_patterns(struct check *check, const struct rule *rule)
{
	for (guint i = 0; i < rule->match->len && looks_at_folded_only(rule); i++) {
		const struct rule_line *line = get_line(rule->match, i);
		g_auto(GStrv) parts = pattern_parts(line->text);
		for (char **part = parts; *part; part++)
			if (!may_be_found(*part))
				report_fault(
				    check, RULE_FAULT_NEVER, rule, line->line,
				    "match can never be found, no text has \"%s\" once it is in "
				    "the form that is "
				    "looked at "
				    "(blanks are one, quotes are ASCII, an address is <@>)",
				    *part);
	}
}

/* --- codes that no mail system gives ------------------------------------------ */

static bool fits_a_reply(const char *wildcard)
{
	char code[4] = "";

	for (unsigned i = 200; i < 600; i++) {
		g_snprintf(code, sizeof code, "%u", i);
		if (g_pattern_match_simple(wildcard, code))
			return true;
	}
	return false;
}

static bool is_status(const char *code)
{
	/* RFC 3463 section 2: status-code = class "." subject "." detail */
	return g_regex_match_simple("^[245]\\.[0-9]{1,3}\\.[0-9]{1,3}$", code, 0, 0);
}

/* With digits for the wildcards: a "?" of the class is a 5, and one "*" may be several codes. */
static bool fits_a_status(const char *wildcard)
{
	static const char *const stars[] = {"", "1", "1.1", ".1.1", "5.1.1"};
	g_autofree char *class =
	    g_strconcat(*wildcard == '?' ? "5" : "", wildcard + (*wildcard == '?'), NULL);
	g_autofree char *digits = g_strdelimit(g_strdup(class), "?", '1');
	g_auto(GStrv) between = g_strsplit(digits, "*", -1);

	for (size_t i = 0; i < G_N_ELEMENTS(stars); i++) {
		g_autofree char *code = g_strjoinv(stars[i], between);
		if (is_status(code))
			return true;
	}
	return false;
}

static bool same_class(const char *status, const char *reply)
{
	bool any = strchr("?*", status[0]) || strchr("?*", reply[0]);

	return any || status[0] == reply[0];
}

static bool may_fit_both(const struct rule *rule)
{
	for (guint i = 0; i < rule->status->len; i++)
		for (guint j = 0; j < rule->reply->len; j++)
			if (same_class(rule->status->pdata[i], rule->reply->pdata[j]))
				return true;
	return rule->status->len == 0 || rule->reply->len == 0;
}

static void check_codes(struct check *check, const struct rule *rule)
{
	for (guint i = 0; i < rule->status->len; i++)
		if (!fits_a_status(rule->status->pdata[i]))
			report_fault(check, RULE_FAULT_NEVER, rule, rule->line,
				     "status %s fits no code, which is like 5.1.1",
				     (char *)rule->status->pdata[i]);
	for (guint i = 0; i < rule->reply->len; i++)
		if (!fits_a_reply(rule->reply->pdata[i]))
			report_fault(check, RULE_FAULT_NEVER, rule, rule->line,
				     "reply %s fits no code, which is like 550",
				     (char *)rule->reply->pdata[i]);
	if (!may_fit_both(rule))
		report_fault(
		    check, RULE_FAULT_NEVER, rule, rule->line,
		    "no bounce has a code of status and one of reply: their first digits differ");
}

/* --- rules behind rules -------------------------------------------------------- */

/* Whether the rule of that id is among the steps that have a verdict. */
struct rule_search {
	const char *id;
	bool is_found;
};

static void search_step(const char *step, const struct verdict *verdict, void *data)
{
	struct rule_search *search = data;

	(void)step;
	search->is_found |= strcmp(verdict->rule, search->id) == 0;
}

/* Whether a rule of that id holds for the text, an example of rule. */
static bool rule_decides(const struct ruleset *rules, const char *id, const struct rule *rule,
			 const char *text)
{
	struct rule_search search = {.id = id};
	const struct classify_listener listener = {search_step, &search};

	rule_trial_explain(rules, rule, text, &listener);
	return search.is_found;
}

/* Who decides the text, in words. Heap. */
static char *who_decides(const struct check *check, const struct rule *rule, const char *text)
{
	struct verdict verdict;

	rule_trial_judge(check->rules, rule, text, &verdict);
	char *who = g_strdup(verdict.rule);
	verdict_clear(&verdict);
	return who;
}

/* Whether a site's rule is what stands before a shipped one, to another reason. */
static bool is_taken_by_site(const struct check *check, const struct rule *rule, const char *who)
{
	const struct rule *other = ruleset_find(check->rules, who);

	return rule->tier != RULE_TIER_SITE && other && other->tier == RULE_TIER_SITE &&
	       other->reason != rule->reason;
}

/* A rule that holds for no example of its own never will; one that decides none is in the shadow of
 * others. */
static void check_examples(struct check *check, const struct rule *rule)
{
	g_autofree char *other = NULL;
	bool is_matched = false;

	if (rule->example->len == 0) {
		report_fault(check, RULE_FAULT_NO_EXAMPLE, rule, rule->line,
			     "has no example: nobody knows whether it ever matches");
		return;
	}
	if (!rule_trial_is_possible(rule))
		return;
	for (guint i = 0; i < rule->example->len; i++) {
		const char *text = get_line(rule->example, i)->text;
		g_free(other);
		other = who_decides(check, rule, text);
		if (strcmp(other, rule->id) == 0)
			return;
		is_matched |= rule_decides(check->rules, rule->id, rule, text);
	}
	if (is_taken_by_site(check, rule, other))
		return; /* told of the site's rule */
	if (!is_matched)
		report_fault(check, RULE_FAULT_NEVER, rule, rule->line,
			     "matches none of its own examples");
	else
		report_fault(check, RULE_FAULT_SHADOWED, rule, rule->line,
			     "decides none of its examples, %s comes first", other);
}

static bool is_unconditional(const struct rule *rule)
{
	return rule->unless->len + rule->host->len + rule->status->len + rule->reply->len == 0;
}

/* The line of other that says the same as text, or 0. */
static unsigned find_same(const struct rule *other, const char *text)
{
	for (guint i = 0; i < other->match->len; i++)
		if (strcmp(get_line(other->match, i)->text, text) == 0)
			return get_line(other->match, i)->line;
	return 0;
}

/* A pattern that stands, without more conditions, in a rule that comes first. */
static void check_same_patterns(struct check *check, size_t index)
{
	const struct rule *rule = ruleset_get(check->rules, index);

	for (guint i = 0; i < rule->match->len; i++) {
		const struct rule_line *line = get_line(rule->match, i);
		for (size_t j = 0; j < index; j++) {
			const struct rule *other = ruleset_get(check->rules, j);
			unsigned same = is_unconditional(other) && (rule->look & ~other->look) == 0
					    ? find_same(other, line->text)
					    : 0;
			if (same == 0)
				continue;
			report_fault(check, RULE_FAULT_SHADOWED, rule, line->line,
				     "match stands in line %u of rule %s, too, which comes first",
				     same, other->id);
			break;
		}
	}
}

/* What holds for a text holds for it alone as well, and to ask one rule costs little. */
static bool may_be_taken(const struct check *check, const struct rule *rule, const char *text)
{
	return !check->alone ||
	       rule_decides(check->alone, ruleset_get(check->alone, 0)->id, rule, text);
}

/* What a shipped rule was made for, and a site's rule takes away; once for the two. */
static void check_site_shadows(struct check *check, const struct rule *rule)
{
	for (guint i = 0; i < rule->example->len; i++) {
		const char *text = get_line(rule->example, i)->text;
		if (!may_be_taken(check, rule, text))
			continue;
		g_autofree char *who = who_decides(check, rule, text);
		if (!is_taken_by_site(check, rule, who))
			continue;
		const struct rule *site = ruleset_find(check->rules, who);
		report_fault(check, RULE_FAULT_SHADOWS, site, site->line,
			     "comes before %s, and says %s instead of %s of: %s", rule->id,
			     site->reason->name, rule->reason->name, text);
		return;
	}
}

static void check_itself(struct check *check, size_t index)
{
	const struct rule *rule = ruleset_get(check->rules, index);

	check_patterns(check, rule);
	check_codes(check, rule);
	check_examples(check, rule);
	check_same_patterns(check, index);
}

unsigned rule_check_rules(const struct ruleset *rules, const struct rule_check_listener *listener)
{
	struct check check = {.rules = rules, .listener = listener};

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		check_itself(&check, i);
		check_site_shadows(&check, ruleset_get(rules, i));
	}
	return check.faults;
}

unsigned rule_check_one(const struct ruleset *rules, const char *id,
			const struct rule_check_listener *listener)
{
	const struct rule *one = ruleset_find(rules, id);

	g_return_val_if_fail(one, 0);
	g_autoptr(ruleset_t) alone = ruleset_new_of_one(one);
	struct check check = {.rules = rules, .alone = alone, .listener = listener};

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		if (strcmp(ruleset_get(rules, i)->id, id) == 0)
			check_itself(&check, i);
		check_site_shadows(&check, ruleset_get(rules, i));
	}
	return check.faults;
}

/* --- examples -------------------------------------------------------------------- */

static void test_line(struct check *check, const struct rule *rule, const struct rule_line *line,
		      enum rule_fault fault)
{
	struct verdict verdict;

	rule_trial_judge(check->rules, rule, line->text, &verdict);
	if ((verdict.reason == rule->reason) == (fault == RULE_FAULT_COUNTER))
		report_fault(check, fault, rule, line->line, "%s is %s by %s: %s",
			     fault == RULE_FAULT_COUNTER ? "counter-example" : "example",
			     verdict.reason->name,
			     verdict.rule[0] != '\0' ? verdict.rule : "nothing", line->text);
	verdict_clear(&verdict);
}

unsigned rule_check_examples(const struct ruleset *rules,
			     const struct rule_check_listener *listener)
{
	struct check check = {.rules = rules, .listener = listener};

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		const struct rule *rule = ruleset_get(rules, i);
		for (guint j = 0; j < rule->example->len && rule_trial_is_possible(rule); j++)
			test_line(&check, rule, get_line(rule->example, j), RULE_FAULT_EXAMPLE);
		for (guint j = 0; j < rule->counter->len; j++)
			test_line(&check, rule, get_line(rule->counter, j), RULE_FAULT_COUNTER);
	}
	return check.faults;
}
