/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Of a long form only the hashes of its pieces are kept. A text that says it in an encoding is
 * decoded wherever the encoding may begin, and looked through as if the server had said that.
 */
#include "net/secret_filter.h"

#include <stdbool.h>
#include <string.h>

#include "base/secret.h"

enum {
	PIECE_BYTES = 12, /* of a secret that are no accident */
	DECODED_MIN = 4,  /* of a short one, where anything is decoded */
};

struct secret_filter {
	GHashTable *pieces;     /* hashes, of each place in a form */
	GPtrArray *short_forms; /* that are shorter than a piece */
	size_t
	    decoded_min; /* bytes that the shortest one needs which is looked for in an encoding */
};

struct secret_filter *secret_filter_new(void)
{
	struct secret_filter *filter = g_new0(struct secret_filter, 1);

	filter->pieces = g_hash_table_new(g_direct_hash, g_direct_equal);
	filter->short_forms = g_ptr_array_new_with_free_func((GDestroyNotify)secret_free);
	filter->decoded_min = PIECE_BYTES;
	return filter;
}

void secret_filter_free(struct secret_filter *filter)
{
	if (!filter)
		return;
	g_hash_table_unref(filter->pieces);
	g_ptr_array_unref(filter->short_forms);
	g_free(filter);
}

/* --- what is hidden ----------------------------------------------------------------------- */

/* FNV-1a */
static void *piece_hash(const char *piece)
{
	guint64 hash = G_GUINT64_CONSTANT(14695981039346656037);

	for (size_t i = 0; i < PIECE_BYTES; i++)
		hash = (hash ^ (guchar)piece[i]) * G_GUINT64_CONSTANT(1099511628211);
	return GSIZE_TO_POINTER((gsize)hash);
}

/* As a line of an answer is read, and in lower case. */
static void clean_bytes(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = g_ascii_iscntrl(bytes[i]) ? ' ' : g_ascii_tolower(bytes[i]);
}

void secret_filter_add(struct secret_filter *filter, char *form)
{
	char *clean = g_strstrip(g_utf8_make_valid(form, -1));
	size_t len = strlen(clean);

	secret_free(form);
	clean_bytes(clean, len);

	for (size_t i = 0; i + PIECE_BYTES <= len; i++)
		g_hash_table_add(filter->pieces, piece_hash(clean + i));
	if (len > 0 && len < PIECE_BYTES)
		g_ptr_array_add(filter->short_forms, g_strdup(clean));
	if (len >= DECODED_MIN)
		filter->decoded_min = MIN(filter->decoded_min, len);
	secret_free(clean);
}

/* Marks what the text has of the forms: an answer may be cut, or have line ends in between. Forms
 * of fewer bytes than that are passed over. The number of bytes that are marked. */
static size_t mark_forms(const struct secret_filter *filter, const char *lower, size_t form_min,
			 char *marks)
{
	size_t len = strlen(lower);
	size_t marked = 0;

	for (size_t i = 0; i + PIECE_BYTES <= len; i++)
		if (g_hash_table_contains(filter->pieces, piece_hash(lower + i)))
			memset(marks + i, '*', PIECE_BYTES);
	for (guint i = 0; i < filter->short_forms->len; i++) {
		const char *form = filter->short_forms->pdata[i];
		size_t form_len = strlen(form);

		for (const char *at = lower; form_len >= form_min && (at = strstr(at, form)); at++)
			memset(marks + (at - lower), '*', form_len);
	}
	for (size_t i = 0; i < len; i++)
		marked += marks[i] != '\0';
	return marked;
}

/* How many bytes of what was decoded are secret; takes and wipes it. */
static size_t count_secret_bytes(const struct secret_filter *filter, GString *decoded)
{
	size_t count = 0;

	if (decoded->len >= filter->decoded_min) {
		g_autofree char *marks = g_malloc0(decoded->len + 1);

		clean_bytes(decoded->str, decoded->len);
		count = mark_forms(filter, decoded->str, DECODED_MIN, marks);
	}
	explicit_bzero(decoded->str, decoded->len);
	g_string_free(decoded, TRUE);
	return count;
}

/* --- encodings ---------------------------------------------------------------------------- */

/* -1: these are no digits of it. */
static int hex_number(const char *text, size_t digits)
{
	int number = 0;

	for (size_t i = 0; i < digits; i++) {
		if (!g_ascii_isxdigit(text[i]))
			return -1;
		number = number * 16 + g_ascii_xdigit_value(text[i]);
	}
	return number;
}

/* %2B of a URL, =2B of quoted-printable, +2B of xtext (RFC 3461), \x2b, \u002b of JSON, and \+. 0:
 * none of them begins here. */
static size_t read_hex_escape(const char *text, gunichar *character_out)
{
	size_t lead = *text == '\0' ? 0 : strchr("%=+", *text) ? 1 : *text == '\\' ? 2 : 0;
	size_t digits = lead == 2 && g_ascii_tolower(text[1]) == 'u' ? 4 : 2;

	if (lead == 0 || (lead == 2 && text[1] == '\0'))
		return 0;
	bool is_number = lead == 1 || strchr("xXuU", text[1]);
	int number = is_number ? hex_number(text + lead, digits) : -1;
	if (number < 0 && lead == 1)
		return 0;
	*character_out = number < 0 ? (guchar)text[1] : (gunichar)number;
	return number < 0 ? lead : lead + digits;
}

/* &#43; &#x2b; &amp; */
static size_t read_entity(const char *text, gunichar *character_out)
{
	static const struct {
		const char *name;
		char character;
	} names[] = {
	    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
	char *end;

	if (*text != '&')
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_str_has_prefix(text, names[i].name)) {
			*character_out = (guchar)names[i].character;
			return strlen(names[i].name);
		}
	if (!g_str_has_prefix(text, "&#"))
		return 0;
	bool is_hex = g_ascii_tolower(text[2]) == 'x';
	guint64 number = g_ascii_strtoull(text + (is_hex ? 3 : 2), &end, is_hex ? 16 : 10);
	*character_out = (gunichar)MIN(number, 0x110000);
	return *end == ';' ? (size_t)(end - text) + 1 : 0;
}

static GString *unescape(const char *text)
{
	GString *out = g_string_sized_new(strlen(text));

	while (*text != '\0') {
		gunichar character = (guchar)*text;
		size_t len = read_hex_escape(text, &character);

		if (len == 0)
			len = read_entity(text, &character);
		if (len == 0 || character <= 0xff) /* a byte, of whatever charset */
			g_string_append_c(out, len == 0 ? *text : (char)character);
		else if (g_unichar_validate(character))
			g_string_append_unichar(out, character);
		text += MAX(len, 1);
	}
	return out;
}

/* -1: it is none; both alphabets of RFC 4648. */
static int base64_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (g_ascii_isdigit(digit))
		return digit - '0' + 52;
	if (digit == '+' || digit == '-')
		return 62;
	return digit == '/' || digit == '_' ? 63 : -1;
}

/* What the digits of so many bits each say, from one on; whatever is in between is passed over. */
static GString *decode_digits(const char *text, unsigned bits, unsigned first)
{
	GString *out = g_string_sized_new(strlen(text));
	unsigned digits = 0, held = 0, held_bits = 0;

	for (; *text != '\0'; text++) {
		int value = bits == 4 ? g_ascii_xdigit_value(*text) : base64_value(*text);

		if (value < 0 || digits++ < first)
			continue;
		held = (held << bits | (unsigned)value) & 0xffff;
		held_bits += bits;
		if (held_bits < 8)
			continue;
		held_bits -= 8;
		g_string_append_c(out, (char)(held >> held_bits & 0xff));
	}
	return out;
}

static bool has_form_in_digits(const struct secret_filter *filter, const char *text)
{
	static const struct {
		unsigned bits, places;
	} encodings[] = {{4, 2}, {6, 4}};
	size_t count = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++)
		for (unsigned first = 0; first < encodings[i].places; first++)
			count += count_secret_bytes(filter,
						    decode_digits(text, encodings[i].bits, first));
	return count > 0;
}

/* marked: how many bytes of the text are secret as they are; the rest is shown. */
static bool has_encoded_form(const struct secret_filter *filter, const char *text, size_t marked,
			     const char *shown)
{
	GString *unescaped = unescape(shown);
	bool is_escaped = strcmp(unescaped->str, shown) != 0;
	bool is_any = has_form_in_digits(filter, shown) ||
		      (is_escaped && (has_form_in_digits(filter, unescaped->str) ||
				      count_secret_bytes(filter, unescape(text)) > marked));

	secret_free(g_string_free(unescaped, FALSE));
	return is_any;
}

/* --- what is shown ------------------------------------------------------------------------ */

static char *hide_marked(const char *text, const char *marks)
{
	GString *shown = g_string_new(NULL);

	for (size_t i = 0; text[i] != '\0'; i++)
		if (marks[i] == '\0')
			g_string_append_c(shown, text[i]);
		else if (i == 0 || marks[i - 1] == '\0')
			g_string_append(shown, "***");
	g_autofree char *bytes = g_string_free(shown, FALSE);
	return g_utf8_make_valid(bytes, -1);
}

char *secret_filter_show(const struct secret_filter *filter, const char *text)
{
	if (!filter)
		return g_strdup(text);
	char *lower = g_ascii_strdown(text, -1);
	g_autofree char *marks = g_malloc0(strlen(lower) + 1);
	size_t marked = mark_forms(filter, lower, 1, marks);
	g_autofree char *shown = hide_marked(text, marks);

	secret_free(lower);
	return has_encoded_form(filter, text, marked, shown) ? g_strdup("***")
							     : g_steal_pointer(&shown);
}
