/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A refresh token may be good for one use only: who uses it holds a lock on its folder, as others
 * with the same file may, from reading the old one until the new one is on the disk.
 */
#include "net/oauth.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "net/connection.h"
#include "net/https.h"
#include "net/oauth_reply.h"
#include "net/secret_filter.h"

enum { SECONDS_LEFT_MIN = 60, SECONDS_UNKNOWN = 300, STATUS_OK = 200, STATUS_TOO_MANY = 429 };

struct oauth {
	const struct oauth_settings *settings;
	int stop_fd;
	gint64 give_up_at; /* monotonic; 0: nobody has said to stop */
	GMutex mutex;
	char *token;     /* NULL: none */
	gint64 renew_at; /* monotonic */
	bool is_used;    /* it was given out before */
	char *unsaved;   /* a refresh token that could not be written; NULL: none */
};

struct oauth *oauth_new(const struct oauth_settings *settings, int stop_fd)
{
	struct oauth *oauth = g_new0(struct oauth, 1);

	oauth->settings = settings;
	oauth->stop_fd = stop_fd;
	g_mutex_init(&oauth->mutex);
	return oauth;
}

static void forget_secret(char **secret)
{
	secret_free(*secret);
	*secret = NULL;
}

void oauth_free(struct oauth *oauth)
{
	if (!oauth)
		return;
	forget_secret(&oauth->token);
	forget_secret(&oauth->unsaved);
	g_mutex_clear(&oauth->mutex);
	g_free(oauth);
}

/* --- the question ------------------------------------------------------------------------- */

static void append_form_field(GString *form, const char *name, const char *value)
{
	char *escaped = g_uri_escape_string(value, NULL, FALSE);

	if (*value != '\0')
		g_string_append_printf(form, "&%s=%s", name, escaped);
	secret_free(escaped);
}

static void append_secret_field(GString *form, struct secret_filter *filter, const char *name,
				const char *value)
{
	append_form_field(form, name, value);
	secret_filter_add(filter, g_strdup(value));
}

/* To be wiped; the filter gets what is secret in it. NULL with an error. */
static char *make_form(const struct oauth_settings *settings, const char *refresh_token,
		       struct secret_filter *filter, GError **error)
{
	bool has_secret = *settings->client_secret_file != '\0';
	char *secret = has_secret
			   ? secret_read(settings->client_secret_file, "client_secret_file", error)
			   : g_strdup("");

	if (!secret)
		return NULL;
	/* of a size that what is secret is not left behind when it grows */
	GString *form = g_string_sized_new(4096 + 3 * (strlen(secret) + strlen(refresh_token)));
	g_string_append(form, "grant_type=refresh_token");
	append_secret_field(form, filter, "refresh_token", refresh_token);
	append_form_field(form, "client_id", settings->client_id);
	append_secret_field(form, filter, "client_secret", secret);
	append_form_field(form, "scope", settings->scope);
	secret_free(secret);
	return g_string_free(form, FALSE);
}

/* --- the answer --------------------------------------------------------------------------- */

/* What a person must do about each fault of RFC 6749 section 5.2. */
static const struct {
	const char *fault;
	const char *key;
	const char *remedy;
} remedies[] = {
    {"invalid_grant", "refresh_token_file",
     "the grant is over; let the owner of the account consent anew, and put the new refresh token "
     "into the file"},
    {"invalid_client", "client_secret_file",
     "client_id and its secret do not agree, or have expired"},
    {"unauthorized_client", "client_id", "the application may not do this: register it for it"},
    {"invalid_scope", "scope", "not what was consented to"},
    {"unsupported_grant_type", "token_url", "it does not renew tokens"},
    {"invalid_request", "token_url", "it does not understand the question"},
};

/* What the server says, for people: some repeat the question that they do not like. Heap. */
static char *shown_words(const struct oauth_reply *reply, const struct secret_filter *filter)
{
	bool has_both = *reply->fault != '\0' && *reply->description != '\0';
	g_autofree char *words =
	    g_strconcat(reply->fault, has_both ? ": " : "", reply->description, NULL);

	return secret_filter_show(filter, words);
}

static void refuse_token(const struct oauth_reply *reply, long status,
			 const struct secret_filter *filter, GError **error)
{
	g_autofree char *words = shown_words(reply, filter);

	for (size_t i = 0; i < G_N_ELEMENTS(remedies); i++)
		if (strcmp(reply->fault, remedies[i].fault) == 0) {
			g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s: %s (%s)",
				    remedies[i].key, remedies[i].remedy, words);
			return;
		}
	bool is_passing = status == STATUS_OK || status == STATUS_TOO_MANY || status >= 500;
	g_set_error(error, BM_ERROR, is_passing ? BM_ERROR_RETRY : BM_ERROR_CONFIG,
		    "token_url: no token: status %ld %s", status, words);
}

/* Not at once: an answer on its way may hold the only refresh token that is good from now on. */
static bool must_give_up(void *context)
{
	struct oauth *oauth = context;
	struct pollfd poll_fd = {.fd = oauth->stop_fd, .events = POLLIN};

	if (oauth->give_up_at == 0 && poll(&poll_fd, 1, 0) > 0)
		oauth->give_up_at = connection_deadline(CONNECTION_STOP_WAIT);
	return oauth->give_up_at != 0 && g_get_monotonic_time() >= oauth->give_up_at;
}

static bool ask_token(struct oauth *oauth, const char *refresh_token, struct oauth_reply *reply_out,
		      GError **error)
{
	const struct oauth_settings *settings = oauth->settings;
	g_autoptr(secret_filter_t) filter = secret_filter_new();
	char *form = make_form(settings, refresh_token, filter, error);

	if (!form)
		return false;
	const struct https_request request = {.url = settings->token_url,
					      .ca_file = settings->token_ca_file,
					      .form = form,
					      .wait = (unsigned)settings->token_wait,
					      .must_end = must_give_up,
					      .context = oauth};
	struct https_answer answer = {0};
	char *body = https_post(&request, &answer, error);
	secret_free(form);
	if (!body) {
		g_prefix_error(error, "token_url: ");
		return false;
	}
	oauth_reply_parse(body, strlen(body), reply_out);
	secret_free(body);
	if (answer.status == STATUS_OK && *reply_out->access_token != '\0')
		return true;
	refuse_token(reply_out, answer.status, filter, error);
	return false;
}

/* --- keeping ------------------------------------------------------------------------------ */

/* It would be lost: without the file the old one is tried after the next start. */
static void keep_refresh_token(struct oauth *oauth, const char *old, const char *fresh)
{
	g_autoptr(GError) error = NULL;

	if (*fresh == '\0' || strcmp(fresh, old) == 0)
		return;
	forget_secret(&oauth->unsaved);
	if (secret_replace(oauth->settings->refresh_token_file, fresh, "refresh_token_file",
			   &error))
		return;
	oauth->unsaved = g_strdup(fresh);
	log_event(LOG_LEVEL_ERROR, "",
		  "%s: the new token cannot be kept, and is gone at the next "
		  "start; let its folder be writable",
		  error->message);
}

static void keep_token(struct oauth *oauth, struct oauth_reply *reply)
{
	gint64 seconds = reply->expires_in > 0 ? reply->expires_in : SECONDS_UNKNOWN;
	/* of one that lasts no longer, half its time, lest each login ask for another */
	gint64 lasts = seconds > SECONDS_LEFT_MIN ? (seconds - SECONDS_LEFT_MIN) * G_USEC_PER_SEC
						  : seconds * G_USEC_PER_SEC / 2;

	oauth->token = g_steal_pointer(&reply->access_token);
	oauth->is_used = false;
	oauth->renew_at = g_get_monotonic_time() + lasts;
}

static int lock_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

static bool renew_token(struct oauth *oauth, GError **error)
{
	const struct oauth_settings *settings = oauth->settings;
	g_auto(oauth_reply_t) reply = {0};
	char *refresh_token =
	    oauth->unsaved ? g_strdup(oauth->unsaved)
			   : secret_read(settings->refresh_token_file, "refresh_token_file", error);
	bool is_good = refresh_token && ask_token(oauth, refresh_token, &reply, error);

	if (is_good) {
		keep_refresh_token(oauth, refresh_token, reply.refresh_token);
		keep_token(oauth, &reply);
	} else {
		forget_secret(
		    &oauth->unsaved); /* a person may have put another one into the file */
	}
	secret_free(refresh_token);
	return is_good;
}

char *oauth_token(struct oauth *oauth, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&oauth->mutex);

	if (oauth->token && g_get_monotonic_time() < oauth->renew_at) {
		oauth->is_used = true;
		return g_strdup(oauth->token);
	}
	forget_secret(&oauth->token);
	int lock = lock_folder(oauth->settings->refresh_token_file);
	bool is_good = renew_token(oauth, error);
	if (lock >= 0)
		close(lock);
	(void)locker;
	return is_good ? g_strdup(oauth->token) : NULL;
}

bool oauth_refuse(struct oauth *oauth)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&oauth->mutex);

	forget_secret(&oauth->token);
	(void)locker;
	return oauth->is_used;
}

char *oauth_files_objection(const struct oauth_settings *settings)
{
	if (*settings->refresh_token_file == '\0')
		return NULL;
	char *objection = secret_file_objection(settings->refresh_token_file, "refresh_token_file");
	g_autofree char *folder = g_path_get_dirname(settings->refresh_token_file);

	if (!objection)
		objection =
		    secret_file_objection(settings->client_secret_file, "client_secret_file");
	if (!objection && access(folder, W_OK) != 0)
		objection = g_strdup_printf("refresh_token_file: %s cannot be written, where a "
					    "token that the server replaces is kept",
					    folder);
	return objection;
}
