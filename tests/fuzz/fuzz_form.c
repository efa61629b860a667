/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as a form, and as the fields of a request. What is taken is valid UTF-8, and
 * no more fields than are allowed; no field is a cookie that was signed, and one host is for the
 * names that it is one of.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/http/request.h"
#include "console/session/seal.h"

/* Of a list of names: each is held against the whole list. */
enum { NAMES_TRIED = 8 };

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

/* The text as a host, for itself as the list of names; the first of them is for the list. */
static void try_host(const char *text)
{
	g_auto(GStrv) names = g_strsplit_set(text, " \t", -1);

	request_is_for(text, "console.example [::1]");
	for (char **name = names; *name && name - names < NAMES_TRIED; name++)
		if (**name != '\0' && !strpbrk(*name, ":[") && !request_is_for(*name, text))
			abort();
}

static void try_mark(const char *text)
{
	static struct seal *seal;

	if (!seal)
		seal = seal_new();
	g_autofree char *mark = seal_mark(seal, "form", text);
	if (seal_is_mark(seal, "form", text, text) || seal_is_mark(seal, "session", text, mark) ||
	    !seal_is_mark(seal, "form", text, mark))
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
	try_host(text);
	try_mark(text);
	try_form((const char *)bytes, len);
	return 0;
}
