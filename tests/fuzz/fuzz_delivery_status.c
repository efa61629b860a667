/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the fields of message/delivery-status.
 */
#include <string.h>

#include "classifier/report/delivery_status.h"
#include "classifier/text/text.h"
#include "tests/fuzz/mime_fuzzer.h"

static void check(const struct message *message, const char *text)
{
	g_autoptr(finding_t) finding = finding_new(message);
	size_t added = delivery_status_parse(message, text, finding); /* repeated ones count */
	guint count = finding->recipients->len;
	if (added < count || (added > 0 && count == 0))
		__builtin_trap();
	for (guint i = 0; i < count; i++) {
		const struct report_recipient *r = finding_recipient(finding, i);
		if (!*r->recipient || !g_utf8_validate(r->recipient, -1, NULL))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct value_pool *pool = value_pool_new(&limits_default);
	const struct message message = {
	    .pool = pool, .header = &report_header_empty, .text = "", .original = original_empty()};
	g_autofree char *text = text_clean((const char *)data, size, limits_default.part_bytes);
	check(&message, text);
	value_pool_free(pool);
	return 0;
}
