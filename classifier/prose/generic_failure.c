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
#include "classifier/text/words.h"
#include "classifier/prose/summary.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/failed_header.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"

/* A return path that names whom it was for: "bounces+anna=host.example@ours.example". */
static char *address_of_return_path(const struct report *report)
{
	const char *path = report->header.to[0];
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

/* Whom nothing names but the subject, the original's header or the way back. */
static void guess(struct report_build *build, enum report_action action)
{
	const struct report *report = build->report;
	if (candidates_pick(build, report->header.subject, action))
		return;
	g_autofree char *from_path = address_of_return_path(report);
	const char *address =
	    *correspondents_addressee(report) ? correspondents_addressee(report) : from_path;
	if (*address)
		report_builder_add_address(build, address, "original", action);
}

/* "Not delivered" in so many words, or a reason for it under a subject that promises one. */
static bool tells_failure(const struct report_build *build, const char *subject, const char *text)
{
	const struct mime_part *root = mime_parts(build->mime, &(size_t){0});
	struct slice reply;
	if (header_find(root->header, "X-Failed-Recipients", &reply))
		return true;
	if (words_any(subject, words_failure) || words_any(text, words_failure))
		return true;
	if (author_has_report_subject(build) &&
	    (words_any(text, words_refusal) || author_quotes_reply(build->report->text)))
		return true;
	return author_is_daemon(build) && status_code_find_reply(build->report->text, &reply);
}

static bool tells_delay_only(const char *subject, const char *text)
{
	if (words_any(text, words_only_warning) && !words_any(text, words_final))
		return true; /* some warn under the subject of a failure */
	if (words_any(subject, words_delay))
		return !words_any(subject, words_given_up);
	return !words_any(subject, words_failure) && words_any(text, words_delay) &&
	       !words_any(text, words_given_up);
}

/* Worms come as reports that name nobody, with themselves for an original. */
static bool brings_program(const struct report_build *build)
{
	static const char *const endings[] = {".zip", ".exe", ".scr", ".pif",
					      ".com", ".bat", ".cmd"};
	size_t count;
	const struct mime_part *parts = mime_parts(build->mime, &count);
	if (*build->report->original.message_id || *build->report->original.from)
		return false;
	for (size_t i = 0; i < count; i++) {
		g_autofree char *name = mime_parameter(&parts[i], "name");
		for (size_t j = 0; j < G_N_ELEMENTS(endings); j++)
			if (g_str_has_suffix(name, endings[j]))
				return true;
	}
	return false;
}

static bool read_failure(struct report_build *build, bool from_machine)
{
	struct report *report = build->report;
	g_autofree char *subject = text_lower(report->header.subject);
	if ((!from_machine && !author_may_report(build)) || summary_is(report) ||
	    summary_is_transcript(report))
		return false;
	g_autofree char *text = text_lower(report->text);
	if (!from_machine && !words_any(text, words_failure))
		return false;
	bool delay = tells_delay_only(subject, text);
	if (!delay && !tells_failure(build, subject, text))
		return false;
	failed_header_add(build);
	enum report_action action = delay ? REPORT_ACTION_DELAYED : REPORT_ACTION_FAILED;
	if (build->recipients->len == 0 && !candidates_pick(build, report->text, action) &&
	    from_machine)
		guess(build, action);
	if (build->recipients->len == 0 &&
	    !(from_machine && author_is_certain(build) && !brings_program(build)))
		return false;
	for (guint i = 0; i < build->recipients->len; i++)
		passage_set_diagnostic(
		    build, &g_array_index(build->recipients, struct report_recipient, i));
	report->kind = delay ? REPORT_DELAY : REPORT_PROSE;
	report->dialect = "prose";
	return true;
}

bool generic_failure_parse(struct report_build *build)
{
	if (!read_failure(build, author_has_evidence(build)))
		return false;
	passage_find_codes(build);
	return true;
}
