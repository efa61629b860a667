/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is secret is wiped on the way.
 */
#include "net/sasl.h"

#include <string.h>

#include <glib.h>

#include "base/secret.h"

enum { PIECE_BYTES = 12 /* of a secret that are no accident */ };

/* Takes the string and wipes it. */
static char *to_base64(GString *secret)
{
	char *text = g_base64_encode((const guchar *)secret->str, secret->len);

	explicit_bzero(secret->str, secret->len);
	g_string_free(secret, TRUE);
	return text;
}

char *sasl_encode(const char *secret)
{
	return to_base64(g_string_new(secret));
}

/* message = [authzid] NUL authcid NUL passwd */
char *sasl_plain(const struct sasl_login *login)
{
	GString *text = g_string_new(NULL);

	g_string_append_len(text, "", 1);
	g_string_append(text, login->username);
	g_string_append_len(text, "", 1);
	g_string_append(text, login->secret);
	return to_base64(text);
}

/* RFC 5801: "=" and "," of the name are written as =3D and =2C. */
char *sasl_oauthbearer(const struct sasl_login *login)
{
	g_autoptr(GString) name = g_string_new(login->username);
	GString *text = g_string_new("n,a=");

	g_string_replace(name, "=", "=3D", 0);
	g_string_replace(name, ",", "=2C", 0);
	g_string_append_printf(text, "%s,\001host=%s\001port=%s\001auth=Bearer %s\001\001",
			       name->str, login->host, login->port, login->secret);
	return to_base64(text);
}

char *sasl_xoauth2(const struct sasl_login *login)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "user=%s\001auth=Bearer %s\001\001", login->username,
			       login->secret);
	return to_base64(text);
}

char *sasl_escape(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	return g_string_free(out, FALSE);
}

/* --- what is shown ---------------------------------------------------------------------- */

/* As a line of an answer is read: clean, and without blanks around it; takes the string. */
static char *clean_form(char *form)
{
	for (char *p = form; *p != '\0'; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
	char *valid = g_utf8_make_valid(form, -1);
	char *lower = g_ascii_strdown(g_strstrip(valid), -1);

	secret_free(form);
	secret_free(valid);
	return lower;
}

/* Marks what the text has of it, a whole short one or pieces of a long one: an answer may be cut,
 * or have line ends in between. Both are in lower case. */
static void mark_pieces(const GString *text, const char *form, char *marks)
{
	size_t len = strlen(form);
	size_t piece = MIN(len, PIECE_BYTES);

	for (size_t i = 0; piece > 0 && i + piece <= text->len; i++)
		if (memmem(form, len, text->str + i, piece))
			memset(marks + i, '*', piece);
}

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

char *sasl_without_secret(const struct sasl_login *login, const char *text)
{
	char *forms[] = {sasl_plain(login),          sasl_oauthbearer(login),
			 sasl_xoauth2(login),        sasl_encode(login->secret),
			 sasl_escape(login->secret), g_strdup(login->secret)};
	g_autoptr(GString) lower = g_string_new(text);
	g_autofree char *marks = g_malloc0(lower->len + 1);

	g_string_ascii_down(lower);
	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
		char *form = clean_form(forms[i]);

		mark_pieces(lower, form, marks);
		secret_free(form);
	}
	return hide_marked(text, marks);
}
