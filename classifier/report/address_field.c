/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address-type ";" generic-address (RFC 3464 section 2.1.2); some leave out the type.
 */
#include "classifier/report/address_field.h"

#include <string.h>

#include "classifier/text/address.h"
#include "classifier/text/header.h"

const char *address_field_find(struct value_pool *pool, struct slice block, const char *name)
{
	struct slice value;
	if (!header_find(block, name, &value))
		return "";
	const char *semicolon = memchr(value.data, ';', value.len);
	if (semicolon)
		value =
		    (struct slice){semicolon + 1, value.len - (size_t)(semicolon + 1 - value.data)};
	struct slice bare = address_bare(value.data, value.len);
	return value_pool_line(pool, bare.data, bare.len);
}
