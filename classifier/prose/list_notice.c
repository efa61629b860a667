/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mailman, mlmmj, ezmlm, Majordomo, LISTSERV, Sympa, fml.
 */
#include "classifier/prose/list_notice.h"

#include <string.h>

#include "classifier/prose/passage.h"
#include "classifier/text/words.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"

static const char *const prefixes[] = {"owner-", NULL};
static const char *const suffixes[] = {"+owner", "-owner", "-bounces", "+bounces", "-request",
				       "-admin", "-help",  "-return",  NULL};

/* The list's own address, if this is one of those that a list manager writes from. */
static char *list_address(const char *from)
{
	const char *at = strrchr(from, '@');
	if (!at)
		return NULL;
	g_autofree char *local = g_ascii_strdown(from, at - from);
	for (size_t i = 0; prefixes[i]; i++)
		if (g_str_has_prefix(local, prefixes[i]))
			return g_strdup(from + strlen(prefixes[i]));
	for (size_t i = 0; suffixes[i]; i++)
		if (g_str_has_suffix(local, suffixes[i]) && strlen(local) > strlen(suffixes[i]))
			return g_strdup_printf("%.*s%s", (int)(strlen(local) - strlen(suffixes[i])),
					       from, at);
	return NULL;
}

/* A manager that writes in its own name names the list in the subject. */
static char *list_in_subject(const struct report *report)
{
	static const char *const managers[] = {"listserv@", "majordomo@", "listproc@", "sympa@",
					       NULL};
	const char *subject = report->header.subject;
	g_autofree char *from = g_ascii_strdown(report->header.from, -1);
	struct slice found;
	if (!words_begin(from, managers) || !address_find(subject, strlen(subject), &found))
		return NULL;
	return g_strndup(found.data, found.len);
}

static const char *find_any(const char *text, const char *const *phrases)
{
	for (; *phrases; phrases++) {
		const char *at = strcasestr(text, *phrases);
		if (at)
			return at;
	}
	return NULL;
}

bool list_notice_parse(struct report_build *build)
{
	struct report *report = build->report;
	g_autofree char *list = list_address(report->header.from);
	if (!list)
		list = list_in_subject(report);
	if (!list)
		return false;
	/* sentences are broken at any word */
	g_autofree char *text = text_one_line(report->text, strlen(report->text));
	/* why it is held sounds as why it would be refused */
	const char *held = find_any(text, words_list_held);
	const char *refused = held ? NULL : find_any(text, words_list_refused);
	const char *at = held ? held : refused;
	struct report_recipient *r = at ? report_builder_recipient(build, "list-manager") : NULL;
	if (!r)
		return false;
	r->recipient = report_builder_value(build, list, strlen(list));
	r->action = refused ? REPORT_ACTION_FAILED : REPORT_ACTION_DELAYED;
	report_builder_set_diagnostic(build, r, passage_paragraph(text, at));
	report->kind = refused ? REPORT_PROSE : REPORT_DELAY;
	report->dialect = "list-manager";
	return true;
}
