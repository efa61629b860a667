/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Envelope and bytes of one message.
 */
#include "milter/message.h"

#include <string.h>

#include "intake/x_bounce_fields.h"

struct message {
	char *sender;
	GPtrArray *given; /* our recipients as given, NULL-terminated */
	GPtrArray *bare;  /* the same, bare and in UTF-8 */
	unsigned foreign;
	GPtrArray
	    *own_headers; /* names of X-Bounce-* fields that came in; one more than the bound */
	GString *bytes;
	bool has_ended_headers;
	size_t bytes_max;
	size_t size; /* of the whole message as far as it was shown to us */
};

/* A database and a log take UTF-8, and an MTA may pass on whatever bytes a client said. */
static char *readable_address(const char *address)
{
	g_autofree char *bare = message_address_bare(address);

	return g_utf8_make_valid(bare, -1);
}

struct message *message_new(const char *sender, size_t bytes_max)
{
	struct message *message = g_new0(struct message, 1);

	message->sender = readable_address(sender);
	message->given = g_ptr_array_new_null_terminated(1, g_free, TRUE);
	message->bare = g_ptr_array_new_null_terminated(1, g_free, TRUE);
	message->own_headers = g_ptr_array_new_with_free_func(g_free);
	message->bytes = g_string_new(NULL);
	message->bytes_max = bytes_max;
	return message;
}

void message_free(struct message *message)
{
	if (!message)
		return;
	g_free(message->sender);
	g_ptr_array_free(message->given, TRUE);
	g_ptr_array_free(message->bare, TRUE);
	g_ptr_array_free(message->own_headers, TRUE);
	g_string_free(message->bytes, TRUE);
	g_free(message);
}

void message_add_our_recipient(struct message *message, const char *address)
{
	g_ptr_array_add(message->given, g_strdup(address));
	g_ptr_array_add(message->bare, readable_address(address));
}

void message_add_foreign_recipient(struct message *message)
{
	message->foreign++;
}

static void append_message_bytes(struct message *message, const char *bytes, size_t len)
{
	size_t room = message->bytes_max - message->bytes->len;

	message->size += len;
	g_string_append_len(message->bytes, bytes, (gssize)MIN(len, room));
}

void message_add_header(struct message *message, const char *name, const char *value)
{
	append_message_bytes(message, name, strlen(name));
	append_message_bytes(message, ":", 1);
	for (const char *line = value;; line++) {
		size_t len = strcspn(line, "\n");

		append_message_bytes(message, line,
				     len > 0 && line[len] == '\n' && line[len - 1] == '\r' ? len - 1
											   : len);
		append_message_bytes(message, "\r\n", 2);
		line += len;
		if (*line == '\0')
			break;
	}
	/* also of what is not kept: all of it reaches the operator */
	if (!message_has_too_many_own_headers(message) &&
	    x_bounce_fields_is_one(name, strlen(name)))
		g_ptr_array_add(message->own_headers, g_strdup(name));
}

void message_end_headers(struct message *message)
{
	if (!message->has_ended_headers)
		append_message_bytes(message, "\r\n", 2);
	message->has_ended_headers = true;
}

void message_add_body(struct message *message, const char *bytes, size_t len)
{
	append_message_bytes(message, bytes, len);
}

bool message_is_full(const struct message *message)
{
	return message->bytes->len >= message->bytes_max;
}

bool message_is_ours(const struct message *message)
{
	return message->given->len > 0;
}

bool message_has_foreign_recipients(const struct message *message)
{
	return message->foreign > 0;
}

const char *message_bytes(const struct message *message, size_t *len_out)
{
	*len_out = message->bytes->len;
	return message->bytes->str;
}

unsigned message_own_header_count(const struct message *message, const char *name)
{
	unsigned count = 0;

	for (guint i = 0; i < message->own_headers->len; i++)
		count += g_ascii_strcasecmp(g_ptr_array_index(message->own_headers, i), name) == 0;
	return count;
}

bool message_has_too_many_own_headers(const struct message *message)
{
	return message->own_headers->len > MESSAGE_OWN_HEADERS_MAX;
}

const char *const *message_our_recipients(const struct message *message)
{
	return (const char *const *)message->given->pdata;
}

struct envelope message_envelope(const struct message *message, const char *queue_id,
				 const char *client, bool own_mta)
{
	return (struct envelope){
	    .source = "milter",
	    .sender = message->sender,
	    .recipients = (const char *const *)message->bare->pdata,
	    .queue_id = queue_id,
	    .client = client,
	    .own_mta = own_mta,
	    .size = message->size,
	};
}

char *message_address_bare(const char *address)
{
	size_t len = strlen(address);

	if (len >= 2 && address[0] == '<' && address[len - 1] == '>')
		return g_strndup(address + 1, len - 2);
	return g_strdup(address);
}
