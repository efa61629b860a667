/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Making the rule, and trying it.
 */
#include "ctl/classifier_commands/propose_rule.h"

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
#include "ctl/options/rule_files.h"

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
static char *write_site_file(const struct propose_rule *proposed, GError **error)
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

/* Nobody knows the name of the temporary file: the fault is told of the site's. */
static void set_error(const struct propose_rule *proposed, const char *file, const GError *fault,
		      GError **error)
{
	const char *site = *proposed->site_file != '\0' ? proposed->site_file : "the proposed rule";
	g_autoptr(GString) text = g_string_new(fault->message);

	g_string_replace(text, file, site, 0);
	g_set_error_literal(error, fault->domain, fault->code, text->str);
}

static struct ruleset *load(const struct ctl_call *call, const struct milter_settings *settings,
			    const struct propose_rule *proposed, GError **error)
{
	g_autofree char *file = write_site_file(proposed, error);
	g_autoptr(GError) fault = NULL;

	if (!file)
		return NULL;
	struct ruleset *rules = rule_files_load_with_site(call, settings, file, &fault);
	unlink(file);
	if (!rules)
		set_error(proposed, file, fault, error);
	return rules;
}

/* --- does it do what it is for? ------------------------------------------------------- */

/* A trial of the rule of that id. */
struct trial {
	struct propose_rule *proposed;
	const struct ruleset *rules;
	const char *id;
	const char *reason;
	struct limits limits;
};

static void add_fault(const struct rule_check_fault *fault, void *data)
{
	const struct trial *trial = data;

	if (strcmp(fault->rule->id, trial->id) == 0)
		g_ptr_array_add(trial->proposed->faults, g_strdup(fault->text));
}

static void check_verdict(const struct trial *trial, const struct verdict *verdict)
{
	char *fault;

	if (strcmp(verdict->reason->name, trial->reason) == 0)
		return;
	if (strcmp(verdict->rule, trial->id) == 0)
		fault = g_strdup_printf("with the codes of this message it makes it %s",
					verdict->reason->name);
	else
		fault =
		    g_strdup_printf("this message would still be %s%s%s", verdict->reason->name,
				    *verdict->rule != '\0' ? ": decided by " : "", verdict->rule);
	g_ptr_array_add(trial->proposed->faults, fault);
}

/* The one of that address, or else the first; NULL where none is named. */
static const struct report_recipient *recipient_of(const struct report *report, const char *address)
{
	for (size_t i = 0; i < report->recipient_count; i++)
		if (g_ascii_strcasecmp(report->recipients[i].recipient, address) == 0)
			return &report->recipients[i];
	return report->recipient_count > 0 ? &report->recipients[0] : NULL;
}

/* The message, or where it is not kept any more its diagnostic. */
static void judge(const struct trial *trial, const struct db_rows *bounce,
		  const struct db_rows *raw, struct verdict *verdict_out)
{
	size_t len = 0;
	const char *bytes = db_rows_count(raw) == 0 ? NULL : db_rows_bytes(raw, 0, "raw", &len);

	if (!bytes) {
		rule_trial_judge(trial->rules, ruleset_find(trial->rules, trial->id),
				 db_rows_find(bounce, 0, "diagnostic"), verdict_out);
		return;
	}
	g_autoptr(report_t) report = reader_parse(bytes, len, &trial->limits);
	classify(trial->rules, report, recipient_of(report, db_rows_find(bounce, 0, "recipient")),
		 verdict_out);
}

static void try_rule(const struct ctl_call *call, const struct milter_settings *settings,
		     const struct db_rows *bounce, const struct db_rows *raw,
		     struct propose_rule *proposed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) rules = load(call, settings, proposed, &error);
	g_autofree char *own = rule_id(bounce);
	g_autofree char *id = g_strconcat("site.", own, NULL);
	struct trial trial = {proposed, rules, id, ctl_call_option(call, "as"),
			      intake_settings_limits(&settings->intake)};
	const struct rule_check_listener listener = {add_fault, &trial};
	struct verdict verdict;

	if (!rules) {
		g_ptr_array_add(proposed->faults, g_strdup(error->message));
		return;
	}
	proposed->is_tried = true;
	rule_check_rules(rules, &listener);
	judge(&trial, bounce, raw, &verdict);
	check_verdict(&trial, &verdict);
	verdict_clear(&verdict);
}

void propose_rule_try(const struct ctl_call *call, const struct db_rows *bounce,
		      const struct db_rows *raw, struct propose_rule *proposed_out)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	bool has_settings = ctl_connect_settings(call, &settings, &error);
	const char *usual_site = has_settings ? settings.common.site_rules : "";
	const char *site = ctl_call_option(call, "site");

	*proposed_out =
	    (struct propose_rule){.rule = make_rule(bounce, ctl_call_option(call, "as")),
				  .site_file = g_strdup(site ? site : usual_site),
				  .faults = g_ptr_array_new_with_free_func(g_free)};
	if (!proposed_out->rule)
		return;
	if (has_settings)
		try_rule(call, &settings, bounce, raw, proposed_out);
	else
		g_ptr_array_add(proposed_out->faults, g_strdup(error->message));
}

void propose_rule_clear(struct propose_rule *proposed)
{
	g_free(proposed->rule);
	g_free(proposed->site_file);
	g_clear_pointer(&proposed->faults, g_ptr_array_unref);
}
