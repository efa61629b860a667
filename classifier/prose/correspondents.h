/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The general reading of a failure report that no dialect fits: who may send
 * one, which words say "failed", which address is meant.
 */
#ifndef CLASSIFIER_PROSE_CORRESPONDENTS_H
#define CLASSIFIER_PROSE_CORRESPONDENTS_H

#include <stdbool.h>

#include "classifier/report/report_builder.h"

/* The subject says "not yet" and not "no more". */
bool general_is_delay_subject(const struct report_build *build);

/* Ours or the reporter's. */
bool general_is_correspondent(const struct report *report, const char *address);

/* Of a host that the report was sent to. */
bool general_is_own_host(const struct report *report, const char *address);

/* postmaster@, support@ and the like. */
bool general_is_daemon_address(const char *address);

/* Adds a recipient who is not among them yet. False beyond the bound. */
bool general_add_address(struct report_build *build, const char *address, const char *source,
			 enum report_action action);

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
