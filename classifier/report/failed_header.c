/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A list of addresses, like To.
 */
#include "classifier/report/failed_header.h"

#include <string.h>

#include "classifier/text/address.h"

char **failed_header_list(const struct message *message)
{
	g_autofree char *value = mime_header(message->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice found;
	GPtrArray *list = g_ptr_array_new();
	while (address_next_recipient(&rest, &found))
		g_ptr_array_add(list, g_strndup(found.data, found.len));
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

void failed_header_add(const struct message *message, struct finding *finding)
{
	g_auto(GStrv) list = failed_header_list(message);
	for (char **address = list; *address; address++)
		finding_add_address(finding, *address, "x-failed-recipients", REPORT_ACTION_FAILED);
}

char *failed_header_single(const struct message *message)
{
	g_auto(GStrv) list = failed_header_list(message);
	return g_strdup(list[0] && !list[1] ? list[0] : "");
}
