/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text of a rule file and the rules in it. Patterns are only read here;
 * whether they compile is found out by ruleset_load. doc/bounce-rules.5 is
 * the description of the format.
 */
#ifndef CLASSIFIER_RULES_RULE_FILE_H
#define CLASSIFIER_RULES_RULE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/rules/reason.h"

/* What a rule may look at. */
enum rule_field {
	RULE_FIELD_DIAGNOSTIC,
	RULE_FIELD_TEXT,
	RULE_FIELD_SUBJECT,
	RULE_FIELD_FROM,
	RULE_FIELD_REMOTE_MTA,
	RULE_FIELD_REPORTING_MTA,
	RULE_FIELD_COUNT,
};

/* Where a rule stands in the order of decision; see classify.h. */
enum rule_tier {
	RULE_TIER_SITE,
	RULE_TIER_STRONG,
	RULE_TIER_NORMAL,
	RULE_TIER_WEAK,
};

/* A line of a rule: a pattern or a sample text. */
struct rule_line {
	unsigned line;
	char *text;
};

struct rule {
	char *id;
	char *file;
	unsigned line;
	const struct reason *reason;
	enum rule_tier tier;
	unsigned look;     /* bits 1 << enum rule_field */
	GArray *match;     /* struct rule_line; any of them must be found */
	GArray *unless;    /* none of them may be found */
	GArray *host;      /* if any: one must be found in the remote or reporting MTA's name */
	GPtrArray *status; /* wildcards; if any: one must fit the enhanced code */
	GPtrArray *reply;  /* wildcards; if any: one must fit the reply code */
	GArray *example;   /* texts this rule must decide */
	GArray *counter;   /* texts it must not match */
	char *why;
};

void rule_free(struct rule *rule);

const char *rule_tier_name(enum rule_tier tier);

/* Appends the rules of a file's text to rules (struct rule *). name is for the
 * messages; with is_site every rule gets RULE_TIER_SITE. On failure
 * BM_ERROR_CONFIG with file, line, rule id and key; rules read before stay. */
struct rule_source {
	const char *name;
	const char *text;
	size_t len;
	bool is_site;
};
bool rule_file_parse(const struct rule_source *source, GPtrArray *rules, GError **error)
    __attribute__((warn_unused_result));

#endif
