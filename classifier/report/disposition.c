/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 8098 section 3.2.4: final-recipient-field = "Final-Recipient" ":" type ";" address
 */
#include "classifier/report/disposition.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/header.h"

void disposition_parse(struct report_build *build, const char *fields)
{
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	const char *final = report_builder_address_field(build, block, "Final-Recipient");
	const char *original = report_builder_address_field(build, block, "Original-Recipient");
	if (header_find(block, "Original-Message-ID", &value) &&
	    !*build->report->original.message_id) {
		struct slice bare = address_bare(value.data, value.len);
		build->report->original.message_id =
		    report_builder_value(build, bare.data, bare.len);
	}
	build->report->kind = REPORT_READ_RECEIPT;
	build->report->dialect = "mdn";
	struct report_recipient *r = report_builder_add_address(
	    build, *final ? final : build->report->header.from, "mdn", REPORT_ACTION_NONE);
	if (r)
		r->original_recipient = original;
}
