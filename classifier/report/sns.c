/* SPDX-License-Identifier: BSD-2-Clause
 *
 * { "notificationType": "Bounce", "bounce": { "bouncedRecipients": [ { "emailAddress",
 *   "action", "status", "diagnosticCode" } ], "reportingMTA" }, "mail": { "messageId",
 *   "source", "destination": [], "commonHeaders": { "from", "subject" } } }
 * either bare or as the string "Message" of an SNS envelope.
 */
#include "classifier/report/sns.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "classifier/text/status_code.h"

#define DEPTH_MAX 24 /* json-glib recurses */

/* The object from the first '{' to its end; NULL if it is none, or too deep. */
static char *cut_object(const char *text)
{
	const char *from = strchr(text, '{');
	unsigned depth = 0;
	bool quoted = false;
	for (const char *at = from; at && *at; at++) {
		if (*at == '\\' && quoted && at[1]) {
			at++;
		} else if (*at == '"') {
			quoted = !quoted;
		} else if (!quoted && (*at == '{' || *at == '[')) {
			if (++depth > DEPTH_MAX)
				return NULL;
		} else if (!quoted && (*at == '}' || *at == ']') && --depth == 0) {
			return g_strndup(from, (size_t)(at - from) + 1);
		}
	}
	return NULL;
}

static JsonObject *parse_object(JsonParser *parser, const char *text)
{
	g_autofree char *json = cut_object(text);
	if (!json || !json_parser_load_from_data(parser, json, -1, NULL))
		return NULL;
	JsonNode *root = json_parser_get_root(parser);
	return root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

static const char *string_member(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;
	return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
								       : "";
}

static JsonObject *object_member(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;
	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *array_member(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;
	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static const char *keep(struct report_build *build, const char *text)
{
	return report_builder_value(build, text, strlen(text));
}

static void add_recipient(struct report_build *build, JsonNode *node, enum report_action action,
			  const char *words)
{
	bool is_object = JSON_NODE_HOLDS_OBJECT(node);
	JsonObject *object = is_object ? json_node_get_object(node) : NULL;
	const char *address = is_object ? string_member(object, "emailAddress")
			      : json_node_get_value_type(node) == G_TYPE_STRING
				  ? json_node_get_string(node)
				  : "";
	struct report_recipient *r =
	    *address ? report_builder_recipient(build, "amazon-ses") : NULL;
	if (!r)
		return;
	const char *diagnostic = string_member(object, "diagnosticCode");
	const char *semicolon = strchr(diagnostic, ';');
	r->recipient = keep(build, address);
	r->action = action;
	r->diagnostic = keep(build, semicolon ? semicolon + 1 : *diagnostic ? diagnostic : words);
	struct slice status;
	if (status_code_find(string_member(object, "status"), &status))
		r->status = report_builder_value(build, status.data, status.len);
	report_builder_complete_recipient(build, r);
}

static void read_mail(struct report_build *build, JsonObject *mail)
{
	struct report_header *original = &build->report->original;
	JsonObject *common = object_member(mail, "commonHeaders");
	const char *id = string_member(common, "messageId");
	if (!*id)
		id = string_member(mail, "messageId");
	size_t open = *id == '<';
	original->message_id = report_builder_value(build, id + open, strcspn(id + open, ">"));
	original->from = keep(build, string_member(mail, "source"));
	original->subject = keep(build, string_member(common, "subject"));
}

static const struct {
	const char *type;
	const char *member;
	const char *list;
	enum report_kind kind;
	enum report_action action;
} notifications[] = {
    {"Bounce", "bounce", "bouncedRecipients", REPORT_PROSE, REPORT_ACTION_FAILED},
    {"Complaint", "complaint", "complainedRecipients", REPORT_COMPLAINT, REPORT_ACTION_NONE},
    {"Delivery", "delivery", "recipients", REPORT_SUCCESS, REPORT_ACTION_DELIVERED},
};

static bool read_notification(struct report_build *build, JsonObject *root)
{
	const char *type = string_member(root, "notificationType");
	if (!*type)
		type = string_member(root, "eventType");
	for (size_t i = 0; i < G_N_ELEMENTS(notifications); i++) {
		if (strcmp(type, notifications[i].type) != 0)
			continue;
		JsonObject *body = object_member(root, notifications[i].member);
		JsonArray *list = array_member(body, notifications[i].list);
		g_autofree char *words = g_strjoin(" ", string_member(body, "bounceType"),
						   string_member(body, "bounceSubType"),
						   string_member(body, "smtpResponse"), NULL);
		for (guint n = 0; list && n < json_array_get_length(list); n++)
			add_recipient(build, json_array_get_element(list, n),
				      notifications[i].action, words);
		read_mail(build, object_member(root, "mail"));
		build->report->feedback_type =
		    keep(build, string_member(body, "complaintFeedbackType"));
		build->report->kind = notifications[i].kind;
		build->report->dialect = "amazon-ses";
		return true;
	}
	return false;
}

bool sns_parse(struct report_build *build)
{
	const char *text = build->report->text;
	if (text[strspn(text, " \n\t")] != '{')
		return false;
	if (!strstr(text, "notificationType") && !strstr(text, "eventType"))
		return false;
	g_autoptr(JsonParser) outer = json_parser_new();
	JsonObject *root = parse_object(outer, text);
	if (!root)
		return false;
	if (read_notification(build, root))
		return true;
	g_autoptr(JsonParser) inner = json_parser_new();
	root = parse_object(inner, string_member(root, "Message"));
	return root && read_notification(build, root);
}
