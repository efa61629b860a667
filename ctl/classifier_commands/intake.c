/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl intake: mails from standard input, maildirs and mboxes, through the
 * same core as the milter. Whatever is not certain ends with 75: the MTA, or the
 * next run, tries again, and recording twice changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"
#include "ctl/classifier_commands/intake_batch.h"
#include "ctl/classifier_commands/intake_mail.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/options/rule_files.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "ctl/terminal/output.h"

/* --- standard input --------------------------------------------------------------------------- */

/* Into an unnamed file: a person may have to get all of it. */
static FILE *spool(int fd)
{
	FILE *file = tmpfile();
	char chunk[65536];
	ssize_t n;

	while (file && (n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fwrite(chunk, 1, (size_t)n, file) != (size_t)n) {
			fclose(file);
			return NULL;
		}
	}
	if (file && fflush(file) != 0) {
		fclose(file);
		return NULL;
	}
	return file;
}

/* A mail that is a file of its own. */
static void take_whole(struct intake_batch *batch, struct intake_mail_item *item, FILE *file)
{
	if (mail_file_whole(fileno(file), &item->place)) {
		intake_batch_add(batch, item, file);
		return;
	}
	const char *why = g_strerror(errno);
	bool is_last = item->keeping == INTAKE_MAIL_KEEPS_NOTHING;

	intake_batch_end(batch);
	intake_mail_fail(batch->job, item->name, is_last ? CTL_EXIT_TEMPFAIL : CTL_EXIT_FAULT, why);
	g_free(item->name);
	fclose(file);
}

static void take_stdin(struct intake_mail_job *job)
{
	FILE *file = spool(STDIN_FILENO);
	struct intake_batch batch = {.job = job};
	struct intake_mail_item item = {.source = "stdin",
					.name = g_strdup("standard input"),
					.keeping = INTAKE_MAIL_KEEPS_NOTHING};

	if (!file) {
		intake_mail_fail(job, item.name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
		g_free(item.name);
		return;
	}
	take_whole(&batch, &item, file);
	intake_batch_end(&batch);
}

/* --- files ----------------------------------------------------------------------------------- */

/* Every mail of it, whatever becomes of the one before. */
static void take_mbox(struct intake_mail_job *job, const char *path, FILE *file)
{
	struct intake_batch batch = {.job = job};
	struct intake_mail_item item = {.source = "mbox", .keeping = INTAKE_MAIL_KEEPS_ALL};
	size_t count = 0;

	while (intake_mail_may_go_on(job) && mail_file_next(file, &item.place)) {
		item.name = g_strdup_printf("%s, mail %zu", path, ++count);
		progress_step(&job->progress, path, count, 0);
		intake_batch_add(&batch, &item, NULL);
	}
	intake_batch_end(&batch);
	fclose(file);
}

/* Opens a regular file, and nothing else: a FIFO, a device or a socket that somebody laid there
 * would block, or never end. NULL with errno; 0 where it is something else. */
static FILE *open_regular(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	struct stat status;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fdopen(fd, "r");
	close(fd);
	errno = 0;
	return NULL;
}

static bool fail_to_open(struct intake_mail_job *job, const char *path)
{
	return intake_mail_fail(job, path, CTL_EXIT_FAULT,
				errno != 0 ? g_strerror(errno) : "is no mail");
}

/* A file that holds one mail or is an mbox. Not changed. */
static void take_file(struct intake_mail_job *job, const char *path)
{
	FILE *file = open_regular(path, 0);
	struct intake_batch batch = {.job = job};
	struct intake_mail_item item = {.source = "file", .keeping = INTAKE_MAIL_KEEPS_ALL};

	if (!file) {
		fail_to_open(job, path);
	} else if (mail_file_is_mbox(fileno(file))) {
		take_mbox(job, path, file);
	} else {
		item.name = g_strdup(path);
		take_whole(&batch, &item, file);
		intake_batch_end(&batch);
	}
}

/* From new/ to cur/, as every reader of a maildir does it: seen, or not yet. */
static bool move_to_cur(struct intake_mail_job *job, const char *dir, const char *name,
			bool is_seen)
{
	g_autofree char *stem = g_strndup(name, strcspn(name, ":"));
	g_autofree char *from = g_build_filename(dir, "new", name, NULL);
	g_autofree char *to = g_strdup_printf("%s/cur/%s:2,%s", dir, stem, is_seen ? "S" : "");

	if (g_file_test(to, G_FILE_TEST_EXISTS))
		return intake_mail_fail(job, to, CTL_EXIT_FAULT,
					"is there already; the mail stays in new/");
	if (rename(from, to) == 0)
		return true;
	return intake_mail_fail(job, from, CTL_EXIT_FAULT, g_strerror(errno));
}

static void on_maildir_mail_done(struct intake_batch *batch, const struct intake_mail_item *item)
{
	g_autofree char *name = g_path_get_basename(item->name);

	move_to_cur(batch->job, batch->maildir, name, !item->for_person);
}

static void take_maildir_mail(struct intake_batch *batch, const char *path)
{
	struct intake_mail_item item = {.source = "maildir", .keeping = INTAKE_MAIL_KEEPS_UNSEEN};
	FILE *file = open_regular(path, O_NOFOLLOW);

	if (!file) {
		int why = errno;

		intake_batch_end(batch);
		errno = why;
		fail_to_open(batch->job, path);
		return;
	}
	item.name = g_strdup(path);
	take_whole(batch, &item, file);
}

/* In the order of names, which is the order of arrival. */
static void take_maildir(struct intake_mail_job *job, const char *dir)
{
	struct intake_batch batch = {.job = job, .maildir = dir, .on_done = on_maildir_mail_done};
	g_autofree char *path = g_build_filename(dir, "new", NULL);
	g_autoptr(GPtrArray) files = folder_files(path, "", NULL);

	if (!files) {
		intake_mail_fail(job, dir, CTL_EXIT_FAULT, "is no maildir: it has no folder new");
		return;
	}
	for (guint i = 0; intake_mail_may_go_on(job) && i < files->len; i++) {
		progress_step(&job->progress, dir, i + 1, files->len);
		take_maildir_mail(&batch, files->pdata[i]);
	}
	intake_batch_end(&batch);
}

static void take_path(struct intake_mail_job *job, const char *path)
{
	if (strcmp(path, "-") == 0)
		take_stdin(job);
	else if (g_file_test(path, G_FILE_TEST_IS_DIR))
		take_maildir(job, path);
	else
		take_file(job, path);
}

/* --- the command ----------------------------------------------------------------------------- */

static void say_tally(struct intake_mail_job *job)
{
	progress_clear(&job->progress);
	if (job->json)
		return;
	printf("%u mails recorded, %u of them known already, %u handed on", job->taken, job->known,
	       job->handed_on);
	if (job->failed > 0)
		printf(", %u failed: see above", job->failed);
	putchar('\n');
}

/* What one of them does not hold up the others; what all would run into, does. */
static void take_all(struct intake_mail_job *job)
{
	guint count = job->call->arguments->len;

	if (count == 0) {
		take_stdin(job);
		return;
	}
	progress_block_signals();
	for (guint i = 0; intake_mail_may_go_on(job) && i < count; i++)
		take_path(job, job->call->arguments->pdata[i]);
	if (!intake_mail_may_go_on(job)) {
		progress_clear(&job->progress);
		fprintf(stderr, "bouncectl intake: stopped: %s; what is left is for the next run\n",
			progress_is_interrupted() ? "interrupted" : "the database is away");
		job->exit_code = CTL_EXIT_TEMPFAIL;
	}
	say_tally(job);
}

static struct ruleset *load_rules(const struct ctl_call *call, struct limits *limits_out,
				  GError **error)
{
	g_auto(milter_settings_t) settings = {0};

	if (!ctl_connect_settings(call, &settings, error))
		return NULL;
	*limits_out = intake_settings_limits(&settings.intake);
	return rule_files_load(call, &settings, error);
}

/* A fault of the configuration is no mail's fault: the MTA keeps what it has. */
static enum ctl_exit_code run_intake(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	struct limits limits = limits_default;
	struct ruleset *rules = NULL;

	enum log_target target = LOG_TARGET_SYSLOG;

	log_target_parse(ctl_call_option(call, "log"), &target);
	log_open("bouncectl", target, LOG_LEVEL_INFO);
	struct db_pool *pool = ctl_connect_pool(call, &error);
	if (pool)
		rules = load_rules(call, &limits, &error);
	if (!rules) {
		ctl_error_message_print(call, error);
		return CTL_EXIT_TEMPFAIL;
	}
	struct intake_mail_job job = {.call = call,
				      .intake = intake_new(rules, pool, &limits),
				      .bytes_max = limits.message_bytes,
				      .json = ctl_call_has(call, "json")};
	take_all(&job);
	intake_free(job.intake);
	if (!output_write("") && job.exit_code == CTL_EXIT_OK)
		return CTL_EXIT_OUTPUT;
	return job.exit_code;
}

static const char *const log_targets[] = {"syslog", "stderr", NULL};
static const struct ctl_value_type value_log = {
    .name = "WHERE", .kind = CTL_VALUE_TYPE_WORD, .words = log_targets};

static const struct ctl_option options[] = {
    {.name = "from",
     .value = &(const struct ctl_value_type){.name = "SENDER"},
     .help = "the envelope sender (default: from Return-Path)"},
    {.name = "to",
     .value = &(const struct ctl_value_type){.name = "RECIPIENT"},
     .help = "an envelope recipient; may be repeated (default: from Delivered-To and the like)",
     .is_repeatable = true},
    {.name = "queue-id",
     .value = &ctl_value_type_name,
     .help = "the MTA's name of the mail, for the log"},
    {.name = "log",
     .value = &value_log,
     .help = "where the lines go that bounce-milter would log: verdict, recorded",
     .default_value = "syslog"},
    {.name = "own-mta", .help = "only our own MTA can have made these: trusted as far as its mark"},
    {.name = "operator",
     .value = &value_address,
     .help = "who gets what a person must see, where no operator_mailbox is set"},
    {.name = "sendmail",
     .value = &(const struct ctl_value_type){.name = "PROGRAM", .is_file = true},
     .help = "what it is handed to",
     .default_value = "/usr/sbin/sendmail"},
    {0},
};

CTL_COMMAND(command_intake) = {
    .name = "intake",
    .topic = TOPIC_MAILS,
    .arguments = {{&(const struct ctl_value_type){.name = "FILE|MAILDIR|-", .is_file = true},
		   CTL_ANY_NUMBER}},
    .summary = "take in reports from standard input, maildirs and mboxes",
    .example = "intake Maildir",
    .help =
	"Without arguments one mail is read from standard input, as an MTA's pipe gives it. A\n"
	"maildir's new mails are moved to cur, seen, unless a person must read them there; other\n"
	"files are not changed. A mail that fails is named, and the others go on. The mails of a\n"
	"folder or an mbox are recorded together, up to 64 of them; Ctrl-C finishes those at "
	"hand.\n"
	"\n"
	"Without --from and --to the envelope is that of the headers Return-Path, Delivered-To,\n"
	"X-Original-To and Envelope-To. With --own-mta the reports are trusted like our MTA's\n"
	"mark: give it only where no other mail can come in.\n"
	"\n"
	"What nobody can classify is handed by sendmail(1) to the parameter operator_mailbox or\n"
	"else to --operator, with the fields X-Bounce-Class, -Reason and -Id. Where there is\n"
	"neither, a mail on standard input is refused with 75 and a maildir keeps it as unread.\n"
	"What was recorded before is not handed on again. A report taken in with the return path\n"
	"that it was sent to, and without it, is two: it is believed more with it, so it may have\n"
	"to act again. Give the same --to each time, or headers that tell.\n"
	"\n"
	"Exit status 75: some must be tried again; nothing is lost, and what was recorded twice\n"
	"changes nothing. A call that is not understood ends so too: with 64 an MTA would throw\n"
	"the mail away.\n",
    .options = {options, rule_files_options},
    .usage_exit_code = CTL_EXIT_TEMPFAIL,
    .run = run_intake,
};
