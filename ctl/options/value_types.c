/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words are those of the database.
 */
#include "ctl/options/value_types.h"

#include "classifier/rules/reason.h"
#include "ctl/framework/command.h"
#include "db/people/operator_queries.h"

static const char *const classes[] = {"hard",       "soft",         "technical",
				      "auto_reply", "unclassified", NULL};
static const char *const kinds[] = {"hard_bounce",      "bounce_without_communication",
				    "resend_exhausted", "soft_bounces",
				    "complaint",        "auto_reply",
				    "delivery_problem", "process_paused",
				    "outage",           NULL};
static const char *const states[] = {"PENDING", "PROCESSING", "SUCCESS", "ERROR", "RETRY", NULL};

/* of tasks that no bounce has made */
static const char *const matters[] = {"unknown", "no_content", "submission_server", "webhook",
				      "operator_copy"};

static char **join_reasons(const char *const *more, size_t more_count)
{
	size_t count = 0;
	const struct reason *reasons = reason_all(&count);
	char **words = g_new0(char *, count + more_count + 1);

	for (size_t i = 0; i < count; i++)
		words[i] = g_strdup(reasons[i].name);
	for (size_t i = 0; i < more_count; i++)
		words[count + i] = g_strdup(more[i]);
	return words;
}

static char **list_reasons(void)
{
	return join_reasons(NULL, 0);
}

static char **list_task_reasons(void)
{
	return join_reasons(matters, G_N_ELEMENTS(matters));
}

const struct ctl_value_type value_class = {
    .name = "CLASS", .kind = CTL_VALUE_TYPE_WORD, .words = classes};
const struct ctl_value_type value_reason = {
    .name = "REASON", .kind = CTL_VALUE_TYPE_WORD, .list_words = list_reasons};
const struct ctl_value_type value_task_reason = {
    .name = "REASON", .kind = CTL_VALUE_TYPE_WORD, .list_words = list_task_reasons};
const struct ctl_value_type value_task_kind = {
    .name = "KIND", .kind = CTL_VALUE_TYPE_WORD, .words = kinds};
const struct ctl_value_type value_state = {
    .name = "STATE", .kind = CTL_VALUE_TYPE_WORD, .words = states};

const struct ctl_value_type value_process = {.name = "NAME",
					     .completion = &operator_queries_process_names};
const struct ctl_value_type value_parameter = {.name = "NAME",
					       .completion = &operator_queries_parameter_names};
const struct ctl_value_type value_task = {
    .name = "ID", .kind = CTL_VALUE_TYPE_ID, .completion = &operator_queries_task_numbers};

static const struct ctl_section communications = {
    .statement = &operator_queries_name,
    .columns = {CTL_COLUMN("id"), CTL_WHOLE("envelope_id"), CTL_COLUMN("since"),
		CTL_COLUMN("process"), CTL_COLUMN("business_ref"), CTL_COLUMN("status"),
		CTL_COLUMN("recipients"), CTL_IF_ROOM("subject"), CTL_IF_ROOM("matched")},
    .empty = "no communication has this number, reference, token, Message-ID or envelope id; "
	     "\"bouncectl show\" finds it by an address as well",
    .otherwise = "say its envelope id, which no other has"};
const struct ctl_value_type value_communication = {
    .name = "COMMUNICATION", .kind = CTL_VALUE_TYPE_TEXT, .finds = &communications};

const struct ctl_value_type value_address = {.name = "ADDRESS"};
const struct ctl_value_type value_domain = {.name = "DOMAIN"};
