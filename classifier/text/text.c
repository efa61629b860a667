/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Charsets and UTF-8 safety.
 */
#include "classifier/text/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "classifier/text/header.h"

/* What bounces are written in. */
static const char *const common_charsets[] = {
    "ISO-8859-1", "ISO-8859-15",  "WINDOWS-1252", "ISO-8859-2", "ISO-2022-JP",
    "SHIFT_JIS",  "EUC-JP",       "GB18030",      "BIG5",       "EUC-KR",
    "KOI8-R",     "WINDOWS-1251", "WINDOWS-1250"};

/* Never used and never closed. */
static GIConv held_open[G_N_ELEMENTS(common_charsets)];

void text_init(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(common_charsets); i++)
		if (!held_open[i])
			held_open[i] = g_iconv_open("UTF-8", common_charsets[i]);
}

size_t text_cut_length(const char *bytes, size_t len, size_t max)
{
	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)bytes[len] & 0xC0) == 0x80)
		len--;
	return len;
}

static void soften_controls(char *text)
{
	for (unsigned char *at = (unsigned char *)text; *at; at++)
		if ((*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7F)
			*at = ' ';
}

enum { BLOCK = 64 };

static bool is_odd(unsigned char c)
{
	return ((unsigned char)(c - ' ') >= 0x7F - ' ') & (c != '\n') & (c != '\t');
}

/* Printable ASCII, LF and TAB only: nearly every report, and nothing to do for it. */
static bool is_plain(const char *bytes, size_t len)
{
	/* in blocks of one size, without a way out: the compiler makes vectors of them */
	for (; len >= BLOCK; bytes += BLOCK, len -= BLOCK) {
		unsigned char odd = 0;
		for (size_t i = 0; i < BLOCK; i++)
			odd |= is_odd((unsigned char)bytes[i]);
		if (odd)
			return false;
	}
	for (size_t i = 0; i < len; i++)
		if (is_odd((unsigned char)bytes[i]))
			return false;
	return true;
}

/* Where ASCII bytes are other characters. */
static const char *const wide[] = {"utf-16", "utf-32",    "utf-7", "utf16",  "utf32", "utf7",
				   "ucs",    "iso-10646", "hz",    "ebcdic", "ibm037"};

bool text_is_ascii(const char *bytes, size_t len, const char *charset)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
		if (g_ascii_strncasecmp(charset, wide[i], strlen(wide[i])) == 0)
			return false;
	return is_plain(bytes, len);
}

bool text_next_line(struct slice *rest, struct slice *line_out)
{
	size_t len = 0;

	if (rest->len == 0)
		return false;
	while (len < rest->len && rest->data[len] != '\r' && rest->data[len] != '\n')
		len++;
	*line_out = (struct slice){rest->data, len};
	len += len < rest->len && rest->data[len] == '\r';
	len += len < rest->len && rest->data[len] == '\n';
	*rest = (struct slice){rest->data + len, rest->len - len};
	return true;
}

bool text_names_wide_charset(struct slice text)
{
	for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
		if (header_has_word(text, wide[i]))
			return true;
	return false;
}

char *text_clean(const char *bytes, size_t len, size_t max)
{
	len = text_cut_length(bytes, len, max);
	if (is_plain(bytes, len))
		return g_strndup(bytes, len);
	char *out = g_utf8_validate(bytes, (gssize)len, NULL)
			? g_strndup(bytes, len)
			: g_utf8_make_valid(bytes, (gssize)len);
	soften_controls(out);
	if (strlen(out) > max)
		out[text_cut_length(out, strlen(out), max)] = '\0';
	return out;
}

/* CR LF and lone CR become LF, in place; NUL becomes a space. */
static size_t unix_lines(char *text, size_t len)
{
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		text[used++] = text[i] == '\r' ? '\n' : text[i] == '\0' ? ' ' : text[i];
	}
	text[used] = '\0';
	return used;
}

/* iconv, with '?' for what cannot be converted. NULL if the charset is unknown. */
static GString *convert(const char *bytes, size_t len, const char *charset, size_t max)
{
	GIConv conv = g_iconv_open("UTF-8", charset);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): iconv_open's own way to say it */
	if (conv == (GIConv)-1)
		return NULL;
	GString *out = g_string_sized_new(len + len / 2 + 16);
	char *in = (char *)bytes;
	gsize in_left = len;
	while (in_left > 0 && out->len < max) {
		char buffer[4096];
		char *to = buffer;
		gsize to_left = sizeof buffer;
		gsize got = g_iconv(conv, &in, &in_left, &to, &to_left);
		bool stuck = got == (gsize)-1 && errno != E2BIG;
		g_string_append_len(out, buffer, to - buffer);
		if (stuck && in_left > 0) {
			g_string_append_c(out, '?');
			in++;
			in_left--;
		}
	}
	g_iconv_close(conv);
	return out;
}

static bool is_utf8_name(const char *charset)
{
	return !*charset || g_ascii_strcasecmp(charset, "utf-8") == 0 ||
	       g_ascii_strcasecmp(charset, "utf8") == 0 ||
	       g_ascii_strcasecmp(charset, "us-ascii") == 0 ||
	       g_ascii_strcasecmp(charset, "ascii") == 0;
}

/* Charsets whose label often stands over UTF-8: texts copied from one mail into another. */
static bool may_hide_utf8(const char *charset)
{
	return g_ascii_strncasecmp(charset, "iso-2022", 8) == 0 ||
	       g_ascii_strncasecmp(charset, "iso-8859", 8) == 0;
}

char *text_from_charset(const char *bytes, size_t len, const char *charset, size_t max)
{
	bool unicode = is_utf8_name(charset);
	if (text_is_ascii(bytes, len, charset))
		return g_strndup(bytes, text_cut_length(bytes, len, max));
	GString *out = NULL;
	bool valid = g_utf8_validate(bytes, (gssize)len, NULL);
	bool escapes = memmem(bytes, len, "\x1b$", 2) || memmem(bytes, len, "\x1b(", 2);
	if (escapes && unicode)
		out = convert(bytes, len, "ISO-2022-JP", max);
	else if (!unicode && !(valid && !escapes && may_hide_utf8(charset)))
		out = convert(bytes, len, charset, max);
	if (!out && !valid)
		out = convert(bytes, len, "WINDOWS-1252", max);
	if (!out)
		out = g_string_new_len(bytes, (gssize)len);
	g_string_truncate(out, unix_lines(out->str, out->len));
	char *clean = text_clean(out->str, out->len, max);
	g_string_free(out, TRUE);
	return clean;
}

char *text_lower_in_place(char *text)
{
	for (char *at = text, *next; *at; at = next) {
		next = g_utf8_next_char(at);
		gunichar lower = g_unichar_tolower(g_utf8_get_char(at));
		if (g_unichar_to_utf8(lower, NULL) == next - at)
			g_unichar_to_utf8(lower, at);
	}
	return text;
}

char *text_lower(const char *text)
{
	size_t len = strlen(text);
	return g_str_is_ascii(text) ? g_ascii_strdown(text, (gssize)len)
				    : g_utf8_strdown(text, (gssize)len);
}

char *text_one_line(const char *text, size_t len)
{
	char *out = g_malloc(len + 1);
	size_t used = 0;
	for (size_t i = 0; i < len && text[i]; i++) {
		if (!g_ascii_isspace(text[i]))
			out[used++] = text[i];
		else if (used > 0 && out[used - 1] != ' ')
			out[used++] = ' ';
	}
	while (used > 0 && out[used - 1] == ' ')
		used--;
	out[used] = '\0';
	return out;
}
