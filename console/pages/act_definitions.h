/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What can be done with one mail, bounce, address, process or parameter: which statement does it,
 * what its form has, what is said then, and what takes it back.
 */
#ifndef CONSOLE_PAGES_ACT_DEFINITIONS_H
#define CONSOLE_PAGES_ACT_DEFINITIONS_H

#include "console/answer/page.h"

enum { ACT_FIELDS_MAX = 9 };

struct act {
	const char *name;
	const char *title;
	const struct db_statement *statement;
	const char *fields[ACT_FIELDS_MAX]; /* of the form: the parameters of the statement */
	/* at what it did, with the first of the parameters; NULL: at the mails */
	const struct db_statement *look;
	/* says what it would do, with the first of the parameters, where that is not found out by
	 * trying it (db/people/console_admin.h); NULL: it is tried */
	const struct db_statement *foresee;
	const char *did;   /* column that says whether anything was done */
	const char *done;  /* what is said then */
	const char *undo;  /* the act that takes it back; NULL: none */
	const char *final; /* what to know where there is none, in a sentence; NULL: nothing more */
	const char *path;  /* of the page that it belongs to */
	const char *key;   /* field that tells which of those pages; NULL: there is one */
	/* what else the preview shows; NULL: nothing */
	bool (*add_more)(struct page_call *call, GError **error);
};

/* NULL where there is none of that name. */
const struct act *act_definitions_find(const char *name);

#endif
