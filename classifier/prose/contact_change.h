/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What an automatic reply says for good: that its writer has left, or that another
 * address is to be used. It is a stranger's word: a suggestion for a person, no more.
 */
#ifndef CLASSIFIER_PROSE_CONTACT_CHANGE_H
#define CLASSIFIER_PROSE_CONTACT_CHANGE_H

#include "classifier/report/finding.h"

/* Sets has_left, new_address and change_words of the finding from the beginning of the
 * message's text, quoted lines left out. Of one who has left, several addresses to write to are
 * none, since a program cannot know which; of a change of address, the next to the words
 * counts. Never the address that the reply was sent to. Linear in the length of the text. */
void contact_change_read(const struct message *message, struct finding *finding);

#endif
