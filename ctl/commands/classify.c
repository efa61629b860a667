/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reads, parses and classifies one file after the other; a folder is walked in
 * the order of names. Output is one row per message and recipient.
 */
#include "ctl/commands/classify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"
#include "classifier/text/limits.h"
#include "classifier/verdict/classify.h"
#include "ctl/commands/explain.h"
#include "ctl/commands/rules.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"

/* Folders within folders; a loop of links ends here. */
#define FOLDER_DEPTH 32

struct job {
	const struct ruleset *rules;
	bool json;
	bool explain;
	struct table *table; /* without json and explain */
	bool failed;         /* a file could not be read */
};

/* What is printed of one message and recipient; "" is absence. */
struct line {
	const char *file;
	const struct report *report;
	const struct report_recipient *recipient; /* NULL: names none */
	const struct verdict *verdict;
};

/* --- JSON --------------------------------------------------------------- */

static void put(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, value);
}

static void put_file(JsonBuilder *builder, const char *file)
{
	g_autofree char *name = g_utf8_make_valid(file, -1);

	put(builder, "file", name);
}

static void put_recipient(JsonBuilder *builder, const struct report_recipient *recipient)
{
	if (recipient == NULL) {
		json_builder_set_member_name(builder, "recipient");
		json_builder_add_null_value(builder);
	} else {
		put(builder, "recipient", recipient->recipient);
	}
	put(builder, "original_recipient", recipient != NULL ? recipient->original_recipient : "");
	put(builder, "action", recipient != NULL ? report_action_name(recipient->action) : "");
	put(builder, "status", recipient != NULL ? recipient->status : "");
	put(builder, "reply_code", recipient != NULL ? recipient->reply_code : "");
	put(builder, "diagnostic", recipient != NULL ? recipient->diagnostic : "");
	put(builder, "remote_mta", recipient != NULL ? recipient->remote_mta : "");
	put(builder, "source", recipient != NULL ? recipient->source : "");
}

static void put_verdict(JsonBuilder *builder, const struct verdict *verdict)
{
	put(builder, "class", reason_class_name(verdict->class));
	put(builder, "reason", verdict->reason->name);
	put(builder, "permanence", permanence_name(verdict->permanence));
	put(builder, "rule", verdict->rule);
	put(builder, "evidence", verdict->evidence);
}

static void put_report(JsonBuilder *builder, const struct report *report)
{
	put(builder, "reporting_mta", report->reporting_mta);
	put(builder, "message_id", report->original.message_id);
	put(builder, "report_message_id", report->header.message_id);
	put(builder, "envelope_id", report->envelope_id);
	put(builder, "return_date", report->return_date);
	json_builder_set_member_name(builder, "truncated");
	json_builder_add_boolean_value(builder, report->truncated);
}

static void print_json(const struct line *line)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	put_file(builder, line->file);
	put(builder, "kind", report_kind_name(line->report->kind));
	put(builder, "dialect", line->report->dialect);
	put_recipient(builder, line->recipient);
	put_verdict(builder, line->verdict);
	put_report(builder, line->report);
	json_builder_end_object(builder);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, FALSE);
	puts(text);
}

/* --- a table for people ------------------------------------------------- */

static struct table *new_table(void)
{
	struct table *table = table_new();

	table_add_column(table, "file", TABLE_PATH);
	table_add_column(table, "recipient", TABLE_TEXT);
	table_add_column(table, "class", TABLE_WORD);
	table_add_column(table, "reason", TABLE_WORD);
	table_add_column(table, "rule", TABLE_TEXT);
	return table;
}

static void add_row(const struct job *job, const struct line *line)
{
	const struct verdict *verdict = line->verdict;
	const char *const values[] = {line->file,
				      line->recipient != NULL ? line->recipient->recipient : "-",
				      reason_class_name(verdict->class), verdict->reason->name,
				      verdict->rule[0] != '\0' ? verdict->rule : "-"};

	table_add_row(job->table, values);
}

static bool print_table(const struct job *job)
{
	const struct table_style style = ctl_output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	table_print(job->table, &style, out);
	return ctl_output_write(out->str);
}

/* --- the files ---------------------------------------------------------- */

static void classify_recipient(struct job *job, struct line *line)
{
	struct verdict verdict;

	classify(job->rules, line->report, line->recipient, &verdict);
	line->verdict = &verdict;
	if (job->json)
		print_json(line);
	else
		add_row(job, line);
	line->verdict = NULL;
	verdict_clear(&verdict);
}

static void classify_bytes(struct job *job, const char *file, const char *bytes, size_t len)
{
	g_autoptr(report_t) report = reader_parse(bytes, len, &limits_default);
	struct line line = {.file = file, .report = report};

	if (job->explain) {
		explain_message(job->rules, file, report);
		return;
	}
	for (size_t i = 0; i < report->recipient_count; i++) {
		line.recipient = &report->recipients[i];
		classify_recipient(job, &line);
	}
	if (report->recipient_count == 0)
		classify_recipient(job, &line);
}

static void complain(struct job *job, const char *file, int code)
{
	fprintf(stderr, "bouncectl classify: %s: %s\n", file, g_strerror(code));
	job->failed = true;
}

/* Up to one byte more than the limit, so that the parser sees that it cut. */
static bool read_all(int fd, GByteArray *bytes)
{
	guint8 chunk[65536];
	ssize_t n = 1;

	while (n > 0 && bytes->len <= limits_default.message_bytes) {
		n = read(fd, chunk,
			 MIN(sizeof chunk, limits_default.message_bytes + 1 - bytes->len));
		if (n > 0)
			g_byte_array_append(bytes, chunk, (guint)n);
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	return n >= 0;
}

static void classify_fd(struct job *job, const char *file, int fd)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();

	if (fd < 0 || !read_all(fd, bytes)) {
		complain(job, file, errno);
		return;
	}
	classify_bytes(job, file, (const char *)bytes->data, bytes->len);
}

static void classify_file(struct job *job, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	classify_fd(job, file, fd);
	if (fd >= 0)
		close(fd);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entries of a folder as paths, in the order of names; NULL with errno. */
static GPtrArray *list_folder(const char *path)
{
	GPtrArray *entries = NULL;

	errno = 0;
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	if (dir == NULL)
		return NULL;
	entries = g_ptr_array_new_with_free_func(g_free);
	for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir))
		g_ptr_array_add(entries, g_build_filename(path, name, NULL));
	g_ptr_array_sort(entries, compare_names);
	return entries;
}

static void classify_path(struct job *job, const char *path, unsigned depth)
{
	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		classify_file(job, path);
		return;
	}
	if (depth > 0 && g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return; /* as grep -r does: two links that lead back here would never end */
	if (depth == FOLDER_DEPTH) {
		complain(job, path, ELOOP);
		return;
	}
	g_autoptr(GPtrArray) entries = list_folder(path);
	if (entries == NULL) {
		complain(job, path, errno);
		return;
	}
	for (guint i = 0; i < entries->len; i++)
		classify_path(job, entries->pdata[i], depth + 1);
}

/* --- the command line --------------------------------------------------- */

static int classify_all(struct job *job, const GPtrArray *paths)
{
	for (guint i = 0; i < paths->len; i++) {
		if (strcmp(paths->pdata[i], "-") == 0)
			classify_fd(job, "-", STDIN_FILENO);
		else
			classify_path(job, paths->pdata[i], 0);
	}
	if (!job->json && !job->explain && !print_table(job))
		return CTL_EXIT_OUTPUT;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "bouncectl classify: standard output: %s\n", g_strerror(errno));
		return CTL_EXIT_OUTPUT;
	}
	return job->failed ? CTL_EXIT_FAULT : CTL_EXIT_OK;
}

static int run_classify(struct ctl_call *call)
{
	g_autoptr(ruleset_t) rules = NULL;
	g_autoptr(table_t) table = NULL;

	if (ctl_flag(call, "json") && ctl_flag(call, "explain"))
		return ctl_refuse(call->command,
				  "--explain is for people: not together with --json");
	rules = ctl_rules_load(call);
	if (rules == NULL)
		return CTL_EXIT_CONFIG;
	table = new_table();
	struct job job = {.rules = rules,
			  .json = ctl_flag(call, "json"),
			  .explain = ctl_flag(call, "explain"),
			  .table = table};
	return classify_all(&job, call->arguments);
}

static const struct ctl_option options[] = {
    {"explain", NULL, "tell what was read, what each rule says and what follows", NULL},
    CTL_RULES_OPTIONS,
    {0},
};

const struct ctl_command ctl_classify = {
    .name = "classify",
    .arguments = "FILE...",
    .summary = "say what mails are: class, reason and recipient of each bounce",
    .help = "A folder is read with all below it; - is the standard input. Nothing is recorded.\n"
	    "The exit status is 1 if a file could not be read, and 78 if the rules are faulty.\n",
    .example = "classify --explain mail.eml",
    .options = options,
    .is_offline = true,
    .run = run_classify,
};
