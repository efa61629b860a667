/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl intake: mails from standard input, maildirs and mboxes, through the
 * same core as the milter. Whatever is not certain ends with 75: the MTA, or the
 * next run, tries again, and recording twice changes nothing.
 */
#include "ctl/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "ctl/connect.h"
#include "ctl/exit.h"
#include "ctl/output.h"
#include "db/people.h"
#include "intake/forward.h"
#include "intake/intake.h"
#include "intake/mailbox.h"

static const struct ctl_option options[] = {
    {"from", "SENDER", "the envelope sender (default: from Return-Path)", NULL},
    {"to", "RECIPIENT...", "an envelope recipient; may be repeated (default: from Delivered-To and the like)", NULL},
    {"queue-id", "ID", "the MTA's name of the mail, for the log", NULL},
    {"own-mta", NULL, "only our own MTA can have made these: trusted as far as its mark", NULL},
    {"operator", "ADDRESS", "who gets what a person must see, where no operator_mailbox is set", NULL},
    {"sendmail", "PROGRAM", "what it is handed to", "/usr/sbin/sendmail"},
    {"rules", "DIR", "the folder of the rule files", NULL},
    {"site", "FILE", "the site's own rules", NULL},
    {0},
};

/* What becomes of a mail that a person must see. */
enum keeping {
	KEEPS_NOTHING, /* standard input: we are the last to have it */
	KEEPS_UNSEEN,  /* a maildir: it stays there as a new mail */
	KEEPS_ALL,     /* an mbox is not changed */
};

struct job {
	const struct ctl_call *call;
	struct db_pool *pool;
	struct intake *intake;
	size_t bytes_max;
	bool json;
	int status;
	unsigned taken;
	unsigned known; /* duplicates */
	unsigned handed_on;
};

/* One mail of one source. */
struct item {
	const char *source; /* "stdin", "maildir", "mbox", "file" */
	const char *name;   /* for messages */
	enum keeping keeping;
	struct mail_place place;
	bool for_person; /* out: a person must still see it */
};

/* --- what went wrong ------------------------------------------------------------------ */

static bool fail(struct job *job, const char *name, int status, const char *text)
{
	g_autofree char *clean = table_clean(text, true, TABLE_ONE_LINE);

	fprintf(stderr, "bouncectl intake: %s: %s\n", name, clean);
	/* "try again" beats everything: it is the only one that loses nothing */
	if (job->status != CTL_EXIT_TEMPFAIL)
		job->status = status;
	return false;
}

/* --- a person ---------------------------------------------------------------------------- */

/* Where to: what record_report said, the parameter, or --operator. Heap; "" for nowhere. */
static char *operator_of(struct job *job, const struct db_record_result *result)
{
	const char *given = ctl_option(job->call, "operator");

	if (result->forward_to != NULL && *result->forward_to != '\0')
		return g_strdup(result->forward_to);
	g_autoptr(db_rows_t) rows = db_rows_fetch(job->pool, &people_operator_mailbox, NULL, NULL);
	const char *mailbox =
	    rows != NULL && db_rows_count(rows) == 1 ? db_rows_find(rows, 0, "operator_mailbox") : NULL;
	if (mailbox != NULL && *mailbox != '\0')
		return g_strdup(mailbox);
	return g_strdup(given == NULL ? "" : given);
}

static bool hand_on(struct job *job, struct item *item, const struct db_record_result *result)
{
	g_autofree char *to = operator_of(job, result);
	g_autoptr(GError) error = NULL;
	const struct forward forward = {.program = ctl_option(job->call, "sendmail"),
					.to = to,
					.class = result->class,
					.reason = result->reason,
					.bounce_message_id = result->bounce_message_id};

	item->for_person = true;
	if (*to == '\0' && item->keeping != KEEPS_NOTHING)
		return true; /* it stays where it is */
	if (*to == '\0')
		return fail(job, item->name, CTL_EXIT_TEMPFAIL,
			    "a person must see this one: set the parameter operator_mailbox, or give --operator");
	if (!forward_mail(&forward, &item->place, &error))
		return fail(job, item->name, CTL_EXIT_TEMPFAIL, error->message);
	item->for_person = false;
	job->handed_on++;
	return true;
}

/* The database can never store it: a person gets it all the same. */
static bool hand_on_unrecorded(struct job *job, struct item *item, const GError *error)
{
	char unclassified[] = "unclassified";
	char not_recorded[] = "not-recorded";
	char none[] = "";
	const struct db_record_result result = {
	    .class = unclassified, .reason = not_recorded, .bounce_message_id = none, .forward_to = none};

	fail(job, item->name, CTL_EXIT_OK, error->message);
	return hand_on(job, item, &result);
}

static bool is_for_person(const struct item *item, const struct db_record_result *result)
{
	/* an mbox comes again and again: once is enough */
	if (item->keeping == KEEPS_ALL && result->is_duplicate)
		return false;
	return result->disposition == DB_FORWARD ||
	       (result->disposition == DB_DELIVER && strcmp(result->class, "unclassified") == 0);
}

/* --- one mail ------------------------------------------------------------------------------ */

static bool say(const struct job *job, const struct item *item, const struct db_record_result *result)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GString) out = g_string_new(NULL);
	const char *const words[][2] = {{"name", item->name},
					{"bounce_message_id", result->bounce_message_id},
					{"class", result->class},
					{"reason", result->reason},
					{"disposition", db_disposition_name(result->disposition)}};

	if (!job->json)
		return true;
	json_builder_begin_object(builder);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *valid = g_utf8_make_valid(words[i][1], -1);
		json_builder_set_member_name(builder, words[i][0]);
		json_builder_add_string_value(builder, valid);
	}
	json_builder_set_member_name(builder, "duplicate");
	json_builder_add_boolean_value(builder, result->is_duplicate);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
	return ctl_output_write(out->str);
}

static bool record(struct job *job, struct item *item, const struct envelope *envelope, const GByteArray *bytes)
{
	struct db_record_result result = {0};
	g_autoptr(GError) error = NULL;

	if (!intake_process(job->intake, envelope, (const char *)bytes->data, bytes->len, &result, &error)) {
		if (error->code == BM_ERROR_INPUT)
			return hand_on_unrecorded(job, item, error);
		return fail(job, item->name, CTL_EXIT_TEMPFAIL, error->message);
	}
	job->taken++;
	job->known += result.is_duplicate;
	say(job, item, &result);
	bool done = !is_for_person(item, &result) || hand_on(job, item, &result);
	db_record_result_clear(&result);
	return done;
}

static char **recipients_of(const struct job *job, const struct mail_trace *trace)
{
	const char *given = ctl_option(job->call, "to");

	return given != NULL ? g_strsplit(given, " ", -1) : g_strdupv((char **)trace->recipients->pdata);
}

static bool take(struct job *job, struct item *item)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	const char *queue_id = ctl_option(job->call, "queue-id");
	const char *from = ctl_option(job->call, "from");
	struct mail_trace trace;

	if (!mail_place_read(&item->place, job->bytes_max + 1, bytes))
		return fail(job, item->name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
	g_byte_array_append(bytes, (const guint8 *)"", 1); /* never NULL */
	g_byte_array_set_size(bytes, bytes->len - 1);
	mail_trace_read((const char *)bytes->data, bytes->len, &trace);
	g_auto(GStrv) recipients = recipients_of(job, &trace);
	const struct envelope envelope = {.source = item->source,
					  .sender = from != NULL ? (strcmp(from, "<>") == 0 ? "" : from) : trace.sender,
					  .recipients = (const char *const *)recipients,
					  .queue_id = queue_id == NULL ? "" : queue_id,
					  .client = "",
					  .own_mta = ctl_flag(job->call, "own-mta"),
					  .size = (size_t)(item->place.end - item->place.start)};
	bool done = record(job, item, &envelope, bytes);
	mail_trace_clear(&trace);
	return done;
}

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

static bool take_stdin(struct job *job)
{
	FILE *file = spool(STDIN_FILENO);
	struct item item = {.source = "stdin", .name = "standard input", .keeping = KEEPS_NOTHING};
	bool done;

	if (file == NULL)
		return fail(job, item.name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
	if (!mail_place_whole(fileno(file), &item.place))
		done = fail(job, item.name, CTL_EXIT_TEMPFAIL, g_strerror(errno));
	else
		done = take(job, &item);
	fclose(file);
	return done;
}

/* --- files -------------------------------------------------------------------------------------- */

/* A file that holds one mail or is an mbox. Not changed. */
static bool take_file(struct job *job, const char *path)
{
	FILE *file = fopen(path, "re");
	struct item item = {.source = "file", .name = path, .keeping = KEEPS_ALL};
	bool done = true;

	if (file == NULL)
		return fail(job, path, CTL_EXIT_FAULT, g_strerror(errno));
	if (!mail_place_is_mbox(fileno(file))) {
		done = mail_place_whole(fileno(file), &item.place) ? take(job, &item)
								   : fail(job, path, CTL_EXIT_FAULT, g_strerror(errno));
		fclose(file);
		return done;
	}
	item.source = "mbox";
	while (done && mbox_next(file, &item.place))
		done = take(job, &item);
	fclose(file);
	return done;
}

/* From new/ to cur/, as every reader of a maildir does it: seen, or not yet. */
static bool move_to_cur(struct job *job, const char *dir, const char *name, bool is_seen)
{
	g_autofree char *stem = g_strndup(name, strcspn(name, ":"));
	g_autofree char *from = g_build_filename(dir, "new", name, NULL);
	g_autofree char *to = g_strdup_printf("%s/cur/%s:2,%s", dir, stem, is_seen ? "S" : "");

	if (g_file_test(to, G_FILE_TEST_EXISTS))
		return fail(job, to, CTL_EXIT_FAULT, "is there already; the mail stays in new/");
	if (rename(from, to) == 0)
		return true;
	return fail(job, from, CTL_EXIT_FAULT, g_strerror(errno));
}

static bool take_maildir_mail(struct job *job, const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, "new", name, NULL);
	struct item item = {.source = "maildir", .name = path, .keeping = KEEPS_UNSEEN};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || !mail_place_whole(fd, &item.place)) {
		if (fd >= 0)
			close(fd);
		fail(job, path, CTL_EXIT_FAULT, fd < 0 ? g_strerror(errno) : "is no mail");
		return true; /* the others shall not wait for it */
	}
	bool done = take(job, &item);
	close(fd);
	if (done)
		move_to_cur(job, dir, name, !item.for_person);
	return done;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of names, which is the order of arrival. */
static bool take_maildir(struct job *job, const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "new", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) folder = g_dir_open(path, 0, &error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	bool done = true;

	if (folder == NULL)
		return fail(job, dir, CTL_EXIT_FAULT, "is no maildir: it has no folder new");
	for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder))
		if (*name != '.')
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; done && i < names->len; i++)
		done = take_maildir_mail(job, dir, names->pdata[i]);
	return done;
}

static bool take_path(struct job *job, const char *path)
{
	if (strcmp(path, "-") == 0)
		return take_stdin(job);
	return g_file_test(path, G_FILE_TEST_IS_DIR) ? take_maildir(job, path) : take_file(job, path);
}

/* --- the command ---------------------------------------------------------------------------------- */

static void take_all(struct job *job)
{
	guint count = job->call->arguments->len;
	bool done = count > 0 || take_stdin(job);

	for (guint i = 0; i < count; i++) {
		done = take_path(job, job->call->arguments->pdata[i]);
		if (!done && job->status == CTL_EXIT_TEMPFAIL)
			break; /* the next one would fail in the same way */
	}
	if (count > 0 && !job->json)
		printf("%u mails recorded, %u of them known already, %u handed on\n", job->taken, job->known,
		       job->handed_on);
}

/* A fault of the configuration is no mail's fault: the MTA keeps what it has. */
static int run_intake(struct ctl_call *call)
{
	g_auto(settings_t) settings = {0};
	g_autoptr(GError) error = NULL;
	struct ruleset *rules = NULL;
	struct limits limits = limits_default;

	log_open("bouncectl", LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	g_autoptr(db_pool_t) pool = ctl_connect(call, &error);
	if (pool != NULL && ctl_settings(call, &settings, &error))
		rules = ctl_rules_of(call, &settings, &error);
	if (rules == NULL) {
		ctl_output_error(call, error);
		return CTL_EXIT_TEMPFAIL;
	}
	limits.message_bytes = (size_t)settings.message_bytes_max;
	struct job job = {.call = call,
			  .pool = pool,
			  .intake = intake_new(rules, pool, &limits),
			  .bytes_max = limits.message_bytes,
			  .json = ctl_flag(call, "json")};
	take_all(&job);
	intake_free(job.intake);
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
	    "other files are not changed. Exit status 75: try again; nothing is lost.\n",
    .options = options,
    .run = run_intake,
};
