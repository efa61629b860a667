/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A rule for the site's file, from a bounce that was judged wrongly, tried before
 * anybody puts it in: beside the site's own rules and the shipped ones, with the
 * checks of "rules check", and on the very message.
 */
#ifndef CTL_COMMANDS_PROPOSE_H
#define CTL_COMMANDS_PROPOSE_H

#include "ctl/framework/command.h"
#include "db/rows.h"

struct proposed {
	char *rule;        /* NULL: its words say too little for one */
	char *site_file;   /* where it belongs; "" if the configuration names no file */
	bool is_tried;     /* the rules could be loaded */
	GPtrArray *faults; /* char *: what is wrong with it; empty when it works */
};

/* bounce and raw: rows of people_bounce and people_bounce_raw. Clear either way. */
void propose_rule(const struct ctl_call *call, const struct db_rows *bounce,
		  const struct db_rows *raw, const char *reason, struct proposed *proposed_out);
typedef struct proposed proposed_t;
void proposed_clear(struct proposed *proposed);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(proposed_t, proposed_clear)

#endif
