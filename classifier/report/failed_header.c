/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A list of addresses, like To.
 */
#include "classifier/report/failed_header.h"

#include <string.h>

#include "classifier/text/address.h"

void failed_header_add(const struct message *message, struct finding *finding)
{
	g_autofree char *value = mime_header(message->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice found;
	while (address_next_recipient(&rest, &found)) {
		g_autofree char *address = g_strndup(found.data, found.len);
		finding_add_address(finding, address, "x-failed-recipients", REPORT_ACTION_FAILED);
	}
}

bool failed_header_has(const struct message *message, const char *address)
{
	g_autofree char *value = mime_header(message->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice found;
	while (address_next_recipient(&rest, &found))
		if (strlen(address) == found.len &&
		    g_ascii_strncasecmp(address, found.data, found.len) == 0)
			return true;
	return false;
}

char *failed_header_single(const struct message *message)
{
	g_autofree char *value = mime_header(message->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice first, second;
	if (!address_next_recipient(&rest, &first) || address_next_recipient(&rest, &second))
		return g_strdup("");
	return g_strndup(first.data, first.len);
}
