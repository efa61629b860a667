/* SPDX-License-Identifier: BSD-2-Clause
 *
 * https://url.spec.whatwg.org/#urlencoded-parsing, but what it would mend is refused.
 */
#include "console/http/form.h"

#include <string.h>

#include "base/error.h"

struct field {
	char *name;
	char *value;
};

struct form {
	GArray *fields;
};

static void clear_field(void *data)
{
	struct field *field = data;

	g_free(field->name);
	g_free(field->value);
}

/* NULL where it is not well formed. */
static char *decode_form_text(const char *bytes, gsize len)
{
	g_autoptr(GString) out = g_string_sized_new(len);

	for (gsize i = 0; i < len; i++) {
		if (bytes[i] == '+') {
			g_string_append_c(out, ' ');
		} else if (bytes[i] != '%') {
			g_string_append_c(out, bytes[i]);
		} else if (len - i > 2 && g_ascii_isxdigit(bytes[i + 1]) &&
			   g_ascii_isxdigit(bytes[i + 2])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(bytes[i + 1]) * 16 +
						      g_ascii_xdigit_value(bytes[i + 2])));
			i += 2;
		} else {
			return NULL;
		}
	}
	/* a NUL is no valid text here, either */
	if (!g_utf8_validate(out->str, (gssize)out->len, NULL))
		return NULL;
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool add_field(struct form *form, const char *bytes, gsize len)
{
	const char *equals = memchr(bytes, '=', len);
	gsize name_len = equals ? (gsize)(equals - bytes) : len;
	gsize rest = equals ? name_len + 1 : len;
	struct field field = {decode_form_text(bytes, name_len),
			      decode_form_text(bytes + rest, len - rest)};

	if (field.name && field.value) {
		g_array_append_val(form->fields, field);
		return true;
	}
	clear_field(&field);
	return false;
}

struct form *form_parse(const char *bytes, gsize len, GError **error)
{
	g_autoptr(form_t) form = g_new0(struct form, 1);

	form->fields = g_array_new(FALSE, FALSE, sizeof(struct field));
	g_array_set_clear_func(form->fields, clear_field);
	for (gsize at = 0; at < len;) {
		const char *end = memchr(bytes + at, '&', len - at);
		gsize field_len = end ? (gsize)(end - bytes) - at : len - at;

		if (form->fields->len == FORM_FIELDS_MAX ||
		    (field_len > 0 && !add_field(form, bytes + at, field_len))) {
			g_set_error(error, BM_ERROR, BM_ERROR_INPUT,
				    "the form cannot be read: too many fields, or no UTF-8");
			return NULL;
		}
		at += field_len + 1;
	}
	return g_steal_pointer(&form);
}

void form_free(struct form *form)
{
	if (!form)
		return;
	g_array_unref(form->fields);
	g_free(form);
}

const char *form_find(const struct form *form, const char *name)
{
	for (guint i = 0; i < form->fields->len; i++) {
		const struct field *field = &g_array_index(form->fields, struct field, i);

		if (strcmp(field->name, name) == 0)
			return *field->value != '\0' ? field->value : NULL;
	}
	return NULL;
}

const char *form_get(const struct form *form, const char *name)
{
	const char *value = form_find(form, name);

	return value ? value : "";
}

const char **form_all(const struct form *form, const char *name)
{
	const char **values = g_new0(const char *, form->fields->len + 1);
	gsize count = 0;

	for (guint i = 0; i < form->fields->len; i++) {
		const struct field *field = &g_array_index(form->fields, struct field, i);

		if (strcmp(field->name, name) == 0)
			values[count++] = field->value;
	}
	return values;
}
