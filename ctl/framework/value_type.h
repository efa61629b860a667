/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values on a command line: what an option or an argument takes. Wrong ones are
 * refused here, with what would be right, before any database is asked.
 */
#ifndef CTL_FRAMEWORK_VALUE_TYPE_H
#define CTL_FRAMEWORK_VALUE_TYPE_H

#include <stdbool.h>

#include <glib.h>

#include "db/rows.h"

struct ctl_section;

enum { CTL_VALUE_TYPE_COUNT_MAX = 1000000 };

enum ctl_value_type_kind {
	CTL_VALUE_TYPE_STRING, /* anything, even nothing */
	CTL_VALUE_TYPE_TEXT,   /* not blank */
	CTL_VALUE_TYPE_COUNT,  /* 1 to CTL_VALUE_TYPE_COUNT_MAX */
	CTL_VALUE_TYPE_ID,     /* digits */
	CTL_VALUE_TYPE_PAST, /* "30m", "24h", "7d", "2w" ago; today, yesterday; a date "2026-11-21",
			   with "14:00" or "14:00:30" behind it, and "Z" or "+01:00" */
	CTL_VALUE_TYPE_FUTURE, /* the same from now; tomorrow; a date that is not past */
	CTL_VALUE_TYPE_WORD,   /* one of the words, in any case */
};

struct ctl_value_type {
	const char *name; /* how usage lines call it: "ID" */
	enum ctl_value_type_kind kind;
	/* CTL_VALUE_TYPE_WORD has one of these: */
	const char *const *words;              /* ended by NULL */
	char **(*list_words)(void);            /* free with g_strfreev */
	const struct db_statement *completion; /* its words in the first column; NULL: none */
	bool is_file;                          /* the name of a file or folder completes it */
	/* A name, which its statement turns into the number in column "id"; see name_lookup.h. What
	 * it says of several is for people to choose by. NULL: it means what it says. */
	const struct ctl_section *finds;
};

/* The values that any program has. */
extern const struct ctl_value_type ctl_value_type_string; /* STRING */
extern const struct ctl_value_type ctl_value_type_text;   /* TEXT */
extern const struct ctl_value_type ctl_value_type_count;  /* N */
extern const struct ctl_value_type ctl_value_type_id;     /* ID */
extern const struct ctl_value_type ctl_value_type_past;   /* TIME */
extern const struct ctl_value_type ctl_value_type_future; /* WHEN */
extern const struct ctl_value_type ctl_value_type_name;   /* NAME */
extern const struct ctl_value_type ctl_value_type_file;   /* FILE */
extern const struct ctl_value_type ctl_value_type_dir;    /* DIR */

/* text as it is written for the database: a word in its own spelling, a time as RFC 3339
 * or as it is. NULL with *complaint_out, heap, which continues "--since: ".
 * now: microseconds since 1970. Heap. */
char *ctl_value_type_read(const struct ctl_value_type *value, const char *text, gint64 now,
			  char **complaint_out);

/* The words that it may be; NULL unless it is a CTL_VALUE_TYPE_WORD. Free with g_strfreev. */
char **ctl_value_type_words(const struct ctl_value_type *value);

/* Of the words the one that was probably meant; NULL if none is near. */
const char *ctl_value_type_suggest(const char *meant, const char *const *words);

#endif
