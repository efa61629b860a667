/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "sendmail -bt" reads the configuration as the daemon does, and applies its rules to what it is
 * asked; it needs no right but to read. What our account may not read, such as the access map, it
 * answers with 4xx.
 */
#include "milter/sendmail/program.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "daemon/check.h"

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

bool program_is_there(void)
{
	return find_program() != NULL;
}

/* What Sendmail, with that sendmail.cf, says of a report that comes from elsewhere to this address;
 * "" if it cannot be run. Heap. */
static char *answers_of(const char *program, const char *cf, const char *address)
{
	static const char script[] =
	    "p=$1 c=$2 && shift 2 && printf '%s\n' \"$@\" | \"$p\" -C \"$c\" -bt";
	g_autofree char *recipient = g_strdup_printf("check_rcpt <%s>", address);
	g_autofree char *route = g_strdup_printf("3,0 %s", address);
	const char *const arguments[] = {"sh",
					 "-c",
					 script,
					 "sh",
					 program,
					 cf,
					 ".D{client_addr}192.0.2.1",
					 ".D{client_name}mail.example.net",
					 "check_mail <>",
					 recipient,
					 route,
					 NULL};
	g_autofree char *output = NULL;
	g_autofree char *complaint = NULL;

	if (!g_spawn_sync("/", (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
			  &complaint, NULL, NULL))
		return g_strdup("");
	return g_strconcat(complaint, output, NULL);
}

/* The rest of the first line that begins so; NULL if there is none. */
static const char *rest_of_line(char *const *lines, const char *beginning)
{
	for (; *lines; lines++)
		if (g_str_has_prefix(*lines, beginning))
			return *lines + strlen(beginning);
	return NULL;
}

/* The words of "check_rcpt returns: $# error $@ 5 . 7 . 1 $: "550 Relaying denied""; NULL if the
 * rule does not refuse. Heap. */
static char *refusal_by(char *const *lines, const char *rule)
{
	g_autofree char *beginning = g_strdup_printf("%-16s returns: ", rule);
	const char *result = rest_of_line(lines, beginning);
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

static void warn_of_local_delivery(char *const *lines, const char *address)
{
	const char *route = rest_of_line(lines, "parse            returns: ");

	if (!route || !g_str_has_prefix(route, "$# local "))
		return;
	g_autofree char *text =
	    g_strdup_printf("%s is of this machine's own (class w), so bounces to whom no user or "
			    "alias belongs are "
			    "refused; take it out of LOCAL_DOMAIN and local-host-names, and write "
			    "RELAY_DOMAIN and a "
			    "line of the mailertable, as bounce-milter.mc has it",
			    strchr(address, '@') + 1);
	check_warning(what, text);
}

static bool check_routed_address(const char *program, const char *cf, const char *address)
{
	g_autofree char *output = answers_of(program, cf, address);
	g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
	g_autofree char *place = g_strdup_printf("%s: line ", cf);
	const char *complaint = rest_of_line(lines, place);
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
	warn_of_local_delivery(lines, address);
	return check_answer(lines, "check_mail", "MAIL FROM:<>", "let the null sender in") &&
	       check_answer(lines, "check_rcpt", recipient, mend);
}

bool program_check(const char *cf, const char *const *addresses)
{
	const char *program = find_program();
	bool is_good = true;

	for (; program && *addresses; addresses++)
		is_good = check_routed_address(program, cf, *addresses) && is_good;
	return is_good;
}
