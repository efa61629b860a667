/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as a form, and as the fields of a request. What is taken is valid UTF-8, and
 * no more fields than are allowed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void try_form(const char *bytes, size_t len)
{
	g_autoptr(form_t) form = form_parse(bytes, len, NULL);

	if (!form)
		return;
	g_autofree const char **ids = form_all(form, "id");
	size_t count = 0;
	while (ids[count])
		if (!g_utf8_validate(ids[count++], -1, NULL))
			abort();
	if (count > FORM_FIELDS_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	g_autofree char *text = g_strndup((const char *)bytes, len);
	const struct request request = {.cookie = text};
	g_autofree char *cookie = request_cookie(&request, "bounce-console");

	if (cookie && strchr(cookie, ';'))
		abort();
	request_is_from_elsewhere(NULL, text, text);
	try_form((const char *)bytes, len);
	return 0;
}
