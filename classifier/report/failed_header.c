/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A list of addresses, like To.
 */
#include "classifier/report/failed_header.h"

#include <string.h>

#include "classifier/text/address.h"

void failed_header_add(struct report_build *build)
{
	g_autofree char *value = mime_header(build->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice found;
	while (address_next(&rest, &found)) {
		g_autofree char *address = g_strndup(found.data, found.len);
		enum report_action action = build->report->kind == REPORT_DELAY
						? REPORT_ACTION_DELAYED
						: REPORT_ACTION_FAILED;
		report_builder_add_address(build, address, "x-failed-recipients", action);
	}
}

char *failed_header_single(const struct report_build *build)
{
	g_autofree char *value = mime_header(build->mime, 0, "X-Failed-Recipients");
	struct slice rest = {value, strlen(value)};
	struct slice first, second;
	if (!address_next(&rest, &first) || address_next(&rest, &second))
		return g_strdup("");
	return g_strndup(first.data, first.len);
}
