/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the text tells beside a delivery status: whole addresses for halves, and
 * the words about a recipient of whom no field says anything.
 */
#include "classifier/prose/completion.h"

#include <string.h>

#include "classifier/prose/dialect_reader.h"
#include "classifier/prose/passage.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/failed_header.h"
#include "classifier/text/text.h"

#define COMPLETED_MAX 100 /* recipients of a delivery status that get words from the text */

static bool is_usable(const char *address)
{
	const char *at = strrchr(address, '@');
	if (!at || at == address || !at[1] || strchr("/|", *address))
		return false;
	/* "Anna Smith/Sales@ORG" is a name in Notes */
	return strchr(at, '.') || !memchr(address, '/', (size_t)(at - address));
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* A Final-Recipient may be a file, a command or half an address. When only one
 * address can be meant, it is that one. */
static void mend_address(struct report_build *build, struct report_recipient *r, const GArray *told)
{
	if (is_usable(r->recipient))
		return;
	const char *full =
	    correspondents_full_address(build->report, r->recipient, strlen(r->recipient));
	if (is_usable(r->original_recipient))
		r->recipient = r->original_recipient;
	else if (*full)
		r->recipient = full;
	if (is_usable(r->recipient) || build->recipients->len > 1)
		return;
	g_autofree char *failed = failed_header_single(build);
	if (*failed)
		r->recipient = report_builder_value(build, failed, strlen(failed));
	else if (told->len == 1)
		r->recipient = g_array_index(told, struct report_recipient, 0).recipient;
	else if (*correspondents_addressee(build->report))
		r->recipient = correspondents_addressee(build->report);
}

static void take_words(struct report_recipient *r, const struct report_recipient *told)
{
	if (!*r->diagnostic || is_number(r->diagnostic))
		r->diagnostic = told->diagnostic;
	if (!*r->status)
		r->status = told->status;
	if (!*r->reply_code)
		r->reply_code = told->reply_code;
	if (!*r->remote_mta)
		r->remote_mta = told->remote_mta;
}

/* Postfix says only in its words to people that a server refused before it heard the recipient. */
static void take_command(struct report_build *build, struct report_recipient *r)
{
	static const char command[] = "(in reply to MAIL FROM command)";
	const char *at =
	    *r->diagnostic && *r->recipient ? strcasestr(build->report->text, r->recipient) : NULL;
	if (!at || strcasestr(r->diagnostic, "in reply to"))
		return;
	struct slice words = passage_paragraph(build->report->text, at);
	g_autofree char *line = text_one_line(words.data, words.len);
	if (!strstr(line, command) || strstr(line, "in reply to RCPT"))
		return;
	g_autofree char *whole = g_strdup_printf("%s %s", r->diagnostic, command);
	r->diagnostic = report_builder_value(build, whole, strlen(whole));
}

static void take_commands(struct report_build *build)
{
	if (!strstr(build->report->text, "MAIL FROM"))
		return;
	for (guint i = 0; i < MIN(build->recipients->len, COMPLETED_MAX); i++)
		take_command(build, &g_array_index(build->recipients, struct report_recipient, i));
}

static bool is_complete(const struct report_recipient *r)
{
	return *r->diagnostic && !is_number(r->diagnostic) && is_usable(r->recipient);
}

void completion_apply(struct report_build *build)
{
	bool complete = true;
	take_commands(build);
	for (guint i = 0; i < build->recipients->len; i++)
		complete &=
		    is_complete(&g_array_index(build->recipients, struct report_recipient, i));
	if (complete)
		return;
	g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(struct report_recipient));
	struct report_build scratch = *build;
	scratch.recipients = told;
	scratch.sender = AUTHOR_MACHINE;
	dialect_reader_collect(&scratch, build->report->text);
	for (guint i = 0; i < MIN(build->recipients->len, COMPLETED_MAX); i++) {
		struct report_recipient *r =
		    &g_array_index(build->recipients, struct report_recipient, i);
		mend_address(build, r, told);
		const struct report_recipient *words =
		    report_builder_find_recipient(&scratch, r->recipient);
		if (!words && *r->original_recipient)
			words = report_builder_find_recipient(&scratch, r->original_recipient);
		if (words)
			take_words(r, words);
		if (!*r->diagnostic &&
		    (r->action == REPORT_ACTION_FAILED || r->action == REPORT_ACTION_DELAYED))
			passage_set_diagnostic(build, r);
	}
	passage_find_codes(build);
}
