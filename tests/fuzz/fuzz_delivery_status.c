/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the fields of message/delivery-status.
 */
#include <stdint.h>
#include <string.h>

#include "classifier/read/reader.h"
#include "classifier/report/delivery_status.h"
#include "classifier/text/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	mime_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(report_t) report = reader_parse("", 0, &limits_default);
	g_autoptr(GArray) recipients = g_array_new(FALSE, FALSE, sizeof(struct report_recipient));
	struct report_build build = {report,     &limits_default, NULL,
				     recipients, AUTHOR_UNKNOWN,  NULL};
	g_autofree char *text = text_clean((const char *)data, size, limits_default.part_bytes);
	size_t added = delivery_status_parse(&build, text); /* repeated ones count */
	if (added < recipients->len || (added > 0 && recipients->len == 0))
		__builtin_trap();
	for (guint i = 0; i < recipients->len; i++) {
		const struct report_recipient *r =
		    &g_array_index(recipients, struct report_recipient, i);
		if (!*r->recipient || !g_utf8_validate(r->recipient, -1, NULL))
			__builtin_trap();
	}
	return 0;
}
