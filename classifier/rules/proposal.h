/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Proposes a rule for the site's file from a refusal that was classified wrongly. A
 * person reads it before it is used.
 */
#ifndef CLASSIFIER_RULES_PROPOSAL_H
#define CLASSIFIER_RULES_PROPOSAL_H

struct proposal {
	const char *bounce;     /* the id of the refusal that was judged wrongly */
	const char *reason;     /* the name of the right one */
	const char *recipient;  /* whom it is about */
	const char *diagnostic; /* its words; NULL: none */
	const char *remote_mta; /* NULL: unknown */
};

/* The rule's text, ready for the site's rule file. Its pattern is the longest run of
 * plain words: no addresses, numbers, host names or links. NULL if the diagnostic has
 * no two such words together. Free with g_free. */
char *proposal_rule(const struct proposal *proposal);

/* The id that the rule has. Heap. */
char *proposal_rule_id(const struct proposal *proposal);

#endif
