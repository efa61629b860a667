/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as an IMAP server's answers to a session of ours. Each command ends, and
 * what is handed over is within the bounds that were asked for.
 */
#include <string.h>

#include "fetch/imap/dialogue.h"
#include "tests/fuzz/said_stream.h"

enum { BODY_MAX = 64, WAIT = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_uid(void *context, guint32 uid)
{
	(void)context;
	if (uid == 0)
		abort();
}

static void check_mail(void *context, const struct imap_mail *mail)
{
	(void)context;
	if (mail->uid == 0 || !mail->body || mail->body->len > BODY_MAX)
		abort();
}

static void check_text(const char *text)
{
	for (; text && *text != '\0'; text++)
		if ((guchar)*text < ' ' || *text == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const commands[] = {"CAPABILITY", "SELECT INBOX", "UID SEARCH ALL",
					       "UID FETCH 1:* (RFC822.SIZE BODY.PEEK[])", "IDLE"};
	const struct imap_handler handler = {
	    .search = check_uid, .mail = check_mail, .body_max = BODY_MAX};
	struct imap_dialogue dialogue = {0};
	int other;

	if (len > SAID_BYTES_MAX)
		return 0;
	imap_dialogue_init(&dialogue, said_stream(bytes, len, &other), WAIT, WAIT);
	enum imap_answer answer = imap_dialogue_greeting(&dialogue);
	for (size_t i = 0; i < G_N_ELEMENTS(commands) && answer != IMAP_BROKEN; i++) {
		answer = imap_dialogue_ask(&dialogue, commands[i], &handler);
		check_text(dialogue.text);
	}
	while (!stream_fault(dialogue.stream) && imap_dialogue_hear_news(&dialogue))
		;
	imap_dialogue_clear(&dialogue);
	close(other);
	return 0;
}
