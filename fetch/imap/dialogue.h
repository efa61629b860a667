/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Commands to an IMAP server, and what it answers (RFC 3501 sections 2.2 and 7). What is not
 * asked for is read and forgotten.
 */
#ifndef FETCH_IMAP_DIALOGUE_H
#define FETCH_IMAP_DIALOGUE_H

#include <stdbool.h>

#include <glib.h>

#include "fetch/imap/lexer.h"
#include "net/stream.h"

enum imap_answer {
	IMAP_BROKEN,   /* the stream has the fault: only good to be closed */
	IMAP_CONTINUE, /* "+": the server waits for the rest of the command */
	IMAP_OK,
	IMAP_NO,
	IMAP_BAD,
};

enum imap_capability {
	IMAP_CAN_STARTTLS = 1 << 0,
	IMAP_CANNOT_LOGIN = 1 << 1,
	IMAP_CAN_INITIAL_RESPONSE = 1 << 2,
	IMAP_CAN_PLAIN = 1 << 3,
	IMAP_CAN_OAUTHBEARER = 1 << 4,
	IMAP_CAN_XOAUTH2 = 1 << 5,
	IMAP_CAN_IDLE = 1 << 6,
	IMAP_CAN_MOVE = 1 << 7,
	IMAP_CAN_UIDPLUS = 1 << 8,
};

struct imap_mail {
	guint32 uid;
	guint64 size;     /* RFC822.SIZE; 0 if the server did not say it */
	GByteArray *body; /* BODY[], cut to body_max */
	bool has_flag;    /* that of the handler is among its FLAGS */
};

/* What is asked for; each may be NULL. */
struct imap_handler {
	void (*search)(void *context, guint32 uid);
	void (*mail)(void *context, const struct imap_mail *mail);
	void *context;
	unsigned mails_max; /* how many are expected: each may take its time */
	gsize body_max;
	const char *flag; /* that is looked for; NULL: none */
};

struct imap_dialogue {
	struct stream *stream;
	struct imap_lexer lexer;
	unsigned reply_wait;
	unsigned transfer_wait;
	unsigned tag;
	unsigned capabilities; /* of enum imap_capability, as last told */
	guint32 uid_validity;  /* of the folder that is selected; 0: not told */
	char *permanent_flags; /* of the same, "(...)"; NULL: not told */
	bool has_news;         /* EXISTS, EXPUNGE or RECENT came */
	char *text;            /* of the last answer that ended a command, with its code */
	const struct imap_handler *handler; /* of the command at hand; NULL: none */
	GByteArray *body;
	unsigned mails; /* that came, of the command at hand */
};

/* Takes the stream. Waits are in seconds: for a reply, and for each part of a mail or a list. */
void imap_dialogue_init(struct imap_dialogue *dialogue, struct stream *stream, unsigned reply_wait,
			unsigned transfer_wait);
void imap_dialogue_clear(struct imap_dialogue *dialogue);

/* The server speaks first. IMAP_OK, or IMAP_NO where it does not want us. */
enum imap_answer imap_dialogue_greeting(struct imap_dialogue *dialogue);

/* Says a command without waiting for the answer. */
bool imap_dialogue_say(struct imap_dialogue *dialogue, const char *command);
/* Says bytes that are part of a command; CRLF is added. */
bool imap_dialogue_say_more(struct imap_dialogue *dialogue, const char *line);
/* Reads up to the answer that ends the command, or asks for its rest. */
enum imap_answer imap_dialogue_hear(struct imap_dialogue *dialogue);
/* Reads one line that belongs to no command. */
bool imap_dialogue_hear_news(struct imap_dialogue *dialogue);

/* Both, with what is asked for handed to handler, if not NULL. IMAP_CONTINUE is a fault: the
 * command is whole. */
enum imap_answer imap_dialogue_ask(struct imap_dialogue *dialogue, const char *command,
				   const struct imap_handler *handler);
enum imap_answer imap_dialogue_ask_for(struct imap_dialogue *dialogue, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A command that may have a rest, which the server asks for with IMAP_CONTINUE. */
enum imap_answer imap_dialogue_begin(struct imap_dialogue *dialogue, const char *command);

/* What the server answered instead of OK: BM_ERROR_INPUT with its words, or BM_ERROR_RETRY with the
 * fault of the stream. False. */
bool imap_dialogue_report(const struct imap_dialogue *dialogue, enum imap_answer answer,
			  const char *what, GError **error);

/* Whether a flag of the folder that is selected outlives the session. A server that does not say so
 * keeps all. */
bool imap_dialogue_keeps_flag(const struct imap_dialogue *dialogue, const char *flag);

/* Whether the last answer had this response code, "[CODE". */
bool imap_dialogue_has_code(const struct imap_dialogue *dialogue, const char *code);

#endif
