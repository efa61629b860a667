/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A rule as its file has it, with the word classes expanded. A value: nothing here
 * reads, compiles or decides.
 */
#ifndef CLASSIFIER_RULES_RULE_H
#define CLASSIFIER_RULES_RULE_H

#include <stdbool.h>

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
	RULE_TIER_GUARD, /* decides only what another rule would call hard */
	RULE_TIER_STRONG,
	RULE_TIER_NORMAL,
	RULE_TIER_WEAK,
};

/* A pattern or a sample text, and the line in the file where it begins. */
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

/* Empty, of the normal tier, looking at the diagnostic. */
struct rule *rule_new(const char *id, const char *file, unsigned line);
void rule_free(struct rule *rule);

void rule_add_line(GArray *lines, unsigned line, const char *text);

const char *rule_tier_name(enum rule_tier tier);
/* By the name in a rule file: false if there is none; a site's tier has no name there. */
bool rule_tier_find(const char *name, enum rule_tier *tier_out);
bool rule_field_find(const char *name, enum rule_field *field_out);

#endif
