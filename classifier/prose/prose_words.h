/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words that reports are known by, in the languages
 * they are written in. Lower case; lists end with NULL.
 */
#ifndef CLASSIFIER_PROSE_PROSE_WORDS_H
#define CLASSIFIER_PROSE_PROSE_WORDS_H

#include <stdbool.h>

extern const char *const words_daemon[];      /* in a From field: a mail system speaks */
extern const char *const words_postmaster[];  /* the same, or the person who answers for it */
extern const char *const words_daemon_weak[]; /* the same, under a subject that says so too */
extern const char
    *const words_report_subject[]; /* a subject begins so: a report, or mail about one */
extern const char *const words_report_phrase[];  /* the same anywhere in a subject */
extern const char *const words_answer_subject[]; /* the subject of a person's answer begins so */
extern const char *const words_strict_subject[]; /* the same, and hardly anything else */
extern const char *const words_failure[];        /* says "not delivered" */
extern const char
    *const words_refusal[]; /* says why; means a failure only where a report is expected */
extern const char *const words_summary_subject[]; /* a subject has it: about many mails, not one */
extern const char *const words_goods[];           /* what else is delivered, or is not */
extern const char *const words_delay[];           /* says "not yet" */
extern const char *const words_only_warning[];    /* says "not yet" under any subject */
extern const char *const words_final[];           /* takes that back */
extern const char *const words_given_up[];        /* says "no more" */
extern const char *const words_list_refused[];    /* sentences of list managers */
extern const char *const words_list_held[];

/* Does the text, lower case, hold one of the words; does it begin with one. */
bool words_any(const char *lower, const char *const *words);
bool words_begin(const char *lower, const char *const *words);

#endif
