/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One body sent by POST over HTTPS, and the answer to it. The certificate is always checked, no
 * redirect is followed, and the answer has a bound in size and in time. The only file that knows
 * libcurl.
 */
#ifndef NET_HTTPS_H
#define NET_HTTPS_H

#include <stdbool.h>

#include <glib.h>

struct https_request {
	const char *url;
	const char *ca_file; /* "": the certificates that the system trusts */
	const char *form;    /* application/x-www-form-urlencoded, unless a header says otherwise */
	const char *const *headers; /* "Name: value" and a NULL at the end; NULL: none */
	unsigned wait;              /* seconds for all of it */
	bool may_be_plain;          /* http as well; for who asks for it by name */
	/* Asked about every second: whether to give up; NULL: never. */
	bool (*must_end)(void *context);
	void *context;
};

enum { HTTPS_ANSWER_BYTES_MAX = 65536 }; /* with its header */

struct https_answer {
	long status;
	/* Retry-After, as seconds from now: RFC 9110, section 10.2.3; 0: none. At most a day. */
	unsigned retry_after;
};

/* The body, to be wiped by secret_free. NULL with BM_ERROR_RETRY: there was no whole answer. */
char *https_post(const struct https_request *request, struct https_answer *answer_out,
		 GError **error) __attribute__((warn_unused_result));

#endif
