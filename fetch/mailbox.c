/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sessions, and the pauses between them.
 */
#include "fetch/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "fetch/folder_scan.h"
#include "fetch/known_mails.h"
#include "fetch/store/connect.h"
#include "net/credential.h"
#include "net/tls.h"

/* Seconds. A server that refuses a login locks who tries too often. */
enum { PAUSE_MIN = 1, PAUSE_MAX = 300, LOGIN_PAUSE_MIN = 10, LOGIN_PAUSE_MAX = 900 };
enum { LOOK_MIN = 1, STEADY = 60 /* a session that lasts so long is a good one */ };

struct mailbox {
	const struct mailbox_settings *settings;
	const struct store_class *class;
	struct mail_intake *mail_intake;
	struct credential *credential;
	SSL_CTX *tls;
	size_t bytes_max;
	char **folders;
	struct known_mails **known; /* one for each folder */
	int wake_fd;
	int stop_fd;
	GThread *thread;
	unsigned pause; /* seconds, the last one; 0: all was well */
	struct mailbox_tally tally;
	bool lacks_folder; /* in this look */
	/* what mailbox_state() tells */
	atomic_bool is_up;
	atomic_llong looked_at;
	atomic_ullong done, failed;
	void (*on_progress)(size_t done, size_t total);
};

/* --- making ------------------------------------------------------------------------------- */

static SSL_CTX *make_tls(const struct mailbox_settings *settings, GError **error)
{
	const struct tls_demands demands = {
	    .is_verifying = true, .ca_file = settings->tls_ca_file, .host = settings->host};

	return tls_context_new(&demands, error);
}

struct mailbox *mailbox_new(const struct mailbox_settings *settings, size_t bytes_max,
			    struct mail_intake *mail_intake, int stop_fd, GError **error)
{
	const struct credential_settings secret = mailbox_settings_credential(settings, stop_fd);
	struct credential *credential = credential_new(&secret);
	SSL_CTX *tls = NULL;

	if (!credential_check(credential, error) || !(tls = make_tls(settings, error))) {
		credential_free(credential);
		return NULL;
	}
	struct mailbox *mailbox = g_new0(struct mailbox, 1);
	mailbox->settings = settings;
	mailbox->class = mailbox_settings_is_pop3(settings) ? &pop3_store_class : &imap_store_class;
	mailbox->mail_intake = mail_intake;
	mailbox->credential = credential;
	mailbox->tls = tls;
	mailbox->bytes_max = bytes_max;
	mailbox->folders = mailbox_settings_folders(settings);
	mailbox->known = g_new0(struct known_mails *, g_strv_length(mailbox->folders));
	for (size_t i = 0; mailbox->folders[i]; i++)
		mailbox->known[i] = known_mails_new();
	mailbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	mailbox->stop_fd = stop_fd;
	return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	for (size_t i = 0; mailbox->folders[i]; i++)
		known_mails_free(mailbox->known[i]);
	g_free(mailbox->known);
	g_strfreev(mailbox->folders);
	credential_free(mailbox->credential);
	SSL_CTX_free(mailbox->tls);
	close(mailbox->wake_fd);
	g_free(mailbox);
}

/* --- waiting -------------------------------------------------------------------------------- */

static bool is_stopping(void *data)
{
	const struct mailbox *mailbox = data;
	struct pollfd poll_fd = {.fd = mailbox->stop_fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

void mailbox_wake(struct mailbox *mailbox)
{
	ssize_t written = write(mailbox->wake_fd, &(guint64){1}, sizeof(guint64));

	(void)written; /* full: it is awake */
}

/* Whoever was woken tries again whatever waits. */
static void fall_asleep_again(struct mailbox *mailbox)
{
	guint64 count;

	if (read(mailbox->wake_fd, &count, sizeof count) < 0)
		return;
	for (size_t i = 0; mailbox->folders[i]; i++)
		known_mails_end_waiting(mailbox->known[i]);
}

static void sleep_for(struct mailbox *mailbox, unsigned seconds)
{
	struct pollfd poll_fd = {.fd = mailbox->wake_fd, .events = POLLIN};

	if (!is_stopping(mailbox))
		(void)poll(&poll_fd, 1, (int)seconds * 1000);
	fall_asleep_again(mailbox);
}

static void pause_after(struct mailbox *mailbox, const GError *error)
{
	bool is_login = error->code == BM_ERROR_CONFIG;
	unsigned least = is_login ? LOGIN_PAUSE_MIN : PAUSE_MIN;
	unsigned most = is_login ? LOGIN_PAUSE_MAX : PAUSE_MAX;

	if (is_stopping(mailbox))
		return;
	atomic_store(&mailbox->is_up, false);
	mailbox->pause = CLAMP(mailbox->pause * 2, least, most);
	log_event(is_login ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "", "%s: %s; next try in %u s",
		  mailbox->settings->name, error->message, mailbox->pause);
	sleep_for(mailbox, mailbox->pause);
}

/* --- one session ------------------------------------------------------------------------------ */

static struct store *log_in_to_mailbox(struct mailbox *mailbox, bool *may_try_again_out,
				       GError **error)
{
	g_autoptr(GError) cause = NULL;
	char *secret = credential_get(mailbox->credential, error);

	if (!secret)
		return NULL;
	const struct store_opening opening = {.settings = mailbox->settings,
					      .tls = mailbox->tls,
					      .secret = secret,
					      .bytes_max = mailbox->bytes_max,
					      .stop_fd = mailbox->stop_fd};
	struct stream *stream = store_connect(&opening, &cause);
	struct store *store = stream ? mailbox->class->open(&opening, stream, &cause) : NULL;
	secret_free(secret);
	if (!store) {
		*may_try_again_out =
		    cause->code == BM_ERROR_CONFIG && credential_refuse(mailbox->credential);
		g_propagate_error(error, g_steal_pointer(&cause));
	}
	return store;
}

/* A token that was good may have been withdrawn: the next one tells. */
static struct store *open_store(struct mailbox *mailbox, GError **error)
{
	bool may_try_again = false;
	struct store *store = log_in_to_mailbox(mailbox, &may_try_again, error);

	if (!may_try_again)
		return store;
	g_clear_error(error);
	return log_in_to_mailbox(mailbox, &may_try_again, error);
}

static void on_progress(void *context, size_t done, size_t total)
{
	const struct mailbox *mailbox = context;

	if (mailbox->on_progress)
		mailbox->on_progress(done, total);
}

static bool fail_for_database(GError **error)
{
	g_set_error(error, BM_ERROR, BM_ERROR_RETRY,
		    "the mails cannot be recorded now, they stay where they are");
	return false;
}

/* One folder that cannot be had is no reason to leave the others. */
static bool look_into(struct mailbox *mailbox, struct store *store, size_t index,
		      bool *must_reopen_out, GError **error)
{
	struct folder_scan scan = {.class = mailbox->class,
				   .store = store,
				   .settings = mailbox->settings,
				   .folder = mailbox->folders[index],
				   .known = mailbox->known[index],
				   .mail_intake = mailbox->mail_intake,
				   .is_stopping = is_stopping,
				   .on_progress = on_progress,
				   .context = mailbox};
	g_autoptr(GError) cause = NULL;

	if (!mailbox->class->select(store, scan.folder, &cause)) {
		if (cause->code != BM_ERROR_INPUT) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return false;
		}
		mailbox->tally.failed++;
		mailbox->lacks_folder = true;
		log_event(LOG_LEVEL_ERROR, "", "%s: cannot read the folder %s",
			  mailbox->settings->name, cause->message);
		return true;
	}
	bool is_good = folder_scan_run(&scan, error);
	mailbox->tally.done += scan.done;
	mailbox->tally.failed += scan.failed;
	*must_reopen_out = *must_reopen_out || scan.must_reopen;
	return is_good && (!scan.has_no_database || fail_for_database(error));
}

static void tell_state(struct mailbox *mailbox, bool is_whole)
{
	if (is_whole)
		atomic_store(&mailbox->looked_at, g_get_real_time() / G_USEC_PER_SEC);
	atomic_store(&mailbox->is_up, is_whole);
	atomic_store(&mailbox->done, mailbox->tally.done);
	atomic_store(&mailbox->failed, mailbox->tally.failed);
}

/* The first folder last: it is the one that is waited for. */
static bool look(struct mailbox *mailbox, struct store *store, bool *must_reopen_out,
		 GError **error)
{
	bool is_good = true;

	mailbox->lacks_folder = false;
	for (size_t i = g_strv_length(mailbox->folders); i > 0 && is_good && !is_stopping(mailbox);
	     i--)
		is_good = look_into(mailbox, store, i - 1, must_reopen_out, error);
	tell_state(mailbox, is_good && !mailbox->lacks_folder);
	return is_good;
}

/* False with an error: the session is over. */
static bool wait_for_news(struct mailbox *mailbox, struct store *store, GError **error)
{
	gint64 start = g_get_monotonic_time();
	g_autoptr(GError) cause = NULL;
	enum store_event event = mailbox->class->wait(store, mailbox->wake_fd, &cause);

	if (cause) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	if (event == STORE_WOKEN)
		fall_asleep_again(mailbox);
	/* a server that always has news is not asked without end */
	else if (g_get_monotonic_time() - start < LOOK_MIN * G_USEC_PER_SEC)
		sleep_for(mailbox, LOOK_MIN);
	return event != STORE_REOPEN;
}

/* A server that lets us in, and then breaks off at once, is not asked every second. */
static bool was_good(const struct mailbox *mailbox, size_t done_before, gint64 start)
{
	return mailbox->tally.done != done_before ||
	       g_get_monotonic_time() - start > STEADY * G_USEC_PER_SEC;
}

/* Until a fault or the end; *error is set for a fault. */
static void run_session(struct mailbox *mailbox, struct store *store, GError **error)
{
	bool must_reopen = false;
	bool can_wait = mailbox->class->session_max == 0;
	gint64 start = g_get_monotonic_time();
	size_t done = mailbox->tally.done;

	while (look(mailbox, store, &must_reopen, error))
		if (must_reopen || !can_wait || is_stopping(mailbox) ||
		    !wait_for_news(mailbox, store, error))
			break;
	bool is_well = error && !*error;
	is_well = mailbox->class->close(store, is_well ? error : NULL) && is_well;
	if (is_well || was_good(mailbox, done, start))
		mailbox->pause = 0;
	if (is_well && !can_wait && !must_reopen)
		sleep_for(mailbox, (unsigned)mailbox->settings->poll_interval);
}

static void *mailbox_main(void *data)
{
	struct mailbox *mailbox = data;

	while (!is_stopping(mailbox)) {
		g_autoptr(GError) error = NULL;
		struct store *store = open_store(mailbox, &error);

		if (store)
			run_session(mailbox, store, &error);
		if (error)
			pause_after(mailbox, error);
	}
	return NULL;
}

/* --- from outside -------------------------------------------------------------------------------
 */

void mailbox_start(struct mailbox *mailbox)
{
	mailbox->thread = g_thread_new("mailbox", mailbox_main, mailbox);
}

void mailbox_join(struct mailbox *mailbox)
{
	if (mailbox->thread)
		g_thread_join(g_steal_pointer(&mailbox->thread));
}

struct mailbox_state mailbox_state(const struct mailbox *mailbox)
{
	return (struct mailbox_state){.name = mailbox->settings->name,
				      .is_up = atomic_load(&mailbox->is_up),
				      .looked_at = atomic_load(&mailbox->looked_at),
				      .done = atomic_load(&mailbox->done),
				      .failed = atomic_load(&mailbox->failed)};
}

bool mailbox_run_once(struct mailbox *mailbox, void (*progress)(size_t done, size_t total),
		      struct mailbox_tally *tally_out, GError **error)
{
	bool is_good = true;
	bool must_reopen = true;

	mailbox->on_progress = progress;
	while (is_good && must_reopen && !is_stopping(mailbox)) {
		struct store *store = open_store(mailbox, error);

		must_reopen = false;
		is_good = store && look(mailbox, store, &must_reopen, error);
		if (store)
			is_good = mailbox->class->close(store, is_good ? error : NULL) && is_good;
	}
	*tally_out = mailbox->tally;
	return is_good;
}

bool mailbox_probe(struct mailbox *mailbox, GError **error)
{
	struct store *store = open_store(mailbox, error);
	bool is_good = store;

	for (char **folder = mailbox->folders; *folder && is_good; folder++)
		is_good = mailbox->class->select(store, *folder, error);
	if (store)
		(void)mailbox->class->close(store, NULL);
	return is_good;
}
