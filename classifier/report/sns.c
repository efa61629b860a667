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

#include "classifier/report/feedback.h"
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

static void add_sns_recipient(struct finding *finding, JsonNode *node, enum report_action action,
			      const char *words)
{
	bool is_object = JSON_NODE_HOLDS_OBJECT(node);
	JsonObject *object = is_object ? json_node_get_object(node) : NULL;
	const char *address = is_object ? string_member(object, "emailAddress")
			      : json_node_get_value_type(node) == G_TYPE_STRING
				  ? json_node_get_string(node)
				  : "";
	struct report_recipient *r = *address ? finding_add_recipient(finding, "amazon-ses") : NULL;
	if (!r)
		return;
	const char *diagnostic = string_member(object, "diagnosticCode");
	const char *semicolon = strchr(diagnostic, ';');
	r->recipient = value_pool_string(finding->pool, address);
	r->action = action;
	r->diagnostic = value_pool_string(finding->pool, semicolon     ? semicolon + 1
							 : *diagnostic ? diagnostic
								       : words);
	struct slice status;
	if (status_code_find(string_member(object, "status"), &status))
		r->status = value_pool_line(finding->pool, status.data, status.len);
	finding_complete_recipient(finding, r);
}

static void read_sns_mail(struct finding *finding, JsonObject *mail)
{
	struct report_header *original = &finding->original.header;
	JsonObject *common = object_member(mail, "commonHeaders");
	const char *id = string_member(common, "messageId");
	if (!*id)
		id = string_member(mail, "messageId");
	size_t open = *id == '<';
	original->message_id = value_pool_line(finding->pool, id + open, strcspn(id + open, ">"));
	original->from = value_pool_string(finding->pool, string_member(mail, "source"));
	original->subject = value_pool_string(finding->pool, string_member(common, "subject"));
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

static bool read_notification(struct finding *finding, JsonObject *root)
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
			add_sns_recipient(finding, json_array_get_element(list, n),
					  notifications[i].action, words);
		read_sns_mail(finding, object_member(root, "mail"));
		finding->facts.feedback_type =
		    value_pool_string(finding->pool, string_member(body, "complaintFeedbackType"));
		finding->kind = notifications[i].kind == REPORT_COMPLAINT
				    ? feedback_kind(finding->facts.feedback_type)
				    : notifications[i].kind;
		finding->dialect = "amazon-ses";
		return true;
	}
	return false;
}

struct finding *sns_parse(const struct message *message)
{
	const char *text = message->text;
	if (text[strspn(text, " \n\t")] != '{')
		return NULL;
	if (!strstr(text, "notificationType") && !strstr(text, "eventType"))
		return NULL;
	g_autoptr(JsonParser) outer = json_parser_new();
	JsonObject *root = parse_object(outer, text);
	if (!root)
		return NULL;
	g_autoptr(finding_t) finding = finding_new(message);
	if (read_notification(finding, root))
		return g_steal_pointer(&finding);
	g_autoptr(JsonParser) inner = json_parser_new();
	root = parse_object(inner, string_member(root, "Message"));
	return root && read_notification(finding, root) ? g_steal_pointer(&finding) : NULL;
}
