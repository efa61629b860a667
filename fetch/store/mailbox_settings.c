/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of a mailbox, one row each, and what no single key shows.
 */
#include "fetch/store/mailbox_settings.h"

#include <string.h>

#include "base/error.h"

static const struct config_key keys[] = {
    CONFIG_TEXT_KEY(mailbox_settings, protocol, NULL, "imaps|imap|pop3s",
		    "imaps, imap with STARTTLS, or pop3s"),
    CONFIG_NAME_KEY(mailbox_settings, host, NULL, "name of the provider's server"),
    CONFIG_TEXT_KEY(mailbox_settings, port, "", NULL,
		    "port of the server; empty: 993, 143 or 995, by the protocol"),
    CONFIG_NAME_KEY(mailbox_settings, username, NULL, "account at the server"),
    CONFIG_TEXT_KEY(mailbox_settings, password_file, "", NULL,
		    "file whose first line is the password or token"),
    CONFIG_TEXT_KEY(mailbox_settings, auth_method, "password", "password|oauth",
		    "what the file holds: a password, or a token of OAuth 2.0"),
    CONFIG_TEXT_KEY(mailbox_settings, tls_ca_file, "", NULL,
		    "certificates that are trusted (PEM); empty: those of the system"),
    CONFIG_NAME_KEY(mailbox_settings, folders, "INBOX",
		    "folders that are read, separated by commas"),
    CONFIG_TEXT_KEY(mailbox_settings, recorded, "", "|move|flag|delete",
		    "what becomes of a mail once it is recorded; empty: move, with pop3s delete"),
    CONFIG_NAME_KEY(mailbox_settings, recorded_folder, "Recorded",
		    "where it is moved to; made where it is missing"),
    CONFIG_NAME_KEY(mailbox_settings, unclassified_folder, "Unclassified",
		    "where the original of a mail goes that a person must read"),
    CONFIG_NAME_KEY(mailbox_settings, failed_folder, "Failed",
		    "where a mail goes that could not be recorded"),
    CONFIG_NAME_KEY(mailbox_settings, flag, "$BounceRecorded",
		    "the flag that marks a recorded mail, with recorded = flag"),
    CONFIG_TEXT_KEY(mailbox_settings, own_mta, "no", "no|yes",
		    "believe every report in it as our own MTA's"),
    CONFIG_NUMBER_KEY(mailbox_settings, tries, CONFIG_INTEGER, "5", 1, 1000,
		      "tries to record a mail before it goes to failed_folder"),
    CONFIG_NUMBER_KEY(mailbox_settings, poll_interval, CONFIG_INTEGER, "300", 1, 86400,
		      "seconds between two looks; with IDLE the server tells sooner"),
    CONFIG_NUMBER_KEY(mailbox_settings, connect_wait, CONFIG_INTEGER, "30", 1, 3600,
		      "seconds to wait for a connection, for each address of the server"),
    CONFIG_NUMBER_KEY(mailbox_settings, reply_wait, CONFIG_INTEGER, "60", 1, 3600,
		      "seconds to wait for the whole answer to a command"),
    CONFIG_NUMBER_KEY(mailbox_settings, transfer_wait, CONFIG_INTEGER, "180", 1, 3600,
		      "seconds that a mail may take to arrive"),
};

struct config_sections mailbox_settings_sections(struct mailbox_settings *settings)
{
	return (struct config_sections){
	    {{keys, G_N_ELEMENTS(keys), settings}, oauth_settings_section(&settings->oauth)}};
}

bool mailbox_settings_is_pop3(const struct mailbox_settings *settings)
{
	return strcmp(settings->protocol, "pop3s") == 0;
}

bool mailbox_settings_is_oauth(const struct mailbox_settings *settings)
{
	return strcmp(settings->auth_method, "oauth") == 0;
}

struct credential_settings mailbox_settings_credential(const struct mailbox_settings *settings,
						       int stop_fd)
{
	return (struct credential_settings){"password_file", settings->password_file,
					    &settings->oauth, stop_fd};
}

char **mailbox_settings_folders(const struct mailbox_settings *settings)
{
	char **folders = g_strsplit(settings->folders, ",", -1);

	for (char **folder = folders; *folder; folder++)
		g_strstrip(*folder);
	return folders;
}

/* --- what the file says as a whole ---------------------------------------------------- */

static bool refuse_setting(const char *path, const char *text, GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s", path, text);
	return false;
}

static void replace_setting(char **field, const char *value)
{
	g_free(*field);
	*field = g_strdup(value);
}

static void set_presets(struct mailbox_settings *settings)
{
	bool is_pop3 = mailbox_settings_is_pop3(settings);

	if (*settings->port == '\0')
		replace_setting(&settings->port, is_pop3 ? "995"
						 : strcmp(settings->protocol, "imaps") == 0
						     ? "993"
						     : "143");
	if (*settings->recorded == '\0')
		replace_setting(&settings->recorded, is_pop3 ? "delete" : "move");
}

/* Commands are lines: nothing of ours may end one. */
static bool is_one_line(const char *text)
{
	return g_utf8_validate(text, -1, NULL) && !strpbrk(text, "\r\n");
}

static bool check_folders(const struct mailbox_settings *settings, const char *path, GError **error)
{
	g_auto(GStrv) folders = mailbox_settings_folders(settings);
	const char *const *names = (const char *const *)folders;

	for (char **folder = folders; *folder; folder++)
		if (**folder == '\0' || !is_one_line(*folder))
			return refuse_setting(path, "folders: a name is empty or no text", error);
	if (g_strv_contains(names, settings->recorded_folder) ||
	    g_strv_contains(names, settings->unclassified_folder) ||
	    g_strv_contains(names, settings->failed_folder))
		return refuse_setting(
		    path, "folders: a folder that mails are moved to cannot be read, too", error);
	return true;
}

static bool is_flag(const char *flag)
{
	static const char *const known[] = {"\\Seen", "\\Flagged", "\\Answered", NULL};

	if (*flag == '\\')
		return g_strv_contains(known, flag);
	for (const char *p = flag; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && !strchr("$_-.", *p))
			return false;
	return true;
}

static bool check_login(const struct mailbox_settings *settings, const char *path, GError **error)
{
	const struct oauth_use use = {settings->auth_method, settings->password_file};

	if (*settings->password_file == '\0' && *settings->oauth.refresh_token_file == '\0')
		return refuse_setting(path, "password_file: must be set", error);
	return oauth_settings_check(&settings->oauth, &use, path, error);
}

static bool check_store(const struct mailbox_settings *settings, const char *path, GError **error)
{
	if (!config_is_port(settings->port))
		return refuse_setting(path, "port: not 1 to 65535", error);
	if (mailbox_settings_is_pop3(settings) && strcmp(settings->recorded, "delete") != 0)
		return refuse_setting(
		    path, "recorded: pop3s knows no folders and no flags, only delete", error);
	if (!is_flag(settings->flag))
		return refuse_setting(
		    path, "flag: a keyword, or one of \\Seen, \\Flagged, \\Answered", error);
	if (!is_one_line(settings->username) || !is_one_line(settings->recorded_folder) ||
	    !is_one_line(settings->unclassified_folder) || !is_one_line(settings->failed_folder))
		return refuse_setting(path, "a name is no text", error);
	return check_login(settings, path, error) && check_folders(settings, path, error);
}

static char *name_of(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);

	return g_str_has_suffix(name, ".conf") ? g_strndup(name, strlen(name) - strlen(".conf"))
					       : g_steal_pointer(&name);
}

bool mailbox_settings_read(const char *path, struct mailbox_settings *settings_out, GError **error)
{
	const struct config_sections sections = mailbox_settings_sections(settings_out);

	memset(settings_out, 0, sizeof *settings_out);
	settings_out->name = name_of(path);
	if (!config_read(path, &sections, error))
		return false;
	set_presets(settings_out);
	return check_store(settings_out, path, error);
}

void mailbox_settings_clear(struct mailbox_settings *settings)
{
	const struct config_sections sections = mailbox_settings_sections(settings);

	config_clear(&sections);
	g_clear_pointer(&settings->name, g_free);
}
