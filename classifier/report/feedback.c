/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 5965 section 3: Feedback-Type, Original-Rcpt-To, Removal-Recipient ...
 */
#include "classifier/report/feedback.h"

#include <string.h>

#include "classifier/text/header.h"

bool feedback_parse(struct report_build *build, const char *fields)
{
	struct report *report = build->report;
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	report->feedback_type = "";
	if (header_find(block, "Feedback-Type", &value)) {
		g_autofree char *lower =
		    g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)100));
		report->feedback_type = report_builder_value(build, lower, strlen(lower));
	}
	report->dialect = "arf";
	if (strcmp(report->feedback_type, "not-spam") == 0)
		return true;
	report->kind = REPORT_COMPLAINT;
	const char *address = report_builder_address_field(build, block, "Original-Rcpt-To");
	if (!*address)
		address = report_builder_address_field(build, block, "Removal-Recipient");
	if (!*address && report->original.to[0])
		address = report->original.to[0];
	report_builder_add_address(build, address, "arf", REPORT_ACTION_NONE);
	return true;
}
