/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is secret is wiped on the way.
 */
#include "net/sasl.h"

#include <string.h>

#include <glib.h>

#include "base/secret.h"

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

struct secret_filter *sasl_filter(const struct sasl_login *login)
{
	struct secret_filter *filter = secret_filter_new();
	char *forms[] = {sasl_plain(login),          sasl_oauthbearer(login),
			 sasl_xoauth2(login),        sasl_encode(login->secret),
			 sasl_escape(login->secret), g_strdup(login->secret)};

	for (size_t i = 0; i < G_N_ELEMENTS(forms); i++)
		secret_filter_add(filter, forms[i]);
	return filter;
}
