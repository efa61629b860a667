/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Deliberately broken rule files: which faults are found, and where.
 */
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "classifier/verdict/rule_check.h"

#define FULL "[shipped.full]\nreason = mailbox_full\nmatch = quota\nexample = 552 over quota\n"

static const struct {
	const char *name;
	const char *shipped;
	const char *site;   /* NULL: no file */
	const char *faults; /* "rule:line:fault", by rule_check_rules */
	const char *wrong;  /* the same by rule_check_examples */
} rows[] = {
    /* clang-format off */
    { "sound", FULL, NULL, "", "" },
    { "no-example", "[a]\nreason = expired\nmatch = tired\n", NULL, "a:1:no_example", "" },
    { "site-no-example", FULL, "[s]\nreason = expired\nmatch = tired\n", "s:1:no_example", "" },
    { "address-in-pattern", "[a]\nreason = expired\nmatch = of boss@our\\.example\n"
      "example = 550 of boss@our.example\n", NULL,
      "a:3:never a:1:never", "a:4:example" },
    { "two-blanks", "[a]\nreason = expired\nmatch = too  tired\nexample = 550 too  tired\n", NULL,
      "a:3:never a:1:never", "a:4:example" },
    { "typographic", "[a]\nreason = expired\nmatch = can\u2019t be\nexample = 550 can\u2019t be\n",
      NULL,
      "a:3:never a:1:never", "a:4:example" },
    { "one-of-two-patterns", "[a]\nreason = expired\nmatch = x  y\nmatch = tired\n"
      "example = 550 tired\n", NULL,
      "a:3:never", "" },
    { "one-word-of-two", "[a]\nreason = expired\nmatch = x  y|tired\nexample = 550 tired\n", NULL,
      "", "" },
    { "address-in-from", "[a]\nreason = expired\nlook = from\nmatch = boss@our\n"
      "example = boss@our.example\n", NULL, "", "" },
    { "part-of-a-chain", "[a]\nreason = expired\nmatch = tired .. a  b\nexample = 550 tired a  b\n",
      NULL,
      "a:3:never a:1:never", "a:4:example" },
    { "status-class", "[a]\nreason = expired\nmatch = x y\nstatus = 6.1.1\nexample = 550 x y\n",
      NULL,
      "a:1:never a:1:never", "a:5:example" },
    { "status-short", "[a]\nreason = expired\nmatch = x y\n"
      "status = 5.1, 5.*, 5.?.?, ?.1.*, *, 4.1*\nexample = 550 5.5.0 x y\n",
      NULL, "a:1:never", "" },
    { "reply", "[a]\nreason = expired\nmatch = x y\nreply = 650, 55, 5??, *\nexample = 550 x y\n",
      NULL,
      "a:1:never a:1:never", "" },
    { "status-against-reply", "[a]\nreason = expired\nmatch = x y\nstatus = 5.*\nreply = 4??\n"
      "example = 550 5.5.0 x y\n", NULL,
      "a:1:never a:1:never", "a:6:example" },
    { "vetoed", "[a]\nreason = expired\nmatch = tired\nunless = tired\nexample = 550 tired\n", NULL,
      "a:1:never",
      "a:5:example" },
    { "shadowed", "[a]\nreason = expired\nmatch = tired\nexample = 550 tired\n"
      "[b]\nreason = mailbox_full\nmatch = very tired\nexample = 550 very tired\n", NULL,
      "b:5:shadowed", "b:8:example" },
    { "shadowed-by-a-code", "[a]\nreason = expired\nmatch = tired\nexample = 552 5.2.2 tired\n",
      NULL, "a:1:shadowed",
      "a:4:example" },
    { "same-pattern", "[a]\nreason = expired\nmatch = tired\nexample = 550 tired\n"
      "[b]\nreason = expired\nmatch = tired\nmatch = weary\nexample = 550 weary\n", NULL,
      "b:7:shadowed", "" },
    { "same-pattern-behind-a-condition", "[a]\nreason = expired\nmatch = tired\nreply = 550\n"
      "example = 550 tired\n"
      "[b]\nreason = mailbox_full\nmatch = tired\nexample = 452 tired\n", NULL, "", "" },
    { "site-before-shipped", FULL, "[s]\nreason = spam_rejected\nmatch = over\n"
      "example = 550 over\n", "s:1:shadows",
      "shipped.full:4:example" },
    { "site-agrees", FULL, "[s]\nreason = mailbox_full\nmatch = over\nexample = 550 over\n",
      "shipped.full:1:shadowed", "" },
    { "site-replaces", FULL, "[shipped.full]\nreason = spam_rejected\nmatch = over\n"
      "example = 550 over\n", "", "" },
    { "host", "[a]\nreason = expired\nmatch = tired\nhost = \\.partner\\.example$\n"
      "example = 550 tired\n", NULL, "", "" },
    { "host-beyond-words", "[a]\nreason = expired\nmatch = tired\nhost = ^mx[0-9]+\\.partner\n"
      "example = 550 tired\n", NULL, "", "" },
    { "counter", "[a]\nreason = expired\nmatch = tired\nexample = 550 tired\n"
      "counter = 550 not tired\n", NULL, "", "a:5:counter" },
    /* clang-format on */
};

static void hear(const struct rule_check_fault *fault, void *data)
{
	GString *out = data;

	g_assert_true(*fault->text != '\0' && g_utf8_validate(fault->text, -1, NULL));
	g_test_message("%s", fault->text);
	g_string_append_printf(out, "%s%s:%u:%s", out->len > 0 ? " " : "", fault->rule->id,
			       fault->line, rule_check_fault_name(fault->kind));
}

struct ear {
	const char *id;
	GString *out;
};

static void hear_of_one(const struct rule_check_fault *fault, void *data)
{
	const struct ear *ear = data;

	if (strcmp(fault->rule->id, ear->id) == 0)
		hear(fault, ear->out);
}

/* What is said of all is what is said of each. */
static void assert_one_by_one(const struct ruleset *rules, const char *faults)
{
	g_autoptr(GString) found = g_string_new(NULL);
	g_auto(GStrv) expected = g_strsplit(faults, " ", -1);

	for (size_t i = 0; i < ruleset_count(rules); i++) {
		struct ear ear = {ruleset_get(rules, i)->id, found};

		rule_check_one(rules, ear.id, &(struct rule_check_listener){hear_of_one, &ear});
	}
	g_assert_cmpuint(found->len, ==, strlen(faults));
	for (char **fault = expected; *fault; fault++)
		g_assert_nonnull(strstr(found->str, *fault));
}

static void test_row(gconstpointer data)
{
	size_t i = GPOINTER_TO_SIZE(data);
	g_autofree char *dir = g_dir_make_tmp("rules-XXXXXX", NULL);
	g_autofree char *shipped = g_build_filename(dir, "10.rules", NULL);
	g_autofree char *site = g_build_filename(dir, "site", NULL);
	g_autoptr(GString) faults = g_string_new(NULL);
	g_autoptr(GString) wrong = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(shipped, rows[i].shipped, -1, NULL));
	g_assert_true(g_file_set_contents(site, rows[i].site ? rows[i].site : "", -1, NULL));
	g_autoptr(ruleset_t) rules = ruleset_load(dir, rows[i].site ? site : NULL, &error);
	g_assert_no_error(error);
	rule_check_rules(rules, &(struct rule_check_listener){hear, faults});
	rule_check_examples(rules, &(struct rule_check_listener){hear, wrong});
	g_assert_cmpstr(faults->str, ==, rows[i].faults);
	assert_one_by_one(rules, rows[i].faults);
	g_assert_cmpstr(wrong->str, ==, rows[i].wrong);
	g_unlink(shipped);
	g_unlink(site);
	g_rmdir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/rule_check/", rows[i].name, NULL);
		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
	}
	return g_test_run();
}
