/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From what became of a message to what the MTA is told. "Taken" is said only
 * of what is committed; everything else is "try again".
 */
#ifndef MILTER_ANSWER_H
#define MILTER_ANSWER_H

#include <glib.h>
#include <libmilter/mfapi.h>

#include "classifier/verdict/envelope.h"
#include "db/parameter_cache.h"
#include "db/record.h"
#include "milter/message.h"

/* A 451 reply with that enhanced code and text. */
sfsistat answer_try_again(SMFICTX *ctx, const char *status, const char *text);
/* A 550 reply with that enhanced code and text. */
sfsistat answer_refuse(SMFICTX *ctx, const char *status, const char *text);

/* The message is committed: discard it, deliver it, or send it to the operator. */
sfsistat answer_recorded(SMFICTX *ctx, struct message *message, const struct envelope *envelope,
			 const struct db_record_result *result);

/* The message could not be recorded. BM_ERROR_INPUT: a person gets it. */
sfsistat answer_failed(SMFICTX *ctx, struct message *message, const struct envelope *envelope,
		       struct db_watch *watch, const GError *error);

#endif
