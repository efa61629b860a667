/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Proposes a rule for the site's file from a refusal that was classified wrongly. A
 * person reads it before it is used.
 */
#ifndef CLASSIFIER_RULES_PROPOSAL_H
#define CLASSIFIER_RULES_PROPOSAL_H

struct proposal {
	const char *id;         /* of the rule, after "site." */
	const char *reason;     /* its name */
	const char *diagnostic; /* the words of the refusal */
	const char *remote_mta; /* "" if unknown */
};

/* The rule's text, ready for the site's rule file. Its pattern is the longest run of
 * plain words: no addresses, numbers, host names or links. NULL if the diagnostic has
 * no two such words together. Free with g_free. */
char *proposal_rule(const struct proposal *proposal);

#endif
