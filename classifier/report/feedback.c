/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 5965 section 3: Feedback-Type, Original-Mail-From, Original-Rcpt-To, Removal-Recipient ...
 */
#include "classifier/report/feedback.h"

#include <string.h>

#include "classifier/report/address_field.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"

#define TYPE_BYTES 100 /* of a feedback type */

static const char *feedback_type_of(struct value_pool *pool, struct slice block)
{
	struct slice value;
	if (!header_find(block, "Feedback-Type", &value))
		return "";
	g_autofree char *text =
	    g_ascii_strdown(value.data, (gssize)MIN(value.len, (size_t)TYPE_BYTES));
	for (char *comment; (comment = strchr(text, '(')) != NULL;) {
		const char *end = strchr(comment, ')');
		const char *rest = end ? end + 1 : "";

		memmove(comment, rest, strlen(rest) + 1);
	}
	return value_pool_string(pool, g_strstrip(text));
}

enum report_kind feedback_kind(const char *type)
{
	bool is_complaint = strcmp(type, "not-spam") != 0 && strcmp(type, "auth-failure") != 0;

	return is_complaint ? REPORT_COMPLAINT : REPORT_FEEDBACK;
}

/* Section 3.2: Original-Rcpt-To may stand there several times. */
static guint add_recipients(const struct message *message, struct slice block,
			    struct finding *finding)
{
	struct header_field field;
	while (header_next(&block, &field)) {
		if (!header_name_is(&field, "Original-Rcpt-To"))
			continue;
		const char *semicolon = memchr(field.value.data, ';', field.value.len);
		const char *from = semicolon ? semicolon + 1 : field.value.data;
		struct slice bare =
		    address_bare(from, (size_t)(field.value.data + field.value.len - from));
		const char *address = value_pool_line(message->pool, bare.data, bare.len);
		finding_add_address(finding, address, "arf", REPORT_ACTION_NONE);
	}
	return finding->recipients->len;
}

struct finding *feedback_read(const struct message *message, const char *fields)
{
	struct finding *finding = finding_new(message);
	struct slice block = {fields + strspn(fields, "\n"), 0};
	block.len = strlen(block.data);
	finding->dialect = "arf";
	finding->facts.feedback_type = feedback_type_of(message->pool, block);
	finding->kind = feedback_kind(finding->facts.feedback_type);
	if (!*finding->original.header.sender)
		finding->original.header.sender =
		    address_field_find(message->pool, block, "Original-Mail-From");
	if (add_recipients(message, block, finding) > 0)
		return finding;
	const char *address = address_field_find(message->pool, block, "Removal-Recipient");
	if (!*address && message->original.header.to[0])
		address = message->original.header.to[0];
	finding_add_address(finding, address, "arf", REPORT_ACTION_NONE);
	return finding;
}
