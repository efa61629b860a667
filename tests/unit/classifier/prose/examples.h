/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Example mails of etc/dialects, etc/phrases and tests/unit/data, read from *.mails. The form of
 * these files is described in etc/dialects/README.md.
 */
#ifndef TESTS_UNIT_CLASSIFIER_PROSE_EXAMPLES_H
#define TESTS_UNIT_CLASSIFIER_PROSE_EXAMPLES_H

#include <stdbool.h>
#include <string.h>

#include <glib.h>

struct mail {
	char *file; /* its name without folder and ending */
	char *name;
	char *expected;
	char *bytes;
};

static const char *const default_fields[] = {
    "Return-Path: <>",
    "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>",
    "To: orders@shop.example",
    "Subject: Returned mail: see transcript for details",
    "Date: Sat, 21 Nov 2026 10:00:00 +0000",
    "Message-ID: <r1@mx.customer.example>",
};

static const char status_head[] =
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=\"BB\"\n\n"
    "--BB\nContent-Type: text/plain\n\nThis is a report.\n\n"
    "--BB\nContent-Type: message/delivery-status\n\n";
static const char status_tail[] =
    "\n--BB\nContent-Type: message/rfc822\n\n"
    "From: orders@shop.example\n"
    "To: Anna <anna@customer.example>, bert@customer.example, carl@customer.example\n"
    "Subject: invoice\nMessage-ID: <c1@shop.example>\n\nhello\n--BB--\n";

/* "X: -" says that the field must not be there. */
static inline bool examples_is_left_out(const char *field)
{
	return g_str_has_suffix(field, ": -");
}

static inline char *examples_with_header(const char *text)
{
	const char *end = strstr(text, "\n\n");
	g_autofree char *header = g_strndup(text, (gsize)(end - text));
	g_auto(GStrv) lines = g_strsplit(header, "\n", -1);
	GString *out = g_string_new(NULL);

	for (size_t i = 0; lines[i]; i++)
		if (!examples_is_left_out(lines[i]))
			g_string_append_printf(out, "%s\n", lines[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(default_fields); i++) {
		size_t name = strcspn(default_fields[i], ":") + 1;
		bool given = false;
		for (size_t j = 0; lines[j]; j++)
			given |= g_ascii_strncasecmp(lines[j], default_fields[i], name) == 0;
		if (!given)
			g_string_append_printf(out, "%s\n", default_fields[i]);
	}
	return g_string_free(g_string_append(out, end + 1), FALSE);
}

/* The text behind a line "=== name | sort | expected". */
static inline struct mail examples_read_mail(const char *text)
{
	size_t line = strcspn(text, "\n");
	g_autofree char *title = g_strndup(text, line);
	g_auto(GStrv) fields = g_strsplit(title, " | ", 3);
	const char *body = text + line + 1;
	g_autofree char *whole = NULL;

	g_assert_cmpuint(g_strv_length(fields), ==, 3);
	if (strcmp(fields[1], "status") == 0)
		whole = g_strconcat(status_head, body, status_tail, NULL);
	return (struct mail){.name = g_strdup(fields[0]),
			     .expected = g_strdup(fields[2]),
			     .bytes = examples_with_header(whole ? whole : body)};
}

/* One file's mails, behind those that are there. */
static inline void examples_add(GArray *mails, const char *path)
{
	g_autofree char *text = NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_auto(GStrv) sections = g_strsplit(text, "\n=== ", -1);
	for (size_t i = 1; sections[i]; i++) {
		struct mail mail = examples_read_mail(sections[i]);
		mail.file = g_path_get_basename(path);
		*strchr(mail.file, '.') = '\0';
		g_array_append_val(mails, mail);
	}
}

static inline void examples_clear_mail(void *data)
{
	struct mail *mail = data;
	g_free(mail->file);
	g_free(mail->name);
	g_free(mail->expected);
	g_free(mail->bytes);
}

static inline int examples_compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All mails of a folder's *.mails, file by file in the order of their names. */
static inline void examples_add_folder(GArray *mails, const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

	g_assert_nonnull(dir);
	for (const char *name; (name = g_dir_read_name(dir));)
		if (g_str_has_suffix(name, ".mails"))
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(paths, examples_compare_names);
	for (guint i = 0; i < paths->len; i++)
		examples_add(mails, g_ptr_array_index(paths, i));
}

static inline GArray *examples_new(void)
{
	GArray *mails = g_array_new(FALSE, FALSE, sizeof(struct mail));
	g_array_set_clear_func(mails, examples_clear_mail);
	return mails;
}

#endif
