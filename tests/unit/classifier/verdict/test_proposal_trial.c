/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A proposed rule is tried beside the others: what is said of one that does what it is for, of one
 * that does not, and of one that cannot be read.
 */
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "classifier/mime/mime.h"
#include "classifier/verdict/proposal_trial.h"
#include "tests/unit/rules_folder.h"

#define SHIPPED "[full]\nreason = mailbox_full\nmatch = quota\nexample = 552 over quota\n"
#define SITE    "[site.old]\nreason = expired\nmatch = tired\nexample = 550 tired\n"
#define RULE    "[site.bounce-1]\nreason = content_rejected\nmatch = dull words\n"
#define EXAMPLE "example = 550 dull words\n"

static const char mail[] = "From: MAILER-DAEMON@mx.example.net\n"
			   "Subject: Undelivered Mail Returned to Sender\n"
			   "MIME-Version: 1.0\n"
			   "Content-Type: multipart/report; report-type=delivery-status;\n"
			   "\tboundary=b\n\n"
			   "--b\n\nSee below.\n"
			   "--b\nContent-Type: message/delivery-status\n\n"
			   "Reporting-MTA: dns; mx.example.net\n\n"
			   "Final-Recipient: rfc822; anna@example.org\nAction: failed\n"
			   "Status: 5.0.0\nDiagnostic-Code: smtp; 550 over quota\n\n"
			   "Final-Recipient: rfc822; bert@example.org\nAction: failed\n"
			   "Status: 5.0.0\nDiagnostic-Code: smtp; 550 dull words\n\n"
			   "--b--\n";

static const struct {
	const char *name;
	const char *rule;
	const char *diagnostic; /* NULL: that of the mail */
	const char *recipient;
	const char *faults; /* in lines */
} rows[] = {
    {"good", RULE EXAMPLE, "550 dull words", "", ""},
    {"before the shipped ones", RULE EXAMPLE, "550 dull words over quota", "", ""},
    {"other words", RULE EXAMPLE, "550 bright words", "",
     "this message would still be undetermined\n"},
    {"another rule", RULE EXAMPLE, "552 over quota", "",
     "this message would still be mailbox_full: decided by full\n"},
    {"no example", RULE, "550 dull words", "",
     "has no example: nobody knows whether it ever matches\n"},
    {"its recipient", RULE EXAMPLE, NULL, "Bert@example.org", ""},
    {"another recipient", RULE EXAMPLE, NULL, "anna@example.org",
     "this message would still be mailbox_full: decided by full\n"},
    {"nobody's", RULE EXAMPLE, NULL, "carl@example.org",
     "this message would still be mailbox_full: decided by full\n"},
};

static void set_up(struct rules_folder *folder, gconstpointer data)
{
	rules_folder_set_up(folder, data);
	g_assert_true(g_file_set_contents(folder->rules, SHIPPED, -1, NULL));
	g_assert_true(g_file_set_contents(folder->site, SITE, -1, NULL));
}

static const struct proposal proposal = {
    .bounce = "1", .reason = "content_rejected", .recipient = "", .diagnostic = "550 dull words"};

static struct proposal_trial trial_of(const struct rules_folder *folder, const char *rule)
{
	return (struct proposal_trial){.rules_dir = folder->path,
				       .site_file = folder->site,
				       .rule = rule,
				       .proposal = &proposal,
				       .limits = &limits_default};
}

static void test_verdicts(struct rules_folder *folder, gconstpointer data)
{
	(void)data;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct proposal_trial trial = trial_of(folder, rows[i].rule);
		struct proposal about = proposal;
		g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GString) text = g_string_new(NULL);
		g_autoptr(GError) error = NULL;

		g_test_message("%s", rows[i].name);
		trial.proposal = &about;
		about.recipient = rows[i].recipient;
		about.diagnostic = rows[i].diagnostic;
		if (!rows[i].diagnostic) {
			trial.bytes = mail;
			trial.len = strlen(mail);
		}
		g_assert_true(proposal_trial_run(&trial, faults, &error));
		g_assert_no_error(error);
		for (guint j = 0; j < faults->len; j++)
			g_string_append_printf(text, "%s\n", (char *)faults->pdata[j]);
		g_assert_cmpstr(text->str, ==, rows[i].faults);
	}
}

/* The fault is told of the site's file, which is not changed, and by no name that nobody knows. */
static void test_unreadable(struct rules_folder *folder, gconstpointer data)
{
	struct proposal_trial trial =
	    trial_of(folder, "[site.bounce-1]\nreason = content_rejected\nmatch = (dull\n");
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *site = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *begin = g_strconcat(folder->site, ":", NULL);

	(void)data;
	g_assert_false(proposal_trial_run(&trial, faults, &error));
	g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
	g_assert_true(g_str_has_prefix(error->message, begin));
	g_assert_nonnull(strstr(error->message, "rule site.bounce-1: match: "));
	g_assert_true(g_file_get_contents(folder->site, &site, NULL, NULL));
	g_assert_cmpstr(site, ==, SITE);
}

/* Without a file of the site's own. */
static void test_first_rule(struct rules_folder *folder, gconstpointer data)
{
	struct proposal_trial trial =
	    trial_of(folder, "[site.bounce-1]\nreason = content_rejected\n");
	g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;

	(void)data;
	trial.site_file = "";
	g_assert_false(proposal_trial_run(&trial, faults, &error));
	g_assert_true(g_str_has_prefix(error->message, "the proposed rule:"));
	g_clear_error(&error);
	trial.rule = RULE EXAMPLE;
	g_assert_true(proposal_trial_run(&trial, faults, &error));
	g_assert_cmpuint(faults->len, ==, 0);
}

int main(int argc, char **argv)
{
	mime_init();
	g_test_init(&argc, &argv, NULL);
	g_test_add("/verdict/proposal-trial/verdicts", struct rules_folder, NULL, set_up,
		   test_verdicts, rules_folder_tear_down);
	g_test_add("/verdict/proposal-trial/unreadable", struct rules_folder, NULL, set_up,
		   test_unreadable, rules_folder_tear_down);
	g_test_add("/verdict/proposal-trial/first-rule", struct rules_folder, NULL, set_up,
		   test_first_rule, rules_folder_tear_down);
	return g_test_run();
}
