/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The library copies what it sends.
 */
#include "console/http/reply.h"

#include <unistd.h>

static void add_security_headers(struct MHD_Response *out, bool is_https)
{
	static const char *const headers[][2] = {
	    {"Content-Security-Policy",
	     "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
	     "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
	    {"X-Content-Type-Options", "nosniff"},
	    {"X-Frame-Options", "DENY"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Opener-Policy", "same-origin"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++)
		MHD_add_response_header(out, headers[i][0], headers[i][1]);
	if (is_https)
		MHD_add_response_header(out, "Strict-Transport-Security", "max-age=31536000");
}

static void add_headers(const struct response *response, struct MHD_Response *out)
{
	MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, response->type);
	MHD_add_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL,
				response->may_be_kept ? "private, max-age=3600" : "no-store");
	if (response->location)
		MHD_add_response_header(out, MHD_HTTP_HEADER_LOCATION, response->location);
	for (guint i = 0; response->cookies && i < response->cookies->len; i++)
		MHD_add_response_header(out, MHD_HTTP_HEADER_SET_COOKIE,
					response->cookies->pdata[i]);
	if (!response->file_name)
		return;
	g_autofree char *disposition =
	    g_strdup_printf("attachment; filename=\"%s\"", response->file_name);
	MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
}

/* The library sends piece by piece, and closes its own descriptor. */
static struct MHD_Response *from_file(FILE *file)
{
	off_t len = fflush(file) == 0 ? ftello(file) : -1;
	int fd = len >= 0 ? dup(fileno(file)) : -1;

	if (fd < 0)
		return NULL;
	struct MHD_Response *out = MHD_create_response_from_fd64((uint64_t)len, fd);
	if (!out)
		close(fd);
	return out;
}

enum MHD_Result reply_send(struct MHD_Connection *connection, const struct response *response,
			   bool is_https)
{
	struct MHD_Response *out =
	    response->file ? from_file(response->file)
			   : MHD_create_response_from_buffer(
				 response->body->len, response->body->str, MHD_RESPMEM_MUST_COPY);

	if (!out)
		return MHD_NO;
	add_security_headers(out, is_https);
	add_headers(response, out);
	/* what follows may be anything */
	if (response->status == MHD_HTTP_BAD_REQUEST ||
	    response->status == MHD_HTTP_LENGTH_REQUIRED)
		MHD_add_response_header(out, MHD_HTTP_HEADER_CONNECTION, "close");
	if (response->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(out, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
	enum MHD_Result result = MHD_queue_response(connection, response->status, out);
	MHD_destroy_response(out);
	return result;
}

struct response *reply_refusal(unsigned status)
{
	GString *body = g_string_new(NULL);

	g_string_printf(body, "%u %s\n", status, MHD_get_reason_phrase_for(status));
	return response_new(status, "text/plain; charset=utf-8", body);
}
