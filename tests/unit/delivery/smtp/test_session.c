/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A session with every server that does what no server should, at each stage of the
 * dialogue: what is the outcome for each recipient, what is said of the server, and what
 * was said to it. All rows run at the same time, because some must wait.
 */
#include <signal.h>
#include <stdbool.h>

#include <glib.h>

#include "delivery/outcome/outcome.h"
#include "delivery/smtp/client.h"
#include "delivery/smtp/session.h"
#include "tests/unit/delivery/smtp/hostile_server.h"
#include "tests/unit/delivery/smtp/test_certificates.h"
#include "tests/unit/loopback.h"

enum login { LOGIN_NONE, LOGIN_STRICT, LOGIN_UNVERIFIED, LOGIN_CLEARTEXT, LOGIN_OAUTH };

/* Patterns are NULL where anything will do. */
struct row {
	const char *name;
	enum stage stage;
	const char *reply; /* there, to its NUL */
	size_t reply_len;  /* 0: to its NUL */
	enum trick trick;  /* instead of the reply */
	enum stage stage_2;
	const char *reply_2;
	const char *outcomes; /* of both recipients of the first mail, then of the second; no
				 outcome: the handler never heard of it */
	const char *problem;  /* a pattern; NULL: there is none */
	const char *said;     /* a pattern for what the client said */
	const char *unsaid;
	const char *starttls; /* NULL: off */
	const char *offer;    /* NULL: PIPELINING and more */
	enum certificate certificate;
	bool has_no_tls; /* the server closes instead */
	enum login login;
	enum manner manner;
	long waits;          /* seconds; 0: as the trick demands */
	const char *content; /* of the first message; NULL: one with dots */
	size_t content_len;
	bool is_stopped; /* at the content of the first message, or before the session */
};

struct run {
	const struct row *row;
	struct hostile_server server;
	struct smtp_client *client;
	GString *outcomes;
	char *problem;
	GThread *thread;
};

static struct certificates certificates;

#define TAKEN   "accepted accepted, "
#define WAITS   "pending pending, "
#define FAILED  "rejected rejected, "
#define UNSURE  "unknown unknown, "
#define NOTHING ""

/* NOLINTBEGIN(bugprone-macro-parentheses): literals that are joined */

/* A trick at each stage of the dialogue: until MAIL nobody is reached; then the first mail
 * waits; at its end it may have been taken. */
#define AT_EACH_STAGE(name, trick_, pattern)                                                       \
	{name ", greeting", AT_GREETING, .trick = trick_, .outcomes = NOTHING,                     \
	 .problem = pattern},                                                                      \
	    {name ", EHLO", AT_EHLO, .trick = trick_, .outcomes = NOTHING, .problem = pattern},    \
	    {name ", STARTTLS", AT_STARTTLS,         .trick = trick_,                              \
	     .starttls = "may", .outcomes = NOTHING, .problem = pattern},                          \
	    {name ", EHLO under TLS", AT_EHLO_TLS,         .trick = trick_,                        \
	     .starttls = "verify",    .outcomes = NOTHING, .problem = pattern},                    \
	    {name ", AUTH",       AT_AUTH,           .trick = trick_, .login = LOGIN_CLEARTEXT,    \
	     .outcomes = NOTHING, .problem = pattern},                                             \
	    {name ", MAIL", AT_MAIL, .trick = trick_, .outcomes = NOTHING, .problem = pattern},    \
	    {name ", RCPT", AT_RCPT, .trick = trick_, .outcomes = WAITS},                          \
	    {name ", 2nd RCPT", AT_RCPT_2, .trick = trick_, .outcomes = WAITS},                    \
	    {name ", DATA", AT_DATA, .trick = trick_, .outcomes = WAITS},                          \
	{                                                                                          \
		name ", the final reply", AT_END, .trick = trick_, .outcomes = UNSURE              \
	}

/* The same reply at each stage of the first mail: to MAIL, to one RCPT, to both, to DATA, to
 * the message. */
#define REPLY_AT_EACH_STAGE(text, mail, one, both, data, final)                                    \
	{text " to MAIL", AT_MAIL, .reply = text "\r\n", .outcomes = mail},                        \
	    {text " to RCPT", AT_RCPT, .reply = text "\r\n", .outcomes = one},                     \
	    {text " to both RCPT", AT_EVERY_RCPT, .reply = text "\r\n",                            \
	     .unsaid = "b@customer.example[^\n]*\nDATA", .outcomes = both},                        \
	    {text " to DATA", AT_DATA, .reply = text "\r\n",                                       \
	     .unsaid = "ENVID=e1[^\1]*Subject[^\1]*ENVID=e2", .outcomes = data},                   \
	{                                                                                          \
		text " to the message", AT_END, .reply = text "\r\n", .outcomes = final            \
	}

#define CONTENT(bytes) .content = (bytes), .content_len = sizeof(bytes) - 1

/* NOLINTEND(bugprone-macro-parentheses) */

static const struct row rows[] = {
    /* servers with nothing wrong */
    {"a good one", .outcomes = TAKEN TAKEN, .said = "QUIT\n$"},
    {"no PIPELINING", .outcomes = TAKEN TAKEN, .offer = "DSN"},
    {"no EHLO", AT_EHLO, .reply = "502 5.5.1 what?\r\n", .outcomes = TAKEN TAKEN,
     .said = "HELO [^\n]*\nMAIL FROM:<us@example.org>\n"},
    {"a message with NUL", .outcomes = TAKEN TAKEN, CONTENT("x: y\r\n\r\na\0b\r\nc\r\n"),
     .said = "\n\na\nc\n\\.\n"}, /* what is kept of a line ends with NUL */
    {"a message that lacks its end", .outcomes = TAKEN TAKEN, CONTENT("x: y\r\n\r\na\0b\r\nc"),
     .said = "\n\na\nc\n\\.\n"},
    {"encrypted", .outcomes = TAKEN TAKEN, .starttls = "verify",
     .said = "STARTTLS\nEHLO [^\n]*\nMAIL"},
    {"encrypted at once", .outcomes = TAKEN TAKEN, .starttls = "smtps", .unsaid = "STARTTLS"},
    {"encrypted if it likes", .outcomes = TAKEN TAKEN, .starttls = "may", .offer = "DSN"},
    {"refuses STARTTLS, which may be", AT_STARTTLS, .reply = "454 4.7.0 not now\r\n",
     .outcomes = TAKEN TAKEN, .starttls = "may"},
    {"replies byte by byte", .outcomes = TAKEN TAKEN, .manner = MANNER_BYTEWISE},
    {"the same under TLS", .outcomes = TAKEN TAKEN, .manner = MANNER_BYTEWISE,
     .starttls = "verify"},
    {"replies all at once", .outcomes = TAKEN TAKEN, .manner = MANNER_BATCHED},
    {"several lines", AT_RCPT, .reply = "250-2.1.5 first\r\n250 2.1.5 second\r\n",
     .outcomes = TAKEN TAKEN},
    {"bare LF, no words", AT_RCPT, .reply = "250\n", .outcomes = TAKEN TAKEN},
    {"NULs in the words", AT_RCPT, .reply = "250 a\0b\r\n", .reply_len = 9,
     .outcomes = TAKEN TAKEN},

    /* closed, silent, without end */
    AT_EACH_STAGE("closes", TRICK_CLOSE, "closed before the reply"),
    AT_EACH_STAGE("silent", TRICK_SILENCE, "within 2 seconds"),
    AT_EACH_STAGE("dribbles", TRICK_DRIBBLE, "within 2 seconds"),
    AT_EACH_STAGE("continues for ever", TRICK_FLOOD, "cannot be read"),
    AT_EACH_STAGE("overlong line", TRICK_LONG_LINE, "cannot be read"),
    {"closes, QUIT", AT_QUIT, .trick = TRICK_CLOSE, .outcomes = TAKEN TAKEN},
    {"repeats the login", AT_AUTH, .reply = "535 5.7.8 what is AGFwcABzZWNyZXQ=, or secret?\r\n",
     .outcomes = NOTHING, .problem = "refused: 535 5.7.8 what is \\*\\*\\*, or \\*\\*\\*\\?$",
     .login = LOGIN_CLEARTEXT},
    {"repeats the words of LOGIN", AT_CREDENTIAL, .reply = "535 5.7.8 c2VjcmV0? bad\r\n",
     .outcomes = NOTHING, .problem = "refused: 535 5.7.8 \\*\\*\\*\\? bad$",
     .offer = "DSN,AUTH LOGIN", .login = LOGIN_CLEARTEXT},
    {"repeats the login, and leaves", AT_AUTH, .reply = "334\r\n421 4.3.0 was it secret?\r\n",
     .outcomes = NOTHING, .problem = "the server says: 421 4.3.0 was it \\*\\*\\*\\?$",
     .login = LOGIN_CLEARTEXT},
    /* a stop leaves them no more than its own time, and is no fault of theirs */
    {"silent, a stop before the greeting", AT_GREETING, .trick = TRICK_SILENCE, .outcomes = NOTHING,
     .is_stopped = true, .waits = 3600},
    {"dribbling, a stop before the greeting", AT_GREETING, .trick = TRICK_DRIBBLE,
     .outcomes = NOTHING, .is_stopped = true, .waits = 3600},
    {"silent, a stop at the final reply", AT_END, .trick = TRICK_SILENCE, .outcomes = UNSURE,
     .is_stopped = true, .waits = 3600},
    {"dribbling, a stop at the final reply", AT_END, .trick = TRICK_DRIBBLE, .outcomes = UNSURE,
     .is_stopped = true, .waits = 3600},
    {"silent, QUIT", AT_QUIT, .trick = TRICK_SILENCE, .outcomes = TAKEN TAKEN},
    {"fewer replies than commands", AT_RCPT_2, .reply = "", .waits = 2, .outcomes = WAITS},

    /* what is no reply */
    {"words only", AT_RCPT, .reply = "hello\r\n", .outcomes = WAITS},
    {"four digits", AT_RCPT, .reply = "2500 ok\r\n", .outcomes = WAITS},
    {"a code of class 0", AT_RCPT, .reply = "000 ok\r\n", .outcomes = WAITS},
    {"a NUL in the code", AT_RCPT, .reply = "2\0000 ok\r\n", .reply_len = 9, .outcomes = WAITS},
    {"a refusal that ends as a yes", AT_RCPT, .reply = "550-5.1.1 unknown\r\n250 ok\r\n",
     .outcomes = WAITS},
    {"a yes that ends as a refusal", AT_END, .reply = "250-ok\r\n550 5.1.1 unknown\r\n",
     .outcomes = UNSURE},
    {"HTTP", AT_GREETING, .reply = "HTTP/1.1 400 Bad Request\r\n", .outcomes = NOTHING,
     .problem = "cannot reach it: the reply to connecting cannot be read"},

    /* replies of every class, everywhere */
    REPLY_AT_EACH_STAGE("150 x", WAITS TAKEN, "pending accepted, " TAKEN, WAITS TAKEN, WAITS TAKEN,
			WAITS TAKEN),
    REPLY_AT_EACH_STAGE("399 x", WAITS TAKEN, "pending accepted, " TAKEN, WAITS TAKEN, WAITS TAKEN,
			WAITS TAKEN),
    REPLY_AT_EACH_STAGE("650 x", WAITS TAKEN, "pending accepted, " TAKEN, WAITS TAKEN, WAITS TAKEN,
			WAITS TAKEN),
    REPLY_AT_EACH_STAGE("450 4.2.0 x", WAITS TAKEN, "pending accepted, " TAKEN, WAITS TAKEN,
			WAITS TAKEN, WAITS TAKEN),
    REPLY_AT_EACH_STAGE("550 5.1.1 x", FAILED TAKEN, "rejected accepted, " TAKEN, FAILED TAKEN,
			FAILED TAKEN, FAILED TAKEN),
    REPLY_AT_EACH_STAGE("421 4.3.2 x", WAITS, "pending pending, ", WAITS, WAITS, WAITS),
    {"354 to RCPT", AT_EVERY_RCPT, .reply = "354 go on\r\n",
     .unsaid = "b@customer.example[^\n]*\nDATA", .outcomes = WAITS TAKEN},
    {"250 to DATA", AT_DATA, .reply = "250 ok\r\n", .unsaid = "ENVID=e1[^\1]*Subject[^\1]*ENVID=e2",
     .outcomes = WAITS TAKEN},
    {"refuses at once", AT_GREETING, .reply = "554 5.3.2 no service\r\n", .said = "^$",
     .outcomes = NOTHING, .problem = "^the server says: 554 5.3.2 no service$"},
    {"refuses EHLO", AT_EHLO, .reply = "550 5.7.1 go away\r\n", .unsaid = "MAIL",
     .outcomes = NOTHING, .problem = "^the server says: 550 5.7.1 go away$"},
    {"421, greeting", AT_GREETING, .reply = "421 4.3.2 x\r\n", .outcomes = NOTHING,
     .problem = "says: 421"},
    {"421, EHLO", AT_EHLO, .reply = "421 4.3.2 x\r\n", .outcomes = NOTHING, .problem = "says: 421"},
    {"421, AUTH", AT_AUTH, .reply = "421 4.3.2 x\r\n", .unsaid = "MAIL", .login = LOGIN_CLEARTEXT,
     .outcomes = NOTHING, .problem = "refused: 421"},
    {"421, RSET", AT_RSET, .reply = "421 4.3.2 x\r\n", .stage_2 = AT_EVERY_RCPT,
     .reply_2 = "550 5.1.1 x\r\n", .outcomes = "rejected rejected, "},
    {"354 to EHLO", AT_EHLO, .reply = "354 go on\r\n", .unsaid = "MAIL", .outcomes = NOTHING,
     .problem = "says: 354"},

    /* out of turn */
    {"speaks before EHLO", AT_GREETING, .reply = "220 mx\r\n250 mx\r\n", .said = "^$",
     .outcomes = NOTHING, .problem = "out of turn after connecting"},
    {"speaks before MAIL", AT_EHLO, .reply = "250 mx\r\n250 ok\r\n", .unsaid = "MAIL",
     .outcomes = NOTHING, .problem = "out of turn after EHLO"},
    {"speaks before DATA", AT_MAIL, .reply = "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n",
     .unsaid = "DATA", .outcomes = WAITS},
    {"takes what it has not seen", AT_DATA, .reply = "354 go on\r\n250 2.0.0 taken\r\n",
     .unsaid = "Subject", .outcomes = WAITS},
    {"refuses what it has not seen", AT_DATA, .reply = "354 x\r\n550 5.1.1 unknown\r\n",
     .unsaid = "Subject", .outcomes = WAITS},
    {"takes the next one as well", AT_END, .reply = "250 taken\r\n250 ok\r\n250 ok\r\n",
     .said = "last\n\\.\n$", .outcomes = TAKEN},
    {"keeps the envelope that it refused", AT_END, .reply = "554 5.7.1 x\r\n",
     .said = "last\n\\.\nRSET\nMAIL", .outcomes = FAILED TAKEN},

    /* TLS */
    {"550 behind the 220", AT_STARTTLS,
     .reply = "220 go\r\n250 mx\r\n250 ok\r\n550 5.1.1 unknown\r\n550 5.1.1 unknown\r\n",
     .said = "STARTTLS\n$", .starttls = "verify", .outcomes = NOTHING,
     .problem = "out of turn after STARTTLS"},
    {"250 behind the 220", AT_STARTTLS,
     .reply = "220 go\r\n250 mx\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 x\r\n250 taken\r\n",
     .said = "STARTTLS\n$", .starttls = "verify", .outcomes = NOTHING,
     .problem = "out of turn after STARTTLS"},
    {"half a line behind the 220", AT_STARTTLS, .reply = "220 go\r\n2", .said = "STARTTLS\n$",
     .starttls = "may", .outcomes = NOTHING, .problem = "out of turn after STARTTLS"},
    {"no STARTTLS", .offer = "DSN", .unsaid = "MAIL", .starttls = "encrypt", .outcomes = NOTHING,
     .problem = "^TLS: .*does not offer"},
    {"refuses STARTTLS", AT_STARTTLS, .reply = "454 4.7.0 not now\r\n", .unsaid = "MAIL",
     .starttls = "encrypt", .outcomes = NOTHING, .problem = "^TLS: .*refuses STARTTLS: 454"},
    {"no handshake", AT_STARTTLS, .reply = "220 go\r\n", .has_no_tls = true, .unsaid = "MAIL",
     .starttls = "may", .outcomes = NOTHING, .problem = "TLS"},
    {"expired", .unsaid = "MAIL", .starttls = "verify", .certificate = CERTIFICATE_EXPIRED,
     .outcomes = NOTHING, .problem = "^TLS: certificate: .*expired"},
    {"expired, at once", .unsaid = "EHLO", .starttls = "smtps", .certificate = CERTIFICATE_EXPIRED,
     .outcomes = NOTHING, .problem = "TLS: certificate: .*expired"},
    {"logs in, encrypted at once", .said = "AUTH PLAIN AGFwcABzZWNyZXQ=\n", .starttls = "smtps",
     .login = LOGIN_STRICT, .outcomes = TAKEN TAKEN},
    {"another's name", .unsaid = "MAIL", .starttls = "verify",
     .certificate = CERTIFICATE_OTHER_NAME, .outcomes = NOTHING,
     .problem = "^TLS: certificate: .*mismatch"},
    {"self-signed", .unsaid = "MAIL", .starttls = "verify", .certificate = CERTIFICATE_SELF_SIGNED,
     .outcomes = NOTHING, .problem = "^TLS: certificate: self.signed"},
    {"expired, encrypt", .starttls = "encrypt", .certificate = CERTIFICATE_EXPIRED,
     .outcomes = TAKEN TAKEN},
    {"another's name, encrypt", .starttls = "encrypt", .certificate = CERTIFICATE_OTHER_NAME,
     .outcomes = TAKEN TAKEN},
    {"self-signed, may", .starttls = "may", .certificate = CERTIFICATE_SELF_SIGNED,
     .outcomes = TAKEN TAKEN},
    {"self-signed, off", .starttls = "off", .certificate = CERTIFICATE_SELF_SIGNED,
     .unsaid = "STARTTLS", .outcomes = TAKEN TAKEN},

    /* TLS that is kept busy with itself */
    {"tickets for ever, EHLO under TLS", AT_EHLO_TLS, .trick = TRICK_TICKETS, .starttls = "verify",
     .outcomes = NOTHING, .problem = "closed"},
    {"tickets for ever, RCPT", AT_RCPT, .trick = TRICK_TICKETS, .starttls = "verify",
     .outcomes = WAITS},
    {"tickets for ever, the final reply", AT_END, .trick = TRICK_TICKETS, .starttls = "verify",
     .outcomes = UNSURE},
    {"new keys for ever, MAIL", AT_MAIL, .trick = TRICK_KEYS, .starttls = "verify",
     .outcomes = NOTHING, .problem = "closed"},
    {"HelloRequest for ever", AT_STARTTLS, .trick = TRICK_HELLOS, .reply = "220 go\r\n",
     .starttls = "verify", .outcomes = NOTHING, .problem = "^TLS: "},

    /* login */
    {"logs in", .said = "AUTH PLAIN AGFwcABzZWNyZXQ=\n", .starttls = "verify",
     .login = LOGIN_STRICT, .outcomes = TAKEN TAKEN},
    {"logs in by LOGIN", .said = "AUTH LOGIN\nYXBw\nc2VjcmV0\nMAIL", .offer = "AUTH LOGIN,STARTTLS",
     .starttls = "verify", .login = LOGIN_STRICT, .outcomes = TAKEN TAKEN},
    {"logs in by OAUTHBEARER", .said = "AUTH OAUTHBEARER bixhPWFwcC",
     .offer = "AUTH PLAIN XOAUTH2 OAUTHBEARER,STARTTLS", .starttls = "verify", .login = LOGIN_OAUTH,
     .outcomes = TAKEN TAKEN},
    {"logs in by XOAUTH2", .said = "AUTH XOAUTH2 dXNlcj1hcHABYXV0aD1CZWFyZXIgc2VjcmV0AQE=\n",
     .offer = "AUTH XOAUTH2,STARTTLS", .starttls = "verify", .login = LOGIN_OAUTH,
     .outcomes = TAKEN TAKEN},
    {"a token that has expired", AT_AUTH, .reply = "334 eyJzdGF0dXMiOiI0MDAifQ==\r\n",
     .said = "\nAQ==\n$", .offer = "AUTH XOAUTH2,STARTTLS", .starttls = "verify",
     .login = LOGIN_OAUTH, .outcomes = NOTHING, .problem = "^login as app refused: "},
    {"login refused", AT_AUTH, .reply = "535 5.7.8 bad\r\n", .said = "AUTH PLAIN [^\n]*\n$",
     .starttls = "verify", .login = LOGIN_STRICT, .outcomes = NOTHING,
     .problem = "^login as app refused: 535 5.7.8 bad$"},
    {"login refused by turns", AT_CREDENTIAL, .reply = "535 5.7.8 bad\r\n",
     .said = "AUTH LOGIN\nYXBw\nc2VjcmV0\n$", .offer = "AUTH LOGIN,STARTTLS", .starttls = "verify",
     .login = LOGIN_STRICT, .outcomes = NOTHING, .problem = "^login as app refused: 535"},
    {"login put off", AT_AUTH, .reply = "454 4.7.0 later\r\n", .unsaid = "MAIL",
     .starttls = "verify", .login = LOGIN_STRICT, .outcomes = NOTHING, .problem = "refused: 454"},
    {"250 to AUTH", AT_AUTH, .reply = "250 ok\r\n", .unsaid = "MAIL", .starttls = "verify",
     .login = LOGIN_STRICT, .outcomes = NOTHING, .problem = "refused: 250"},
    {"no login offered", .unsaid = "AUTH|MAIL", .offer = "STARTTLS", .starttls = "verify",
     .login = LOGIN_STRICT, .outcomes = NOTHING, .problem = "refused: .*offers no way"},
    {"a login that is not known", .unsaid = "AUTH|MAIL", .offer = "AUTH GSSAPI,STARTTLS",
     .starttls = "verify", .login = LOGIN_STRICT, .outcomes = NOTHING,
     .problem = "refused: .*offers no way"},
    {"not verified: no login", .unsaid = "AUTH|MAIL", .starttls = "encrypt", .login = LOGIN_STRICT,
     .outcomes = NOTHING, .problem = "not tried: the certificate"},
    {"not encrypted: no login", .unsaid = "AUTH|MAIL", .login = LOGIN_UNVERIFIED,
     .outcomes = NOTHING, .problem = "not tried: .*not encrypted"},
    {"not verified, and it may", .said = "AUTH PLAIN", .starttls = "encrypt",
     .certificate = CERTIFICATE_SELF_SIGNED, .login = LOGIN_UNVERIFIED, .outcomes = TAKEN TAKEN},
    {"not encrypted, and it may", .said = "AUTH PLAIN", .login = LOGIN_CLEARTEXT,
     .outcomes = TAKEN TAKEN},
    {"a bad certificate: no login", .unsaid = "AUTH", .starttls = "verify",
     .certificate = CERTIFICATE_OTHER_NAME, .login = LOGIN_CLEARTEXT, .outcomes = NOTHING,
     .problem = "certificate: "},
};

/* --- what is none of 2, 4, 5 -------------------------------------------------- */

/* Replies of other classes. */
static const char *const odd_replies[] = {
    "100 x\r\n", "150 2.0.0 ok\r\n",      "199\r\n", "300 x\r\n",           "399 5.1.1 unknown\r\n",
    "600 x\r\n", "650 5.1.1 unknown\r\n", "700\r\n", "999 2.0.0 taken\r\n", "150-x\r\n150 ok\r\n",
};

/* What is no reply. */
static const char *const no_replies[] = {
    "\r\n",
    " \r\n",
    "ok\r\n",
    "OK 250\r\n",
    "hello, 550 5.1.1 user unknown\r\n",
    "000 ok\r\n",
    "099 5.1.1 unknown\r\n",
    "25 ok\r\n",
    "55\r\n",
    "2500 ok\r\n",
    "5500 5.1.1 unknown\r\n",
    "-250 ok\r\n",
    " 250 ok\r\n",
    "250_ok\r\n",
    "250.ok\r\n",
    "0x250\r\n",
    "\xff\xfe\x01\x02\r\n",
    "\357\273\277250 ok\r\n",          /* a byte order mark, in octal: a digit follows */
    "\xd9\xa2\xd9\xa5\xd9\xa0 ok\r\n", /* 250 in digits that are no ASCII */
    "HTTP/1.1 200 OK\r\n",
    "<html>550 5.1.1</html>\r\n",
    "* OK IMAP4rev1\r\n",
    "+OK POP3\r\n",
    /* several lines that do not agree */
    "250-ok\r\n550 5.1.1 unknown\r\n",
    "550-5.1.1 unknown\r\n250 ok\r\n",
    "250-ok\r\n251 ok\r\n",
    "250-ok\r\n150 ok\r\n",
    "354-go on\r\n250 ok\r\n",
    "550-5.1.1 unknown\r\nok\r\n",
    "250-ok\r\n\r\n",
    "550-5.1.1 unknown\r\n550\t5.1.1 unknown\r\n",
};

/* What must come of them, by stage: temporary, and no step is taken that only a yes allows. */
struct demand {
	const char *name;
	enum stage stage;
	const char *odd_outcomes, *no_outcomes;
	const char *problem; /* NULL: none, unless nobody was reached by what is no reply */
	const char *unsaid;
	bool is_login;
	const char *starttls;
	enum stage stage_2;
	const char *reply_2;
};

static const struct demand demands[] = {
    {"greeting", AT_GREETING, NOTHING, NOTHING, .problem = ".", .unsaid = "."},
    {"EHLO", AT_EHLO, NOTHING, NOTHING, .problem = ".", .unsaid = "MAIL|HELO"},
    {"STARTTLS", AT_STARTTLS, NOTHING, NOTHING, .problem = ".", .unsaid = "MAIL",
     .starttls = "encrypt"},
    {"STARTTLS that may be", AT_STARTTLS, TAKEN TAKEN, NOTHING, .starttls = "may"},
    {"EHLO under TLS", AT_EHLO_TLS, NOTHING, NOTHING, .problem = ".", .unsaid = "MAIL",
     .starttls = "encrypt"},
    {"AUTH", AT_AUTH, NOTHING, NOTHING, .problem = ".", .unsaid = "MAIL", .is_login = true},
    {"MAIL", AT_MAIL, WAITS TAKEN, NOTHING, .unsaid = "e1[^\1]*Subject[^\1]*e2"},
    {"the first RCPT", AT_RCPT, "pending accepted, " TAKEN, WAITS, .unsaid = NULL},
    {"the second RCPT", AT_RCPT_2, "accepted pending, " TAKEN, WAITS, .unsaid = NULL},
    {"each RCPT", AT_EVERY_RCPT, WAITS TAKEN, WAITS, .unsaid = "b@customer.example[^\n]*\nDATA"},
    {"DATA", AT_DATA, WAITS TAKEN, WAITS, .unsaid = "e1[^\1]*Subject[^\1]*e2"},
    {"the message", AT_END, WAITS TAKEN, UNSURE, .unsaid = NULL},
    {"RSET", AT_RSET, FAILED, FAILED, .unsaid = "ENVID=e2", .stage_2 = AT_EVERY_RCPT,
     .reply_2 = "550 5.1.1 x\r\n"},
    {"QUIT", AT_QUIT, TAKEN TAKEN, TAKEN TAKEN, .unsaid = NULL},
};

static struct row odd_row(const struct demand *demand, const char *reply, bool is_reply,
			  bool is_pipelining)
{
	bool is_unheard = !is_reply && *demand->no_outcomes == '\0';

	return (struct row){
	    .name = demand->name,
	    .stage = demand->stage,
	    .reply = reply,
	    .stage_2 = demand->stage_2,
	    .reply_2 = demand->reply_2,
	    .outcomes = is_reply ? demand->odd_outcomes : demand->no_outcomes,
	    .problem = demand->problem ? demand->problem
		       : is_unheard    ? "."
				       : NULL,
	    /* after what is no reply nothing is said at all */
	    .unsaid = !is_reply && demand->stage >= AT_RCPT && demand->stage <= AT_EVERY_RCPT
			  ? "DATA"
			  : demand->unsaid,
	    .starttls = demand->starttls,
	    .offer = is_pipelining ? NULL : "8BITMIME,DSN,STARTTLS,AUTH PLAIN LOGIN",
	    .login = demand->is_login ? LOGIN_CLEARTEXT : LOGIN_NONE};
}

/* --- one run ---------------------------------------------------------------- */

static GBytes *begin(void *context, size_t index)
{
	static const char content[] = "Subject: x\r\n\r\n.dot\r\n..\r\nlast\r\n";

	const struct run *run = context;
	const struct row *row = run->row;

	if (row->is_stopped)
		smtp_client_stop(run->client);
	return index == 0 && row->content ? g_bytes_new_static(row->content, row->content_len)
					  : g_bytes_new_static(content, sizeof content - 1);
}

static void end(void *context, size_t index, const struct smtp_result *result)
{
	struct run *run = context;

	g_assert_true(result->mail.code != 0 && result->fault);
	(void)index;
	for (size_t i = 0; i < 2; i++) {
		struct smtp_reply reply;

		g_string_append_printf(run->outcomes, "%s%s",
				       outcome_name(outcome_of(result, i, &reply)),
				       i == 0 ? " " : ", ");
	}
}

static void *run_main(void *data)
{
	static char *first[] = {(char *)"a@customer.example", (char *)"b@customer.example", NULL};
	static char *second[] = {(char *)"c@customer.example", (char *)"d@customer.example", NULL};
	struct smtp_transaction transactions[] = {
	    {.sender = "us@example.org",
	     .recipients = first,
	     .recipient_count = 2,
	     .envelope_id = "e1",
	     .size_estimate = 100},
	    {.sender = "us@example.org",
	     .recipients = second,
	     .recipient_count = 2,
	     .envelope_id = "e2",
	     .size_estimate = 100},
	};
	struct run *run = data;
	const struct smtp_handler handler = {.begin = begin, .end = end, .context = run};

	run->problem = smtp_session_run(run->client, transactions, 2, &handler);
	return NULL;
}

static struct smtp_client *client_for(const struct row *row, guint16 port, char *password_file)
{
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", port);
	bool must_wait = row->trick == TRICK_SILENCE || row->trick == TRICK_DRIBBLE;
	long wait = row->waits > 0 ? row->waits : must_wait ? 2 : 60;
	const struct smtp_settings settings = {
	    .server = server,
	    .hostname = (char *)"app.example.org",
	    .starttls = (char *)(row->starttls ? row->starttls : "off"),
	    .tls_ca_file = certificates.ca_file,
	    .username = (char *)(row->login == LOGIN_NONE ? "" : "app"),
	    .password_file = password_file,
	    .auth_cleartext = (char *)(row->login == LOGIN_CLEARTEXT ? "yes" : "no"),
	    .auth_unverified = (char *)(row->login == LOGIN_UNVERIFIED ? "yes" : "no"),
	    .auth_method = (char *)(row->login == LOGIN_OAUTH ? "oauth" : "password"),
	    .oauth = {.refresh_token_file = (char *)""},
	    .connect_wait = 30,
	    .greeting_wait = wait,
	    .envelope_wait = wait,
	    .data_wait = wait,
	    .transfer_wait = wait,
	    .reply_wait = wait,
	};
	g_autoptr(GError) error = NULL;
	struct smtp_client *client = smtp_client_new(&settings, &error);

	g_assert_no_error(error);
	client->stop.wait = 1;
	if (row->is_stopped && row->stage < AT_DATA)
		smtp_client_stop(client);
	return client;
}

static void run_start(struct run *run, const struct row *row, char *password_file)
{
	size_t len = row->reply_len > 0 ? row->reply_len : strlen(row->reply ? row->reply : "");

	run->row = row;
	run->outcomes = g_string_new(NULL);
	run->server = (struct hostile_server){
	    .stage = row->stage,
	    .reply = g_bytes_new_static(row->reply ? row->reply : "", len),
	    .trick = row->trick,
	    .stage_2 = row->stage_2,
	    .reply_2 = row->reply_2,
	    .offer = row->offer ? row->offer : "PIPELINING,8BITMIME,DSN,STARTTLS,AUTH PLAIN LOGIN",
	    .manner = row->manner,
	    .is_tls_at_once = g_strcmp0(row->starttls, "smtps") == 0,
	    .tls_context = row->has_no_tls ? NULL : certificates.servers[row->certificate]};
	hostile_server_start(&run->server);
	run->client = client_for(row, run->server.port, password_file);
	run->thread = g_thread_new("run", run_main, run);
}

static bool matches(const char *pattern, const char *text)
{
	return g_regex_match_simple(pattern, text, 0, 0);
}

static void run_check(struct run *run)
{
	const struct row *row = run->row;

	g_thread_join(run->thread);
	hostile_server_join(&run->server);
	const char *said = run->server.said->str;
	const char *problem = run->problem ? run->problem : "";
	bool is_right =
	    strcmp(run->outcomes->str, row->outcomes) == 0 &&
	    (row->problem ? run->problem && matches(row->problem, problem) : !run->problem) &&
	    (!row->said || matches(row->said, said)) &&
	    (!row->unsaid || !matches(row->unsaid, said));

	if (!is_right) {
		g_test_message("%s, %s: %s| %s\n%s", row->name, row->reply ? row->reply : "",
			       run->outcomes->str, problem, said);
		g_test_fail();
	}
	g_string_free(run->outcomes, TRUE);
	g_string_free(run->server.said, TRUE);
	g_bytes_unref(run->server.reply);
	g_free(run->problem);
	smtp_client_free(run->client);
}

static void run_all(const struct row *list, size_t count)
{
	g_autofree struct run *runs = g_new0(struct run, count);
	char *password_file = NULL;
	int fd = g_file_open_tmp("bounce-test-password-XXXXXX", &password_file, NULL);

	g_assert_true(write(fd, "secret\n", 7) == 7 && close(fd) == 0);
	for (size_t i = 0; i < count; i++)
		run_start(&runs[i], &list[i], password_file);
	for (size_t i = 0; i < count; i++)
		run_check(&runs[i]);
	g_assert_cmpint(remove(password_file), ==, 0);
	g_free(password_file);
}

static void test_hostile_servers(void)
{
	run_all(rows, G_N_ELEMENTS(rows));
}

static void test_odd_replies(void)
{
	enum { ODD = G_N_ELEMENTS(odd_replies), ALL = ODD + G_N_ELEMENTS(no_replies) };

	for (size_t i = 0; i < G_N_ELEMENTS(demands); i++) {
		struct row list[2 * ALL];

		for (size_t k = 0; k < 2 * ALL; k++) {
			size_t at = k / 2;

			list[k] =
			    odd_row(&demands[i], at < ODD ? odd_replies[at] : no_replies[at - ODD],
				    at < ODD, k % 2 == 0);
		}
		run_all(list, 2 * ALL);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	loopback_have();
	signal(SIGPIPE, SIG_IGN);
	certificates_make(&certificates);
	g_test_add_func("/session/hostile-servers", test_hostile_servers);
	g_test_add_func("/session/odd-replies", test_odd_replies);
	int status = g_test_run();
	certificates_clear(&certificates);
	return status;
}
