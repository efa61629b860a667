/* SPDX-License-Identifier: BSD-2-Clause
 *
 * json-glib reads numbers and strings; a number in quotes, as old servers have it, is one, too.
 */
#include "net/oauth_reply.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "base/secret.h"

/* json-glib goes down one call for each level. */
enum { TOKEN_BYTES_MAX = 16384, TEXT_BYTES_MAX = 200, DEPTH_MAX = 32, EXPIRES_MAX = 366 * 86400 };

/* Brackets within strings count, too: an answer with so many is no answer. */
static bool is_shallow(const char *text, size_t len)
{
	int depth = 0;

	for (size_t i = 0; i < len && depth <= DEPTH_MAX; i++)
		depth += text[i] == '{' || text[i] == '[';
	return depth <= DEPTH_MAX;
}

static const char *token_member(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);
	const char *text =
	    node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
		? json_node_get_string(node)
		: NULL;

	return text ? text : "";
}

/* RFC 6749 appendix A.12: nothing but these may be in it, and control characters of SASL are not
 * to come from a server. */
static char *take_token(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return g_strdup("");
	return g_strdup(len <= TOKEN_BYTES_MAX ? text : "");
}

static char *take_text(const char *text)
{
	char *taken = g_strndup(text, TEXT_BYTES_MAX);

	for (char *p = taken; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = ' ';
	return g_strstrip(taken);
}

static gint64 take_seconds(JsonObject *object)
{
	JsonNode *node = json_object_get_member(object, "expires_in");
	gint64 seconds = 0;

	if (!node || !JSON_NODE_HOLDS_VALUE(node))
		return 0;
	if (json_node_get_value_type(node) == G_TYPE_STRING)
		seconds = g_ascii_strtoll(json_node_get_string(node), NULL, 10);
	else if (json_node_get_value_type(node) == G_TYPE_INT64)
		seconds = json_node_get_int(node);
	return CLAMP(seconds, 0, EXPIRES_MAX);
}

static void read_members(JsonObject *object, struct oauth_reply *reply_out)
{
	reply_out->access_token = take_token(token_member(object, "access_token"));
	reply_out->refresh_token = take_token(token_member(object, "refresh_token"));
	reply_out->expires_in = take_seconds(object);
	reply_out->fault = take_text(token_member(object, "error"));
	reply_out->description = take_text(token_member(object, "error_description"));
}

bool oauth_reply_parse(const char *text, size_t len, struct oauth_reply *reply_out)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(JsonObject) none = json_object_new();
	JsonNode *root = is_shallow(text, len) && g_utf8_validate(text, (gssize)len, NULL) &&
				 json_parser_load_from_data(parser, text, (gssize)len, NULL)
			     ? json_parser_get_root(parser)
			     : NULL;
	bool is_object = root && JSON_NODE_HOLDS_OBJECT(root);

	read_members(is_object ? json_node_get_object(root) : none, reply_out);
	return is_object;
}

void oauth_reply_clear(struct oauth_reply *reply)
{
	secret_free(reply->access_token);
	secret_free(reply->refresh_token);
	g_free(reply->fault);
	g_free(reply->description);
	memset(reply, 0, sizeof *reply);
}
