/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The site's file as it would be stands in a temporary one while the rules are loaded.
 */
#include "classifier/verdict/proposal_trial.h"

#include <string.h>
#include <unistd.h>

#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/verdict/classify.h"
#include "classifier/verdict/rule_check.h"
#include "classifier/verdict/rule_trial.h"

/* --- beside the others ---------------------------------------------------------------- */

/* The name of the temporary file. NULL with what went wrong. */
static char *write_site_file(const struct proposal_trial *trial, GError **error)
{
	g_autofree char *before = NULL;
	char *name = NULL;

	if (*trial->site_file != '\0' && g_file_test(trial->site_file, G_FILE_TEST_EXISTS) &&
	    !g_file_get_contents(trial->site_file, &before, NULL, error))
		return NULL;
	int fd = g_file_open_tmp("bounce-XXXXXX.rules", &name, error);
	if (fd < 0)
		return NULL;
	close(fd);
	g_autofree char *text = g_strconcat(before ? before : "", "\n", trial->rule, NULL);
	if (g_file_set_contents(name, text, -1, error))
		return name;
	unlink(name);
	g_free(name);
	return NULL;
}

/* Nobody knows the name of the temporary file: the fault is told of the site's. */
static void set_trial_error(const struct proposal_trial *trial, const char *file,
			    const GError *fault, GError **error)
{
	const char *site = *trial->site_file != '\0' ? trial->site_file : "the proposed rule";
	g_autoptr(GString) text = g_string_new(fault->message);

	g_string_replace(text, file, site, 0);
	g_set_error_literal(error, fault->domain, fault->code, text->str);
}

static struct ruleset *load(const struct proposal_trial *trial, GError **error)
{
	g_autofree char *file = write_site_file(trial, error);
	g_autoptr(GError) fault = NULL;

	if (!file)
		return NULL;
	struct ruleset *rules = ruleset_load(trial->rules_dir, file, &fault);
	unlink(file);
	if (!rules)
		set_trial_error(trial, file, fault, error);
	return rules;
}

/* --- does it do what it is for? ------------------------------------------------------- */

struct examined {
	const char *id; /* of the rule */
	GPtrArray *faults;
};

static void add_fault(const struct rule_check_fault *fault, void *data)
{
	const struct examined *examined = data;

	if (strcmp(fault->rule->id, examined->id) == 0)
		g_ptr_array_add(examined->faults, g_strdup(fault->text));
}

static void check_verdict(const struct examined *examined, const char *reason,
			  const struct verdict *verdict)
{
	char *fault;

	if (strcmp(verdict->reason->name, reason) == 0)
		return;
	if (strcmp(verdict->rule, examined->id) == 0)
		fault = g_strdup_printf("with the codes of this message it makes it %s",
					verdict->reason->name);
	else
		fault =
		    g_strdup_printf("this message would still be %s%s%s", verdict->reason->name,
				    *verdict->rule != '\0' ? ": decided by " : "", verdict->rule);
	g_ptr_array_add(examined->faults, fault);
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
static void judge(const struct proposal_trial *trial, const struct ruleset *rules, const char *id,
		  struct verdict *verdict_out)
{
	if (!trial->bytes) {
		rule_trial_judge(rules, ruleset_find(rules, id), trial->proposal->diagnostic,
				 verdict_out);
		return;
	}
	g_autoptr(report_t) report = reader_parse(trial->bytes, trial->len, trial->limits);
	classify(rules, report, recipient_of(report, trial->proposal->recipient), verdict_out);
}

bool proposal_trial_run(const struct proposal_trial *trial, GPtrArray *faults, GError **error)
{
	g_autoptr(ruleset_t) rules = load(trial, error);
	g_autofree char *id = proposal_rule_id(trial->proposal);
	struct examined examined = {id, faults};
	const struct rule_check_listener listener = {add_fault, &examined};
	struct verdict verdict;

	if (!rules)
		return false;
	rule_check_one(rules, id, &listener);
	judge(trial, rules, id, &verdict);
	check_verdict(&examined, trial->proposal->reason, &verdict);
	verdict_clear(&verdict);
	return true;
}
