/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One of two.
 */
#include "net/credential.h"

#include "base/secret.h"
#include "net/oauth.h"

struct credential {
	const char *password_file;
	const struct oauth_settings *settings;
	struct oauth *oauth; /* NULL: the password file */
};

struct credential *credential_new(const char *password_file, const struct oauth_settings *oauth)
{
	struct credential *credential = g_new0(struct credential, 1);

	credential->password_file = password_file;
	credential->settings = oauth;
	credential->oauth = *oauth->refresh_token_file == '\0' ? NULL : oauth_new(oauth);
	return credential;
}

void credential_free(struct credential *credential)
{
	if (!credential)
		return;
	oauth_free(credential->oauth);
	g_free(credential);
}

char *credential_get(struct credential *credential, GError **error)
{
	return credential->oauth ? oauth_token(credential->oauth, error)
				 : secret_read(credential->password_file, "password_file", error);
}

bool credential_refuse(struct credential *credential)
{
	return credential->oauth && oauth_refuse(credential->oauth);
}

static bool can_read(const char *path, const char *key, GError **error)
{
	char *secret = secret_read(path, key, error);
	bool is_read = secret;

	secret_free(secret);
	return is_read;
}

bool credential_check(const struct credential *credential, GError **error)
{
	const struct oauth_settings *settings = credential->settings;

	if (!credential->oauth)
		return can_read(credential->password_file, "password_file", error);
	return can_read(settings->refresh_token_file, "refresh_token_file", error) &&
	       (*settings->client_secret_file == '\0' ||
		can_read(settings->client_secret_file, "client_secret_file", error));
}

char *credential_objection(const char *password_file, const struct oauth_settings *oauth)
{
	return *oauth->refresh_token_file == '\0'
		   ? secret_file_objection(password_file, "password_file")
		   : oauth_files_objection(oauth);
}
