/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The listening thread. It reads the parameters anew at each notification, at
 * each new connection, and every minute as a net.
 */
#include "db/parameter_cache.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "db/pg.h"

enum {
	QUERY_WAIT = 20,          /* seconds */
	REREAD_INTERVAL = 60,     /* seconds */
	RECONNECT_DELAY_MAX = 30, /* seconds */
};

static const char listen_statement[] = "LISTEN bounce_parameter";
static const char settings_statement[] =
    "SELECT array_to_string(m.bounce_domain, ' ') AS bounce_domain, m.operator_mailbox, "
    "  t.refuse_bad_token, t.return_path_prefix, t.keys "
    "FROM bounce.milter_settings() AS m CROSS JOIN bounce.token_settings() AS t";

struct db_watch {
	char *conninfo;
	int stop_fd; /* eventfd: readable once the thread shall end */
	GThread *thread;
	PGconn *connection; /* of the thread alone; NULL while the database is away */
	GMutex lock;
	struct db_parameters *parameters; /* under lock */
	gint is_current;                  /* atomic */
};

static void parameters_clear(void *data)
{
	struct db_parameters *parameters = data;

	g_strfreev(parameters->bounce_domains);
	g_free(parameters->operator_mailbox);
	g_free(parameters->return_path_prefix);
	if (parameters->token_keys != NULL)
		explicit_bzero(parameters->token_keys,
			       parameters->token_key_count * sizeof *parameters->token_keys);
	g_free(parameters->token_keys);
}

void db_parameters_unref(struct db_parameters *parameters)
{
	g_atomic_rc_box_release_full(parameters, parameters_clear);
}

/* "id:hex"; false where it is not, then it is no key of ours. */
static bool read_key(const char *text, struct token_key *key_out)
{
	char *hex;
	guint64 id = g_ascii_strtoull(text, &hex, 10);

	if (id > G_MAXUINT8 || *hex != ':' || strlen(hex + 1) != 2 * TOKEN_SECRET_BYTES)
		return false;
	key_out->id = (uint8_t)id;
	for (size_t i = 0; i < TOKEN_SECRET_BYTES; i++) {
		int high = g_ascii_xdigit_value(hex[1 + 2 * i]);
		int low = g_ascii_xdigit_value(hex[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		key_out->secret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void read_keys(const char *text, struct db_parameters *parameters)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	parameters->token_keys = g_new0(struct token_key, g_strv_length(words) + 1);
	for (char **word = words; *word != NULL; word++)
		if (read_key(*word, &parameters->token_keys[parameters->token_key_count]))
			parameters->token_key_count++;
}

static struct db_parameters *read_parameters(PGconn *connection, GError **error)
{
	g_autoptr(PGresult) row =
	    pg_query(connection, QUERY_WAIT, settings_statement, 0, NULL, error);

	if (row == NULL)
		return NULL;
	if (PQntuples(row) != 1) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "database: bounce.milter_settings() answered %d rows, not 1",
			    PQntuples(row));
		return NULL;
	}
	struct db_parameters *parameters = g_atomic_rc_box_new0(struct db_parameters);
	g_autofree char *domains = g_ascii_strdown(pg_value(row, 0, "bounce_domain"), -1);

	parameters->bounce_domains =
	    *domains == '\0' ? g_new0(char *, 1) : g_strsplit(domains, " ", -1);
	parameters->operator_mailbox = g_strdup(pg_value(row, 0, "operator_mailbox"));
	parameters->refuse_bad_token = pg_value_is_true(row, 0, "refuse_bad_token");
	parameters->return_path_prefix = g_strdup(pg_value(row, 0, "return_path_prefix"));
	read_keys(pg_value(row, 0, "keys"), parameters);
	return parameters;
}

static bool refresh(struct db_watch *watch, GError **error)
{
	struct db_parameters *fresh = read_parameters(watch->connection, error);

	if (fresh == NULL)
		return false;
	g_mutex_lock(&watch->lock);
	struct db_parameters *old = watch->parameters;
	watch->parameters = fresh;
	g_atomic_int_set(&watch->is_current, 1);
	g_mutex_unlock(&watch->lock);
	log_event(LOG_LEVEL_DEBUG, "", "parameters read");
	g_clear_pointer(&old, db_parameters_unref);
	return true;
}

static bool connect_and_refresh(struct db_watch *watch, GError **error)
{
	watch->connection = pg_open(watch->conninfo, QUERY_WAIT, error);
	if (watch->connection == NULL)
		return false;
	g_autoptr(PGresult) listening =
	    pg_query(watch->connection, QUERY_WAIT, listen_statement, 0, NULL, error);
	if (listening != NULL && refresh(watch, error))
		return true;
	g_clear_pointer(&watch->connection, PQfinish);
	return false;
}

static bool take_notifications(PGconn *connection)
{
	bool any = false;

	for (PGnotify *notice; (notice = PQnotifies(connection)) != NULL; any = true)
		PQfreemem(notice);
	return any;
}

/* Sleeps until something happens or the time is over. False: stop. */
static bool wait_for_event(struct db_watch *watch, unsigned seconds)
{
	struct pollfd events[] = {
	    {.fd = watch->stop_fd, .events = POLLIN},
	    {.fd = watch->connection != NULL ? PQsocket(watch->connection) : -1, .events = POLLIN}};

	poll(events, G_N_ELEMENTS(events), (int)seconds * 1000);
	return (events[0].revents & POLLIN) == 0;
}

/* Listens until the connection breaks (true) or the thread shall stop (false). */
static bool listen_on(struct db_watch *watch, GError **error)
{
	gint64 reread_at = g_get_monotonic_time() + REREAD_INTERVAL * G_USEC_PER_SEC;

	while (wait_for_event(watch, REREAD_INTERVAL)) {
		if (!PQconsumeInput(watch->connection)) {
			g_set_error(error, BM_ERROR, BM_ERROR_RETRY, "database: %s",
				    g_strstrip(PQerrorMessage(watch->connection)));
			return true;
		}
		if (!take_notifications(watch->connection) && g_get_monotonic_time() < reread_at)
			continue;
		reread_at = g_get_monotonic_time() + REREAD_INTERVAL * G_USEC_PER_SEC;
		if (!refresh(watch, error))
			return true;
	}
	return false;
}

static void *watch_main(void *data)
{
	struct db_watch *watch = data;
	unsigned delay = 1;

	for (;;) {
		g_autoptr(GError) error = NULL;

		if (watch->connection == NULL && connect_and_refresh(watch, &error)) {
			log_event(LOG_LEVEL_INFO, "", "database reached again");
			delay = 1;
		}
		if (watch->connection != NULL && !listen_on(watch, &error))
			return NULL;
		g_atomic_int_set(&watch->is_current, 0);
		g_clear_pointer(&watch->connection, PQfinish);
		log_event(LOG_LEVEL_WARNING, "", "%s; next try in %u s", error->message, delay);
		if (!wait_for_event(watch, delay))
			return NULL;
		delay = MIN(delay * 2, RECONNECT_DELAY_MAX);
	}
}

struct db_watch *db_watch_new(const char *conninfo, GError **error)
{
	struct db_watch *watch = g_new0(struct db_watch, 1);

	g_mutex_init(&watch->lock);
	watch->conninfo = g_strdup(conninfo);
	watch->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (!connect_and_refresh(watch, error)) {
		db_watch_free(watch);
		return NULL;
	}
	watch->thread = g_thread_new("db-watch", watch_main, watch);
	return watch;
}

void db_watch_free(struct db_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->thread != NULL) {
		eventfd_write(watch->stop_fd, 1);
		g_thread_join(watch->thread);
	}
	close(watch->stop_fd);
	g_clear_pointer(&watch->connection, PQfinish);
	g_clear_pointer(&watch->parameters, db_parameters_unref);
	g_mutex_clear(&watch->lock);
	g_free(watch->conninfo);
	g_free(watch);
}

struct db_parameters *db_watch_parameters(struct db_watch *watch)
{
	g_mutex_lock(&watch->lock);
	struct db_parameters *parameters = g_atomic_rc_box_acquire(watch->parameters);
	g_mutex_unlock(&watch->lock);
	return parameters;
}

bool db_parameters_is_ours(const struct db_parameters *parameters, const char *address)
{
	const char *at = strrchr(address, '@');

	if (at == NULL)
		return false;
	size_t len = strlen(at + 1);
	if (len > 0 && at[len] == '.') /* the root's dot, which Postfix takes as well */
		len--;
	for (char **domain = parameters->bounce_domains; *domain != NULL; domain++)
		if (strlen(*domain) == len && g_ascii_strncasecmp(at + 1, *domain, len) == 0)
			return true;
	return false;
}

bool db_parameters_refuses(const struct db_parameters *parameters, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *prefix = parameters->return_path_prefix;
	struct token token;

	if (!parameters->refuse_bad_token || at == NULL ||
	    g_ascii_strncasecmp(address, prefix, strlen(prefix)) != 0)
		return false;
	g_autofree char *local_part = g_strndup(address, (gsize)(at - address));
	switch (token_read(local_part, parameters->token_keys, parameters->token_key_count, 0,
			   &token)) {
	case TOKEN_NONE:
		return *prefix != '\0'; /* without a prefix it may be any mailbox */
	case TOKEN_FORGED:
		return true;
	case TOKEN_UNKNOWN_KEY:
	case TOKEN_EXPIRED:
	case TOKEN_VALID:
		return false;
	}
	return false;
}

bool db_watch_is_current(struct db_watch *watch)
{
	return g_atomic_int_get(&watch->is_current) != 0;
}
