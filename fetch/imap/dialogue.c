/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines from the server: tagged ones end a command, untagged ones bring what was asked for, and
 * whatever else the server wants us to know.
 */
#include "fetch/imap/dialogue.h"

#include <string.h>

#include "base/error.h"

enum { DEPTH_MAX = 32, LINES_MAX = 1000000 };

void imap_dialogue_init(struct imap_dialogue *dialogue, struct stream *stream, unsigned reply_wait,
			unsigned transfer_wait)
{
	*dialogue = (struct imap_dialogue){.stream = stream,
					   .reply_wait = reply_wait,
					   .transfer_wait = transfer_wait,
					   .body = g_byte_array_new()};
	imap_lexer_init(&dialogue->lexer, stream);
}

void imap_dialogue_clear(struct imap_dialogue *dialogue)
{
	imap_lexer_clear(&dialogue->lexer);
	g_clear_pointer(&dialogue->stream, stream_close);
	g_clear_pointer(&dialogue->permanent_flags, g_free);
	g_clear_pointer(&dialogue->text, g_free);
	g_clear_pointer(&dialogue->body, g_byte_array_unref);
}

static bool is_response_word(const struct imap_dialogue *dialogue, const char *word)
{
	return g_ascii_strcasecmp(dialogue->lexer.word->str, word) == 0;
}

static bool expect(struct imap_dialogue *dialogue, enum imap_word_kind kind)
{
	enum imap_word_kind found = imap_lexer_next(&dialogue->lexer);

	return found == kind || stream_fail(dialogue->stream, "the answer cannot be read");
}

/* --- what the server can, and what it found ------------------------------------------- */

static void take_capability(struct imap_dialogue *dialogue)
{
	static const struct {
		const char *name;
		enum imap_capability capability;
	} known[] = {
	    {"STARTTLS", IMAP_CAN_STARTTLS},
	    {"LOGINDISABLED", IMAP_CANNOT_LOGIN},
	    {"SASL-IR", IMAP_CAN_INITIAL_RESPONSE},
	    {"AUTH=PLAIN", IMAP_CAN_PLAIN},
	    {"AUTH=XOAUTH2", IMAP_CAN_XOAUTH2},
	    {"AUTH=OAUTHBEARER", IMAP_CAN_OAUTHBEARER},
	    {"IDLE", IMAP_CAN_IDLE},
	    {"MOVE", IMAP_CAN_MOVE},
	    {"UIDPLUS", IMAP_CAN_UIDPLUS},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (is_response_word(dialogue, known[i].name))
			dialogue->capabilities |= known[i].capability;
}

static void take_found(struct imap_dialogue *dialogue)
{
	const struct imap_handler *handler = dialogue->handler;
	guint32 uid = imap_lexer_number(&dialogue->lexer);

	if (uid != 0 && handler && handler->search)
		handler->search(handler->context, uid);
}

/* The atoms of the rest of the line, each to take. */
static bool read_atoms(struct imap_dialogue *dialogue, void (*take)(struct imap_dialogue *))
{
	for (;;) {
		switch (imap_lexer_next(&dialogue->lexer)) {
		case IMAP_ATOM:
			take(dialogue);
			break;
		case IMAP_LINE_END:
			return true;
		case IMAP_OPEN: /* RFC 7162 adds (MODSEQ n) to what was found */
			return imap_lexer_skip_line(&dialogue->lexer);
		case IMAP_FAULT:
		case IMAP_QUOTED:
		case IMAP_LITERAL:
		case IMAP_CLOSE:
			return stream_fail(dialogue->stream, "the answer cannot be read");
		}
	}
}

/* --- mails ---------------------------------------------------------------------------- */

/* A value of which nothing is wanted, however nested; kind: how it begins. */
static bool skip_value(struct imap_dialogue *dialogue, enum imap_word_kind kind)
{
	for (unsigned depth = 0;;) {
		if (kind == IMAP_OPEN)
			depth++;
		if (kind == IMAP_CLOSE && depth > 0)
			depth--;
		else if (kind == IMAP_FAULT || kind == IMAP_LINE_END || kind == IMAP_CLOSE ||
			 depth > DEPTH_MAX)
			return stream_fail(dialogue->stream, "the answer cannot be read");
		if (kind == IMAP_LITERAL && !imap_lexer_literal(&dialogue->lexer, NULL, 0))
			return false;
		if (depth == 0)
			return true;
		kind = imap_lexer_next(&dialogue->lexer);
	}
}

/* A server that sends mails without end must not keep us for ever. */
static void allow_time_for_mail(struct imap_dialogue *dialogue)
{
	if (dialogue->handler && dialogue->mails < dialogue->handler->mails_max)
		stream_set_wait(dialogue->stream, dialogue->transfer_wait);
}

static bool read_body(struct imap_dialogue *dialogue, struct imap_mail *mail)
{
	gsize max = dialogue->handler ? dialogue->handler->body_max : 0;
	const GString *word = dialogue->lexer.word;
	enum imap_word_kind kind = imap_lexer_next(&dialogue->lexer);

	g_byte_array_set_size(dialogue->body, 0);
	if (kind == IMAP_LITERAL) {
		mail->body = dialogue->body;
		allow_time_for_mail(dialogue);
		return imap_lexer_literal(&dialogue->lexer, dialogue->body, max);
	}
	if (kind == IMAP_QUOTED) {
		mail->body = dialogue->body;
		g_byte_array_append(dialogue->body, (const guint8 *)word->str,
				    (guint)MIN(word->len, max));
		return true;
	}
	return skip_value(dialogue, kind); /* NIL: the mail has just gone */
}

/* "(" *flag ")" (RFC 3501 section 9); what is no flag is passed over. */
static bool read_flags(struct imap_dialogue *dialogue, struct imap_mail *mail)
{
	const char *wanted = dialogue->handler ? dialogue->handler->flag : NULL;
	enum imap_word_kind kind = imap_lexer_next(&dialogue->lexer);

	if (kind != IMAP_OPEN)
		return skip_value(dialogue, kind);
	while ((kind = imap_lexer_next(&dialogue->lexer)) != IMAP_CLOSE)
		if (kind == IMAP_ATOM)
			mail->has_flag |= wanted && is_response_word(dialogue, wanted);
		else if (!skip_value(dialogue, kind))
			return false;
	return true;
}

/* The whole mail, from its first byte on, as it was asked for. */
static bool is_whole_body(const struct imap_dialogue *dialogue)
{
	return is_response_word(dialogue, "BODY[]") || is_response_word(dialogue, "BODY[]<0>");
}

/* Of two mails in one answer nobody knows which one has the name. */
static bool take_uid(struct imap_dialogue *dialogue, struct imap_mail *mail)
{
	guint32 uid = imap_lexer_number(&dialogue->lexer);
	bool is_another = mail->uid != 0 && mail->uid != uid;

	mail->uid = uid;
	return !is_another || stream_fail(dialogue->stream, "the answer gives a mail two names");
}

/* One name of the list, which has just been read, and its value. */
static bool read_fetch_item(struct imap_dialogue *dialogue, struct imap_mail *mail)
{
	bool is_uid = is_response_word(dialogue, "UID");
	bool is_size = is_response_word(dialogue, "RFC822.SIZE");

	if (is_whole_body(dialogue))
		return mail->body
			   ? stream_fail(dialogue->stream, "the answer gives a mail two bodies")
			   : read_body(dialogue, mail);
	if (is_response_word(dialogue, "FLAGS"))
		return read_flags(dialogue, mail);
	enum imap_word_kind kind = imap_lexer_next(&dialogue->lexer);
	if (is_uid && kind == IMAP_ATOM && !take_uid(dialogue, mail))
		return false;
	if (is_size && kind == IMAP_ATOM)
		mail->size = g_ascii_strtoull(dialogue->lexer.word->str, NULL, 10);
	return skip_value(dialogue, kind);
}

static bool read_fetched_mail(struct imap_dialogue *dialogue)
{
	const struct imap_handler *handler = dialogue->handler;
	struct imap_mail mail = {0};
	enum imap_word_kind kind;

	if (!expect(dialogue, IMAP_OPEN))
		return false;
	while ((kind = imap_lexer_next(&dialogue->lexer)) == IMAP_ATOM)
		if (!read_fetch_item(dialogue, &mail))
			return false;
	if (kind != IMAP_CLOSE)
		return stream_fail(dialogue->stream, "the answer cannot be read");
	if (!expect(dialogue, IMAP_LINE_END))
		return false;
	if (mail.uid != 0 && mail.body && handler && handler->mail)
		handler->mail(handler->context, &mail);
	allow_time_for_mail(dialogue); /* that took its time */
	dialogue->mails++;
	return true;
}

/* --- lines ---------------------------------------------------------------------------- */

/* 0: there is none that could be one (RFC 3501, nz-number). */
static guint32 leading_number(const char *text)
{
	guint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, NULL, 10) : 0;

	return number > G_MAXUINT32 ? 0 : (guint32)number;
}

/* From one value to another, the names that were told are those of other mails. */
static bool take_validity(struct imap_dialogue *dialogue, const char *text)
{
	guint32 old = dialogue->uid_validity;

	dialogue->uid_validity = leading_number(text);
	return old == 0 || old == dialogue->uid_validity ||
	       stream_fail(dialogue->stream, "the server changed the UIDVALIDITY of the folder");
}

static bool take_code(struct imap_dialogue *dialogue, const char *text)
{
	static const char validity[] = "[UIDVALIDITY ";
	static const char flags[] = "[PERMANENTFLAGS ";

	if (g_ascii_strncasecmp(text, validity, strlen(validity)) == 0)
		return take_validity(dialogue, text + strlen(validity));
	if (g_ascii_strncasecmp(text, flags, strlen(flags)) == 0) {
		g_free(dialogue->permanent_flags);
		dialogue->permanent_flags = g_strdup(text + strlen(flags));
	}
	return true;
}

static bool read_imap_status(struct imap_dialogue *dialogue, bool is_goodbye)
{
	g_autofree char *text = imap_lexer_rest(&dialogue->lexer);

	if (!text)
		return false;
	if (!is_goodbye)
		return take_code(dialogue, text);
	g_autofree char *shown = stream_shown(dialogue->stream, text);
	return stream_fail(dialogue->stream, "the server says: %s", shown);
}

static bool read_numbered(struct imap_dialogue *dialogue)
{
	if (!expect(dialogue, IMAP_ATOM))
		return false;
	if (is_response_word(dialogue, "FETCH"))
		return read_fetched_mail(dialogue);
	dialogue->has_news = true; /* EXISTS, EXPUNGE, RECENT */
	return imap_lexer_skip_line(&dialogue->lexer);
}

/* The rest of a line that begins with "*". */
static bool read_untagged(struct imap_dialogue *dialogue)
{
	if (!expect(dialogue, IMAP_ATOM))
		return false;
	if (g_ascii_isdigit(*dialogue->lexer.word->str))
		return read_numbered(dialogue);
	if (is_response_word(dialogue, "OK") || is_response_word(dialogue, "NO") ||
	    is_response_word(dialogue, "BAD"))
		return read_imap_status(dialogue, false);
	if (is_response_word(dialogue, "BYE"))
		return read_imap_status(dialogue, true);
	if (is_response_word(dialogue, "SEARCH"))
		return read_atoms(dialogue, take_found);
	if (!is_response_word(dialogue, "CAPABILITY"))
		return imap_lexer_skip_line(&dialogue->lexer);
	dialogue->capabilities = 0;
	return read_atoms(dialogue, take_capability);
}

static enum imap_answer keep_answer_text(struct imap_dialogue *dialogue, enum imap_answer answer)
{
	g_autofree char *text = imap_lexer_rest(&dialogue->lexer);

	g_clear_pointer(&dialogue->text, g_free);
	if (!text || !take_code(dialogue, text))
		return IMAP_BROKEN;
	dialogue->text = stream_shown(dialogue->stream, text);
	return answer;
}

static enum imap_answer read_tagged(struct imap_dialogue *dialogue)
{
	if (!expect(dialogue, IMAP_ATOM))
		return IMAP_BROKEN;
	return keep_answer_text(dialogue, is_response_word(dialogue, "OK")   ? IMAP_OK
					  : is_response_word(dialogue, "NO") ? IMAP_NO
									     : IMAP_BAD);
}

enum imap_answer imap_dialogue_hear(struct imap_dialogue *dialogue)
{
	char tag[16];

	g_snprintf(tag, sizeof tag, "A%u", dialogue->tag);
	for (unsigned lines = 0; lines < LINES_MAX; lines++) {
		if (!expect(dialogue, IMAP_ATOM))
			return IMAP_BROKEN;
		if (is_response_word(dialogue, tag))
			return read_tagged(dialogue);
		if (*dialogue->lexer.word->str == '+')
			return keep_answer_text(dialogue, IMAP_CONTINUE);
		if (!is_response_word(dialogue, "*")) {
			stream_fail(dialogue->stream, "the answer cannot be read");
			return IMAP_BROKEN;
		}
		if (!read_untagged(dialogue))
			return IMAP_BROKEN;
	}
	stream_fail(dialogue->stream, "the answer does not end");
	return IMAP_BROKEN;
}

bool imap_dialogue_hear_news(struct imap_dialogue *dialogue)
{
	imap_lexer_begin(&dialogue->lexer);
	stream_set_wait(dialogue->stream, dialogue->reply_wait);
	if (!expect(dialogue, IMAP_ATOM))
		return false;
	if (!is_response_word(dialogue, "*"))
		return stream_fail(dialogue->stream, "the server spoke out of turn");
	return read_untagged(dialogue);
}

/* PREAUTH is no greeting for us: who we are has to be shown over TLS. */
enum imap_answer imap_dialogue_greeting(struct imap_dialogue *dialogue)
{
	stream_set_wait(dialogue->stream, dialogue->reply_wait);
	bool has_star = expect(dialogue, IMAP_ATOM);

	if (!has_star || !expect(dialogue, IMAP_ATOM))
		return IMAP_BROKEN;
	return keep_answer_text(dialogue, is_response_word(dialogue, "OK") ? IMAP_OK : IMAP_NO);
}

/* --- commands ------------------------------------------------------------------------- */

bool imap_dialogue_say_more(struct imap_dialogue *dialogue, const char *line)
{
	g_autofree char *bytes = g_strconcat(line, "\r\n", NULL);

	imap_lexer_begin(&dialogue->lexer);
	stream_set_wait(dialogue->stream, dialogue->reply_wait);
	bool is_said = stream_write(dialogue->stream, bytes, strlen(bytes));
	explicit_bzero(bytes, strlen(bytes)); /* it may be a password */
	return is_said;
}

bool imap_dialogue_say(struct imap_dialogue *dialogue, const char *command)
{
	g_autofree char *line = g_strdup_printf("A%u %s", ++dialogue->tag, command);
	bool is_said = imap_dialogue_say_more(dialogue, line);

	explicit_bzero(line, strlen(line));
	return is_said;
}

enum imap_answer imap_dialogue_begin(struct imap_dialogue *dialogue, const char *command)
{
	return imap_dialogue_say(dialogue, command) ? imap_dialogue_hear(dialogue) : IMAP_BROKEN;
}

/* Whoever took "+" for the end would take the true end for that of the next command. */
enum imap_answer imap_dialogue_ask(struct imap_dialogue *dialogue, const char *command,
				   const struct imap_handler *handler)
{
	dialogue->handler = handler;
	dialogue->mails = 0;
	enum imap_answer answer = imap_dialogue_begin(dialogue, command);
	dialogue->handler = NULL;
	if (answer != IMAP_CONTINUE)
		return answer;
	stream_fail(dialogue->stream, "the server wants more of a command that is whole");
	return IMAP_BROKEN;
}

enum imap_answer imap_dialogue_ask_for(struct imap_dialogue *dialogue, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *command = g_strdup_vprintf(format, args);
	va_end(args);
	return imap_dialogue_ask(dialogue, command, NULL);
}

/* --- what the answers mean -------------------------------------------------------------- */

bool imap_dialogue_report(const struct imap_dialogue *dialogue, enum imap_answer answer,
			  const char *what, GError **error)
{
	if (answer == IMAP_BROKEN)
		return stream_report(dialogue->stream, error);
	g_set_error(error, BM_ERROR, BM_ERROR_INPUT, "%s: the server says: %s", what,
		    dialogue->text);
	return false;
}

bool imap_dialogue_keeps_flag(const struct imap_dialogue *dialogue, const char *flag)
{
	const char *flags = dialogue->permanent_flags;
	g_autofree char *all = g_ascii_strdown(flags ? flags : "", -1);
	g_autofree char *lower = g_ascii_strdown(flag, -1);

	return !flags || strstr(all, lower) || (*lower != '\\' && strstr(all, "\\*"));
}

bool imap_dialogue_has_code(const struct imap_dialogue *dialogue, const char *code)
{
	const char *text = dialogue->text ? dialogue->text : "";

	return *text == '[' && g_ascii_strncasecmp(text + 1, code, strlen(code)) == 0;
}
