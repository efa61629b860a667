/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the text adds to a delivery status: whole addresses for partial ones, and
 * the words about a recipient that has no diagnostic.
 */
#include "classifier/prose/recipient_words.h"

#include <string.h>

#include "classifier/prose/dialect_reader.h"
#include "classifier/prose/passage.h"
#include "classifier/report/correspondents.h"
#include "classifier/report/failed_header.h"
#include "classifier/text/address.h"
#include "classifier/text/status_code.h"
#include "classifier/text/text.h"

enum {
	COMPLETED_MAX = 100,  /* recipients of a delivery status that get words from the text */
	REPLY_LINES_MAX = 20, /* of one reply */
};

static bool is_completing_address(const char *address)
{
	const char *at = strrchr(address, '@');
	if (!at || at == address || !at[1] || strchr("/|", *address))
		return false;
	/* "Anna Smith/Sales@ORG" is a name in Notes */
	return strchr(at, '.') || !memchr(address, '/', (size_t)(at - address));
}

static bool is_completion_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* A Final-Recipient may be a file, a command or half an address. When only one
 * address can be meant, it is that one. */
static void complete_address(const struct message *message, const struct finding *finding,
			     const struct finding *told, struct report_recipient *r)
{
	if (is_completing_address(r->recipient))
		return;
	r->is_literal = false;
	const char *full = correspondents_full_address(message, r->recipient, strlen(r->recipient));
	if (is_completing_address(r->original_recipient))
		r->recipient = r->original_recipient;
	else if (*full)
		r->recipient = full;
	if (is_completing_address(r->recipient) || finding->recipients->len > 1)
		return;
	g_autofree char *failed = failed_header_single(message);
	if (*failed)
		r->recipient = value_pool_string(message->pool, failed);
	else if (told->recipients->len == 1)
		r->recipient = finding_recipient(told, 0)->recipient;
	else if (*correspondents_addressee(message))
		r->recipient = correspondents_addressee(message);
}

static void take_words(struct report_recipient *r, const struct report_recipient *told)
{
	if (!*r->diagnostic || is_completion_number(r->diagnostic))
		r->diagnostic = told->diagnostic;
	if (!*r->status)
		r->status = told->status;
	if (!*r->reply_code)
		r->reply_code = told->reply_code;
	if (!*r->remote_mta)
		r->remote_mta = told->remote_mta;
}

/* Postfix says only in its words to people which command a server refused. RCPT goes without
 * saying. */
static const char *find_command(const char *line)
{
	static const char *const commands[] = {
	    "(in reply to MAIL FROM command)", "(in reply to end of DATA command)",
	    "(in reply to DATA command)",      "(in reply to EHLO command)",
	    "(in reply to HELO command)",      "(in reply to LHLO command)",
	    "(in reply to AUTH command)",      "(in reply to STARTTLS command)",
	};
	if (strstr(line, "in reply to RCPT"))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strstr(line, commands[i]))
			return commands[i];
	return NULL;
}

static void take_command(const struct message *message, struct report_recipient *r)
{
	const char *at = *r->diagnostic ? address_locate(message->text, r->recipient) : NULL;
	if (!at || strcasestr(r->diagnostic, "in reply to"))
		return;
	struct slice words = passage_paragraph(message->text, at);
	g_autofree char *line = text_one_line(words.data, words.len);
	const char *command = find_command(line);
	if (!command)
		return;
	g_autofree char *whole = g_strdup_printf("%s %s", r->diagnostic, command);
	r->diagnostic = value_pool_string(message->pool, whole);
}

static void take_commands(const struct message *message, struct finding *finding)
{
	if (!strstr(message->text, "in reply to"))
		return;
	for (guint i = 0; i < MIN(finding->recipients->len, COMPLETED_MAX); i++)
		take_command(message, finding_recipient(finding, i));
}

/* "550-No such": the first line of a reply, and no other. */
static bool is_first_line(const char *diagnostic)
{
	if (!status_code_is_reply(diagnostic) || diagnostic[3] != '-')
		return false;
	char next[] = {' ', diagnostic[0], diagnostic[1], diagnostic[2], '\0'};
	const char *at = strstr(diagnostic, next);
	while (at && !strchr("- ", at[sizeof next - 1]))
		at = strstr(at + 1, next);
	return !at;
}

/* Sendmail gives that line only, and the others in its transcript. */
static void take_other_lines(const struct message *message, struct report_recipient *r)
{
	static const char received[] = "<<< ";
	if (!is_first_line(r->diagnostic))
		return;
	g_autofree char *line = g_strconcat(received, r->diagnostic, NULL);
	const char *at = strstr(message->text, line);
	at = at ? strchr(at, '\n') : NULL;
	g_autoptr(GString) reply = g_string_new(r->diagnostic);
	for (int i = 0; i < REPLY_LINES_MAX && at; i++) {
		at++;
		if (strncmp(at, received, strlen(received)) != 0)
			break;
		at += strlen(received);
		if (strncmp(at, r->diagnostic, 3) != 0)
			break;
		g_string_append_c(reply, ' ');
		g_string_append_len(reply, at, (gssize)strcspn(at, "\n"));
		at = at[3] == '-' ? strchr(at, '\n') : NULL;
	}
	r->diagnostic = value_pool_line(message->pool, reply->str, reply->len);
}

/* AOL told of one whom it had refused "250 OK", the reply to MAIL. */
static void drop_praise(struct report_recipient *r)
{
	if (r->action == REPORT_ACTION_FAILED && (*r->status == '2' || *r->reply_code == '2'))
		r->diagnostic = r->status = r->reply_code = "";
}

static bool is_complete_recipient(const struct report_recipient *r)
{
	return *r->diagnostic && !is_completion_number(r->diagnostic) &&
	       is_completing_address(r->recipient);
}

/* What the words say of the recipients, read as a mail system's whoever sent them. */
static struct finding *read_completed_words(const struct message *message)
{
	struct message machine = *message;
	machine.author = AUTHOR_MACHINE;
	struct finding *told = finding_new(&machine);
	dialect_reader_collect(&machine, told);
	return told;
}

static void complete_recipient(const struct message *message, struct finding *finding,
			       const struct finding *told, struct report_recipient *r)
{
	complete_address(message, finding, told, r);
	const struct report_recipient *words = finding_find_recipient(told, r->recipient);
	if (!words && *r->original_recipient)
		words = finding_find_recipient(told, r->original_recipient);
	if (words)
		take_words(r, words);
	if (!*r->diagnostic &&
	    (r->action == REPORT_ACTION_FAILED || r->action == REPORT_ACTION_DELAYED))
		passage_set_diagnostic(message, finding, r);
}

void recipient_words_add(const struct message *message, struct finding *finding)
{
	bool complete = true;
	take_commands(message, finding);
	for (guint i = 0; i < MIN(finding->recipients->len, COMPLETED_MAX); i++) {
		drop_praise(finding_recipient(finding, i));
		take_other_lines(message, finding_recipient(finding, i));
		passage_find_alias_beside(message, finding_recipient(finding, i));
	}
	for (guint i = 0; i < finding->recipients->len; i++)
		complete &= is_complete_recipient(finding_recipient(finding, i));
	if (complete)
		return;
	g_autoptr(finding_t) told = read_completed_words(message);
	for (guint i = 0; i < MIN(finding->recipients->len, COMPLETED_MAX); i++)
		complete_recipient(message, finding, told, finding_recipient(finding, i));
	passage_find_codes(message, finding);
}
