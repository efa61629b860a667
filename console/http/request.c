/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values.
 */
#include "console/http/request.h"

#include <string.h>

char *request_cookie(const struct request *request, const char *name)
{
	g_auto(GStrv) pairs = g_strsplit(request->cookie, ";", -1);
	char *found = NULL;
	gsize len = strlen(name);

	for (char **pair = pairs; *pair; pair++) {
		const char *text = g_strstrip(*pair);

		if (strncmp(text, name, len) != 0 || text[len] != '=')
			continue;
		if (found) { /* somebody else set one for a part of our site */
			g_free(found);
			return NULL;
		}
		found = g_strdup(text + len + 1);
	}
	return found;
}

bool request_is_from_elsewhere(const char *fetch_site, const char *origin, const char *host)
{
	if (fetch_site)
		return strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0;
	/* "null" says nothing: our own Referrer-Policy makes browsers write it */
	const char *slashes = origin ? strstr(origin, "://") : NULL;
	return slashes && (!host || g_ascii_strcasecmp(slashes + 3, host) != 0);
}

bool request_is_host(const char *value)
{
	static const char digits[] = "0123456789";
	static const char of_name[] = G_CSET_A_2_Z G_CSET_a_2_z "0123456789-._~%!$&'()*+,;=";
	static const char of_literal[] = G_CSET_A_2_Z G_CSET_a_2_z "0123456789.:";
	const char *port = value + strspn(value, of_name);

	if (*value == '[') {
		port = value + 1 + strspn(value + 1, of_literal);
		if (*port++ != ']')
			return false;
	}
	return *port == '\0' || (*port == ':' && port[1 + strspn(port + 1, digits)] == '\0');
}

bool request_is_for(const char *host, const char *names)
{
	if (strspn(names, " \t") == strlen(names))
		return true;
	if (!host)
		return false;
	const char *literal_end = *host == '[' ? strchr(host, ']') : NULL;
	gsize len = literal_end ? (gsize)(literal_end + 1 - host) : strcspn(host, ":");
	g_autofree char *name = g_strndup(host, len);
	g_auto(GStrv) words = g_strsplit_set(names, " \t", -1);
	for (char **word = words; *word; word++)
		if (**word != '\0' && g_ascii_strcasecmp(*word, name) == 0)
			return true;
	return false;
}

void request_clear(struct request *request)
{
	g_free(request->path);
	form_free(request->query);
	form_free(request->body);
	g_free(request->cookie);
	g_free(request->language);
	g_free(request->user);
	g_free(request->peer);
	memset(request, 0, sizeof *request);
}

struct response *response_new(unsigned status, const char *type, GString *body)
{
	struct response *response = g_new0(struct response, 1);

	response->status = status;
	response->type = type;
	response->body = body;
	return response;
}

struct response *response_download(const char *type, FILE *file, char *file_name)
{
	struct response *response = response_new(200, type, g_string_new(NULL));

	response->file = file;
	response->file_name = file_name;
	return response;
}

struct response *response_redirect(char *location)
{
	struct response *response = response_new(303, "text/plain", g_string_new(NULL));

	response->location = location;
	return response;
}

void response_add_cookie(struct response *response, char *field)
{
	if (!response->cookies)
		response->cookies = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(response->cookies, field);
}

void response_free(struct response *response)
{
	if (!response)
		return;
	g_string_free(response->body, TRUE);
	g_free(response->location);
	if (response->cookies)
		g_ptr_array_unref(response->cookies);
	g_free(response->file_name);
	if (response->file)
		fclose(response->file);
	g_free(response);
}
