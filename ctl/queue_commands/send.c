/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl send: hands a message over for sending; with --now it waits for the outcome, and
 * the exit code says what it is.
 */
#include <string.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/view.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/queue_queries.h"
#include "db/values/pg_array.h"

enum {
	LOOK_FIRST = 20 * 1000, /* microseconds between two looks at the outcome, doubled ... */
	LOOK_MAX = 250 * 1000,  /* ... up to this */
	TAKEN_WAIT = 10,        /* seconds in which a worker that runs takes it */
};

static const struct ctl_option options[] = {
    {.name = "process", .value = &value_process, .help = "the process whose mail it is"},
    {.name = "to",
     .value = &value_address,
     .help = "to this address; once for each",
     .is_repeatable = true},
    {.name = "sender", .value = &value_address, .help = "from this address"},
    {.name = "ref", .value = &ctl_value_type_text, .help = "your name of the document"},
    {.name = "id", .value = &value_communication, .help = "no new mail: this one, which waits"},
    {.name = "now", .help = "send it at once, and wait for the outcome"},
    {.name = "wait",
     .value = &ctl_value_type_count,
     .help = "with --now: wait at most this many seconds",
     .default_value = "60"},
    {0},
};

/* The message as hexadecimal digits; NULL, said, when it cannot be read. */
static char *read_message_file(const struct ctl_call *call)
{
	const char *path = ctl_call_argument(call, 1);
	g_autoptr(GError) error = NULL;
	g_autofree char *bytes = NULL;
	gsize len = 0;

	if (!g_file_get_contents(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &bytes, &len,
				 &error)) {
		ctl_call_say(call, "%s", error->message);
		return NULL;
	}
	GString *digits = g_string_sized_new(2 * len);
	for (gsize i = 0; i < len; i++)
		g_string_append_printf(digits, "%02x", (unsigned char)bytes[i]);
	return g_string_free(digits, FALSE);
}

/* The id of the mail, heap; NULL, said, when it was not taken: *exit_out. */
static char *submit(struct ctl_call *call, enum ctl_exit_code *exit_out)
{
	g_autofree char *message = read_message_file(call);

	*exit_out = CTL_EXIT_FAULT;
	if (!message)
		return NULL;
	g_autofree char *recipients = pg_array_write(ctl_call_option_values(call, "to"));
	const char *const values[] = {ctl_call_option(call, "process"), recipients,
				      ctl_call_option(call, "sender"), message,
				      ctl_call_option(call, "ref")};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = ctl_connect_fetch(
	    call, ctl_call_has(call, "now") ? &queue_submit_now : &queue_submit, values, &error);

	if (!rows)
		*exit_out = ctl_error_message_print(call, error);
	return rows ? g_strdup(db_rows_find(rows, 0, "id")) : NULL;
}

/* Looks until the outcome is known or the time is over; the last look. NULL with an error. */
static struct db_rows *await_delivery(struct ctl_call *call, const char *id, GError **error)
{
	const char *const values[] = {id};
	gint64 start = g_get_monotonic_time();
	gint64 wait = g_ascii_strtoll(ctl_call_option(call, "wait"), NULL, 10) * G_USEC_PER_SEC;
	gulong pause = LOOK_FIRST;

	for (;;) {
		struct db_rows *rows = ctl_connect_fetch(call, &queue_send_outcome, values, error);
		if (!rows || db_rows_is_true(rows, 0, "is_over"))
			return rows;
		gint64 limit = db_rows_is_true(rows, 0, "is_taken")
				   ? wait
				   : MIN(wait, TAKEN_WAIT * G_USEC_PER_SEC);
		if (g_get_monotonic_time() - start >= limit)
			return rows;
		db_rows_free(rows);
		g_usleep(pause);
		pause = MIN(2 * pause, LOOK_MAX);
	}
}

static const char *sentence_of(const struct db_rows *rows)
{
	if (db_rows_is_true(rows, 0, "done") && *db_rows_find(rows, 0, "who") == '\0')
		return "{id}: sent, but {error}"; /* its bounce was faster than the answer */
	if (db_rows_is_true(rows, 0, "done"))
		return db_rows_is_true(rows, 0, "is_refused_for_some")
			   ? "{id}: sent to {who}, not to all: {error}"
			   : "{id}: sent to {who}: {response}";
	if (!db_rows_is_true(rows, 0, "is_over"))
		return db_rows_is_true(rows, 0, "is_taken")
			   ? "{id}: no outcome yet, it is being sent"
			   : "{id}: no worker has taken it, does bounce-delivery run? It waits in "
			     "the queue";
	return g_strcmp0(db_rows_find(rows, 0, "state"), "ERROR") == 0
		   ? "{id}: not sent: {error}"
		   : "{id}: not sent yet, it is tried again: {error}";
}

static enum ctl_exit_code exit_code_of(const struct db_rows *rows)
{
	if (db_rows_is_true(rows, 0, "done"))
		return db_rows_is_true(rows, 0, "is_refused_for_some") ? CTL_EXIT_FAULT
								       : CTL_EXIT_OK;
	return g_strcmp0(db_rows_find(rows, 0, "state"), "ERROR") == 0 ? CTL_EXIT_FAULT
								       : CTL_EXIT_TEMPFAIL;
}

static enum ctl_exit_code say_outcome(struct ctl_call *call, const char *id)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) rows = await_delivery(call, id, &error);

	if (!rows)
		return ctl_error_message_print(call, error);
	const struct ctl_section section = {.layout = CTL_SENTENCE, .sentence = sentence_of(rows)};
	enum ctl_exit_code printed = ctl_view_print(call, &section, rows, NULL);
	return printed == CTL_EXIT_OK ? exit_code_of(rows) : printed;
}

/* One that is in the queue. */
static enum ctl_exit_code send_now(struct ctl_call *call, const char *id)
{
	const char *const values[] = {id};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) asked = ctl_connect_fetch(call, &queue_send_now, values, &error);

	return asked ? say_outcome(call, id) : ctl_error_message_print(call, error);
}

static enum ctl_exit_code say_queued(struct ctl_call *call, const char *id)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_call_has(call, "json"))
		g_string_printf(out, "{\"id\":%s,\"state\":\"PENDING\"}\n", id);
	else
		g_string_printf(out, "%s: in the queue\n", id);
	return ctl_call_print(out);
}

/* What a new mail needs and was not given, or NULL. */
static const char *missing(const struct ctl_call *call)
{
	return !ctl_call_argument(call, 1)      ? "FILE is missing: \"-\" is standard input"
	       : !ctl_call_has(call, "process") ? "whose mail is it? --process NAME"
	       : !ctl_call_has(call, "to")      ? "to whom? --to ADDRESS"
	       : !ctl_call_has(call, "sender")  ? "from whom? --sender ADDRESS"
						: NULL;
}

static enum ctl_exit_code run_send(struct ctl_call *call)
{
	enum ctl_exit_code exit_code = CTL_EXIT_OK;

	if (ctl_call_has(call, "id")) {
		if (!ctl_call_has(call, "now") || ctl_call_argument(call, 1))
			return ctl_call_refuse(call, "--id needs --now, and no FILE");
		return send_now(call, ctl_call_option(call, "id"));
	}
	if (missing(call))
		return ctl_call_refuse(call, "%s", missing(call));
	g_autofree char *id = submit(call, &exit_code);
	if (!id)
		return exit_code;
	return ctl_call_has(call, "now") ? say_outcome(call, id) : say_queued(call, id);
}

CTL_COMMAND(command_send) = {
    .name = "send",
    .topic = TOPIC_QUEUE,
    .arguments = {{&ctl_value_type_file, CTL_OPTIONAL}},
    .summary = "hand a message over for sending; --now: send it at once and say what became of it",
    .help = "FILE is a whole message (RFC 5322), \"-\" for standard input. With --now a worker of\n"
	    "bounce-delivery that does nothing else sends it, before all that waits, and it is\n"
	    "recorded like any other mail. The exit status is then 0 if all recipients were\n"
	    "accepted, 1 if one was refused for good or its final reply was lost, and 75 if it\n"
	    "is still open: refused for now, no usable server, no worker. Then it stays in the\n"
	    "queue and is tried again.\n",
    .example = "send letter.eml --process invoice --to a@x.example --sender b@y.example --now",
    .options = {options},
    .run = run_send,
};
