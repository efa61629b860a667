/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What people write on a command line, by the name of its kind: "N", "ID",
 * "TIME", "CLASS" ... A wrong one is refused here, with what would be right,
 * before any database is asked.
 */
#ifndef CTL_FRAMEWORK_VALUE_H
#define CTL_FRAMEWORK_VALUE_H

#include <glib.h>

enum { CTL_NUMBER_MAX = 1000000 };

/* text as the kind is written for the database: a word in its own spelling, a
 * time as RFC 3339 or as it is. Kinds:
 *   N           a number from 1 to CTL_NUMBER_MAX
 *   ID          a number
 *   TIME        "30m", "24h", "7d", "2w" before now; today, yesterday; a date
 *               "2026-11-21", with "14:00" or "14:00:30" behind it, and "Z" or "+01:00"
 *   WHEN        the same after now; tomorrow; not past
 *   TEXT        not blank
 *   CLASS ...   one of ctl_value_words
 * and any other kind as it is. NULL with *complaint_out, heap, which continues
 * "--since: ". now: microseconds since 1970. Heap. */
char *ctl_value_read(const char *kind, const char *text, gint64 now, char **complaint_out);

/* The words that a kind may be; NULL: it is not one of words. Free with g_strfreev. */
char **ctl_value_words(const char *kind);

/* Of the words the one that was probably meant; NULL if none is near. */
const char *ctl_suggest(const char *meant, const char *const *words);

#endif
