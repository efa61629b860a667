/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The empty report, the end of one, and the names of kinds and actions.
 */
#include "classifier/report/report.h"

static const char *const no_strings[] = {NULL};

static struct report_header empty_header(void)
{
	return (struct report_header){"", "", "", "", "", (const char *const *)g_new0(char *, 1),
				      "", ""};
}

struct report *report_new(void)
{
	struct report *report = g_new0(struct report, 1);
	report->pool = g_string_chunk_new(1024);
	report->dialect = report->auto_submitted = report->reporting_mta =
	    report->received_from_mta = "";
	report->dsn_gateway = report->arrival_date = report->envelope_id = report->feedback_type =
	    "";
	report->original_communication_id = report->original_queue_id = report->text =
	    report->return_date = "";
	report->header = empty_header();
	report->original = empty_header();
	report->references = no_strings;
	return report;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	g_free((gpointer)report->header.to);
	g_free((gpointer)report->original.to);
	if (report->references != no_strings)
		g_free((gpointer)report->references);
	g_free((gpointer)report->recipients);
	g_string_chunk_free(report->pool);
	g_free(report);
}

const char *report_kind_name(enum report_kind kind)
{
	static const char *const names[] = {
	    [REPORT_OTHER] = "other",           [REPORT_DSN] = "dsn",
	    [REPORT_PROSE] = "prose",           [REPORT_DELAY] = "delay",
	    [REPORT_SUCCESS] = "success",       [REPORT_READ_RECEIPT] = "read_receipt",
	    [REPORT_COMPLAINT] = "complaint",   [REPORT_CHALLENGE] = "challenge",
	    [REPORT_AUTO_REPLY] = "auto_reply",
	};
	return names[kind];
}

const char *report_action_name(enum report_action action)
{
	static const char *const names[] = {
	    [REPORT_ACTION_NONE] = "",           [REPORT_ACTION_FAILED] = "failed",
	    [REPORT_ACTION_DELAYED] = "delayed", [REPORT_ACTION_DELIVERED] = "delivered",
	    [REPORT_ACTION_RELAYED] = "relayed", [REPORT_ACTION_EXPANDED] = "expanded",
	    [REPORT_ACTION_OTHER] = "other",
	};
	return names[action];
}
