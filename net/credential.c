/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One of two.
 */
#include "net/credential.h"

#include "base/secret.h"
#include "net/oauth.h"

struct credential {
	struct credential_settings settings;
	struct oauth *oauth; /* NULL: the password file */
};

static bool is_renewed(const struct credential_settings *settings)
{
	return *settings->oauth->refresh_token_file != '\0';
}

struct credential *credential_new(const struct credential_settings *settings)
{
	struct credential *credential = g_new0(struct credential, 1);

	credential->settings = *settings;
	credential->oauth =
	    is_renewed(settings) ? oauth_new(settings->oauth, settings->stop_fd) : NULL;
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
				 : secret_read(credential->settings.password_file,
					       credential->settings.key, error);
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
	const struct credential_settings *settings = &credential->settings;
	const struct oauth_settings *oauth = settings->oauth;

	if (!credential->oauth)
		return can_read(settings->password_file, settings->key, error);
	return can_read(oauth->refresh_token_file, "refresh_token_file", error) &&
	       (*oauth->client_secret_file == '\0' ||
		can_read(oauth->client_secret_file, "client_secret_file", error));
}

char *credential_objection(const struct credential_settings *settings)
{
	return is_renewed(settings) ? oauth_files_objection(settings->oauth)
				    : secret_file_objection(settings->password_file, settings->key);
}
