/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as a POP3 server's answers to a session of ours. Each answer ends, lines
 * are bounded, and of a mail no more is kept than was asked for.
 */
#include "fetch/pop3/dialogue.h"
#include "tests/fuzz/said_stream.h"

enum { MAIL_MAX = 64, WAIT = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_list(struct pop3_dialogue *dialogue)
{
	if (pop3_dialogue_hear(dialogue) != POP3_OK)
		return;
	while (pop3_dialogue_next_line(dialogue))
		if (dialogue->line->len > POP3_LINE_BYTES_MAX)
			abort();
}

static void read_mail(struct pop3_dialogue *dialogue, size_t said)
{
	GByteArray *mail = g_byte_array_new();
	gsize size = 0;

	if (pop3_dialogue_hear(dialogue) == POP3_OK &&
	    pop3_dialogue_mail(dialogue, mail, MAIL_MAX, &size) &&
	    (mail->len > MAIL_MAX || mail->len > size || size > said))
		abort();
	g_byte_array_unref(mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct pop3_dialogue dialogue = {0};
	int other;

	if (len > SAID_BYTES_MAX)
		return 0;
	pop3_dialogue_init(&dialogue, said_stream(bytes, len, &other), WAIT, WAIT);
	stream_set_wait(dialogue.stream, WAIT);
	if (pop3_dialogue_hear(&dialogue) != POP3_BROKEN) {
		read_list(&dialogue);
		read_mail(&dialogue, len);
	}
	pop3_dialogue_clear(&dialogue);
	close(other);
	return 0;
}
