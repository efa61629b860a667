/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libmilter's callbacks. libmilter runs the callbacks of one session on different
 * threads, one at a time: the state of a session is behind its private pointer and
 * nowhere else.
 */
#include "milter/filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/log.h"
#include "daemon/sd_notify.h"
#include "milter/answer.h"
#include "milter/listener.h"
#include "milter/message.h"
#include "milter/socket_watch.h"

static const struct filter
    *filter;                      /* set once, before smfi_main: libmilter has no context pointer */
static gint messages_in_progress; /* ours, for admission */
static gint callbacks_in_progress; /* at end of message, for a clean stop */

struct session {
	char client[INET6_ADDRSTRLEN];
	struct message *message; /* from MAIL to the end of the message */
	bool is_admitted;        /* counted in messages_in_progress */
	const char *postponed;   /* why the message is refused at its end; NULL: it is not */
};

/* Whoever connects speaks the protocol as he likes: a session exists from whatever comes first,
 * and a message only between MAIL and its end. */
static struct session *session_of(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session)
		return session;
	session = g_new0(struct session, 1);
	smfi_setpriv(ctx, session);
	return session;
}

static void session_end_message(struct session *session)
{
	if (session->is_admitted)
		g_atomic_int_add(&messages_in_progress, -1);
	session->is_admitted = false;
	session->postponed = NULL;
	g_clear_pointer(&session->message, message_free);
}

/* Counts one bounce more. False if there are sessions_max of them already. */
static bool session_admit(struct session *session)
{
	if (session->is_admitted)
		return true;
	if (g_atomic_int_add(&messages_in_progress, 1) >= (gint)filter->settings->sessions_max) {
		g_atomic_int_add(&messages_in_progress, -1);
		return false;
	}
	session->is_admitted = true;
	return true;
}

/* Asks for the actions that are used, and for the right not to reply: each reply saved is
 * a round trip less for every message that passes. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
			     unsigned long f2, unsigned long f3, unsigned long *actions_out,
			     unsigned long *steps_out, unsigned long *f2_out, unsigned long *f3_out)
{
	const unsigned long needed = FILTER_ACTIONS;
	const unsigned long wanted = SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NOEOH | SMFIP_SKIP |
				     SMFIP_HDR_LEADSPC | SMFIP_NR_CONN | SMFIP_NR_MAIL |
				     SMFIP_NR_HDR;

	(void)ctx, (void)f2, (void)f3;
	if ((actions & needed) != needed) {
		log_event(LOG_LEVEL_ERROR, "",
			  "the MTA does not offer what is needed: actions 0x%lx of 0x%lx",
			  actions & needed, needed);
		return SMFIS_REJECT;
	}
	*actions_out = needed;
	*steps_out = steps & wanted;
	*f2_out = 0;
	*f3_out = 0;
	return SMFIS_CONTINUE;
}

static void client_address(const struct sockaddr *address, char text_out[static INET6_ADDRSTRLEN])
{
	text_out[0] = '\0';
	if (!address)
		return;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  text_out, INET6_ADDRSTRLEN);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
			  &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
			  text_out, INET6_ADDRSTRLEN);
}

static sfsistat on_connect(SMFICTX *ctx, char *host, struct sockaddr *address)
{
	struct session *session = session_of(ctx);

	(void)host;
	session_end_message(session);
	client_address(address, session->client);
	return SMFIS_NOREPLY;
}

static sfsistat on_envelope_sender(SMFICTX *ctx, char **arguments)
{
	struct session *session = session_of(ctx);
	const char *sender = arguments && arguments[0] ? arguments[0] : "";

	session_end_message(session);
	session->message =
	    message_new(sender, (size_t)filter->settings->intake.message_bytes_max + 1);
	return SMFIS_NOREPLY;
}

static const char *macro(SMFICTX *ctx, char *name)
{
	const char *value = smfi_getsymval(ctx, name);

	return value ? value : "";
}

static bool is_own_mta(SMFICTX *ctx)
{
	static char name[] = "{daemon_name}";

	return strcmp(macro(ctx, name), filter->settings->own_mta_daemon_name) == 0;
}

/* A report to a return path that we never made says nothing. It is not refused while the
 * keys may be outdated, nor to our own MTA, which would try again and again. */
static bool is_refused(SMFICTX *ctx, const struct db_parameters *parameters, const char *address)
{
	return db_parameters_refuses(parameters, address) &&
	       parameter_cache_is_current(filter->parameter_cache) && !is_own_mta(ctx);
}

/* Why this bounce cannot be taken now; NULL if it can. */
static const char *reason_to_defer(struct session *session)
{
	if (session->postponed)
		return session->postponed;
	if (!parameter_cache_is_confirmed(filter->parameter_cache))
		return "the database has not answered since the start";
	return session_admit(session) ? NULL : "too many bounces at the same time (sessions_max)";
}

/* Our own Postfix takes a recipient of its report that is refused for an error of its
 * configuration, so it hears of it at the end of the message, whose bytes are not kept. */
static sfsistat postpone(SMFICTX *ctx, struct session *session, const char *given, const char *why)
{
	log_event(LOG_LEVEL_WARNING, "", "not taken: %s", why);
	if (!is_own_mta(ctx))
		return answer_try_again(ctx, "4.3.2", why);
	session->postponed = why;
	message_add_our_recipient(session->message, given);
	return SMFIS_CONTINUE;
}

static sfsistat take_recipient(SMFICTX *ctx, struct session *session, const char *given)
{
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(filter->parameter_cache);
	g_autofree char *bare = message_address_bare(given);

	if (!db_parameters_is_ours(parameters, bare)) {
		message_add_foreign_recipient(session->message);
		return SMFIS_CONTINUE;
	}
	if (is_refused(ctx, parameters, bare)) {
		g_autofree char *quoted = log_quote(bare);

		log_event(LOG_LEVEL_INFO, "",
			  "refused recipient=%s client=%s: not a return path of ours", quoted,
			  session->client);
		return answer_refuse(ctx, "5.7.1", "this return path was not made by us");
	}
	const char *why = reason_to_defer(session);
	if (why)
		return postpone(ctx, session, given, why);
	message_add_our_recipient(session->message, given);
	return SMFIS_CONTINUE;
}

/* No MTA asks this: nothing was received, so nothing may be accepted. */
static sfsistat answer_without_mail(SMFICTX *ctx)
{
	return answer_try_again(ctx, "4.5.0", "no mail was begun");
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	struct session *session = session_of(ctx);

	if (!session->message || !arguments || !arguments[0])
		return answer_without_mail(ctx);
	sfsistat status = take_recipient(ctx, session, arguments[0]);
	if (status != SMFIS_CONTINUE)
		figures_count(filter->figures, status);
	return status;
}

/* Mail that is not for us is accepted before its content is sent to us. */
static sfsistat on_data_command(SMFICTX *ctx)
{
	const struct message *message = session_of(ctx)->message;

	if (!message)
		return answer_without_mail(ctx);
	return message_is_ours(message) ? SMFIS_CONTINUE : SMFIS_ACCEPT;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = session_of(ctx);

	if (session->message && !session->postponed)
		message_add_header(session->message, name, value);
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	const struct session *session = session_of(ctx);
	struct message *message = session->message;

	if (!message)
		return answer_without_mail(ctx);
	if (session->postponed)
		return SMFIS_SKIP;
	message_end_headers(message);
	message_add_body(message, (const char *)bytes, len);
	return message_is_full(message) ? SMFIS_SKIP : SMFIS_CONTINUE;
}

static sfsistat record(SMFICTX *ctx, const struct session *session)
{
	struct message *message = session->message;
	size_t len;

	message_end_headers(message);
	const char *bytes = message_bytes(message, &len);
	bool own_mta = is_own_mta(ctx);
	struct envelope envelope =
	    message_envelope(message, macro(ctx, "i"), session->client, own_mta);
	struct db_record_result result = {0};
	g_autoptr(GError) error = NULL;
	bool recorded = intake_process(filter->intake, &envelope, bytes, len, &result, &error);
	sfsistat status =
	    recorded ? answer_recorded(ctx, message, &envelope, &result)
		     : answer_failed(ctx, message, &envelope, filter->parameter_cache, error);
	db_record_result_clear(&result);
	return status;
}

static sfsistat end_message(SMFICTX *ctx, struct session *session)
{
	gint64 begin = g_get_monotonic_time();

	if (session->postponed)
		return answer_try_again(ctx, "4.3.2", session->postponed);
	g_atomic_int_inc(&callbacks_in_progress);
	sfsistat status = record(ctx, session);
	session_end_message(session);
	figures_add_time(filter->figures, g_get_monotonic_time() - begin);
	g_atomic_int_add(&callbacks_in_progress, -1);
	return status;
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	if (!session->message)
		return answer_without_mail(ctx);
	if (!message_is_ours(session->message))
		return SMFIS_ACCEPT;
	sfsistat status = end_message(ctx, session);
	figures_count(filter->figures, status);
	return status;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	session_end_message(session_of(ctx));
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (!session)
		return SMFIS_CONTINUE;
	session_end_message(session);
	g_free(session);
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

static char filter_name[] = "bounce-milter";

static const struct smfiDesc description = {
    .xxfi_name = filter_name,
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = FILTER_ACTIONS,
    .xxfi_connect = on_connect,
    .xxfi_envfrom = on_envelope_sender,
    .xxfi_envrcpt = on_recipient,
    .xxfi_header = on_header,
    .xxfi_body = on_body,
    .xxfi_eom = on_end_of_message,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_data = on_data_command,
    .xxfi_negotiate = on_negotiate,
};

bool filter_run(const struct filter *borrowed, GError **error)
{
	filter = borrowed;
	if (smfi_register(description) != MI_SUCCESS) {
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    "libmilter does not take this version of its interface");
		return false;
	}
	if (!listener_open(filter->settings, error))
		return false;
	log_event(LOG_LEVEL_INFO, "", "ready on %s%s", filter->settings->socket,
		  parameter_cache_is_confirmed(filter->parameter_cache)
		      ? ""
		      : ", with the parameters known last");
	sd_notify_ready(parameter_cache_is_confirmed(filter->parameter_cache)
			    ? "serving"
			    : "waiting for the database; bounces are asked to come again");
	struct socket_watch *watch = socket_watch_start(listener_path(filter->settings->socket));
	bool is_served = smfi_main() == MI_SUCCESS;
	bool is_lost = socket_watch_stop(watch);
	if (is_lost || !is_served)
		g_set_error(error, BM_ERROR, BM_ERROR_CONFIG,
			    is_lost ? "socket: somebody has removed or replaced \"%s\", so no MTA "
				      "finds us; ending, to be started again"
				    : "libmilter stopped with an error on socket \"%s\"",
			    filter->settings->socket);
	return is_served && !is_lost;
}

bool filter_is_idle(void)
{
	return g_atomic_int_get(&callbacks_in_progress) == 0;
}
