/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the words of a failure report. The first line of the input is the
 * subject, the rest the text; the header says that a mail system wrote it.
 */
#include <string.h>

#include "classifier/read/reader.h"
#include "tests/fuzz/mime_fuzzer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t subject = line ? (size_t)(line - data) : 0;
	g_autoptr(GString) mail =
	    g_string_new("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: ");
	g_string_append_len(mail, (const char *)data, (gssize)subject);
	g_string_append(mail, "\n\n");
	g_string_append_len(mail, (const char *)data + subject, (gssize)(size - subject));
	g_autoptr(report_t) report = reader_parse(mail->str, mail->len, &limits_default);
	for (size_t i = 0; i < report->recipient_count; i++)
		if (!g_utf8_validate(report->recipients[i].diagnostic, -1, NULL) ||
		    !*report->recipients[i].source)
			__builtin_trap();
	return 0;
}
