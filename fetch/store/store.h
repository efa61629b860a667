/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An open connection to a mailbox, whatever its protocol. fetch/imap and fetch/pop3 fulfil it.
 * After an error that is not of one mail or one folder alone, a store is only good to be closed.
 * A store is used by one thread.
 */
#ifndef FETCH_STORE_STORE_H
#define FETCH_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>
#include <openssl/ssl.h>

#include "fetch/store/mailbox_settings.h"
#include "net/stream.h"

struct store;

struct store_opening {
	const struct mailbox_settings *settings;
	SSL_CTX *tls;
	const char *secret; /* password or token */
	size_t bytes_max;   /* of a mail; the rest of it is not asked for, or thrown away */
	int stop_fd;        /* once it is readable, whatever the server is asked ends in seconds */
};

struct store_mail {
	guint32 number; /* its name in this session: UID, message number */
	gint64 key;     /* its name in all sessions, and of no other mail, if the server is right */
	bool is_copied; /* to the folder it goes to; the original is to be removed */
	bool is_settled; /* as the server says */
};

struct store_list {
	/* Whether the mail is to be read now. */
	bool (*is_wanted)(void *context, gint64 key);
	void *context;
	guint32 after; /* only mails of a higher number */
	size_t max;
	GArray *mails; /* out: struct store_mail, those wanted, the oldest first, at most max */
	size_t total;  /* out: how many are wanted */
};

/* One mail as it was read; size is what the server says of it, or len where all has come. bytes is
 * NULL where it could not be: fault says why. */
struct store_content {
	const char *bytes; /* at most bytes_max */
	size_t len;
	size_t size;       /* of the whole mail */
	const char *fault; /* NULL: none */
	bool is_copied;    /* an earlier session has copied it to where it goes */
};

struct store_sink {
	/* Called for each mail that was asked for and has come, and for no other; again where the
	 * server gives one more of the same name. False: the rest is not wanted any more; it may
	 * come all the same, and is thrown away. */
	bool (*take)(void *context, guint32 number, const struct store_content *content);
	void *context;
};

enum store_fate {
	STORE_RECORDED,     /* as the settings say: moved, flagged or deleted */
	STORE_UNCLASSIFIED, /* to a folder of its own, with POP3 deleted */
	STORE_FAILED,       /* to a folder of its own, with POP3 left */
};

enum store_event {
	STORE_LOOK,   /* something may have come, or the time is over */
	STORE_WOKEN,  /* wake_fd is readable */
	STORE_REOPEN, /* this connection cannot wait: close it, and wait without */
};

struct store_class {
	/* Logs in over the stream of store_connect(), which it takes. NULL with BM_ERROR_RETRY, or
	 * BM_ERROR_CONFIG where the server refuses the login. */
	struct store *(*open)(const struct store_opening *opening, struct stream *stream,
			      GError **error);
	/* Whatever was settled is so for good only now. False, with BM_ERROR_RETRY: it may not
	 * be. A store that has had a fault says nothing more. */
	bool (*close)(struct store *store, GError **error);
	/* BM_ERROR_INPUT: there is no such folder, and the store is as good as before. */
	bool (*select)(struct store *store, const char *folder, GError **error);
	bool (*list)(struct store *store, struct store_list *list, GError **error);
	bool (*fetch)(struct store *store, const GArray *numbers, const struct store_sink *sink,
		      GError **error);
	/* Mails are struct store_mail; notes in them how far each has come, whatever it returns.
	 * BM_ERROR_INPUT: the server refuses some or all, and the store is as good as before. */
	bool (*settle)(struct store *store, GArray *mails, enum store_fate fate, GError **error);
	/* Until something comes into the folder that is selected. */
	enum store_event (*wait)(struct store *store, int wake_fd, GError **error);
	/* Mails that may be taken in one session: those that are settled are so only when it is
	 * closed. 0: any number. */
	unsigned session_max;
};

/* The one that fulfils settings->protocol. */
extern const struct store_class imap_store_class;
extern const struct store_class pop3_store_class;

#endif
