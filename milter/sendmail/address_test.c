/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "sendmail -bt" reads the configuration as the daemon does, and applies its rules to what it is
 * asked; it needs no right but to read. What it may not read, such as the access map where nobody
 * is root, it answers with 4xx.
 */
#include "milter/sendmail/address_test.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "daemon/check.h"
#include "daemon/privileged_helper.h"
#include "milter/sendmail/mailer.h"

static const char what[] = "Sendmail";

/* Where Debian, older Debian and Red Hat have it; the command "sendmail" may be of another system.
 */
static const char *find_program(void)
{
	static const char *const places[] = {"/usr/libexec/sendmail/sendmail",
					     "/usr/lib/sm.bin/sendmail",
					     "/usr/sbin/sendmail.sendmail"};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

bool address_test_has_sendmail(void)
{
	return find_program();
}

const char *const *address_test_command(void)
{
	static const char *command[] = {NULL, "-C", SENDMAIL_CF, "-bt", NULL};

	command[0] = find_program();
	return command[0] ? command : NULL;
}

/* What Sendmail says of a report that comes from elsewhere to this address, and of a mail with it
 * as its sender. Heap. */
static char *answers_of(const char *address)
{
	g_autofree char *input = g_strdup_printf(".D{client_addr}192.0.2.1\n"
						 ".D{client_name}mail.example.net\n"
						 "check_mail <>\n"
						 "check_rcpt <%s>\n"
						 "3,0 %s\n"
						 "/tryflags ES\n"
						 "/try esmtp %s\n",
						 address, address, address);

	return privileged_helper_run(input);
}

/* The words of "check_rcpt returns: $# error $@ 5 . 7 . 1 $: "550 Relaying denied""; NULL if the
 * rule does not refuse. Heap. */
static char *refusal_by(char *const *lines, const char *rule)
{
	g_autofree char *beginning = g_strdup_printf("%-16s returns: ", rule);
	const char *result = mailer_rest_of_line(lines, beginning);
	const char *words = result && strstr(result, "$# error ") ? strchr(result, '"') : NULL;

	return words ? g_strndup(words + 1, strcspn(words + 1, "\"")) : NULL;
}

static bool check_answer(char *const *lines, const char *rule, const char *command,
			 const char *mend)
{
	g_autofree char *refusal = refusal_by(lines, rule);
	g_autofree char *text = NULL;

	if (!refusal)
		return true;
	if (*refusal == '4')
		text = g_strdup_printf(
		    "whether it takes %s of other mail systems is not known: it says "
		    "\"%s\", maybe since our account may not read its maps",
		    command, refusal);
	else
		text = g_strdup_printf(
		    "it answers %s of another mail system with \"%s\", so no bounce "
		    "comes; %s, and look at the access map",
		    command, refusal, mend);
	if (*refusal != '4')
		return check_fault(what, text);
	check_warning(what, text);
	return true;
}

static bool check_routed_address(const char *path, char *const *cf, const char *address)
{
	g_autofree char *output = answers_of(address);
	g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
	g_autofree char *place = g_strdup_printf("%s: line ", path);
	const char *complaint = mailer_rest_of_line(lines, place);
	g_autofree char *recipient = g_strdup_printf("RCPT TO:<%s>", address);
	g_autofree char *mend =
	    g_strdup_printf("write RELAY_DOMAIN(`%s') into sendmail.mc", strchr(address, '@') + 1);

	if (complaint) {
		g_autofree char *text =
		    g_strdup_printf("%s%s: Sendmail does not start; mend what that "
				    "line comes from in sendmail.mc",
				    place, complaint);

		return check_fault(what, text);
	}
	bool is_routed = mailer_check(lines, cf, address);
	return check_answer(lines, "check_mail", "MAIL FROM:<>", "let the null sender in") &&
	       check_answer(lines, "check_rcpt", recipient, mend) && is_routed;
}

/* Limits for each client, of the access map: FEATURE(ratecontrol) and FEATURE(conncontrol). */
static const struct {
	const char *key, *ruleset;
	guint64 enough;
	const char *refused;
} client_limits[] = {
    {"ClientRate:", "SRateControl", 20, "connects more often in a minute"},
    {"ClientConn:", "SConnControl", 4, "has more connections at the same time"},
};

static void warn_of_client_limits(char *const *lines)
{
	g_autofree char *output = privileged_helper_run("/map access ClientRate:\n"
							"/map access ClientConn:\n");
	g_auto(GStrv) answers = g_strsplit(output, "\n", -1);

	for (size_t i = 0; i < G_N_ELEMENTS(client_limits); i++) {
		const char *key = client_limits[i].key;
		g_autofree char *beginning =
		    g_strdup_printf("> map_lookup: access (%s) returns ", key);
		const char *value = mailer_rest_of_line(answers, beginning);
		guint64 limit = value ? g_ascii_strtoull(value, NULL, 10) : 0;

		if (limit == 0 || limit >= client_limits[i].enough ||
		    !mailer_rest_of_line(lines, client_limits[i].ruleset))
			continue;
		g_autofree char *text = g_strdup_printf(
		    "the access map has %s %" G_GUINT64_FORMAT ": a mail system that %s is put "
		    "off; write %s 0, or more than %" G_GUINT64_FORMAT ", and make the map anew",
		    key, limit, client_limits[i].refused, key, client_limits[i].enough);
		check_warning(what, text);
	}
}

bool address_test_check(const char *path, char *const *lines, const char *const *addresses)
{
	bool is_good = true;

	if (address_test_has_sendmail())
		warn_of_client_limits(lines);

	for (; address_test_has_sendmail() && *addresses; addresses++)
		is_good = check_routed_address(path, lines, *addresses) && is_good;
	return is_good;
}
