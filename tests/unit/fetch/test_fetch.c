/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-fetch without servers: keys and their documents, names of folders, what is remembered of
 * a mail, and the operator's copy.
 */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "fetch/imap/folder_name.h"
#include "fetch/memory.h"
#include "fetch/operator_copy.h"
#include "fetch/settings.h"
#include "fetch/store/settings.h"
#include "tests/unit/daemon/settings_documents.h"

/* --- settings ------------------------------------------------------------------------------ */

/* The sample files and the man page name every key, with its default. */
static void test_documents(void)
{
	g_auto(fetch_settings_t) settings = {0};
	g_auto(store_settings_t) mailbox = {0};
	g_autoptr(GError) error = NULL;
	struct config_section sections[FETCH_SETTINGS_SECTIONS];

	g_assert_true(fetch_settings_read("etc/bounce-fetch.conf", &settings, &error));
	fetch_settings_sections(&settings, sections);
	settings_documents_check(sections, G_N_ELEMENTS(sections), "etc/bounce-fetch.conf",
				 "doc/bounce-fetch.8");
	g_assert_true(store_settings_read("etc/mailbox.conf", &mailbox, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(mailbox.name, ==, "mailbox");
	g_assert_cmpstr(mailbox.port, ==, "993");
	g_assert_cmpstr(mailbox.recorded, ==, "move");
	store_settings_sections(&mailbox, sections);
	settings_documents_check(sections, STORE_SETTINGS_SECTIONS, "etc/mailbox.conf",
				 "doc/bounce-fetch.8");
}

#define MAILBOX "host = h\nusername = u\npassword_file = /p\n"
#define OAUTH   "host = h\nusername = u\nauth_method = oauth\nrefresh_token_file = /r\n"

/* What is said after the name of the file. */
static const struct {
	const char *text;
	const char *complaint;
} faults[] = {
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

static void test_faults(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autofree char *path = NULL;
		g_auto(store_settings_t) mailbox = {0};
		g_autoptr(GError) error = NULL;

		close(g_file_open_tmp("mailbox-XXXXXX", &path, NULL));
		g_assert_true(g_file_set_contents(path, faults[i].text, -1, NULL));
		g_autofree char *expected = g_strconcat(path, faults[i].complaint, NULL);
		g_assert_false(store_settings_read(path, &mailbox, &error));
		g_assert_error(error, BM_ERROR, BM_ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, expected);
		g_unlink(path);
	}
}

/* --- names of folders ------------------------------------------------------------------------ */

static void test_folder_names(void)
{
	static const char *const rows[][2] = {
	    {"INBOX", "\"INBOX\""},
	    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
	    {"Gel\xc3\xb6schte", "\"Gel&APY-schte\""},
	    {"A&B", "\"A&-B\""},
	    {"\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5", "\"&U,BTFw-/&ZeU-\""}, /* RFC 3501 5.1.3 */
	    {"\xf0\x9f\x93\xac", "\"&2D3c7A-\""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *name = imap_folder_name(rows[i][0]);

		g_assert_cmpstr(name, ==, rows[i][1]);
	}
}

/* --- memory ------------------------------------------------------------------------------------
 */

static unsigned fail(struct memory *memory, enum memory_blame blame, int recorded)
{
	const struct memory_failure failure = {7, blame, recorded};

	return memory_fail(memory, &failure);
}

static void test_tries(void)
{
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	g_assert_true(memory_is_wanted(memory, 7));
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_PERHAPS, 0), ==, 0);
	memory_begin_round(memory, 0);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_forget_absent(memory);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_PERHAPS, 0), ==, 0);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_PERHAPS, 1), ==, 1);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_OTHERS, 2), ==, 1);
	g_assert_cmpuint(fail(memory, MEMORY_BLAMES_THE_MAIL, 2), ==, 2);
	memory_begin_round(memory, 0);
	memory_forget_absent(memory); /* nobody asked about it: it is gone */
	g_assert_cmpuint(memory_failures(memory, 7), ==, 0);
	memory_free(memory);
}

/* A mail that is done is known by its bytes, and whether it is copied; nothing is known of another
 * one that has its name. */
static void test_deeds(void)
{
	static const struct memory_deed done = {{.number = 3, .key = 7}, 99, STORE_UNCLASSIFIED};
	struct memory_deed same = {{.number = 4, .key = 7}, 99, STORE_FAILED};
	struct memory_deed other = {{.number = 3, .key = 7}, 98, STORE_FAILED};
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	g_assert_false(memory_recall(memory, &same));
	memory_set_deed(memory, &done);
	memory_begin_round(memory, 0);
	g_assert_true(memory_is_wanted(memory, 7)); /* to be settled */
	g_assert_true(memory_recall(memory, &same));
	g_assert_cmpint((int)same.fate, ==, STORE_UNCLASSIFIED);
	g_assert_false(same.mail.is_copied);
	memory_set_copied(memory, 7);
	g_assert_true(memory_recall(memory, &same));
	g_assert_true(same.mail.is_copied);
	g_assert_false(memory_recall(memory, &other));
	memory_set_deed(memory, &other);
	g_assert_true(memory_recall(memory, &other));
	g_assert_false(other.mail.is_copied);
	memory_leave(memory, 7);
	memory_begin_round(memory, 0);
	g_assert_false(memory_is_wanted(memory, 7));
	memory_free(memory);
}

/* Only what was never read is given up by its name alone, and only until it is moved. */
static void test_given_up(void)
{
	static const struct memory_deed unread = {{.key = 7}, 0, STORE_FAILED};
	static const struct memory_deed read = {{.key = 8}, 99, STORE_FAILED};
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	g_assert_false(memory_is_given_up(memory, 7));
	memory_set_deed(memory, &unread);
	memory_set_deed(memory, &read);
	g_assert_true(memory_is_given_up(memory, 7));
	g_assert_false(memory_is_given_up(memory, 8));
	memory_end_giving_up(memory, 7); /* moved, as the server says: another may have its name */
	g_assert_false(memory_is_given_up(memory, 7));
	g_assert_false(memory_is_suspected(memory, 7));
	memory_free(memory);
}

static const gint64 second = G_USEC_PER_SEC;

/* What the server has not settled waits for longer each time, another one of its name does not. */
static void test_waiting(void)
{
	static const struct memory_deed done = {{.key = 7}, 99, STORE_RECORDED};
	static const struct memory_deed other = {{.key = 7}, 98, STORE_RECORDED};
	struct memory *memory = memory_new();

	memory_begin_round(memory, 0);
	memory_set_deed(memory, &done);
	memory_wait(memory, 7);
	g_assert_false(memory_is_wanted(memory, 7));
	memory_begin_round(memory, second);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_wait(memory, 7);
	memory_begin_round(memory, 2 * second);
	g_assert_false(memory_is_wanted(memory, 7));
	for (int i = 0; i < 20; i++)
		memory_wait(memory, 7);
	memory_begin_round(memory, 2 * second + 3599 * second);
	g_assert_false(memory_is_wanted(memory, 7));
	memory_begin_round(memory, 2 * second + 3600 * second);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_wait(memory, 7);
	memory_end_waiting(memory);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_set_deed(memory, &other);
	memory_wait(memory, 7);
	memory_begin_round(memory, 2 * second + 3601 * second);
	g_assert_true(memory_is_wanted(memory, 7));
	memory_free(memory);
}

/* However many mails stay, so many are remembered. */
static void test_bound(void)
{
	struct memory *memory = memory_new();

	for (gint64 key = 0; key < 1000000; key++)
		memory_leave(memory, key);
	g_assert_true(memory_is_wanted(memory, 0));
	g_assert_false(memory_is_wanted(memory, 999999));
	memory_free(memory);
}

/* --- the operator's copy -------------------------------------------------------------------------
 */

static void test_copy(void)
{
	static const char mail[] = "x-bounce-class: hard\n folded\nSubject: a\r\n\nX-Bounce-Id: 1\n"
				   ".end";
	const struct operator_copy copy = {
	    .sender = "",
	    .to = "op@example.org",
	    .fields = {.class = "unclassified", .reason = "a\nb", .bounce_id = ""},
	    .bytes = mail,
	    .len = strlen(mail)};
	g_autoptr(GBytes) bytes = operator_copy_compose(&copy);
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

	g_assert_cmpstr(text, ==,
			"X-Bounce-Class: unclassified\r\nX-Bounce-Reason: a b\r\nSubject: a\r\n\r\n"
			"X-Bounce-Id: 1\r\n.end\r\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fetch/documents", test_documents);
	g_test_add_func("/fetch/faults", test_faults);
	g_test_add_func("/fetch/folder-names", test_folder_names);
	g_test_add_func("/fetch/tries", test_tries);
	g_test_add_func("/fetch/deeds", test_deeds);
	g_test_add_func("/fetch/given-up", test_given_up);
	g_test_add_func("/fetch/waiting", test_waiting);
	g_test_add_func("/fetch/bound", test_bound);
	g_test_add_func("/fetch/copy", test_copy);
	return g_test_run();
}
