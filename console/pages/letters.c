/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rule is the one that bouncectl proposes, and is tried as there: beside the rules that the
 * configuration names, loaded for it alone.
 */
#include "console/pages/letters.h"

#include "classifier/rules/proposal.h"
#include "classifier/rules/ruleset.h"
#include "classifier/verdict/proposal_trial.h"
#include "console/answer/paging.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

struct response *letters_list(struct page_call *call)
{
	const struct paging paging = paging_by_key(call);
	const char *const values[] = {paging.at, paging.after, paging_limit};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_letters, values, &error);

	if (!rows)
		return page_fail(call, error);
	page_add_rows(call, "letters", rows);
	paging_set(call, &paging, rows, "id");
	return page_show(call, "letters", 200);
}

static void set_trial(struct page_call *call, const struct proposal_trial *trial)
{
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	model_set(call->model, "site_rules", trial->site_file);
	if (!proposal_trial_run(trial, faults, &error)) {
		model_set(call->model, "not_tried", error->message);
		return;
	}
	model_flag(call->model, "rule_works", faults->len == 0);
	model_flag(call->model, "has_faults", faults->len > 0);
	for (guint i = 0; i < faults->len; i++)
		model_set(model_add(call->model, "faults"), "text", faults->pdata[i]);
}

static bool try_letter_rule(struct page_call *call, const struct proposal *proposal,
			    const char *rule, GError **error)
{
	const char *const id[] = {proposal->bounce};
	g_autoptr(db_rows_t) raw = page_fetch(call, &operator_queries_bounce_raw, id, error);
	g_autofree char *dir = ruleset_configured_dir(call->console->rules_dir);
	struct proposal_trial trial = {.rules_dir = dir,
				       .site_file = call->console->site_rules,
				       .rule = rule,
				       .proposal = proposal,
				       .limits = &limits_default};

	if (!raw)
		return false;
	if (db_rows_count(raw) > 0)
		trial.bytes = db_rows_bytes(raw, 0, "raw", &trial.len);
	set_trial(call, &trial);
	return true;
}

bool letters_propose(struct page_call *call, GError **error)
{
	const char *const id[] = {page_id(page_fields(call), "id")};
	const char *reason = form_get(page_fields(call), "reason");
	g_autoptr(db_rows_t) bounce = page_fetch(call, &operator_queries_bounce, id, error);

	if (!bounce)
		return false;
	const struct proposal proposal = {.bounce = db_rows_find(bounce, 0, "id"),
					  .reason = reason,
					  .recipient = db_rows_find(bounce, 0, "recipient"),
					  .diagnostic = db_rows_find(bounce, 0, "diagnostic"),
					  .remote_mta = db_rows_find(bounce, 0, "remote_mta")};
	/* NULL: there is no such bounce, or its words say too little */
	g_autofree char *rule = proposal_rule(&proposal);
	const char *const values[] = {rule, reason};
	model_flag(call->model, "has_proposal", true);
	model_set(call->model, "rule", rule);
	return !rule || (try_letter_rule(call, &proposal, rule, error) &&
			 page_load(call, "hits", &operator_queries_rule_hits, values, error));
}
