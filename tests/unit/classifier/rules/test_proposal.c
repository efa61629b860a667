/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Proposed rules: they name nobody, load, and judge their own example.
 */
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "classifier/rules/proposal.h"
#include "classifier/rules/ruleset.h"

static const struct {
	const char *diagnostic;
	const char *match; /* NULL: no rule */
} rows[] = {
    {"550 5.7.1 <anna@customer.example>: this box is on holiday until 2027",
     "this box is on holiday until"},
    {"550 5.1.1 No such mailbox here.", "No such mailbox here"},
    {"550-5.1.1 The person you wrote to\n550 5.1.1 has left us (code 4711)",
     "The person you wrote to has left us"},
    {"smtp; 550 Postfach wurde geschlossen", "Postfach wurde geschlossen"},
    {"550 x=1 (why?) see https://example.org/x don't ask again, please", "don't ask again, please"},
    {"550 5.1.1", NULL},
    {"550 refused", NULL},
    {"", NULL},
    {NULL, NULL},
};

static void check_loads(const char *rule)
{
	g_autofree char *dir = g_dir_make_tmp("bounce-milter-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "site.rules", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(path, rule, -1, NULL));
	g_autoptr(ruleset_t) rules = ruleset_load(dir, NULL, &error);
	g_assert_no_error(error);
	g_assert_nonnull(rules);
	g_assert_cmpuint(ruleset_count(rules), ==, 1);
	g_unlink(path);
	g_rmdir(dir);
}

static void test_rows(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct proposal proposal = {.bounce = "1",
						  .reason = "mailbox_disabled",
						  .diagnostic = rows[i].diagnostic,
						  .remote_mta = "mx.customer.example"};
		g_autofree char *rule = proposal_rule(&proposal);

		g_test_message("%s -> %s", rows[i].diagnostic ? rows[i].diagnostic : "nothing",
			       !rule ? "none" : rule);
		g_assert_true((!rule) == (!rows[i].match));
		if (!rule)
			continue;
		g_autofree char *wanted = g_strdup_printf("\nmatch   = %s\n", rows[i].match);
		g_assert_nonnull(strstr(rule, wanted));
		g_assert_null(strstr(rule, "anna@"));
		g_assert_nonnull(strstr(rule, "# host  = mx\\.customer\\.example\n"));
		check_loads(rule);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proposal/rows", test_rows);
	return g_test_run();
}
