/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making the rule, and trying it.
 */
#include "ctl/classifier_commands/propose_rule.h"

#include "classifier/rules/proposal.h"
#include "classifier/rules/ruleset.h"
#include "classifier/verdict/proposal_trial.h"
#include "ctl/framework/connect.h"
#include "ctl/options/rule_files.h"

static void try_proposed_rule(const struct ctl_call *call, const struct milter_settings *settings,
			      const struct proposal *proposal, const struct db_rows *raw,
			      struct propose_rule *proposed)
{
	const struct limits limits = intake_settings_limits(&settings->intake);
	const char *dir = ctl_call_option(call, "rules");
	g_autofree char *usual_dir = ruleset_configured_dir(settings->common.rules_dir);
	g_autoptr(GError) error = NULL;
	struct proposal_trial trial = {.rules_dir = dir ? dir : usual_dir,
				       .site_file = proposed->site_file,
				       .rule = proposed->rule,
				       .proposal = proposal,
				       .limits = &limits};

	if (db_rows_count(raw) > 0)
		trial.bytes = db_rows_bytes(raw, 0, "raw", &trial.len);
	proposed->is_tried = proposal_trial_run(&trial, proposed->faults, &error);
	if (!proposed->is_tried)
		g_ptr_array_add(proposed->faults, g_strdup(error->message));
}

void propose_rule_try(const struct ctl_call *call, const struct db_rows *bounce,
		      const struct db_rows *raw, struct propose_rule *proposed_out)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	bool has_settings = ctl_connect_settings(call, &settings, &error);
	const char *usual_site = has_settings ? settings.common.site_rules : "";
	const char *site = ctl_call_option(call, "site");
	const struct proposal proposal = {.bounce = db_rows_find(bounce, 0, "id"),
					  .reason = ctl_call_option(call, "as"),
					  .recipient = db_rows_find(bounce, 0, "recipient"),
					  .diagnostic = db_rows_find(bounce, 0, "diagnostic"),
					  .remote_mta = db_rows_find(bounce, 0, "remote_mta")};

	*proposed_out = (struct propose_rule){.rule = proposal_rule(&proposal),
					      .site_file = g_strdup(site ? site : usual_site),
					      .faults = g_ptr_array_new_with_free_func(g_free)};
	if (!proposed_out->rule)
		return;
	if (has_settings)
		try_proposed_rule(call, &settings, &proposal, raw, proposed_out);
	else
		g_ptr_array_add(proposed_out->faults, g_strdup(error->message));
}

void propose_rule_clear(struct propose_rule *proposed)
{
	g_free(proposed->rule);
	g_free(proposed->site_file);
	g_clear_pointer(&proposed->faults, g_ptr_array_unref);
}
