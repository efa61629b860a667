/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the SMTP envelope says of an incoming message, as the intake saw it.
 */
#ifndef CLASSIFIER_VERDICT_ENVELOPE_H
#define CLASSIFIER_VERDICT_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

struct envelope {
	const char *source;            /* "milter", "stdin" */
	const char *sender;            /* MAIL FROM, bare; "" is the null sender */
	const char *const *recipients; /* ours only, bare, NULL-terminated */
	const char *queue_id;          /* of the MTA that hands it over; "" if unknown */
	const char *client;            /* address of the SMTP client; "" if none */
	bool own_mta;                  /* made by our own MTA: a mark that no client can set */
	size_t size;                   /* bytes of the whole message, before any cut */
};

#endif
