/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The general reading of a failure report that no dialect fits: who may send
 * one, which words say "failed", which address is meant.
 */
#ifndef CLASSIFIER_PROSE_GENERAL_H
#define CLASSIFIER_PROSE_GENERAL_H

#include <stdbool.h>

#include "classifier/report_build.h"

/* The message comes from a mail system, not from a person: null sender, the
 * usual names of a daemon, or X-Failed-Recipients. */
bool general_is_machine(struct report_build *build);

/* Who it comes from; looked at once. */
enum report_sender general_sender(struct report_build *build);

/* Between text and end (NULL: its own) somebody greets, asks or quotes, as a person does before
 * what he pastes. */
bool general_is_letter(const char *text, const char *end);

/* It came over a mailing list or as a newsletter. */
bool general_is_list_mail(const struct report_build *build);

/* It does, and more than the name "postmaster" says so: a person may answer mail there. */
bool general_has_evidence(struct report_build *build);

/* Subjects that mail systems give to failure reports. Weak beside a dialect, nothing alone. */
bool general_has_report_subject(const struct report_build *build);

/* The subject says "not yet" and not "no more". */
bool general_is_delay_subject(const struct report_build *build);

/* Ours, the reporter's, or an address for complaints: not what failed. */
bool general_is_foreign(const struct report *report, const char *address);

/* The address of that local part among those that the original was sent to; "" if none. */
const char *general_full_address(const struct report *report, const char *local, size_t len);

/* The one whom the original was sent to, as far as its header tells; "" if not one. */
const char *general_addressee(const struct report *report);

/* Adds the recipients of X-Failed-Recipients. */
void general_failed_header(struct report_build *build);

/* The address in X-Failed-Recipients if there is exactly one, else "". Heap. */
char *general_single_failed(const struct report_build *build);

/* Reads a failure by subject, words and addresses. True if it is one. What does not
 * come from a machine must have the very subject of a report and name an address. */
bool general_read(struct report_build *build, bool from_machine);

/* The paragraph of text that at lies in. */
struct slice general_paragraph(const char *text, const char *at);

/* Gives a recipient the paragraph of the text that speaks of him. */
void general_diagnostic(struct report_build *build, struct report_recipient *recipient);

#endif
