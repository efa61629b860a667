/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl classify: says what the milter would make of mails in files, one row for each
 * message and recipient. Folders are walked in the order of names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/printable_text.h"
#include "classifier/read/reader.h"
#include "classifier/report/report.h"
#include "classifier/rules/ruleset.h"
#include "classifier/text/limits.h"
#include "classifier/verdict/classify.h"
#include "ctl/classifier_commands/explain.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/rule_files.h"
#include "ctl/options/topics.h"
#include "ctl/terminal/output.h"
#include "ctl/terminal/table.h"
#include "ctl/terminal/table_text.h"

enum { FOLDER_DEPTH_MAX = 32 };

struct job {
	const struct ruleset *rules;
	struct limits limits;
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

static void put_recipient(JsonBuilder *builder, const struct report_recipient *recipient)
{
	const struct report_recipient *shown = recipient ? recipient : &report_recipient_empty;

	ctl_json_string(builder, "recipient", recipient ? recipient->recipient : NULL);
	ctl_json_string(builder, "original_recipient", shown->original_recipient);
	ctl_json_string(builder, "action", recipient ? report_action_name(recipient->action) : "");
	ctl_json_string(builder, "status", shown->status);
	ctl_json_string(builder, "reply_code", shown->reply_code);
	ctl_json_string(builder, "diagnostic", shown->diagnostic);
	ctl_json_string(builder, "remote_mta", shown->remote_mta);
	ctl_json_string(builder, "source", shown->source);
}

static void put_verdict(JsonBuilder *builder, const struct verdict *verdict)
{
	ctl_json_string(builder, "class", reason_class_name(verdict->class));
	ctl_json_string(builder, "reason", verdict->reason->name);
	ctl_json_string(builder, "permanence", permanence_name(verdict->permanence));
	ctl_json_string(builder, "rule", verdict->rule);
	ctl_json_string(builder, "evidence", verdict->evidence);
}

static void put_report(JsonBuilder *builder, const struct report *report)
{
	ctl_json_string(builder, "reporting_mta", report->facts.reporting_mta);
	ctl_json_string(builder, "message_id", report->original.message_id);
	ctl_json_string(builder, "report_message_id", report->header.message_id);
	ctl_json_string(builder, "envelope_id", report->facts.envelope_id);
	ctl_json_string(builder, "return_date", report->facts.return_date);
	ctl_json_string(builder, "new_address", report->facts.new_address);
	ctl_json_boolean(builder, "truncated", report->truncated);
}

static void print_json(const struct line *line)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();
	g_autoptr(GString) out = g_string_new(NULL);

	ctl_json_string(builder, "file", line->file);
	ctl_json_string(builder, "kind", report_kind_name(line->report->kind));
	ctl_json_string(builder, "dialect", line->report->dialect);
	put_recipient(builder, line->recipient);
	put_verdict(builder, line->verdict);
	put_report(builder, line->report);
	ctl_json_append(builder, out);
	fputs(out->str, stdout);
}

/* --- a table for people ------------------------------------------------- */

static struct table *new_verdict_table(void)
{
	struct table *table = table_new();

	table_add_column(table, "file", TABLE_PATH);
	table_add_column(table, "recipient", TABLE_TEXT);
	table_add_column(table, "class", TABLE_WORD);
	table_add_column(table, "reason", TABLE_WORD);
	table_add_column(table, "rule", TABLE_TEXT);
	return table;
}

static void add_verdict_row(const struct job *job, const struct line *line)
{
	const struct verdict *verdict = line->verdict;
	const char *const values[] = {line->file,
				      line->recipient ? line->recipient->recipient : "-",
				      reason_class_name(verdict->class), verdict->reason->name,
				      verdict->rule[0] != '\0' ? verdict->rule : "-"};

	table_add_row(job->table, values);
}

static bool print_table(const struct job *job)
{
	const struct table_style style = output_style();
	g_autoptr(GString) out = g_string_new(NULL);

	table_print(job->table, &style, out);
	return output_write(out->str);
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
		add_verdict_row(job, line);
	line->verdict = NULL;
	verdict_clear(&verdict);
}

static void classify_bytes(struct job *job, const char *file, const char *bytes, size_t len)
{
	g_autoptr(report_t) report = reader_parse(bytes, len, &job->limits);
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
	g_autofree char *name = printable_text_clean(file, true, PRINTABLE_TEXT_ONE_LINE);

	fprintf(stderr, "bouncectl classify: %s: %s\n", name, g_strerror(code));
	job->failed = true;
}

/* One byte more than the limit at most, so that the parser knows that it was cut. */
static bool read_mail_bytes(int fd, size_t message_bytes_max, GByteArray *bytes)
{
	guint8 chunk[65536];
	ssize_t n = 1;

	while (n > 0 && bytes->len <= message_bytes_max) {
		n = read(fd, chunk, MIN(sizeof chunk, message_bytes_max + 1 - bytes->len));
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

	if (fd < 0 || !read_mail_bytes(fd, job->limits.message_bytes, bytes)) {
		complain(job, file, errno);
		return;
	}
	classify_bytes(job, file, (const char *)bytes->data, bytes->len);
}

/* A pipe that nobody writes to is empty; one that somebody does is waited for. */
static void classify_file(struct job *job, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0)
		fcntl(fd, F_SETFL, 0);
	classify_fd(job, file, fd);
	if (fd >= 0)
		close(fd);
}

static void classify_path(struct job *job, const char *path, unsigned depth)
{
	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		classify_file(job, path);
		return;
	}
	if (depth > 0 && g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return; /* as grep -r does: links may form a loop */
	if (depth == FOLDER_DEPTH_MAX) {
		complain(job, path, ELOOP);
		return;
	}
	g_autoptr(GPtrArray) names = folder_names(path, NULL);
	if (!names) {
		complain(job, path, errno);
		return;
	}
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *entry = g_build_filename(path, names->pdata[i], NULL);

		classify_path(job, entry, depth + 1);
	}
}

/* --- the command line --------------------------------------------------- */

static enum ctl_exit_code classify_all(struct job *job, const GPtrArray *paths)
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

static enum ctl_exit_code run_classify(struct ctl_call *call)
{
	if (ctl_call_has(call, "json") && ctl_call_has(call, "explain"))
		return ctl_call_refuse(call, "--explain is for people: not together with --json");
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(ruleset_t) rules = NULL;
	if (ctl_connect_settings(call, &settings, &error))
		rules = rule_files_load(call, &settings, &error);
	if (!rules) {
		ctl_error_message_print(call, error);
		return CTL_EXIT_CONFIG;
	}
	g_autoptr(table_t) table = new_verdict_table();
	struct job job = {.rules = rules,
			  .limits = intake_settings_limits(&settings.intake),
			  .json = ctl_call_has(call, "json"),
			  .explain = ctl_call_has(call, "explain"),
			  .table = table};
	return classify_all(&job, call->arguments);
}

static const struct ctl_option options[] = {
    {.name = "explain", .help = "tell what was read, what each rule says and what follows"},
    {0},
};

CTL_COMMAND(command_classify) = {
    .name = "classify",
    .topic = TOPIC_MAILS,
    .arguments = {{&ctl_value_type_file, CTL_ONE_OR_MORE}},
    .summary = "say what mails are: class, reason and recipient of each bounce",
    .help = "A file is one mail; formail -s takes an mbox apart. A folder is read with all below\n"
	    "it, in the order of names; - is the standard input. Nothing is recorded. A file that\n"
	    "cannot be read is named, the others are read all the same, and the exit status is 1;\n"
	    "it is 78 if the rules are faulty.\n"
	    "\n"
	    "With --json it is one object a line, for each recipient of each mail. A mail that\n"
	    "names no recipient gives one with recipient null; an ordinary mail is of kind other\n"
	    "and class unclassified. return_date of an automatic reply is the day on which its\n"
	    "writer is back, or else the last day of the absence, as 2026-12-05. A day\n"
	    "without a year is counted from the reply's own date; what may be two days, as 4/5 in\n"
	    "English, is none. new_address is the address that the reply says to write to; the\n"
	    "reason has_left says that the person is not there any more.\n",
    .example = "classify --explain mail.eml",
    .options = {options, rule_files_options, rule_files_config_option},
    .is_offline = true,
    .run = run_classify,
};
