/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What libcurl does beyond what was asked is switched off, one option each.
 */
#include "net/https.h"

#include <string.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "base/error.h"
#include "base/secret.h"
#include "net/tls.h"

enum { RETRY_AFTER_MAX = 24 * 60 * 60 };

struct answer {
	GString *body;
	size_t bytes;     /* with the header */
	size_t tls_bytes; /* that OpenSSL has read for itself */
	bool has_whole_header;
};

static size_t count(struct answer *answer, size_t len)
{
	answer->bytes += len;
	return answer->bytes > HTTPS_ANSWER_BYTES_MAX ? 0 : len;
}

/* A header has come to its end with the empty line, whatever libcurl thinks of a connection that
 * was closed before; each 1xx is another one. size is 1, says libcurl. */
static size_t take_header(const char *bytes, size_t size, size_t len, void *data)
{
	struct answer *answer = data;

	(void)size;
	if (len > 0 && (*bytes == '\r' || *bytes == '\n'))
		answer->has_whole_header = true;
	else if (len >= strlen("HTTP/") && memcmp(bytes, "HTTP/", strlen("HTTP/")) == 0)
		answer->has_whole_header = false;
	return count(answer, len);
}

static size_t take_answer_body(const char *bytes, size_t size, size_t len, void *data)
{
	struct answer *answer = data;
	size_t taken = count(answer, len);

	(void)size;
	if (taken > 0)
		g_string_append_len(answer->body, bytes, (gssize)len);
	return taken;
}

/* Not 0: libcurl gives up. */
static int on_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		       curl_off_t up)
{
	const struct https_request *request = data;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return request->must_end(request->context);
}

static void set_end(CURL *curl, const struct https_request *request)
{
	if (!request->must_end)
		return;
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
}

static long end_tls_bytes(BIO *bio, int operation, const char *bytes, size_t len, int argument,
			  long number, int result, size_t *count)
{
	(void)bio, (void)bytes, (void)len, (void)argument, (void)number, (void)count;
	return operation == BIO_CB_READ ? 0 : result;
}

static void on_tls_message(int is_sent, int version, int type, const void *bytes, size_t len,
			   SSL *tls, void *data)
{
	struct answer *answer = data;

	(void)version, (void)type, (void)bytes;
	answer->tls_bytes += is_sent ? 0 : len;
	if (answer->tls_bytes > TLS_BYTES_MAX)
		BIO_set_callback_ex(SSL_get_rbio(tls), end_tls_bytes);
}

/* libcurl asks OpenSSL in one call, in which no wait of its own ends. */
static CURLcode watch_tls(CURL *curl, void *context, void *data)
{
	(void)curl;
	SSL_CTX_set_msg_callback(context, on_tls_message);
	SSL_CTX_set_msg_callback_arg(context, data);
	return CURLE_OK;
}

static void set_limits(CURL *curl, const struct https_request *request)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
			 request->may_be_plain ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* over TLS the receiver chooses; there are some that speak nothing else */
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)request->wait);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)request->wait);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (*request->ca_file != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
}

static struct curl_slist *list_headers(const struct https_request *request)
{
	/* or libcurl waits a second for a 100 before it sends a long body */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; request->headers && request->headers[i]; i++)
		list = curl_slist_append(list, request->headers[i]);
	return list;
}

static CURLcode perform(CURL *curl, const struct https_request *request, struct answer *answer)
{
	struct curl_slist *headers = list_headers(request);

	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "bounce-milter");
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, watch_tls);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, answer);
	set_limits(curl, request);
	set_end(curl, request);
	CURLcode code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	return code;
}

static void fail_transfer(CURLcode code, const struct answer *answer, const char *details,
			  GError **error)
{
	const char *reason = *details == '\0' ? curl_easy_strerror(code) : details;

	/* that is what libcurl says of a line of a header that goes beyond its own bound */
	if (answer->bytes > HTTPS_ANSWER_BYTES_MAX || code == CURLE_OUT_OF_MEMORY)
		reason = "the answer is too long";
	else if (code == CURLE_OK)
		reason = "the answer ends within its header";
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		reason = "no answer until we had to stop";
	g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "%s", reason);
}

/* libcurl reads the number of seconds and the date. */
static struct https_answer describe_answer(CURL *curl)
{
	struct https_answer described = {0};
	curl_off_t seconds = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &described.status);
	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
	described.retry_after = (unsigned)CLAMP(seconds, 0, RETRY_AFTER_MAX);
	return described;
}

char *https_post(const struct https_request *request, struct https_answer *answer_out,
		 GError **error)
{
	/* safe from any thread in the libcurl of Debian 12 and later */
	CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
	struct answer answer = {.body = g_string_sized_new(HTTPS_ANSWER_BYTES_MAX)};
	char details[CURL_ERROR_SIZE] = "";
	CURLcode code = CURLE_FAILED_INIT;

	if (curl) {
		curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
		code = perform(curl, request, &answer);
	}
	bool is_whole = code == CURLE_OK && answer.has_whole_header;
	if (is_whole)
		*answer_out = describe_answer(curl);
	curl_easy_cleanup(curl);
	char *body = g_string_free(answer.body, FALSE);
	if (is_whole)
		return body;
	secret_free(body);
	fail_transfer(code, &answer, details, error);
	return NULL;
}
