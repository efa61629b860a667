/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Proposes a rule for the site's file from a bounce that was judged wrongly, and tries it:
 * beside the site's own rules and the shipped ones, with the checks of "rules check", and
 * on the very message.
 */
#ifndef CTL_CLASSIFIER_COMMANDS_PROPOSE_RULE_H
#define CTL_CLASSIFIER_COMMANDS_PROPOSE_RULE_H

#include "ctl/framework/call.h"
#include "db/rows.h"

struct propose_rule {
	char *rule;        /* NULL: the words say too little for one */
	char *site_file;   /* where it belongs; "" if the configuration names no file */
	bool is_tried;     /* the rules could be loaded */
	GPtrArray *faults; /* char *: what is wrong with it; empty when it works */
};

/* For the reason of --as. bounce and raw: rows of operator_queries_bounce and
 * operator_queries_bounce_raw. Clear either way. */
void propose_rule_try(const struct ctl_call *call, const struct db_rows *bounce,
		      const struct db_rows *raw, struct propose_rule *proposed_out);
void propose_rule_clear(struct propose_rule *proposed);

typedef struct propose_rule propose_rule_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(propose_rule_t, propose_rule_clear)

#endif
