/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes give a report whose strings keep their promise.
 */
#include <string.h>

#include "classifier/read/reader.h"
#include "tests/fuzz/mime_fuzzer.h"

static void check(const char *text, size_t max)
{
	if (strlen(text) > max || !g_utf8_validate(text, -1, NULL))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(report_t) report = reader_parse((const char *)data, size, &limits_default);
	check(report->text, limits_default.text_bytes);
	check(report->original.subject, limits_default.field_bytes);
	check(report->original.message_id, limits_default.field_bytes);
	for (size_t i = 0; i < report->recipient_count; i++) {
		check(report->recipients[i].recipient, limits_default.field_bytes);
		check(report->recipients[i].original_recipient, limits_default.field_bytes);
		check(report->recipients[i].diagnostic, limits_default.field_bytes);
		check(report->recipients[i].remote_mta, limits_default.field_bytes);
	}
	return 0;
}
