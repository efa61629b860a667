/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report: what one incoming message says about the fate of a mail we sent.
 * Pure values: bytes in, struct out; no clock, no network, no SQL, no policy.
 *
 * Absence is "", never NULL. Every string is valid UTF-8, holds no NUL, is at
 * most limits.field_bytes long (text: limits.text_bytes) and belongs to the
 * report's own pool.
 */
#ifndef CLASSIFIER_REPORT_REPORT_H
#define CLASSIFIER_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/report/value_pool.h"

/* What the message is. Mixed DSNs: failed beats delayed beats delivered. */
enum report_kind {
	REPORT_OTHER,        /* ordinary mail, or nothing we can read */
	REPORT_DSN,          /* RFC 3464, at least one recipient failed */
	REPORT_PROSE,        /* a failure reported in words only (qmail, Exim, Exchange ...) */
	REPORT_DELAY,        /* still trying */
	REPORT_SUCCESS,      /* delivered, relayed or expanded */
	REPORT_READ_RECEIPT, /* MDN, RFC 8098 */
	REPORT_COMPLAINT,    /* ARF, RFC 5965 */
	REPORT_FEEDBACK,     /* ARF too, but no complaint */
	REPORT_CHALLENGE,    /* asks the sender to prove to be human */
	REPORT_AUTO_REPLY,   /* out of office and the like, RFC 3834 */
};

/* RFC 3464 section 2.3.3 */
enum report_action {
	REPORT_ACTION_NONE,
	REPORT_ACTION_FAILED,
	REPORT_ACTION_DELAYED,
	REPORT_ACTION_DELIVERED,
	REPORT_ACTION_RELAYED,
	REPORT_ACTION_EXPANDED,
	REPORT_ACTION_OTHER, /* any other word: unknown, hence not final */
};

/* One recipient of the report. Addresses are bare (no angle brackets, no
 * "rfc822;"), xtext and utf-8-addr-xtext (RFC 3461 s4, RFC 6533 s3) decoded. */
struct report_recipient {
	const char *recipient;          /* Final-Recipient, or the address the prose names */
	const char *original_recipient; /* Original-Recipient (ORCPT) */
	const char *actual_recipient;   /* X-Actual-Recipient: what a host made of it */
	enum report_action action;
	const char *status;          /* enhanced status code, RFC 3463: "5.1.1" */
	const char *reply_code;      /* SMTP reply code, RFC 5321: "550" */
	const char *diagnostic;      /* the refusing system's words */
	const char *diagnostic_type; /* "smtp", "x-unix" ..., lower case */
	const char *remote_mta;      /* the host that refused */
	const char *final_log_id;
	const char *last_attempt_date; /* RFC 5322 date as given */
	const char *will_retry_until;
	const char *source; /* where it was read: "rfc3464", "x-failed-recipients", a prose
			       dialect's name */
	bool is_literal;    /* recipient is all that Final-Recipient says, nothing was made of it */
};

/* The report's own header and, apart from it, that of the returned original. */
struct report_header {
	const char *message_id; /* without angle brackets */
	const char *from;       /* bare address of the first mailbox */
	const char *sender;     /* Return-Path, bare */
	const char *subject;
	const char *date;
	const char *const *to; /* bare addresses of To and Cc, NULL-terminated, never NULL itself */
	const char
	    *envelope_to; /* bare, by a field that names the envelope's recipient; the first */
	const char *delivered_to; /* bare, by the trace: Delivered-To, or what Received is "for" */
};

/* What it says beside its recipients. */
struct report_facts {
	/* per-message fields, RFC 3464 section 2.2 */
	const char *reporting_mta;
	const char *received_from_mta;
	const char *dsn_gateway;
	const char *arrival_date;
	const char *envelope_id; /* Original-Envelope-Id, xtext decoded */

	const char *feedback_type; /* RFC 5965: "abuse", "not-spam" ... */

	/* of an automatic reply, see return_date.h and contact_change.h */
	const char *return_date;  /* "2026-12-05" */
	const char *new_address;  /* what its writer says; nobody has checked it */
	const char *change_words; /* the words that say so, or that the person has left */
	bool has_left;
};

struct report {
	enum report_kind kind;
	const char
	    *dialect;   /* the grammar that spoke: "rfc3464", "arf", "qmail", "rfc3834" ... or "" */
	bool truncated; /* a bound of struct limits cut the message */
	char digest[65]; /* SHA-256, lower-case hex, of the body as received, up to
			    limits.message_bytes and without what the abridgement leaves out */

	struct report_header header;
	const char *auto_submitted;

	struct report_facts facts;
	struct report_header original;
	const char *original_communication_id; /* X-Communication-ID of the returned original */
	const char *original_queue_id;         /* X-Postfix-Queue-ID */

	const char *const
	    *references; /* In-Reply-To first, then References; ids without angle brackets */

	const struct report_recipient *recipients;
	size_t recipient_count;
	bool is_literal; /* all of them, by the delivery status of the message itself */

	const char
	    *text; /* what a person would read: the text parts before the returned original */

	struct value_pool *pool; /* owns every string and list above */
};

/* The empty values: every string "", no address, kind REPORT_OTHER, no recipient. They own
 * nothing. Whoever builds one by hand starts with a copy, so that no field is forgotten. */
extern const struct report_recipient report_recipient_empty;
extern const struct report_header report_header_empty;
extern const struct report_facts report_facts_empty;
extern const struct report report_empty;

void report_free(struct report *report);

const char *report_kind_name(enum report_kind kind); /* "other", "dsn", "prose", "delay", "success",
							"read_receipt", "complaint", "feedback",
							"challenge", "auto_reply" */
const char *report_action_name(enum report_action action); /* "failed" ...; "" for none */

typedef struct report report_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(report_t, report_free)

#endif
