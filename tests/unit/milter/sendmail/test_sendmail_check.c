/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What --check finds in a sendmail.cf: each break of the wiring is named, good ones are silent.
 */
#include <string.h>

#include "milter/sendmail/input_filters.h"
#include "milter/sendmail/sendmail_check.h"

/* As m4 makes it of etc/sendmail/bounce-milter.mc. */
static const char good[] =
    "O InputMailFilters=bounce-milter\n"
    "#O Milter.LogLevel\n"
    "O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}\n"
    "O Milter.macros.envfrom=i, {auth_type}, {auth_authen}\n"
    "Xbounce-milter, S=unix:/run/bounce-milter/socket, F=T, T=C:30s;S:30s;R:60s;E:2m\n"
    "Mbounces, P=/usr/local/bin/bouncectl, F=DFMlsn, A=bouncectl intake\n";

static const struct row {
	const char *what, *text, *instead, *fault; /* fault NULL: none */
} rows[] = {
    {"as the recipe has it", "", "", NULL},
    {"two filters", "=bounce-milter\n", "=spam, bounce-milter\nXspam, S=inet:783@localhost\n",
     NULL},
    {"Sendmail's other word", "S=unix:", "S=local:", NULL},
    {"a path alone", "S=unix:", "S=", NULL},
    {"quotes", "S=unix:/run/bounce-milter/socket", "S=\"unix:/run/bounce-milter/socket\"", NULL},
    {"a name in another case", "InputMailFilters=bounce-milter", "InputMailFilters=Bounce-Milter",
     NULL},
    {"limits above a bounce", "#O Milter.LogLevel",
     "O MaxMessageSize=20000000\nO MaxHeadersLength=32768", NULL},
    {"no limits", "#O Milter.LogLevel", "O MaxMessageSize=0\nO MaxHeadersLength=0", NULL},
    {"a password for submission alone", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA\nO DaemonPortOptions=Name=MSA, Port=587, M=Ea", NULL},
    {"a definition of two lines", "socket, F=T", "socket,\n\tF=T", NULL},
    {"421 instead of 451", "F=T", "F=4", NULL},
    {"no timeouts: Sendmail's own", ", T=C:30s;S:30s;R:60s;E:2m", "", NULL},
    {"another socket", "bounce-milter/socket", "opendkim/socket",
     "(there: unix:/run/opendkim/socket)"},
    {"a port", "unix:/run/bounce-milter/socket", "inet:8891@localhost",
     "(there: inet:8891@localhost)"},
    {"defined, but not asked", "O InputMailFilters=bounce-milter\n", "", "MAIL_FILTER instead of"},
    {"another one is asked", "InputMailFilters=bounce-milter\n",
     "InputMailFilters=bounce\nXbounce, S=inet:783@localhost\n", "InputMailFilters lacks it"},
    {"a port asks the filters of all", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA, Port=smtp, M=b", NULL},
    {"a port asks it among others", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA, InputMailFilters=spam; bounce-milter\nXspam, "
     "S=inet:783@localhost",
     NULL},
    {"only the port asks it", "O InputMailFilters=bounce-milter\n#O Milter.LogLevel",
     "O DaemonPortOptions=Port=25, I=bounce-milter", NULL},
    {"a port for submission asks others", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA\nO DaemonPortOptions=Name=MSA, Port=587, I=spam\n"
     "Xspam, S=inet:783@localhost",
     NULL},
    {"a port with filters of its own", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA-v4, Port=smtp, InputMailFilters=spam;clamav\n"
     "Xspam, S=inet:783@localhost\nXclamav, S=inet:3310@localhost",
     "DaemonPortOptions of MTA-v4: InputMailFilters=spam;clamav lacks bounce-milter"},
    {"a port that asks none", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA, InputMailFilters=", "of MTA: InputMailFilters= lacks"},
    {"one of two ports asks it", "O InputMailFilters=bounce-milter\n#O Milter.LogLevel",
     "O DaemonPortOptions=Name=a, I=bounce-milter\nO DaemonPortOptions=Name=b",
     "MAIL_FILTER instead of"},
    {"no F", ", F=T", "", "bounce-milter: without F=T, bounces pass us by and are lost"},
    {"an empty F", "F=T", "F=", "without F=T, bounces pass us by"},
    {"F=R", "F=T", "F=R", "with F=R, bounces are refused for good while we are away"},
    {"a flag that there is not", "F=T", "F=t", "without F=T, bounces pass us by"},
    {"a filter that nobody defines", "=bounce-milter\n", "=spam, bounce-milter\n",
     "InputMailFilters names spam, which no line defines, so Sendmail does not start"},
    {"another one of a port", "#O Milter.LogLevel",
     "O DaemonPortOptions=Name=MTA\nO DaemonPortOptions=Name=MSA, Port=587, I=spam",
     "names spam, which no line defines"},
    {"a password for everybody", "#O Milter.LogLevel", "O DaemonPortOptions=Name=MTA, M=Ea",
     "M=Ea asks other mail systems for a password, so that no bounce comes"},
    {"small mails only", "#O Milter.LogLevel", "O MaxMessageSize=50000",
     "MaxMessageSize=50000: a bounce with the mail that it returns is refused"},
    {"short headers only", "#O Milter.LogLevel", "O MaxHeadersLength=1000",
     "define(`confMAX_HEADERS_LENGTH', `32768')"},
    {"no time for an answer", "E:2m", "E:20s", "T= has E:20s, but an answer may take 20 s"},
    {"no time for a command", "R:60s", "R:1s", "T= has R:1s: on a busy machine"},
    {"no time to connect", "C:30s", "C:2", "T= has C:2: on a busy machine"},
    {"no queue id", "envfrom=i, ", "envfrom=", "Milter.macros.envfrom lacks i"},
};

static void test_faults(void)
{
	struct milter_settings settings = {.socket = (char *)"unix:/run/bounce-milter/socket"};

	settings.intake.pool_wait = 10;
	settings.common.query_wait = 10;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		GString *cf = g_string_new(good);

		if (*row->text != '\0')
			g_assert_cmpuint(g_string_replace(cf, row->text, row->instead, 1), ==, 1);
		g_autoptr(GPtrArray) faults = input_filters_faults(cf->str, &settings);
		g_string_free(cf, TRUE);
		g_test_message("%s: %s", row->what,
			       faults->len > 0 ? (const char *)faults->pdata[0] : "silent");
		g_assert_cmpuint(faults->len, ==, row->fault ? 1 : 0);
		if (row->fault)
			g_assert_nonnull(strstr(faults->pdata[0], row->fault));
	}
}

static void test_no_filter(void)
{
	struct milter_settings settings = {.socket = (char *)"unix:/run/bounce-milter/socket"};
	g_autoptr(GPtrArray) faults =
	    input_filters_faults("O Milter.macros.envfrom=i\n", &settings);

	g_assert_cmpuint(faults->len, ==, 1);
	g_assert_nonnull(strstr(faults->pdata[0],
				"leads to our socket unix:/run/bounce-milter/socket (there: none), "
				"so "));
}

static void test_loopback(void)
{
	g_assert_null(sendmail_ports_warning(good));
	g_assert_null(sendmail_ports_warning("O DaemonPortOptions=Name=MTA\n"));
	g_assert_nonnull(sendmail_ports_warning("O DaemonPortOptions=Port=smtp, Addr=127.0.0.1\n"
						"O DaemonPortOptions=Port=smtp, Addr=::1, F=inet6\n"
						"O DaemonPortOptions=Port=587\n"));
	g_assert_null(sendmail_ports_warning("O DaemonPortOptions=Addr=127.0.0.1\n"
					     "O DaemonPortOptions=Addr=192.0.2.1\n"));
	g_assert_nonnull(
	    strstr(sendmail_ports_warning("O DaemonPortOptions=Port=2525\n"), "have no port 25"));
}

static void test_port(void)
{
	struct milter_settings settings = {.socket = (char *)"inet:8891@localhost"};
	g_autoptr(GPtrArray) same =
	    input_filters_faults("O InputMailFilters=b\nO Milter.macros.envfrom=i\n"
				 "Xb, S=inet:8891@127.0.0.1, F=T\n",
				 &settings);
	g_autoptr(GPtrArray) other = input_filters_faults("O InputMailFilters=b\n"
							  "Xb, S=inet:8892@localhost, F=T\n",
							  &settings);

	g_assert_cmpuint(same->len, ==, 0);
	g_assert_cmpuint(other->len, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/milter/sendmail/loopback", test_loopback);
	g_test_add_func("/milter/sendmail/faults", test_faults);
	g_test_add_func("/milter/sendmail/no-filter", test_no_filter);
	g_test_add_func("/milter/sendmail/port", test_port);
	return g_test_run();
}
