/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The delivery queue as a worker sees it: claim, begin, settle, release. The
 * states and what follows from an outcome are in sql/. One queue is one
 * connection, for one thread; it connects by itself when it is needed.
 */
#ifndef DB_QUEUE_H
#define DB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

struct db_queue;

/* Copies its arguments; opens nothing yet. worker: "host:pid", for people;
 * server: the submission server whose problems are shared by all workers. */
struct db_queue *db_queue_new(const char *conninfo, unsigned query_wait, const char *worker,
			      const char *server);
void db_queue_free(struct db_queue *queue);
/* From now on it claims, and waits for, only what somebody wants sent at once: send_now(). */
void db_queue_make_urgent(struct db_queue *queue);

/* One SMTP transaction. Ids are decimal or hexadecimal texts and mean nothing here. */
struct db_item {
	char *claim_id;
	char *communication_id;
	char **recipient_ids;
	char **addresses; /* in the same order */
	char *attempt;
	char *sender; /* envelope sender; "" is the null sender */
	char *envelope_id;
	char *response; /* to the last try of this send that counts; "": there was none */
	size_t bytes;   /* of the content, before encoding */
	bool asks_success;
	char *simulates; /* the behaviour of a test address, see delivery/message/simulator.h; "":
			    none */
};

/* What to send. Absence is "". */
struct db_content {
	char *message_id; /* without angle brackets */
	char *envelope_id;
	char *raw; /* a whole message, or NULL when it is to be composed */
	size_t raw_len;
	bool has_text, has_html;
	char *text;
	char *html;
	char *from; /* "Name <address>" or bare */
	char **to;
	char **cc;
	char *reply_to;
	char *subject;
	char *auto_submitted;
	char *attachments; /* JSON: [{filename, content_type, content_id, content (base64)}] */
	char *notice;      /* JSON: the facts of a non-delivery notice that is to be composed */
};

/* What became of one transaction. */
struct db_settlement {
	const char *claim_id;
	const char *outcomes; /* JSON, as bounce.settle_delivery() wants it */
};

/* All calls fail with a code as pg_query; RETRY and UNCERTAIN mean that the same
 * call may be repeated, which is harmless. */

/* Up to batch communications that are due; struct db_item, in the order of sending. */
GPtrArray *db_queue_claim(struct db_queue *queue, unsigned batch, GError **error)
    __attribute__((warn_unused_result));

/* Settles the one (may be NULL) and begins the next (may be NULL) in one commit.
 * *content_out: what to send, NULL when next must not be sent any more. */
bool db_queue_step(struct db_queue *queue, const struct db_settlement *done,
		   const struct db_item *next, struct db_content **content_out, GError **error)
    __attribute__((warn_unused_result));
/* The same in two halves, so that something can be done meanwhile; nothing else may be
 * asked of the queue between them. An error of either leaves nothing to be heard. */
bool db_queue_step_ask(struct db_queue *queue, const struct db_settlement *done,
		       const struct db_item *next, GError **error)
    __attribute__((warn_unused_result));
bool db_queue_step_hear(struct db_queue *queue, struct db_content **content_out, GError **error)
    __attribute__((warn_unused_result));
void db_content_free(struct db_content *content);

/* Gives back what the claim has not begun. why: "" or the fault, for people. */
bool db_queue_release(struct db_queue *queue, const char *claim_id, const char *why, GError **error)
    __attribute__((warn_unused_result));
/* The server cannot be used: nobody claims for it for a while. */
bool db_queue_problem(struct db_queue *queue, const char *problem, GError **error)
    __attribute__((warn_unused_result));

/* claim_ids: NULL-terminated. Settles what steps have only noted: see settle_and_begin(). */
bool db_queue_settle_noted(struct db_queue *queue, const char *const *claim_ids, GError **error)
    __attribute__((warn_unused_result));
bool db_queue_renew(struct db_queue *queue, const char *const *claim_ids, GError **error)
    __attribute__((warn_unused_result));
/* Ends the claims of workers that are gone, and the problems of servers that nobody uses
 * any more. lease_out: seconds a lease lasts now. */
bool db_queue_sweep(struct db_queue *queue, unsigned *swept_out, unsigned *lease_out,
		    GError **error) __attribute__((warn_unused_result));

/* Waits until work may be there, stop_fd is readable, or that many seconds have passed.
 * The first time after a claim it listens and returns at once. */
void db_queue_wait(struct db_queue *queue, int stop_fd, unsigned seconds);

typedef struct db_content db_content_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(db_content_t, db_content_free)

#endif
