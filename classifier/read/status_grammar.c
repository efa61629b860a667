/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finds the fields, and settles the recipients that they name.
 */
#include "classifier/read/status_grammar.h"

#include <string.h>

#include "classifier/prose/author.h"
#include "classifier/read/recipients.h"
#include "classifier/report/delivery_status.h"
#include "classifier/report/parts.h"

#define STATUS_FILE_BYTES 65536 /* of an attached file that may hold a delivery status */

struct finding *status_grammar_read_fields(const struct message *message, const char *fields)
{
	struct finding *finding = finding_new(message);
	if (delivery_status_parse(message, fields, finding) > 0)
		recipients_settle(message, finding);
	return finding;
}

struct finding *status_grammar_read_parts(const struct message *message, int part)
{
	struct finding *finding = finding_new(message);
	size_t added = 0;
	for (int i = part; i < parts_count(message->mime); i++) {
		const struct mime_part *at = parts_at(message->mime, i);
		if (added > 0 && parts_is_original(at))
			break;
		if (parts_is_status(at))
			added += delivery_status_parse(message, mime_text(message->mime, (size_t)i),
						       finding);
	}
	if (added > 0)
		recipients_settle(message, finding);
	return finding;
}

struct finding *status_grammar_read_text(const struct message *message)
{
	const char *text = message->text;
	const char *fields = author_may_be_machine(message) ? delivery_status_find(text) : NULL;
	if (!fields || (message->author != AUTHOR_MACHINE && author_is_personal(text, fields)))
		return NULL;
	struct finding *finding = finding_new(message);
	if (delivery_status_parse(message, fields, finding) == 0)
		return finding;
	struct message words = *message;
	words.text = value_pool_text(message->pool, text, (size_t)(fields - text));
	finding->text = words.text;
	recipients_settle(&words, finding);
	return finding;
}

/* Small, and of a type that says nothing or something wrong. */
static bool may_hold_status(const struct mime_part *part)
{
	return part->body.len <= STATUS_FILE_BYTES &&
	       (g_str_has_prefix(part->type, "text/") || g_str_has_prefix(part->type, "message/") ||
		strcmp(part->type, "application/octet-stream") == 0);
}

static const char *find_in_file(struct mime *mime, int index)
{
	const struct mime_part *part = parts_at(mime, index);
	if (!may_hold_status(part))
		return NULL;
	const char *text = mime_text(mime, (size_t)index);
	const char *fields = delivery_status_find(text);
	return parts_is_original(part) && fields != text + strspn(text, "\n") ? NULL : fields;
}

struct finding *status_grammar_read_file(const struct message *message)
{
	if (message->author != AUTHOR_MACHINE)
		return NULL;
	g_autoptr(finding_t) finding = finding_new(message);
	for (int i = 1; i < parts_count(message->mime); i++) {
		const char *fields = find_in_file(message->mime, i);
		if (!fields || delivery_status_parse(message, fields, finding) == 0)
			continue;
		recipients_settle(message, finding);
		break;
	}
	return g_steal_pointer(&finding);
}
