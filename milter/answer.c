/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Replies, changes of the message, and the log lines that go with them.
 */
#include "milter/answer.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

/* What the operator's mailbox shows of a mail. */
struct result_headers {
	const char *class, *reason, *id;
};

sfsistat answer_try_again(SMFICTX *ctx, const char *status, const char *text)
{
	g_autofree char *code = g_strdup("451");
	g_autofree char *enhanced = g_strdup(status);
	g_autofree char *line = g_strdup_printf("bounce-milter: %s, try again later", text);

	smfi_setreply(ctx, code, enhanced, line);
	return SMFIS_TEMPFAIL;
}

sfsistat answer_refuse(SMFICTX *ctx, const char *status, const char *text)
{
	g_autofree char *code = g_strdup("550");
	g_autofree char *enhanced = g_strdup(status);
	g_autofree char *line = g_strdup_printf("bounce-milter: %s", text);

	smfi_setreply(ctx, code, enhanced, line);
	return SMFIS_REJECT;
}

/* Removes fields of that name that came with the message, so that the operator's mailbox
 * can rely on ours. */
static void remove_headers(SMFICTX *ctx, const struct message *message, char *name)
{
	for (unsigned i = message_own_header_count(message, name); i > 0; i--)
		smfi_chgheader(ctx, name, (int)i, NULL);
}

/* X-Bounce-WHAT. Where too many came to remove them, X-Bounce-QUEUEID-WHAT: whoever wrote the
 * mail did not know its queue id. */
static char *header_name(const struct message *message, const char *queue_id, const char *what)
{
	return message_has_too_many_own_headers(message)
		   ? g_strdup_printf("X-Bounce-%s-%s", queue_id, what)
		   : g_strdup_printf("X-Bounce-%s", what);
}

static bool set_header(SMFICTX *ctx, const struct message *message, char *name, const char *value)
{
	g_autofree char *own_value = g_strdup_printf(" %s", value); /* SMFIP_HDR_LEADSPC */

	if (!message_has_too_many_own_headers(message))
		remove_headers(ctx, message, name);
	return smfi_addheader(ctx, name, own_value) == MI_SUCCESS;
}

static bool remove_our_recipients(SMFICTX *ctx, struct message *message)
{
	for (const char *const *given = message_our_recipients(message); *given; given++) {
		g_autofree char *address = g_strdup(*given);

		if (smfi_delrcpt(ctx, address) != MI_SUCCESS)
			return false;
	}
	return true;
}

static bool replace_our_recipients(SMFICTX *ctx, struct message *message, const char *with)
{
	g_autofree char *address = g_strdup_printf("<%s>", with);

	return smfi_addrcpt(ctx, address) == MI_SUCCESS && remove_our_recipients(ctx, message);
}

static bool set_headers(SMFICTX *ctx, const struct message *message, const char *queue_id,
			const struct result_headers *headers)
{
	g_autofree char *class_name = header_name(message, queue_id, "Class");
	g_autofree char *reason_name = header_name(message, queue_id, "Reason");
	g_autofree char *id_name = header_name(message, queue_id, "Id");

	return set_header(ctx, message, class_name, headers->class) &&
	       set_header(ctx, message, reason_name, headers->reason) &&
	       set_header(ctx, message, id_name, headers->id);
}

static bool set_result_headers(SMFICTX *ctx, const struct message *message, const char *queue_id,
			       const struct db_record_result *result)
{
	const struct result_headers headers = {result->class, result->reason, result->bounce_id};

	return set_headers(ctx, message, queue_id, &headers);
}

/* SMFIS_DISCARD is for the whole message: foreign recipients must keep theirs. */
static sfsistat discard_for_us(SMFICTX *ctx, struct message *message, bool *done_out)
{
	*done_out = true;
	if (!message_has_foreign_recipients(message))
		return SMFIS_DISCARD;
	*done_out = remove_our_recipients(ctx, message);
	return SMFIS_ACCEPT;
}

sfsistat answer_recorded(SMFICTX *ctx, struct message *message, const struct envelope *envelope,
			 const struct db_record_result *result)
{
	sfsistat status = SMFIS_ACCEPT;
	bool done = false;

	switch (result->disposition) {
	case DB_DISCARD:
	case DB_QUEUE:
		status = discard_for_us(ctx, message, &done);
		break;
	case DB_DELIVER:
		done = set_result_headers(ctx, message, envelope->queue_id, result);
		break;
	case DB_FORWARD:
		done = set_result_headers(ctx, message, envelope->queue_id, result) &&
		       replace_our_recipients(ctx, message, result->forward_to);
		break;
	}
	if (done)
		return status;
	log_event(LOG_LEVEL_ERROR, envelope->queue_id,
		  "the MTA refused a change of the message; it is asked to try again");
	return answer_try_again(ctx, "4.3.0", "the message could not be changed");
}

/* The database can never store this one: the operator must see it all the same. */
static sfsistat send_to_operator(SMFICTX *ctx, struct message *message, const char *queue_id,
				 struct parameter_cache *parameter_cache)
{
	static const struct result_headers not_recorded = {"unclassified", "not-recorded", "none"};
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(parameter_cache);
	bool done = set_headers(ctx, message, queue_id, &not_recorded);

	if (done && *parameters->operator_mailbox != '\0')
		done = replace_our_recipients(ctx, message, parameters->operator_mailbox);
	return done ? SMFIS_ACCEPT
		    : answer_try_again(ctx, "4.3.0", "the message could not be changed");
}

sfsistat answer_failed(SMFICTX *ctx, struct message *message, const struct envelope *envelope,
		       struct parameter_cache *parameter_cache, const GError *error)
{
	log_event(LOG_LEVEL_ERROR, envelope->queue_id, "not recorded: %s", error->message);
	if (error->code == BM_ERROR_INPUT)
		return send_to_operator(ctx, message, envelope->queue_id, parameter_cache);
	return answer_try_again(ctx, "4.3.0", "the bounce could not be recorded");
}
