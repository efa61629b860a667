/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What every page has in common: the call, its model, the answer. A page asks the database as the
 * person who is logged in, and shows what it is given; whether something may be done is decided
 * there.
 */
#ifndef CONSOLE_ANSWER_PAGE_H
#define CONSOLE_ANSWER_PAGE_H

#include "console/http/request.h"
#include "console/session/sessions.h"
#include "console/session/throttle.h"
#include "console/template/model.h"
#include "console/text/catalogue.h"
#include "db/rows.h"

/* The console as the pages know it. */
struct console {
	const char *conninfo;
	unsigned query_wait; /* seconds */
	char *mark;          /* of the database's sentences (console/text/sentences.h) */
	bool is_https;
	const char *rules_dir;  /* where a proposed rule is tried; "": the installation's */
	const char *site_rules; /* where it would go; "": the configuration names no file */
	GHashTable *templates;
	struct sessions *sessions;
	struct throttle *guesses; /* logins, by name and client address */
	struct throttle *names;   /* by name */
	struct throttle *clients; /* by client address */
};

struct page_call {
	struct console *console;
	const struct request *request;
	struct session *session; /* NULL before the login */
	const char *visitor;     /* the id in the cookie */
	const struct catalogue *catalogue;
	struct model *model;
};

typedef struct response *page_handler(struct page_call *call);

/* The page with that name, of the model. */
struct response *page_show(struct page_call *call, const char *name, unsigned status);
/* The page that says what went wrong; 403, 422 or 503. */
struct response *page_fail(struct page_call *call, const GError *error);
/* 404, with that text in the reader's language. */
struct response *page_missing(struct page_call *call, const char *text);

/* Asks as the person. NULL with the errors of db_rows_fetch. */
struct db_rows *page_fetch(struct page_call *call, const struct db_statement *statement,
			   const char *const *arguments, GError **error)
    __attribute__((warn_unused_result));
/* What the database says of that failure, in the reader's language. Heap. */
char *page_fault(const struct page_call *call, const GError *error);

/* A text of the database, its sentences in the reader's language. Heap; NULL for NULL. */
char *page_told(const struct page_call *call, const char *text);
/* The rows as a list of that name; NULL values are "". */
void page_add_rows(struct page_call *call, const char *name, const struct db_rows *rows);
/* The values of the first row, in the model itself. */
void page_set_row(struct page_call *call, const struct db_rows *rows);
/* For what a person does: db_rows_act(). */
struct db_rows *page_act(struct page_call *call, const struct db_statement *statement,
			 const char *const *arguments, GError **error)
    __attribute__((warn_unused_result));

/* The same, and has_NAME is set where there are any. */
void page_add_list(struct page_call *call, const char *name, const struct db_rows *rows);
/* What an act has done to whom, as the preview shows it (db/people/console_queries.h). */
void page_add_effects(struct page_call *call, const struct db_rows *rows);
/* Asks, and adds that list. False with the errors of db_rows_fetch. */
bool page_load(struct page_call *call, const char *name, const struct db_statement *statement,
	       const char *const *arguments, GError **error) __attribute__((warn_unused_result));

/* A list of choices (value, is_chosen) for a select; words end with NULL. */
void page_add_choices(struct page_call *call, const char *name, const char *const *words,
		      const char *chosen);

/* The names of the processes as such a list. False with the errors of db_rows_fetch. */
bool page_add_processes(struct page_call *call, const char *chosen, GError **error)
    __attribute__((warn_unused_result));

/* Our own words in the reader's language, {count} replaced. Heap. */
char *page_words(const struct page_call *call, const char *one, const char *many, gsize count);

/* A number of the query or the form; NULL where it is none. */
const char *page_id(const struct form *form, const char *name);

/* The fields of a form that is sent, or of the address of a preview. */
const struct form *page_fields(const struct page_call *call);
/* 303 to the address of a preview: what has one can be loaded anew, and gone back to. NULL: it is
 * too long for one. */
struct response *page_preview_at(const char *path, const char *const *parameters);
/* Gives a form its mark, "once" (session_is_first). */
void page_mark_once(struct page_call *call);
/* The answer of act, or of again where the form was sent before: a double click sends it twice. */
struct response *page_do_once(struct page_call *call,
			      struct response *(*act)(struct page_call *call),
			      struct response *(*again)(struct page_call *call));

/* The cookie of that visitor, or the end of it where id is NULL. */
void page_set_cookie(const struct console *console, struct response *response, const char *id);
char *page_read_cookie(const struct console *console, const struct request *request);

#endif
