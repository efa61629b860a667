/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The keys of bounce-fetch.conf and of a mailbox, and their documents.
 */
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "fetch/settings.h"
#include "fetch/store/mailbox_settings.h"
#include "tests/unit/daemon/settings_documents.h"

/* The sample files and the man page name every key, with its default. */
static void test_documents(void)
{
	g_auto(fetch_settings_t) settings = {0};
	g_auto(mailbox_settings_t) mailbox = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(fetch_settings_read("etc/bounce-fetch.conf", &settings, &error));
	const struct config_sections sections = fetch_settings_sections(&settings);
	settings_documents_check(&sections, "etc/bounce-fetch.conf", "doc/bounce-fetch.8");
	g_assert_true(mailbox_settings_read("etc/mailbox.conf", &mailbox, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(mailbox.name, ==, "mailbox");
	g_assert_cmpstr(mailbox.port, ==, "993");
	g_assert_cmpstr(mailbox.recorded, ==, "move");
	const struct config_sections of_mailbox = mailbox_settings_sections(&mailbox);
	settings_documents_check(&of_mailbox, "etc/mailbox.conf", "doc/bounce-fetch.8");
}

#define MAILBOX "host = h\nusername = u\npassword_file = /p\n"
#define OAUTH   "host = h\nusername = u\nauth_method = oauth\nrefresh_token_file = /r\n"

static bool read_mailbox(const char *path, GError **error)
{
	g_auto(mailbox_settings_t) mailbox = {0};

	return mailbox_settings_read(path, &mailbox, error);
}

static bool read_fetch(const char *path, GError **error)
{
	g_auto(fetch_settings_t) settings = {0};

	return fetch_settings_read(path, &settings, error);
}

struct fault {
	const char *text;
	const char *complaint; /* after the name of the file */
};

static const struct fault fetch_faults[] = {
    {"conninfo = x\nlmtp = 24\n", ": lmtp: neither unix:PATH nor inet:PORT@HOST"},
    {"conninfo = x\nlmtp = inet:0@localhost\n", ": lmtp: the port is not 1 to 65535"},
    {"conninfo = x\nusername = u\n",
     ": username: a login needs starttls = verify or smtps; or auth_unverified = yes with starttls "
     "= encrypt; or auth_cleartext = yes"},
};

static const struct fault mailbox_faults[] = {
    {"protocol = pop3\n" MAILBOX, ":1: protocol: \"pop3\" is not one of imaps|imap|pop3s"},
    {"protocol = pop3s\nrecorded = move\n" MAILBOX,
     ": recorded: pop3s knows no folders and no flags, only delete"},
    {"protocol = imaps\nport = imap\n" MAILBOX, ": port: not 1 to 65535"},
    {"protocol = imaps\nfolders = INBOX,,x\n" MAILBOX, ": folders: a name is empty or no text"},
    {"protocol = imaps\nfolders = INBOX, Failed\n" MAILBOX,
     ": folders: a folder that mails are moved to cannot be read, too"},
    {"protocol = imaps\nhost = h\nusername = u\n", ": password_file: must be set"},
    {"protocol = imaps\n" OAUTH "token_url = http://h/token\n",
     ": token_url: refresh_token_file needs one that begins with https://"},
    {"protocol = imaps\n" OAUTH "token_url = https://h/token\n",
     ": client_id: refresh_token_file needs one"},
    {"protocol = imaps\n" OAUTH "password_file = /p\n",
     ": password_file: not with refresh_token_file, which replaces it"},
    {"protocol = imaps\nrefresh_token_file = /r\n" MAILBOX,
     ": refresh_token_file: only with auth_method = oauth"},
    {"protocol = imaps\nflag = \\Deleted\n" MAILBOX,
     ": flag: a keyword, or one of \\Seen, \\Flagged, \\Answered"},
    {"protocol = imaps\nflag = a)b\n" MAILBOX,
     ": flag: a keyword, or one of \\Seen, \\Flagged, \\Answered"},
};

static void check_faults(bool (*read)(const char *path, GError **error), const struct fault *faults,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		g_autofree char *path = NULL;
		g_autoptr(GError) error = NULL;

		close(g_file_open_tmp("mailbox-XXXXXX", &path, NULL));
		g_assert_true(g_file_set_contents(path, faults[i].text, -1, NULL));
		g_autofree char *expected = g_strconcat(path, faults[i].complaint, NULL);
		g_assert_false(read(path, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, expected);
		g_unlink(path);
	}
}

static void test_faults(void)
{
	check_faults(read_mailbox, mailbox_faults, G_N_ELEMENTS(mailbox_faults));
	check_faults(read_fetch, fetch_faults, G_N_ELEMENTS(fetch_faults));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fetch/documents", test_documents);
	g_test_add_func("/fetch/faults", test_faults);
	return g_test_run();
}
