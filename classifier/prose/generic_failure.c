/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Word lists and one rule for picking the address: what the original was
 * addressed to goes first, the sender's own addresses never count.
 */
#include "classifier/prose/generic_failure.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/prose/candidates.h"
#include "classifier/prose/passage.h"
#include "classifier/prose/summary.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/failed_header.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"
#include "classifier/text/words.h"

enum {
	SENTENCE_BYTES = 300 /* of a text that says that there is no such user, and no more */
};

/* A return path that names the recipient: "bounces+anna=host.example@ours.example". */
static char *address_of_return_path(const struct message *message)
{
	const char *path = message->header->to[0];
	const char *at = path ? strrchr(path, '@') : NULL;
	const char *equals = at ? memrchr(path, '=', (size_t)(at - path)) : NULL;
	if (!equals || !memchr(equals, '.', (size_t)(at - equals)))
		return g_strdup("");
	const char *from = equals;
	while (from > path && !strchr("+=", from[-1]))
		from--;
	/* "SRS0=hash=day=host=local" has more of them, in another order */
	if (from == path || from == equals || from[-1] != '+')
		return g_strdup("");
	return g_strdup_printf("%.*s@%.*s", (int)(equals - from), from, (int)(at - equals - 1),
			       equals + 1);
}

/* The recipient that only the subject, the original's header or the return path names. */
static void guess(const struct message *message, enum report_action action, struct finding *finding)
{
	if (candidates_pick(message, message->header->subject, action, finding))
		return;
	g_autofree char *from_path = address_of_return_path(message);
	const char *addressee = correspondents_addressee(message);
	finding_add_address(finding, *addressee ? addressee : from_path, "original", action);
}

/* "Not delivered" in so many words, or a reason for it under a subject that promises one. */
static bool says_failure(const struct message *message, const char *subject, const char *text)
{
	const struct mime_part *root = mime_parts(message->mime, &(size_t){0});
	struct slice reply;
	if (header_find(root->header, "X-Failed-Recipients", &reply))
		return true;
	if (words_any(subject, words_failure) || words_any(text, words_failure))
		return true;
	if (author_has_report_subject(message) &&
	    (words_any(text, words_refusal) || author_quotes_reply(message->text)))
		return true;
	if (author_is_certain(message) && strlen(text) < SENTENCE_BYTES &&
	    words_any(text, words_no_such_user))
		return true;
	return author_is_daemon(message) && status_code_find_reply(message->text, &reply);
}

static bool says_delay_only(const char *subject, const char *text)
{
	if (words_any(text, words_only_warning) && !words_any(text, words_final))
		return true; /* some warn under the subject of a failure */
	if (words_any(subject, words_delay))
		return !words_any(subject, words_given_up);
	return !words_any(subject, words_failure) && words_any(text, words_delay) &&
	       !words_any(text, words_given_up);
}

/* Worms come as reports that name no recipient, with themselves for an original. */
static bool brings_program(const struct message *message)
{
	static const char *const endings[] = {".zip", ".exe", ".scr", ".pif",
					      ".com", ".bat", ".cmd"};
	size_t count;
	const struct mime_part *parts = mime_parts(message->mime, &count);
	if (*message->original.header.message_id || *message->original.header.from)
		return false;
	for (size_t i = 0; i < count; i++) {
		g_autofree char *name = mime_parameter(&parts[i], "name");
		for (size_t j = 0; j < G_N_ELEMENTS(endings); j++)
			if (g_str_has_suffix(name, endings[j]))
				return true;
	}
	return false;
}

static void find_recipients(const struct message *message, bool from_machine,
			    enum report_action action, struct finding *finding)
{
	failed_header_add(message, finding);
	if (finding->recipients->len == 0 &&
	    !candidates_pick(message, message->text, action, finding) && from_machine)
		guess(message, action, finding);
	for (guint i = 0; i < finding->recipients->len; i++)
		passage_set_diagnostic(message, finding, finding_recipient(finding, i));
	passage_read_transcript(message, finding);
	passage_find_codes(message, finding);
}

struct finding *generic_failure_parse(const struct message *message)
{
	bool from_machine = author_has_evidence(message);
	if ((!from_machine && !author_may_report(message)) || summary_is(message) ||
	    summary_is_transcript(message))
		return NULL;
	g_autofree char *subject = text_lower(message->header->subject);
	/* a phrase may stand in two lines */
	g_autofree char *line = text_one_line(message->text, strlen(message->text));
	g_autofree char *text = text_lower(line);
	if (!from_machine && !words_any(text, words_failure))
		return NULL;
	bool is_delay = says_delay_only(subject, text);
	if (!is_delay && !says_failure(message, subject, text))
		return NULL;
	g_autoptr(finding_t) finding = finding_new(message);
	find_recipients(message, from_machine,
			is_delay ? REPORT_ACTION_DELAYED : REPORT_ACTION_FAILED, finding);
	if (finding->recipients->len == 0 &&
	    !(from_machine && author_is_certain(message) && !brings_program(message)))
		return NULL;
	finding->kind = is_delay ? REPORT_DELAY : REPORT_PROSE;
	finding->dialect = "prose";
	return g_steal_pointer(&finding);
}
