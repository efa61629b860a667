/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The library takes the last of two fields, or the first, as it comes: they are counted here.
 */
#include "console/http/fields.h"

#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "console/http/request.h"

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

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *name, size_t len)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++)
		if (!g_ascii_isalnum(name[i]) && (name[i] == '\0' || !strchr(marks, name[i])))
			return false;
	return len > 0;
}

/* RFC 9110, section 5.5: a CR alone ends a line for some. */
static bool is_value(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (g_ascii_iscntrl(value[i]) && value[i] != '\t')
			return false;
	return true;
}

/* A field of several lines (RFC 9112, section 5.2). The library before 0.9.77 appends the second
 * line to the name, where it makes another field of it; what it has put together so lies behind the
 * value. Later ones make a blank of the line's end. */
static bool is_folded(const char *name, const char *value)
{
	return value && (uintptr_t)value < (uintptr_t)name;
}

static enum MHD_Result check_field(void *context, enum MHD_ValueKind kind, const char *name,
				   size_t name_len, const char *value, size_t value_len)
{
	bool *is_good = context;

	(void)kind;
	*is_good = *is_good && is_token(name, name_len) && !is_folded(name, value) &&
		   (!value || is_value(value, value_len));
	return *is_good ? MHD_YES : MHD_NO;
}

bool fields_are_unmistakable(struct MHD_Connection *connection)
{
	struct fields lengths = count_fields(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
	struct fields hosts = count_fields(connection, MHD_HTTP_HEADER_HOST);
	bool is_good = true;

	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, check_field, &is_good);
	return is_good && lengths.count <= 1 && hosts.count <= 1 &&
	       (!hosts.value || request_is_host(hosts.value));
}

/* The end of a body that comes in chunks is seen in several places by several readers, and no
 * browser sends a form so. */
bool fields_have_length(struct MHD_Connection *connection)
{
	return count_fields(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).count == 0;
}
