/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Tries a proposed rule before it is taken: beside the site's own rules and the shipped ones, with
 * the checks of rule_check.h, and on the very message that it was made from.
 */
#ifndef CLASSIFIER_VERDICT_PROPOSAL_TRIAL_H
#define CLASSIFIER_VERDICT_PROPOSAL_TRIAL_H

#include <stdbool.h>

#include <glib.h>

#include "classifier/rules/proposal.h"
#include "classifier/text/limits.h"

struct proposal_trial {
	const char *rules_dir; /* the shipped rules */
	const char *site_file; /* the site's own; "" or one that does not exist: there are none */
	const char *rule;      /* of proposal_rule() */
	const struct proposal *proposal; /* what it was made from */
	const struct limits *limits;
	const char *bytes; /* the message; NULL: it is not kept, and the diagnostic is judged */
	size_t len;
};

/* Adds what is wrong with the rule to faults (char *, to be freed by g_free): nothing where it does
 * what it is for. False with BM_ERROR_CONFIG or a GFileError where the rules cannot be loaded with
 * it; a fault in the file is told of site_file. */
bool proposal_trial_run(const struct proposal_trial *trial, GPtrArray *faults, GError **error)
    __attribute__((warn_unused_result));

#endif
