/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sentences of the database in a language, and what only looks like one.
 */
#include "console/text/sentences.h"

#define MARK  "0123abcd"
#define BEGIN "\x02" MARK
#define PART  "\x1f"
#define END   "\x03"

static void assert_told(const char *tag, const char *text, const char *told)
{
	g_autofree char *found = sentences_told(tag ? catalogue_for(tag) : NULL, MARK, text);

	g_assert_cmpstr(found, ==, told);
}

static void test_languages(void)
{
	static const char text[] = BEGIN "resend %s of %s at %t" PART "1" PART "3" PART
					 "2026-11-29 08:20" END ": 452 full";

	assert_told("de", text, "1. von 3 Wiederholungen am 29.11.2026 08:20: 452 full");
	assert_told("fr", text, "renvoi 1 sur 3 le 29/11/2026 08:20: 452 full");
	assert_told(NULL, text, "resend 1 of 3 at 2026-11-29 08:20: 452 full");
}

static void test_gaps(void)
{
	assert_told("de", BEGIN "task %w %s" PART "hard_bounce" PART "7" END,
		    "Aufgabe „Tote Adresse“ 7");
	assert_told("de", BEGIN "%r" PART "dead" END, "tot");
	assert_told("de", BEGIN "%r" PART "otherwise" END, "otherwise");
	assert_told("en", BEGIN "%r" PART "done" END ": x", "done: x");
	/* what stands in %s is somebody's: it is not looked up, nor are gaps in it filled */
	assert_told("de", BEGIN "to %s" PART "hard_bounce %s" END, "an hard_bounce %s");
	assert_told("de", BEGIN "at least %s" END, "mindestens ");
	assert_told("de", BEGIN "logged" PART "too much" END, "vermerkt");
	assert_told("de", "a, " BEGIN "logged" END ", " BEGIN "not blocked" END,
		    "a, vermerkt, nicht gesperrt");
	assert_told("de", BEGIN "; since %t, 1 communication waits" PART "tomorrow" END,
		    "; seit tomorrow, es wartet 1 Mail");
}

static void test_others(void)
{
	assert_told("de", NULL, NULL);
	assert_told("de", "", "");
	assert_told("de", "done", "done");
	assert_told("de", "\x02logged\x03", "\x02logged\x03"); /* without the mark */
	assert_told("de", BEGIN, "");
	assert_told("de", BEGIN END BEGIN PART PART END, "");
	assert_told("de", BEGIN "logged", "vermerkt"); /* cut off */
	assert_told("de", BEGIN "logged" BEGIN "logged" END, "logged" BEGIN "logged");
	g_autofree char *unmarked = sentences_told(catalogue_for("de"), "", "\x02logged\x03");
	g_assert_cmpstr(unmarked, ==, "\x02logged\x03");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sentences/languages", test_languages);
	g_test_add_func("/sentences/gaps", test_gaps);
	g_test_add_func("/sentences/others", test_others);
	return g_test_run();
}
