/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One message while it is received: its envelope, and its bytes up to a limit. Knows
 * nothing of libmilter, so that its limits can be tested alone.
 */
#ifndef MILTER_MESSAGE_H
#define MILTER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/verdict/envelope.h"

/* X-Bounce-* fields of a stranger that are removed: each one costs the MTA a walk through its
 * header (Postfix: seconds for thousands, then a panic). */
enum { MESSAGE_OWN_HEADERS_MAX = 50 };

struct message;

/* sender as the MTA gave it. bytes_max: what is kept; the rest is counted only. */
struct message *message_new(const char *sender, size_t bytes_max);
void message_free(struct message *message);

/* address as the MTA gave it, which is how it must be removed again. */
void message_add_our_recipient(struct message *message, const char *address);
void message_add_foreign_recipient(struct message *message);

/* value as libmilter gives it with SMFIP_HDR_LEADSPC: with its leading space, folded by
 * bare line feeds. */
void message_add_header(struct message *message, const char *name, const char *value);
/* Before the body, and at the end of a message that has none; again, it does nothing. */
void message_end_headers(struct message *message);
void message_add_body(struct message *message, const char *bytes, size_t len);

bool message_is_full(const struct message *message);
bool message_is_ours(const struct message *message); /* has at least one recipient of ours */
bool message_has_foreign_recipients(const struct message *message);

const char *message_bytes(const struct message *message, size_t *len_out);
/* How many fields X-Bounce-... of that name came, in any case. */
unsigned message_own_header_count(const struct message *message, const char *name);
/* Whether more than MESSAGE_OWN_HEADERS_MAX fields X-Bounce-... came. */
bool message_has_too_many_own_headers(const struct message *message);

/* Our recipients as given; NULL-terminated. */
const char *const *message_our_recipients(const struct message *message);
/* The envelope for the intake: bare addresses, what is no UTF-8 in them replaced; valid as long as
 * the message. */
struct envelope message_envelope(const struct message *message, const char *queue_id,
				 const char *client, bool own_mta);

/* "<a@b>" or "a@b" to "a@b"; heap. Addresses have angle brackets over SMTP, and none from
 * cleanup(8). */
char *message_address_bare(const char *address);

typedef struct message message_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(message_t, message_free)

#endif
