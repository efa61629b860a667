/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making the rule, and trying it.
 */
#include "ctl/commands/propose.h"

#include <string.h>
#include <unistd.h>

#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/rules/proposal.h"
#include "classifier/text/limits.h"
#include "classifier/verdict/classify.h"
#include "classifier/verdict/rule_check.h"
#include "classifier/verdict/rule_trial.h"
#include "ctl/framework/connect.h"

/* --- the rule ---------------------------------------------------------------------- */

static char *rule_id(const struct db_rows *bounce)
{
	return g_strdup_printf("bounce-%s", db_rows_find(bounce, 0, "id"));
}

static char *make_rule(const struct db_rows *bounce, const char *reason)
{
	const char *diagnostic = db_rows_find(bounce, 0, "diagnostic");
	const char *remote_mta = db_rows_find(bounce, 0, "remote_mta");
	g_autofree char *id = rule_id(bounce);
	const struct proposal proposal = {.id = id,
					  .reason = reason,
					  .diagnostic = diagnostic == NULL ? "" : diagnostic,
					  .remote_mta = remote_mta == NULL ? "" : remote_mta};

	return proposal_rule(&proposal);
}

/* --- beside the others ---------------------------------------------------------------- */

/* The site's file as it would be: a name of its own. NULL with what went wrong. */
static char *write_site_file(const struct proposed *proposed, GError **error)
{
	g_autofree char *before = NULL;
	char *name = NULL;

	if (*proposed->site_file != '\0' && g_file_test(proposed->site_file, G_FILE_TEST_EXISTS) &&
	    !g_file_get_contents(proposed->site_file, &before, NULL, error))
		return NULL;
	int fd = g_file_open_tmp("bouncectl-XXXXXX.rules", &name, error);
	if (fd < 0)
		return NULL;
	close(fd);
	g_autofree char *text =
	    g_strconcat(before == NULL ? "" : before, "\n", proposed->rule, NULL);
	if (g_file_set_contents(name, text, -1, error))
		return name;
	unlink(name);
	g_free(name);
	return NULL;
}

static struct ruleset *load(const struct ctl_call *call, const struct milter_settings *settings,
			    const struct proposed *proposed, GError **error)
{
	g_autofree char *usual_dir = ruleset_configured_dir(settings->common.rules_dir);
	const char *dir = ctl_option(call, "rules");
	g_autofree char *file = write_site_file(proposed, error);

	if (file == NULL)
		return NULL;
	g_autoptr(GError) fault = NULL;
	struct ruleset *rules = ruleset_load(dir != NULL ? dir : usual_dir, file, &fault);
	unlink(file);
	if (rules == NULL) { /* nobody knows the name of our file */
		g_auto(GStrv) parts = g_strsplit(fault->message, file, -1);
		g_autofree char *text = g_strjoinv(
		    *proposed->site_file != '\0' ? proposed->site_file : "the proposed rule",
		    parts);
		g_set_error_literal(error, fault->domain, fault->code, text);
	}
	return rules;
}

/* --- does it do what it is for? ------------------------------------------------------- */

struct hearing {
	struct proposed *proposed;
	const char *id;
};

static void hear(const struct rule_check_fault *fault, void *data)
{
	const struct hearing *hearing = data;

	if (strcmp(fault->rule->id, hearing->id) == 0)
		g_ptr_array_add(hearing->proposed->faults, g_strdup(fault->text));
}

static void check_verdict(struct proposed *proposed, const struct verdict *verdict, const char *id,
			  const char *reason)
{
	if (strcmp(verdict->reason->name, reason) == 0)
		return;
	g_ptr_array_add(
	    proposed->faults,
	    strcmp(verdict->rule, id) == 0
		? g_strdup_printf("with the codes of this message it makes it %s",
				  verdict->reason->name)
		: g_strdup_printf("this message would still be %s%s%s", verdict->reason->name,
				  *verdict->rule != '\0' ? ": decided by " : "", verdict->rule));
}

/* The message, or where it is not kept any more its diagnostic. */
static void try_on(struct proposed *proposed, const struct ruleset *rules,
		   const struct db_rows *bounce, const struct db_rows *raw, const char *reason,
		   const char *id)
{
	const char *wanted = db_rows_find(bounce, 0, "recipient");
	size_t len = 0;
	const char *bytes = db_rows_count(raw) == 0 ? NULL : db_rows_bytes(raw, 0, "raw", &len);
	g_autoptr(report_t) report =
	    bytes == NULL ? NULL : reader_parse(bytes, len, &limits_default);
	const struct report_recipient *recipient = NULL;
	struct verdict verdict;

	for (size_t i = 0; report != NULL && i < report->recipient_count; i++)
		if (recipient == NULL ||
		    g_ascii_strcasecmp(report->recipients[i].recipient, wanted) == 0)
			recipient = &report->recipients[i];
	if (report != NULL)
		classify(rules, report, recipient, &verdict);
	else
		rule_trial_judge(rules, ruleset_find(rules, id),
				 db_rows_find(bounce, 0, "diagnostic"), &verdict);
	check_verdict(proposed, &verdict, id, reason);
	verdict_clear(&verdict);
}

static void try_rule(const struct ctl_call *call, const struct milter_settings *settings,
		     const struct db_rows *bounce, const struct db_rows *raw, const char *reason,
		     struct proposed *proposed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) rules = load(call, settings, proposed, &error);
	g_autofree char *own = rule_id(bounce);
	g_autofree char *id = g_strconcat("site.", own, NULL);
	struct hearing hearing = {proposed, id};
	const struct rule_check_listener listener = {hear, &hearing};

	if (rules == NULL) {
		g_ptr_array_add(proposed->faults, g_strdup(error->message));
		return;
	}
	proposed->is_tried = true;
	rule_check_rules(rules, &listener);
	try_on(proposed, rules, bounce, raw, reason, id);
}

void propose_rule(const struct ctl_call *call, const struct db_rows *bounce,
		  const struct db_rows *raw, const char *reason, struct proposed *proposed_out)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	const char *site = ctl_option(call, "site");
	bool has_settings = ctl_settings(call, &settings, &error);

	*proposed_out = (struct proposed){.rule = make_rule(bounce, reason),
					  .site_file = g_strdup(site != NULL   ? site
								: has_settings ? settings.common.site_rules
									       : ""),
					  .faults = g_ptr_array_new_with_free_func(g_free)};
	if (proposed_out->rule == NULL)
		return;
	if (has_settings)
		try_rule(call, &settings, bounce, raw, reason, proposed_out);
	else
		g_ptr_array_add(proposed_out->faults, g_strdup(error->message));
}

void proposed_clear(struct proposed *proposed)
{
	g_free(proposed->rule);
	g_free(proposed->site_file);
	g_clear_pointer(&proposed->faults, g_ptr_array_unref);
}
