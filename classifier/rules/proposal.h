/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a refusal that was judged wrongly to a rule for the site's file that
 * judges it rightly the next time. A proposal: a person reads it before it goes in.
 */
#ifndef CLASSIFIER_RULES_PROPOSAL_H
#define CLASSIFIER_RULES_PROPOSAL_H

struct proposal {
	const char *id;         /* of the rule, after "site." */
	const char *reason;     /* a name of reasons.def */
	const char *diagnostic; /* the words of the refusal */
	const char *remote_mta; /* "" if unknown */
};

/* The rule's text, ready to be put into the site's rule file. It looks for the
 * longest run of plain words: no addresses, numbers, names of hosts or links.
 * NULL when the diagnostic has no two such words together. Heap. */
char *proposal_rule(const struct proposal *proposal);

#endif
