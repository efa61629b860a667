/* SPDX-License-Identifier: BSD-2-Clause
 *
 * array     = dimensions has-nulls type *(size lower-bound) *element
 * element   = length *OCTET              ; a jsonb begins with the octet 1
 * all others are 32 bits, the most significant first
 */
#include "db/values/pg_binary_array.h"

#include <stdbool.h>

static void append_network_number(GByteArray *array, size_t value)
{
	const guint32 number = GUINT32_TO_BE((guint32)value);

	g_byte_array_append(array, (const guint8 *)&number, sizeof number);
}

GByteArray *pg_binary_array_new(enum pg_binary_type type, size_t count)
{
	GByteArray *array = g_byte_array_new();

	append_network_number(array, count == 0 ? 0 : 1);
	append_network_number(array, 0);
	append_network_number(array, type);
	if (count > 0) {
		append_network_number(array, count);
		append_network_number(array, 1);
	}
	return array;
}

void pg_binary_array_add(GByteArray *array, enum pg_binary_type type, const char *bytes, size_t len)
{
	static const guint8 jsonb_version = 1;
	bool has_version = type == PG_BINARY_JSONB;

	append_network_number(array, len + has_version);
	if (has_version)
		g_byte_array_append(array, &jsonb_version, 1);
	g_byte_array_append(array, (const guint8 *)bytes, (guint)len);
}
