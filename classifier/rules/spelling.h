/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Letters that a keyboard or a mail system may lack: "Empfaenger" is written for "Empfänger",
 * "boite" for "boîte". Knows nothing of rules.
 */
#ifndef CLASSIFIER_RULES_SPELLING_H
#define CLASSIFIER_RULES_SPELLING_H

/* The pattern in which each such letter also fits what is written instead: "ä" is "(?:ä|ae)".
 * Those behind a backslash or within [brackets] stay as they are, and all in a pattern that looks
 * behind. Free with g_free. */
char *spelling_widen(const char *pattern);

#endif
