/* SPDX-License-Identifier: BSD-2-Clause
 *
 * By the header of the report and by that of the original.
 */
#include "classifier/report/correspondents.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/words.h"

bool correspondents_is_role(const char *address)
{
	for (const char *const *role = words_role_address; *role; role++)
		if (g_ascii_strncasecmp(address, *role, strlen(*role)) == 0)
			return true;
	return false;
}

bool correspondents_include(const struct message *message, const char *address)
{
	return g_ascii_strcasecmp(message->header->from, address) == 0 ||
	       address_is_in(message->header->to, address) ||
	       g_ascii_strcasecmp(message->original.header.from, address) == 0 ||
	       g_ascii_strcasecmp(message->original.header.sender, address) == 0;
}

bool correspondents_share_host(const struct message *message, const char *address)
{
	const char *host = strrchr(address, '@');
	for (const char *const *to = message->header->to; host && *to; to++) {
		const char *own = strrchr(*to, '@');
		if (own && g_ascii_strcasecmp(own, host) == 0)
			return true;
	}
	return false;
}

bool correspondents_is_bystander(const struct message *message, const char *address)
{
	return !address_is_in(message->original.header.to, address) &&
	       (correspondents_include(message, address) || correspondents_is_role(address));
}

const char *correspondents_full_address(const struct message *message, const char *local,
					size_t len)
{
	for (const char *const *to = message->original.header.to; *to && len > 0; to++)
		if (g_ascii_strncasecmp(*to, local, len) == 0 && (*to)[len] == '@')
			return *to;
	return "";
}

const char *correspondents_addressee(const struct message *message)
{
	const struct report_header *original = &message->original.header;
	if (*original->envelope_to)
		return original->envelope_to;
	if (original->to[0])
		return original->to[1] ? "" : original->to[0];
	return original->delivered_to;
}
