/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: any bytes as the answer of a token server. What is taken from it is one clean line.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/oauth_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	g_auto(oauth_reply_t) reply = {0};
	bool is_object = oauth_reply_parse((const char *)bytes, len, &reply);

	check(reply.access_token);
	check(reply.refresh_token);
	check(reply.fault);
	check(reply.description);
	if (reply.expires_in < 0 || (!is_object && *reply.access_token != '\0'))
		abort();
	return 0;
}
