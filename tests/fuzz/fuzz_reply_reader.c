/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as a server's replies. They are the same in whatever pieces they
 * come, and each is a code of three digits with one clean, bounded line of text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/smtp/ehlo_extensions.h"
#include "delivery/smtp/reply_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const struct smtp_reply *reply)
{
	bool is_sound = reply->code >= 100 && reply->code <= 999 &&
			g_utf8_validate(reply->text, -1, NULL) &&
			/* a byte may have become a replacement character */
			strlen(reply->text) <= 3 * REPLY_LINES_MAX * (REPLY_LINE_BYTES_MAX + 1) &&
			(*reply->status == '\0' || *reply->status - '0' == reply->code / 100);

	for (const char *p = reply->text; *p != '\0'; p++)
		is_sound = is_sound && (guchar)*p >= ' ' && *p != 0x7f;
	if (!is_sound)
		abort();
}

static GString *read_all(const char *bytes, size_t len, size_t piece)
{
	struct reply_reader reader;
	GString *all = g_string_new(NULL);
	enum reply_progress progress = REPLY_INCOMPLETE;

	reply_reader_init(&reader);
	for (size_t at = 0; at < len && progress != REPLY_UNREADABLE; at += piece) {
		struct smtp_reply reply;

		reply_reader_add(&reader, bytes + at, MIN(piece, len - at));
		while ((progress = reply_reader_next(&reader, &reply)) == REPLY_COMPLETE) {
			struct ehlo_extensions offers = {.mechanisms = NULL};

			check(&reply);
			ehlo_extensions_read(&offers, reader.lines->str);
			ehlo_extensions_clear(&offers);
			g_string_append_printf(all, "%d %s|%s;", reply.code, reply.status,
					       reply.text);
			g_free(reply.text);
		}
	}
	g_string_append_c(all, progress == REPLY_UNREADABLE ? '!' : '.');
	reply_reader_clear(&reader);
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t piece = len == 0 ? 1 : 1 + bytes[0] % 7;
	GString *whole = read_all((const char *)bytes, len, MAX(len, 1));
	GString *pieces = read_all((const char *)bytes, len, piece);

	if (!g_string_equal(whole, pieces))
		abort();
	g_string_free(whole, TRUE);
	g_string_free(pieces, TRUE);
	return 0;
}
