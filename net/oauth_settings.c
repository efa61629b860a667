/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys, one row each.
 */
#include "net/oauth_settings.h"

#include <string.h>

#include "base/error.h"

static const struct config_key keys[] = {
    CONFIG_TEXT_KEY(oauth_settings, refresh_token_file, "", NULL,
		    "file whose first line is the refresh token; empty: password_file has the "
		    "token itself"),
    CONFIG_TEXT_KEY(oauth_settings, token_url, "", NULL, "where tokens are renewed: https://..."),
    CONFIG_TEXT_KEY(oauth_settings, client_id, "", NULL, "our name at the token server"),
    CONFIG_TEXT_KEY(oauth_settings, client_secret_file, "", NULL,
		    "file whose first line is the secret of client_id; empty: it has none"),
    CONFIG_TEXT_KEY(oauth_settings, scope, "", NULL,
		    "what the token is asked for; empty: as it was granted"),
    CONFIG_TEXT_KEY(oauth_settings, token_ca_file, "", NULL,
		    "certificates that are trusted there (PEM); empty: those of the system"),
    CONFIG_NUMBER_KEY(oauth_settings, token_wait, CONFIG_INTEGER, "30", 1, 600,
		      "seconds to wait for the token server"),
};

struct config_section oauth_settings_section(struct oauth_settings *settings)
{
	return (struct config_section){keys, G_N_ELEMENTS(keys), settings};
}

static const char *oauth_objection(const struct oauth_settings *settings,
				   const struct oauth_use *use)
{
	if (strcmp(use->auth_method, "oauth") != 0)
		return "refresh_token_file: only with auth_method = oauth";
	if (*use->password_file != '\0')
		return "password_file: not with refresh_token_file, which replaces it";
	if (!g_str_has_prefix(settings->token_url, "https://"))
		return "token_url: refresh_token_file needs one that begins with https://";
	if (*settings->client_id == '\0')
		return "client_id: refresh_token_file needs one";
	return NULL;
}

bool oauth_settings_check(const struct oauth_settings *settings, const struct oauth_use *use,
			  const char *path, GError **error)
{
	const char *text =
	    *settings->refresh_token_file == '\0' ? NULL : oauth_objection(settings, use);

	if (text)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s", path, text);
	return !text;
}
