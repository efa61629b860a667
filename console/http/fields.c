/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The library takes the last of two fields, or the first, as it comes: they are counted here.
 */
#include "console/http/fields.h"

#include <string.h>

#include <glib.h>

const char *fields_first(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Those with that name. */
struct fields {
	const char *name;
	const char *value;
	unsigned count;
};

static enum MHD_Result count_field(void *context, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	struct fields *fields = context;

	(void)kind;
	if (g_ascii_strcasecmp(name, fields->name) == 0) {
		fields->value = value;
		fields->count++;
	}
	return MHD_YES;
}

static struct fields count_fields(struct MHD_Connection *connection, const char *name)
{
	struct fields fields = {.name = name};

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_field, &fields);
	return fields;
}

const char *fields_only(struct MHD_Connection *connection, const char *name)
{
	struct fields fields = count_fields(connection, name);

	return fields.count == 1 ? fields.value : NULL;
}

/* RFC 9110, section 5.6.2: a token; and a value without NUL. */
static enum MHD_Result check_field(void *context, enum MHD_ValueKind kind, const char *name,
				   size_t name_len, const char *value, size_t value_len)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	bool *is_good = context;

	(void)kind;
	*is_good = *is_good && name_len > 0;
	for (size_t i = 0; i < name_len; i++)
		*is_good = *is_good && (g_ascii_isalnum(name[i]) ||
					(name[i] != '\0' && strchr(marks, name[i])));
	*is_good = *is_good && (!value || !memchr(value, '\0', value_len));
	return *is_good ? MHD_YES : MHD_NO;
}

bool fields_are_unmistakable(struct MHD_Connection *connection)
{
	bool is_good = true;

	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, check_field, &is_good);
	unsigned lengths = count_fields(connection, MHD_HTTP_HEADER_CONTENT_LENGTH).count;
	unsigned encodings = count_fields(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).count;
	return is_good && lengths + encodings <= 1 &&
	       count_fields(connection, MHD_HTTP_HEADER_HOST).count <= 1;
}
