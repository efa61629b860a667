/* SPDX-License-Identifier: BSD-2-Clause
 *
 * RFC 8098 section 3.2.4: final-recipient-field = "Final-Recipient" ":" type ";" address
 */
#include "classifier/report/disposition.h"

#include <string.h>

#include "classifier/report/address_field.h"
#include "classifier/text/address.h"
#include "classifier/text/header.h"

struct finding *disposition_read(const struct message *message, const char *fields)
{
	struct finding *finding = finding_new(message);
	struct slice block = {fields + strspn(fields, "\n"), 0};
	struct slice value;
	block.len = strlen(block.data);
	const char *final = address_field_find(message->pool, block, "Final-Recipient");
	const char *original = address_field_find(message->pool, block, "Original-Recipient");
	if (header_find(block, "Original-Message-ID", &value) &&
	    !*finding->original.header.message_id) {
		struct slice bare = address_bare(value.data, value.len);
		finding->original.header.message_id =
		    value_pool_line(message->pool, bare.data, bare.len);
	}
	finding->kind = REPORT_READ_RECEIPT;
	finding->dialect = "mdn";
	struct report_recipient *r = finding_add_address(
	    finding, *final ? final : message->header->from, "mdn", REPORT_ACTION_NONE);
	if (r)
		r->original_recipient = original;
	return finding;
}
