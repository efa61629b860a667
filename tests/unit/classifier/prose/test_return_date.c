/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The day of return in automatic replies, language by language, and what is none.
 */
#include <string.h>

#include <glib.h>

#include "classifier/prose/return_date.h"
#include "tests/unit/growth.h"

#define DATE "Sat, 21 Nov 2026 09:00:00 +0100"

static void check(const char *text, const char *date, const char *expected)
{
	char found[RETURN_DATE_SIZE];

	return_date_find(text, date, found);
	if (strcmp(found, expected) != 0) {
		g_test_message("%s (%s): \"%s\" is not \"%s\"", text, date, found, expected);
		g_test_fail();
	}
}

static void check_languages(void)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
	    /* clang-format off */
	/* English */
	{ "I am out of the office until 5 December 2026.", "2026-12-05" },
	{ "I will be back on December 6th, 2026.", "2026-12-06" },
	{ "I'll be back in the office on Monday, 7th of December.", "2026-12-07" },
	{ "Out of office until Dec. 24", "2026-12-24" },
	{ "I am away from 1 December and will return on 6 December 2026.", "2026-12-06" },
	{ "I am on leave from Dec 1 to Dec 5.", "2026-12-05" },
	{ "On vacation 1-5 December 2026", "2026-12-05" },
	{ "I am away 1 December \xE2\x80\x93 5 December, with limited access to e-mail.",
	  "2026-12-05" },
	{ "Away till 03.01.2027", "2027-01-03" },
	{ "I am out through 2026-12-31 and will answer afterwards.", "2026-12-31" },
	{ "Away until and including Friday, the 5th of December, 2026", "2026-12-05" },
	{ "Out until 12/25/2026", "2026-12-25" },
	{ "Out until 25/12/2026", "2026-12-25" },
	{ "Out until 25/12", "2026-12-25" },
	{ "Out until 5 December. I have seen your mail with 550 5.1.1 User unknown.",
	  "2026-12-05" },
	{ "Back on 5 December. 192.0.2.7 could not be reached, says version 1.2.3.4.",
	  "2026-12-05" },
	{ "Returning 3 January", "2027-01-03" },
	{ "I am out until 5 pm on 5 December.", "2026-12-05" },
	{ "I will be out until 5-Dec-2026", "2026-12-05" },
	{ "Available again from 6 Dec '26", "2026-12-06" },
	{ "Thank you for your mail of 20 November. I am back on 6 December.", "2026-12-06" },
	{ "I am away until 5 December. In urgent cases call me. I return to the office 6 December "
	  "2026.", "2026-12-06" },
	{ "I am out of the office\nuntil\n5 December\n2026.", "2026-12-05" },
	/* German */
	{ "Ich bin bis 5. Dezember 2026 nicht im Büro.", "2026-12-05" },
	{ "Ich bin bis einschließlich 05.12.2026 abwesend und ab dem 06.12.2026 wieder erreichbar.",
	  "2026-12-06" },
	{ "Ich bin vom 1.12. bis zum 5.12. im Urlaub.", "2026-12-05" },
	{ "Abwesend bis 5.1.", "2027-01-05" },
	{ "Ab Montag, den 7. Dezember bin ich wieder für Sie da.", "2026-12-07" },
	{ "Ich bin erst am 7. Dez. zurück.", "2026-12-07" },
	{ "Urlaub 23.12.26 - 6.1.27", "2027-01-06" },
	{ "Bis 10.12 Uhr. Ich bin wieder da am 7.12.", "2026-12-07" },
	/* French */
	{ "Je suis absent jusqu'au 5 décembre 2026 inclus.", "2026-12-05" },
	{ "Je suis absente du 1er au 5 décembre.", "2026-12-05" },
	{ "Je serai de retour le lundi 7 décembre.", "2026-12-07" },
	{ "En congé jusqu\xE2\x80\x99" "au 05/12/2026", "2026-12-05" },
	{ "Je reviens le 1er janvier", "2027-01-01" },
	/* Italian */
	{ "Sono assente fino al 5 dicembre 2026.", "2026-12-05" },
	{ "Sarò in ferie dal 1 al 5 dicembre.", "2026-12-05" },
	{ "Rientrerò in ufficio il 7/12.", "2026-12-07" },
	{ "Fuori ufficio sino all'8 dicembre", "2026-12-08" },
	/* Spanish */
	{ "Estaré fuera de la oficina hasta el 5 de diciembre de 2026.", "2026-12-05" },
	{ "Estaré de vacaciones del 1 al 5 de diciembre.", "2026-12-05" },
	{ "Vuelvo el 07/12/2026", "2026-12-07" },
	{ "Regresaré el lunes, 7 de dic.", "2026-12-07" },
	/* Portuguese */
	{ "Estarei ausente até 5 de dezembro de 2026.", "2026-12-05" },
	{ "Estou de férias até ao dia 05/12.", "2026-12-05" },
	{ "Regresso no dia 7 de dezembro.", "2026-12-07" },
	/* Dutch */
	{ "Ik ben afwezig tot 5 december 2026.", "2026-12-05" },
	{ "Ik ben afwezig van 1 t/m 5 december.", "2026-12-05" },
	{ "Ik ben op maandag 7 december weer aanwezig.", "2026-12-07" },
	{ "Vanaf 7-12-2026 ben ik terug", "2026-12-07" },
	/* Polish */
	{ "Jestem nieobecny do 5 grudnia 2026 r.", "2026-12-05" },
	{ "Jestem na urlopie od 1 do 5.12.2026.", "2026-12-05" },
	{ "Wracam 7 grudnia.", "2026-12-07" },
	/* Russian */
	{ "Я в отпуске до 5 декабря 2026 г.", "2026-12-05" },
	{ "Я отсутствую с 1 по 5 декабря.", "2026-12-05" },
	{ "Вернусь 07.12.2026", "2026-12-07" },
	/* Swedish, Danish, Norwegian, Finnish, Czech */
	{ "Jag är på semester till och med 5 december.", "2026-12-05" },
	{ "Jag är tillbaka den 7 december 2026.", "2026-12-07" },
	{ "Jag är ledig t.o.m. 5/12", "2026-12-05" },
	{ "Jeg er på ferie til den 5. december 2026.", "2026-12-05" },
	{ "Jeg er tilbake 7. desember.", "2026-12-07" },
	{ "Olen lomalla 5.12. asti.", "2026-12-05" },
	{ "Palaan 7. joulukuuta 2026.", "2026-12-07" },
	{ "Jsem mimo kancelář do 5. prosince 2026.", "2026-12-05" },
	/* Japanese, Chinese, Korean */
	{ "2026年12月5日まで不在にしております。", "2026-12-05" },
	{ "12月1日から12月5日まで休暇をいただいております。", "2026-12-05" },
	{ "12月5日(土)まで休業いたします。12月7日より出社いたします。", "2026-12-07" },
	{ "１２月５日まで外出しております", "2026-12-05" },
	{ "12/5まで不在です", "2026-12-05" },
	{ "我将休假至2026年12月5日。", "2026-12-05" },
	{ "我将于12月7日返回办公室。", "2026-12-07" },
	{ "本人休假,到12月5号止", "2026-12-05" },
	{ "12월 5일까지 부재중입니다.", "2026-12-05" },
	    /* clang-format on */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check(rows[i].text, DATE, rows[i].expected);
}

static void check_none(void)
{
	static const char *const rows[] = {
	    "",
	    "I am out of the office until further notice.",
	    "I am back on Monday.",
	    "Back next week, until then call 555-1234.",
	    "I am out until 4/5/2026.",
	    "Out until 4/5",
	    "I am away until 5pm.",
	    "Away until 17.30",
	    "Bis 10.12 Uhr nicht erreichbar",
	    "Thank you for your mail of 20 November 2026.",
	    "We moved on 1 December 2026.",
	    "Ich bin bis 31.02.2026 im Urlaub.",
	    "Out until 30 February",
	    "Out until 45/45/2026",
	    "until 99999999999 December",
	    "until 0 December 2026",
	    "until December 2026",
	    "until 5",
	    "from 1 to 5",
	    "I was away until 20 November.",
	    "Eu estou de férias a partir do 5 de dezembro",
	    "> I am back on 6 December 2026",
	    "until",
	    "back",
	    "年月日",
	    "2026年まで",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check(rows[i], DATE, "");
}

static void check_years(void)
{
	static const struct {
		const char *text;
		const char *date;
		const char *expected;
	} rows[] = {
	    {"until 3 January", "Wed, 30 Dec 2026 10:00:00 +0000", "2027-01-03"},
	    {"until 30 December", "Wed, 30 Dec 2026 10:00:00 +0000", "2026-12-30"},
	    {"until 29 December", "Wed, 30 Dec 2026 10:00:00 +0000", ""},
	    {"until 1 September", "30 Dec 2026 10:00:00 +0000", "2027-09-01"},
	    {"until 29 February", "1 Feb 2028 10:00:00 +0000", "2028-02-29"},
	    {"until 29 February", "1 Feb 2027 10:00:00 +0000", ""},
	    {"until 3 January", "", ""},
	    {"until 3 January", "yesterday", ""},
	    {"until 3 January", "99 Foo 2026", ""},
	    {"until 3 January", "31 Feb 2026", ""},
	    {"until 3 January 2030", "", "2030-01-03"},
	    {"until 3 January 2199", "", "2199-01-03"},
	    {"until 3.1.30", "", "2030-01-03"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check(rows[i].text, rows[i].date, rows[i].expected);
}

static void find_date(const char *text)
{
	char found[RETURN_DATE_SIZE];

	return_date_find(text, text, found);
}

/* A megabyte of anything. */
static void check_linear(void)
{
	static const char *const units[] = {
	    "1 ", "until ", "5 dec ", "back. ", "1.",           ">\n",
	    "\n", "5/12",   "年1月",  "- ",     "\xE2\x80\x93", "from 1 to 5 december "};

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		growth_assert_linear(find_date, units[i], 1024 * 1024);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/return-date/languages", check_languages);
	g_test_add_func("/return-date/none", check_none);
	g_test_add_func("/return-date/years", check_years);
	g_test_add_func("/return-date/linear", check_linear);
	return g_test_run();
}
