/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of automatic replies, challenges, receipts, notices of success and
 * complaints, in the languages they are written in. Lower case, white space as one
 * blank; lists end with NULL. See words_any, words_begin in prose_words.h.
 */
#ifndef CLASSIFIER_PROSE_NOTICE_WORDS_H
#define CLASSIFIER_PROSE_NOTICE_WORDS_H

extern const char *const words_reply_subject[]; /* a subject of an automatic reply */
extern const char *const words_reply[];         /* sentences of absence; need a mark beside them */
extern const char *const words_automatic[];     /* calls itself automatic */
extern const char *const words_challenge_subject[];
extern const char *const words_challenge[];    /* sentences of challenges */
extern const char *const words_read_subject[]; /* a subject begins so: a receipt without RFC 8098 */
extern const char *const words_read[];
extern const char
    *const words_success_subject[]; /* a subject begins so: a notice without RFC 3464 */
extern const char *const words_success[];
extern const char *const words_abuse[]; /* sentences of complaints without RFC 5965 */

#endif
