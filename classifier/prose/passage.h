/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which passage of a text is about a recipient: it becomes the diagnostic.
 */
#ifndef CLASSIFIER_PROSE_PASSAGE_H
#define CLASSIFIER_PROSE_PASSAGE_H

#include "classifier/report/finding.h"

/* The first max bytes of the text, lower case, on one line: sentences are wrapped anywhere.
 * Heap. */
char *passage_beginning(const char *text, size_t max);

/* The paragraph of text that contains the place at. */
struct slice passage_paragraph(const char *text, const char *at);

/* Sets the recipient's diagnostic to the passage of the message's text about it. */
void passage_set_diagnostic(const struct message *message, struct finding *finding,
			    struct report_recipient *recipient);

/* Where the text shows the session in which a recipient was refused, the reply that refused it
 * becomes the diagnostic. */
void passage_read_transcript(const struct message *message, struct finding *finding);

/* If there is a single recipient and no code for it yet, a code anywhere in the text
 * belongs to it. */
void passage_find_codes(const struct message *message, struct finding *finding);

/* Words about a recipient that begin with "(generated from anna@host.example)" or "Original
 * address: anna@host.example" say whom the mail was written to: sets the original recipients that
 * are not known yet. */
void passage_find_aliases(struct finding *finding);

/* The same of "(generated from anna@host.example)" behind the recipient's address in the text:
 * Exim's delivery status has no Original-Recipient. */
void passage_find_alias_beside(const struct message *message, struct report_recipient *recipient);

#endif
