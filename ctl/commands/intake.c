/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl intake: mails from standard input, maildirs and mboxes, through the
 * same core as the milter. Whatever is not certain ends with 75: the MTA, or the
 * next run, tries again, and recording twice changes nothing.
 */
#include "ctl/commands/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/commands/intake_mail.h"
#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"

static const struct ctl_option options[] = {
    {"from", "SENDER", "the envelope sender (default: from Return-Path)", NULL},
    {"to", "RECIPIENT...",
     "an envelope recipient; may be repeated (default: from Delivered-To and the like)", NULL},
    {"queue-id", "NAME", "the MTA's name of the mail, for the log", NULL},
    {"own-mta", NULL, "only our own MTA can have made these: trusted as far as its mark", NULL},
    {"operator", "ADDRESS", "who gets what a person must see, where no operator_mailbox is set",
     NULL},
    {"sendmail", "PROGRAM", "what it is handed to", "/usr/sbin/sendmail"},
    {"rules", "DIR", "the folder of the rule files", NULL},
    {"site", "FILE", "the site's own rules", NULL},
    {0},
};

/* --- standard input --------------------------------------------------------------------------- */

/* All of it into a file without a name: a person may have to get all of it. */
static FILE *spool(int fd)
{
	FILE *file = tmpfile();
	char chunk[65536];
	ssize_t n;

	while (file != NULL && (n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || fwrite(chunk, 1, (size_t)n, file) != (size_t)n) {
			fclose(file);
			return NULL;
		}
	}
	if (file != NULL && fflush(file) != 0) {
		fclose(file);
		return NULL;
	}
	return file;
}

static bool take_stdin(struct intake_job *job)
{
	FILE *file = spool(STDIN_FILENO);
	struct intake_item item = {
	    .source = "stdin", .name = "standard input", .keeping = KEEPS_NOTHING};
	bool done;

	if (file == NULL)
		return intake_job_fail(job, item.name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
	if (!mail_place_whole(fileno(file), &item.place))
		done = intake_job_fail(job, item.name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
	else
		done = intake_job_take(job, &item);
	fclose(file);
	return done;
}

/* --- files --------------------------------------------------------------------------------------
 */

/* Every mail of it, whatever becomes of the one before. */
static void take_mbox(struct intake_job *job, const char *path, FILE *file)
{
	struct intake_item item = {.source = "mbox", .keeping = KEEPS_ALL};
	size_t count = 0;

	while (intake_job_may_go_on(job) && mbox_next(file, &item.place)) {
		g_autofree char *name = g_strdup_printf("%s, mail %zu", path, ++count);

		item.name = name;
		ctl_progress_step(&job->progress, path, count, 0);
		intake_job_take(job, &item);
	}
}

/* A file that holds one mail or is an mbox. Not changed. */
static bool take_file(struct intake_job *job, const char *path)
{
	FILE *file = fopen(path, "re");
	struct intake_item item = {.source = "file", .name = path, .keeping = KEEPS_ALL};
	bool done = true;

	if (file == NULL)
		return intake_job_fail(job, path, CTL_EXIT_FAULT, g_strerror(errno));
	if (!mail_place_is_mbox(fileno(file))) {
		done = mail_place_whole(fileno(file), &item.place)
			   ? intake_job_take(job, &item)
			   : intake_job_fail(job, path, CTL_EXIT_FAULT, g_strerror(errno));
		fclose(file);
		return done;
	}
	take_mbox(job, path, file);
	fclose(file);
	return true;
}

/* From new/ to cur/, as every reader of a maildir does it: seen, or not yet. */
static bool move_to_cur(struct intake_job *job, const char *dir, const char *name, bool is_seen)
{
	g_autofree char *stem = g_strndup(name, strcspn(name, ":"));
	g_autofree char *from = g_build_filename(dir, "new", name, NULL);
	g_autofree char *to = g_strdup_printf("%s/cur/%s:2,%s", dir, stem, is_seen ? "S" : "");

	if (g_file_test(to, G_FILE_TEST_EXISTS))
		return intake_job_fail(job, to, CTL_EXIT_FAULT,
				       "is there already; the mail stays in new/");
	if (rename(from, to) == 0)
		return true;
	return intake_job_fail(job, from, CTL_EXIT_FAULT, g_strerror(errno));
}

static void take_maildir_mail(struct intake_job *job, const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, "new", name, NULL);
	struct intake_item item = {.source = "maildir", .name = path, .keeping = KEEPS_UNSEEN};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    !mail_place_whole(fd, &item.place)) {
		if (fd >= 0)
			close(fd);
		intake_job_fail(job, path, CTL_EXIT_FAULT,
				fd < 0 ? g_strerror(errno) : "is no mail");
		return;
	}
	bool done = intake_job_take(
	    job, &item); /* false where nothing is committed, or a person has not got it */
	close(fd);
	if (done)
		move_to_cur(job, dir, name, !item.for_person);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of names, which is the order of arrival. */
static bool take_maildir(struct intake_job *job, const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "new", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) folder = g_dir_open(path, 0, &error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	if (folder == NULL)
		return intake_job_fail(job, dir, CTL_EXIT_FAULT,
				       "is no maildir: it has no folder new");
	for (const char *name = g_dir_read_name(folder); name != NULL;
	     name = g_dir_read_name(folder))
		if (*name != '.')
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; intake_job_may_go_on(job) && i < names->len; i++) {
		ctl_progress_step(&job->progress, dir, i + 1, names->len);
		take_maildir_mail(job, dir, names->pdata[i]);
	}
	return true;
}

static bool take_path(struct intake_job *job, const char *path)
{
	if (strcmp(path, "-") == 0)
		return take_stdin(job);
	return g_file_test(path, G_FILE_TEST_IS_DIR) ? take_maildir(job, path)
						     : take_file(job, path);
}

/* --- the command
 * ---------------------------------------------------------------------------------- */

static void say_tally(struct intake_job *job)
{
	ctl_progress_clear(&job->progress);
	if (job->json)
		return;
	printf("%u mails recorded, %u of them known already, %u handed on", job->taken, job->known,
	       job->handed_on);
	if (job->failed > 0)
		printf(", %u failed: see above", job->failed);
	putchar('\n');
}

/* What one of them does not hold up the others; what all would run into, does. */
static void take_all(struct intake_job *job)
{
	guint count = job->call->arguments->len;

	if (count == 0) {
		take_stdin(job);
		return;
	}
	ctl_interrupt_block();
	for (guint i = 0; intake_job_may_go_on(job) && i < count; i++)
		take_path(job, job->call->arguments->pdata[i]);
	if (!intake_job_may_go_on(job)) {
		ctl_progress_clear(&job->progress);
		fprintf(stderr, "bouncectl intake: stopped: %s; what is left is for the next run\n",
			ctl_interrupt_came() ? "interrupted" : "the database is away");
		job->status = CTL_EXIT_TEMPFAIL;
	}
	say_tally(job);
}

/* A fault of the configuration is no mail's fault: the MTA keeps what it has. */
static int run_intake(struct ctl_call *call)
{
	g_auto(milter_settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	struct ruleset *rules = NULL;

	log_open("bouncectl", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	if (pool != NULL && ctl_settings(call, &settings, &error))
		rules = ctl_rules_of(call, &settings, &error);
	if (rules == NULL) {
		ctl_output_error(call, error);
		return CTL_EXIT_TEMPFAIL;
	}
	const struct limits limits = intake_settings_limits(&settings.intake);
	struct intake_job job = {.call = call,
				 .pool = pool,
				 .intake = intake_new(rules, pool, &limits),
				 .bytes_max = limits.message_bytes,
				 .json = ctl_flag(call, "json")};
	take_all(&job);
	intake_free(job.intake);
	if (!ctl_output_write("") && job.status == CTL_EXIT_OK)
		return CTL_EXIT_OUTPUT;
	return job.status;
}

const struct ctl_command ctl_intake = {
    .name = "intake",
    .arguments = "[FILE|MAILDIR|-]...",
    .summary = "take in reports from standard input, maildirs and mboxes",
    .example = "intake Maildir",
    .help = "Without arguments one mail is read from standard input, as an MTA's pipe gives it.\n"
	    "What nobody can classify is handed to the operator's mailbox by sendmail(1).\n"
	    "A maildir's new mails are moved to cur, seen, unless a person must read them there;\n"
	    "other files are not changed. A mail that fails is named, and the others go on.\n"
	    "Exit status 75: some must be tried again; nothing is lost. A call that is not\n"
	    "understood ends so too: with 64 an MTA would throw the mail away.\n",
    .options = options,
    .usage_status = CTL_EXIT_TEMPFAIL,
    .run = run_intake,
};
