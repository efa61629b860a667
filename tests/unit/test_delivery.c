/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-delivery without servers: the keys and their documents, the outcome of
 * replies, and the bytes that are sent.
 */
#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "classifier/mime.h"
#include "delivery/compose.h"
#include "delivery/outcome.h"
#include "delivery/settings.h"

/* --- settings --------------------------------------------------------------- */

static bool has_line_with(const char *text, const char *before, const char *name, const char *after)
{
	g_autofree char *wanted = g_strconcat(before, name, after, NULL);

	return strstr(text, wanted) != NULL;
}

/* The sample file and the man page name every key, with its default. */
static void test_documents(void)
{
	g_autofree char *sample = NULL;
	g_autofree char *manual = NULL;
	g_auto(delivery_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	size_t count;
	const struct config_key *keys = delivery_settings_keys(&count);

	g_assert_true(g_file_get_contents("etc/bounce-delivery.conf", &sample, NULL, &error));
	g_assert_true(g_file_get_contents("doc/bounce-delivery.8", &manual, NULL, &error));
	g_assert_true(delivery_settings_read("etc/bounce-delivery.conf", &settings, &error));
	for (size_t i = 0; i < count; i++) {
		g_autofree char *preset =
		    g_strconcat(keys[i].name, " = ", keys[i].default_value != NULL ? keys[i].default_value : "", NULL);

		g_test_message("%s", keys[i].name);
		g_assert_true(has_line_with(sample, "\n#", g_strchomp(preset), "\n") ||
			      has_line_with(sample, "\n", keys[i].name, " = "));
		g_assert_true(has_line_with(manual, "\n.It Va ", keys[i].name, "\n"));
		if (keys[i].default_value != NULL && *keys[i].default_value != '\0')
			g_assert_true(has_line_with(manual, "\nDefault: ", keys[i].default_value, ".\n"));
	}
}

static void test_password_in_the_clear(void)
{
	static const struct {
		const char *lines;
		bool is_good;
	} rows[] = {
	    {"starttls = may\n", false},
	    {"starttls = off\n", false},
	    {"starttls = encrypt\n", true},
	    {"starttls = verify\n", true},
	    {"starttls = may\nauth_cleartext = yes\n", true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_build_filename(g_get_tmp_dir(), "bounce-delivery-test-XXXXXX", NULL);
		g_autofree char *text = g_strconcat("conninfo = x\nusername = app\n", rows[i].lines, NULL);
		g_auto(delivery_settings_t) settings = {0};
		g_autoptr(GError) error = NULL;
		int fd = g_mkstemp(path);

		g_assert_true(fd >= 0 && g_close(fd, NULL) && g_file_set_contents(path, text, -1, NULL));
		g_test_message("%s", rows[i].lines);
		g_assert_true(delivery_settings_read(path, &settings, &error) == rows[i].is_good);
		g_assert_true((error != NULL) == !rows[i].is_good);
		g_assert_cmpint(remove(path), ==, 0);
	}
}

/* --- outcomes --------------------------------------------------------------- */

static void test_outcomes(void)
{
	static const struct {
		int mail, recipient, data;
		bool is_complete;
		enum outcome outcome;
	} rows[] = {
	    {250, 250, 250, true, OUTCOME_ACCEPTED}, {250, 251, 250, true, OUTCOME_ACCEPTED},
	    {250, 550, 250, true, OUTCOME_REJECTED}, /* another one was taken */
	    {250, 550, 554, true, OUTCOME_REJECTED}, /* no valid recipient left */
	    {250, 450, 554, true, OUTCOME_PENDING},  /* the reply to the recipient counts */
	    {250, 250, 554, true, OUTCOME_REJECTED}, {250, 250, 452, true, OUTCOME_PENDING},
	    {250, 250, 0, true, OUTCOME_UNKNOWN},  /* silence, or cut after the final dot */
	    {250, 0, 0, true, OUTCOME_UNKNOWN},    /* pipelined, and cut */
	    {250, 250, 0, false, OUTCOME_PENDING}, /* cut before the final dot */
	    {250, 250, 354, false, OUTCOME_PENDING}, {250, 0, 0, false, OUTCOME_PENDING},
	    {550, 0, 0, false, OUTCOME_REJECTED},    {451, 0, 0, false, OUTCOME_PENDING},
	    {250, 0, 250, true, OUTCOME_UNKNOWN}, /* never "accepted" without a reply to the recipient */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct smtp_reply recipient = {.code = rows[i].recipient, .text = (char *)"r"};
		const struct smtp_result result = {.mail = {.code = rows[i].mail, .text = (char *)"m"},
						   .data = {.code = rows[i].data, .text = (char *)"d"},
						   .recipients = &recipient,
						   .is_begun = true,
						   .is_complete = rows[i].is_complete};
		struct smtp_reply reply;

		g_test_message("%d %d %d", rows[i].mail, rows[i].recipient, rows[i].data);
		g_assert_cmpstr(outcome_name(outcome_of(&result, 0, &reply)), ==, outcome_name(rows[i].outcome));
	}
}

/* --- composing -------------------------------------------------------------- */

static char *none[] = {NULL};

static struct db_content content_of(void)
{
	return (struct db_content){.message_id = (char *)"one@example.org",
				   .envelope_id = (char *)"0123456789abcdef0123456789abcdef",
				   .text = (char *)"",
				   .html = (char *)"",
				   .from = (char *)"\"Office, the\" <office@example.org>",
				   .to = none,
				   .cc = none,
				   .reply_to = (char *)"",
				   .subject = (char *)"",
				   .auto_submitted = (char *)"",
				   .attachments = (char *)""};
}

static char *composed(const struct db_content *content)
{
	g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 21, 8, 30, 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = compose_message(content, now, &error);
	gsize size;

	g_assert_no_error(error);
	const char *text = g_bytes_get_data(bytes, &size);
	return g_strndup(text, size);
}

/* RFC 5321 section 2.3.8, RFC 5322 section 2.1.1; and nothing but ASCII. */
static void assert_wire(const char *text)
{
	gsize line = 0;

	for (const char *p = text; *p != '\0'; p++) {
		g_assert_true((unsigned char)*p < 0x80);
		g_assert_true(*p != '\n' || (p > text && p[-1] == '\r'));
		g_assert_true(*p != '\r' || p[1] == '\n');
		line = *p == '\n' ? 0 : line + 1;
		g_assert_cmpuint(line, <=, 999);
	}
}

static void test_composed(void)
{
	char *to[] = {(char *)"J\xc3\xb6rg: x;y <j@customer.example>", (char *)"bare@customer.example", NULL};
	struct db_content content = content_of();

	content.to = to;
	content.has_text = content.has_html = true;
	content.text = (char *)"Gr\xc3\xbc\xc3\x9f\nFrom here\n.\n";
	content.html = (char *)"<p>Gr\xc3\xbc\xc3\x9f</p>";
	content.subject = (char *)"Rechnung f\xc3\xbcr November";
	content.auto_submitted = (char *)"auto-generated";
	content.attachments =
	    (char *)"[{\"filename\":\"r\xc3\xa9sum\xc3\xa9.pdf\",\"content_type\":\"application/"
		    "pdf\",\"content_id\":\"\","
		    "\"content\":\"JVBERg==\"},{\"filename\":\"logo.png\",\"content_type\":\"image/png\","
		    "\"content_id\":\"logo@x\",\"content\":\"iVBORw==\"}]";
	g_autofree char *text = composed(&content);
	static const char *const wanted[] = {"Message-Id: <one@example.org>\r\n",
					     "X-Communication-ID: 0123456789abcdef0123456789abcdef\r\n",
					     "Auto-Submitted: auto-generated\r\n",
					     "Date: Sat, 21 Nov 2026 08:30:00 +0000\r\n",
					     "\"Office, the\" <office@example.org>",
					     "bare@customer.example",
					     "<j@customer.example>",
					     "multipart/mixed",
					     "multipart/alternative",
					     "multipart/related",
					     "Content-Id: <logo@x>",
					     "JVBERg==",
					     "Gr=C3=BC=C3=9F"};

	g_test_message("%s", text);
	assert_wire(text);
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_test_message("%s", wanted[i]);
		g_assert_nonnull(strstr(text, wanted[i]));
	}
}

/* What GMime's own parser dies of is not given to it. */
static void test_nested_groups(void)
{
	GString *name = g_string_new(NULL);
	struct db_content content = content_of();

	for (int i = 0; i < 100000; i++)
		g_string_append(name, "g:");
	g_string_append(name, " <a@customer.example>");
	char *to[] = {name->str, NULL};
	content.to = to;
	g_autofree char *text = composed(&content);
	g_assert_nonnull(strstr(text, "<a@customer.example>"));
	g_string_free(name, TRUE);
}

static void test_raw(void)
{
	static const struct {
		const char *raw;
		const char *sent;
	} rows[] = {
	    {"Subject: x\n\nbody\n", "Subject: x\r\n\r\nbody\r\n"},
	    {"Subject: x\r\n\r\nbody", "Subject: x\r\n\r\nbody\r\n"},
	    {"BCC: a@b,\n c@d\nSubject: x\n y\n\n", "Subject: x\r\n y\r\n\r\n"},
	    {"message-id: <old@x>\nX-Communication-ID: forged\nReturn-Path: <x>\nA: b\n\nBcc: stays\n",
	     "A: b\r\n\r\nBcc: stays\r\n"},
	    {"\nno header\n", "\r\nno header\r\n"},
	    {"A: b", "A: b\r\n\r\n"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct db_content content = content_of();

		content.raw = (char *)rows[i].raw;
		content.raw_len = strlen(rows[i].raw);
		g_autofree char *text = composed(&content);
		g_autofree char *wanted = g_strconcat("Message-ID: <one@example.org>\r\nX-Communication-ID: "
						      "0123456789abcdef0123456789abcdef\r\n",
						      rows[i].sent, NULL);
		g_assert_cmpstr(text, ==, wanted);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mime_init();
	g_test_add_func("/delivery/settings/documents", test_documents);
	g_test_add_func("/delivery/settings/password-in-the-clear", test_password_in_the_clear);
	g_test_add_func("/delivery/outcome", test_outcomes);
	g_test_add_func("/delivery/compose/composed", test_composed);
	g_test_add_func("/delivery/compose/nested-groups", test_nested_groups);
	g_test_add_func("/delivery/compose/raw", test_raw);
	return g_test_run();
}
