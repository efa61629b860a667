/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Codes: which row is found.
 */
#include <string.h>

#include <glib.h>

#include "classifier/rules/codes.h"

static void check_status_rows(void)
{
	static const struct {
		const char *status;
		const char *id; /* "" for none */
		const char *reason;
		enum code_trust trust;
	} rows[] = {
	    {"5.1.1", "status:X.1.1", "user_unknown", CODE_CERTAIN},
	    {"4.1.1", "status:X.1.1", "user_unknown", CODE_CERTAIN},
	    {"5.1.10", "status:X.1.10", "null_mx", CODE_CERTAIN},
	    {"5.7.27", "status:X.7.27", "sender_refused", CODE_CERTAIN},
	    {"5.7.1", "status:X.7.1", "policy_rejected", CODE_VAGUE},
	    {"5.7.99", "status:X.7.*", "policy_rejected", CODE_VAGUE},
	    {"4.3.2", "status:4.3.2", "too_many_connections", CODE_VAGUE},
	    {"5.3.2", "status:X.3.*", "system_error", CODE_VAGUE},
	    {"5.1.351", "status:5.1.351", "user_unknown", CODE_CERTAIN},
	    {"4.1.351", "status:X.1.*", "recipient_refused", CODE_VAGUE},
	    {"5.0.0", "", "", CODE_VAGUE},
	    {"2.1.1", "", "", CODE_VAGUE},
	    {"5.1", "", "", CODE_VAGUE},
	    {"5.1.1x", "", "", CODE_VAGUE},
	    {"5.1.1111", "", "", CODE_VAGUE},
	    {"X.1.1", "", "", CODE_VAGUE},
	    {"", "", "", CODE_VAGUE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct code *code = code_find_status(rows[i].status);
		g_test_message("%s", rows[i].status);
		g_assert_cmpstr(code ? code->id : "", ==, rows[i].id);
		if (!code)
			continue;
		g_assert_cmpstr(reason_get(code->reason)->name, ==, rows[i].reason);
		g_assert_cmpint(code->trust, ==, rows[i].trust);
	}
}

static void check_reply_rows(void)
{
	g_assert_cmpstr(code_find_reply("552")->id, ==, "reply:552");
	g_assert_null(code_find_reply("550"));
	g_assert_null(code_find_reply("55"));
	g_assert_null(code_find_reply(""));
	g_assert_null(code_find_reply("5521"));
}

/* Never hard by default: a vague code, or a reply code, is no evidence. */
static void check_never_hard(void)
{
	size_t count = 0;
	const struct code *codes = code_all(&count);

	for (size_t i = 0; i < count; i++)
		if (codes[i].trust == CODE_VAGUE)
			g_assert_cmpint(reason_get(codes[i].reason)->class, !=, CLASS_HARD);
}

static void check_unique(void)
{
	size_t count = 0;
	const struct code *codes = code_all(&count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			g_assert_cmpstr(codes[i].id, !=, codes[j].id);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codes/status", check_status_rows);
	g_test_add_func("/codes/reply", check_reply_rows);
	g_test_add_func("/codes/never-hard", check_never_hard);
	g_test_add_func("/codes/unique", check_unique);
	return g_test_run();
}
