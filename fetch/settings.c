/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-fetch, and the files of its mailboxes.
 */
#include "fetch/settings.h"

#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "fetch/store/mailbox_settings.h"
#include "net/listen.h"

static const struct config_key keys[] = {
    CONFIG_NAME_KEY(fetch_settings, mailboxes, BM_SYSCONFDIR "/bounce-milter/mailboxes",
		    "directory with a file NAME.conf for each mailbox"),
    CONFIG_TEXT_KEY(fetch_settings, sender, "", NULL,
		    "envelope sender of what is forwarded; empty: the null sender"),
    CONFIG_TEXT_KEY(fetch_settings, lmtp, "", NULL,
		    "where MTAs deliver by LMTP: unix:PATH or inet:PORT@HOST; empty: nowhere"),
    CONFIG_NUMBER_KEY(fetch_settings, lmtp_mode, CONFIG_OCTAL, "660", 0, 0777,
		      "permissions of a unix socket, octal"),
    CONFIG_TEXT_KEY(fetch_settings, lmtp_own_mta, "no", "no|yes",
		    "believe every report that is delivered there as our own MTA's"),
    CONFIG_NUMBER_KEY(fetch_settings, lmtp_sessions_max, CONFIG_INTEGER, "20", 1, 1000,
		      "connections at the same time"),
    CONFIG_TEXT_KEY(fetch_settings, metrics_file, "/run/bounce-fetch/metrics", NULL,
		    "state of the mailboxes, for bouncectl metrics; empty: none"),
};

struct config_sections fetch_settings_sections(struct fetch_settings *settings)
{
	return (struct config_sections){{daemon_settings_section(&settings->common),
					 intake_settings_section(&settings->intake),
					 {keys, G_N_ELEMENTS(keys), settings},
					 smtp_settings_section(&settings->smtp),
					 oauth_settings_section(&settings->smtp.oauth)}};
}

static bool check_place(const struct fetch_settings *settings, const char *path, GError **error)
{
	const char *objection = *settings->lmtp == '\0' ? NULL : listen_objection(settings->lmtp);

	if (objection)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: lmtp: %s", path, objection);
	return !objection;
}

bool fetch_settings_read(const char *path, struct fetch_settings *settings_out, GError **error)
{
	const struct config_sections sections = fetch_settings_sections(settings_out);

	memset(settings_out, 0, sizeof *settings_out);
	return config_read(path, &sections, error) &&
	       smtp_settings_check(&settings_out->smtp, path, error) &&
	       check_place(settings_out, path, error);
}

void fetch_settings_clear(struct fetch_settings *settings)
{
	const struct config_sections sections = fetch_settings_sections(settings);

	config_clear(&sections);
}

/* --- mailboxes -------------------------------------------------------------------------- */

static GPtrArray *list_files(const char *path, GError **error)
{
	g_autoptr(GError) cause = NULL;
	GPtrArray *files = folder_files(path, ".conf", &cause);

	if (!files)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "mailboxes: %s", cause->message);
	return files;
}

static void free_mailbox(void *data)
{
	mailbox_settings_clear(data);
	g_free(data);
}

GPtrArray *fetch_settings_mailboxes(const struct fetch_settings *settings, GError **error)
{
	g_autoptr(GPtrArray) files = list_files(settings->mailboxes, error);
	g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(free_mailbox);

	if (!files && *settings->lmtp != '\0') {
		g_clear_error(error);
		return g_steal_pointer(&mailboxes);
	}
	if (!files)
		return NULL;
	for (guint i = 0; i < files->len; i++) {
		struct mailbox_settings *mailbox = g_new0(struct mailbox_settings, 1);

		g_ptr_array_add(mailboxes, mailbox);
		if (!mailbox_settings_read(files->pdata[i], mailbox, error))
			return NULL;
	}
	if (mailboxes->len > 0 || *settings->lmtp != '\0')
		return g_steal_pointer(&mailboxes);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "mailboxes: there is no *.conf in %s",
		    settings->mailboxes);
	return NULL;
}
