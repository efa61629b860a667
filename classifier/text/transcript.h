/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The transcript of an SMTP session that some mail systems show in place of a reason: what was
 * sent is behind "-->", "->" or "C:", what was received behind "<--", "<-" or "S:".
 */
#ifndef CLASSIFIER_TEXT_TRANSCRIPT_H
#define CLASSIFIER_TEXT_TRANSCRIPT_H

/* The reply that refused the address, or else the last refusal that is of no other recipient: its
 * lines, without what stands before them, and "(in reply to RCPT TO command)". Heap; NULL if the
 * text has none. */
char *transcript_find_refusal(const char *text, const char *address);

#endif
