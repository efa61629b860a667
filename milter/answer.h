/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Turns the result of a message into the answer to the MTA. Only what is committed is
 * accepted; everything else is a temporary failure.
 */
#ifndef MILTER_ANSWER_H
#define MILTER_ANSWER_H

#include <glib.h>
#include <libmilter/mfapi.h>

#include "classifier/verdict/envelope.h"
#include "db/parameters/parameter_cache.h"
#include "db/record.h"
#include "milter/message.h"

/* A 451 reply with that enhanced code and text. */
sfsistat answer_try_again(SMFICTX *ctx, const char *status, const char *text);
/* A 550 reply with that enhanced code and text. */
sfsistat answer_refuse(SMFICTX *ctx, const char *status, const char *text);

/* The message is committed: it is discarded, delivered, or sent to the operator. */
sfsistat answer_recorded(SMFICTX *ctx, struct message *message, const struct envelope *envelope,
			 const struct db_record_result *result);

/* The message could not be recorded. With BM_ERROR_INPUT it is sent to the operator. */
sfsistat answer_failed(SMFICTX *ctx, struct message *message, const struct envelope *envelope,
		       struct parameter_cache *parameter_cache, const GError *error);

#endif
