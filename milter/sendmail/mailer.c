/* SPDX-License-Identifier: BSD-2-Clause
 *
 * "parse returns: $# MAILER $@ HOST $: ADDRESS", and "M" lines for the mailers.
 */
#include "milter/sendmail/mailer.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "daemon/check.h"
#include "milter/sendmail/sendmail_cf.h"

static const char what[] = "Sendmail";

const char *mailer_rest_of_line(char *const *lines, const char *beginning)
{
	for (; *lines; lines++)
		if (g_str_has_prefix(*lines, beginning))
			return *lines + strlen(beginning);
	return NULL;
}

static const char *domain_of(const char *address)
{
	return strchr(address, '@') + 1;
}

/* --- mailers ---------------------------------------------------------------------------------- */

/* "bounces" of "Mbounces, P=..."; NULL for other lines. Heap. */
static char *mailer_name(const char *line)
{
	return *line == 'M' ? g_strndup(line + 1, strcspn(line + 1, ", \t")) : NULL;
}

/* The line of that mailer; NULL if there is none. */
static const char *find_mailer(char *const *cf, const char *name)
{
	for (; *cf; cf++) {
		g_autofree char *of_line = mailer_name(*cf);

		if (g_strcmp0(of_line, name) == 0)
			return *cf;
	}
	return NULL;
}

/* That of bounce-milter.mc or bounce-fetch.mc, which takes what no filter sees. */
static bool takes_all_bounces(const char *line)
{
	return *line == 'M' && (strstr(line, "bouncectl intake") || strstr(line, "bounce-fetch"));
}

const char *mailer_of_ours(char *const *cf)
{
	for (; *cf; cf++)
		if (takes_all_bounces(*cf))
			return *cf;
	return NULL;
}

/* --- what is wrong ---------------------------------------------------------------------------- */

static bool check_refusal(const char *route, const char *address)
{
	const char *words = strstr(route, "$: ");
	g_autofree char *text = g_strdup_printf(
	    "mail for %s is refused: a map answers \"error:%s\"; take that line out of the "
	    "mailertable or the virtusertable, and make the map anew",
	    domain_of(address), words ? words + strlen("$: ") : "");

	return check_fault(what, text);
}

static bool check_mailer(const char *name, char *const *cf, const char *address)
{
	const char *line = find_mailer(cf, name);
	g_autofree char *program = line ? sendmail_cf_field(line + 1, 'P') : NULL;
	g_autofree char *text = NULL;

	if (!line)
		text = g_strdup_printf("mail for %s is refused: it goes to the mailer %s, which "
				       "no line defines; write its name as in MAILER_DEFINITIONS "
				       "into the mailertable, and make the map anew",
				       domain_of(address), name);
	else if (takes_all_bounces(line) && *program == '/' && access(program, X_OK) != 0)
		text = g_strdup_printf("the mailer %s runs %s, which cannot be run, so what "
				       "comes to it stays in the queue; write where bouncectl is",
				       name, program);
	return text ? check_fault(what, text) : true;
}

/* A domain in class w. */
static void warn_of_local_delivery(const char *address)
{
	g_autofree char *text =
	    g_strdup_printf("%s is of this machine's own (class w), so bounces to whom no user or "
			    "alias belongs are "
			    "refused; take it out of LOCAL_DOMAIN and local-host-names, and write "
			    "RELAY_DOMAIN and a "
			    "line of the mailertable, as bounce-milter.mc has it",
			    domain_of(address));
	check_warning(what, text);
}

static void warn_of_other_mailer(const char *name, char *const *cf, const char *address)
{
	const char *ours = mailer_of_ours(cf);
	g_autofree char *wanted = ours ? mailer_name(ours) : NULL;

	if (!wanted || strcmp(wanted, name) == 0)
		return;
	g_autofree char *text = g_strdup_printf(
	    "its own reports do not reach us: mail for %s goes to the mailer %s instead of %s; "
	    "write \"%s %s:%s\" into the mailertable, have FEATURE(`mailertable'), and make the "
	    "map anew",
	    domain_of(address), name, wanted, domain_of(address), wanted, domain_of(address));
	check_warning(what, text);
}

/* The sender of a mail that leaves is where its bounces go. */
static bool check_sender(char *const *answers, const char *address)
{
	const char *sender = mailer_rest_of_line(answers, "Rcode = 0, addr = ");

	if (!sender || g_ascii_strcasecmp(sender, address) == 0)
		return true;
	g_autofree char *text = g_strdup_printf(
	    "a mail of ours leaves with the sender %s instead of %s, so its bounces do not come "
	    "here; leave %s out of the masqueraded domains (MASQUERADE_EXCEPTION) and of the "
	    "genericstable",
	    sender, address, domain_of(address));
	return check_fault(what, text);
}

bool mailer_check(char *const *answers, char *const *cf, const char *address)
{
	const char *route = mailer_rest_of_line(answers, "parse            returns: $# ");
	g_autofree char *mailer = route ? g_strndup(route, strcspn(route, " ")) : NULL;
	bool is_good = check_sender(answers, address);

	if (!mailer)
		return is_good;
	if (strcmp(mailer, "error") == 0)
		return check_refusal(route, address);
	if (!check_mailer(mailer, cf, address))
		return false;
	if (strcmp(mailer, "local") == 0)
		warn_of_local_delivery(address);
	warn_of_other_mailer(mailer, cf, address);
	return is_good;
}
