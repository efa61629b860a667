/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mailman, mlmmj, ezmlm, Majordomo, LISTSERV, Sympa, fml.
 */
#include "classifier/prose/list_notice.h"

#include <string.h>

#include "classifier/prose/passage.h"
#include "classifier/text/address.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

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

/* "your message for list 'news'", also without the quotes: of the manager's host. */
static char *list_by_name(const char *text, const char *from)
{
	static const char *const leads[] = {"list '",    "list \"",  "liste '", "liste \"",
					    "lista '",   "lista \"", "lijst '", "listan '",
					    "for list ", "to list ", NULL};
	const char *word = NULL;
	size_t lead = 0;
	for (size_t i = 0; !word && leads[i]; i++) {
		word = strcasestr(text, leads[i]);
		lead = strlen(leads[i]);
	}
	if (!word)
		return NULL;
	word += lead;
	size_t len = strcspn(word, "'\"\n @<>(,");
	if (len == 0 || !strchr("'\" (,", word[len]))
		return NULL;
	return g_strdup_printf("%.*s%s", (int)len, word, strrchr(from, '@'));
}

/* A manager that writes in its own name names the list in the subject, or first in the text. */
static char *list_of_manager(const struct message *message)
{
	static const char *const managers[] = {"listserv@", "majordomo@", "listproc@", "sympa@",
					       NULL};
	g_autofree char *from = g_ascii_strdown(message->header->from, -1);
	struct slice found;
	if (!words_begin(from, managers))
		return NULL;
	const char *const texts[] = {message->header->subject, message->text};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (address_find(texts[i], strlen(texts[i]), &found))
			return g_strndup(found.data, found.len);
	return list_by_name(message->text, from);
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

struct finding *list_notice_parse(const struct message *message)
{
	g_autofree char *list = list_address(message->header->from);
	if (!list)
		list = list_of_manager(message);
	if (!list)
		return NULL;
	/* sentences are broken at any word */
	g_autofree char *text = text_one_line(message->text, strlen(message->text));
	/* the reasons for holding a mail read like those for refusing it */
	const char *held = find_any(text, words_list_held);
	const char *refused = held ? NULL : find_any(text, words_list_refused);
	const char *at = held ? held : refused;
	if (!at)
		return NULL;
	g_autoptr(finding_t) finding = finding_new(message);
	struct report_recipient *r = finding_add_address(
	    finding, list, "list-manager", refused ? REPORT_ACTION_FAILED : REPORT_ACTION_DELAYED);
	if (!r)
		return NULL;
	finding_set_diagnostic(finding, r, passage_paragraph(text, at));
	finding->kind = refused ? REPORT_PROSE : REPORT_DELAY;
	finding->dialect = "list-manager";
	return g_steal_pointer(&finding);
}
