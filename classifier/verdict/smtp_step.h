/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which step of the SMTP dialogue a refusal answers, as reports name it.
 */
#ifndef CLASSIFIER_VERDICT_SMTP_STEP_H
#define CLASSIFIER_VERDICT_SMTP_STEP_H

#include <stdbool.h>

enum smtp_step {
	SMTP_STEP_UNKNOWN,
	SMTP_STEP_CONNECT, /* the greeting */
	SMTP_STEP_HELO,    /* or EHLO, LHLO */
	SMTP_STEP_TLS,
	SMTP_STEP_AUTH,
	SMTP_STEP_MAIL,
	SMTP_STEP_RCPT,
	SMTP_STEP_DATA, /* or the end of the data */
};

/* The last step that the words name: "(in reply to MAIL FROM command)", "after RCPT TO:<x@y>",
 * ">>> DATA", "but sender was rejected". */
enum smtp_step smtp_step_find(const char *words);

/* Before RCPT the server has not heard of the recipient: what it says is about others. */
bool smtp_step_is_before_recipient(enum smtp_step step);

/* Takes "(in reply to ... command)" out of the words, in place, unless the command is MAIL
 * FROM: rules that look for the end of what was said then find it. */
void smtp_step_drop(char *folded);

#endif
