/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words by which reports, automatic replies and people are recognised, in all languages
 * of etc/phrases. A list is a section of these files; etc/phrases/README.md says what each
 * means. Lower case, white space as one blank; lists end with NULL.
 */
#ifndef CLASSIFIER_TEXT_WORDS_H
#define CLASSIFIER_TEXT_WORDS_H

#include <stdbool.h>

/* who sent it */
extern const char *const words_daemon[];
extern const char *const words_postmaster[];
extern const char *const words_daemon_weak[];
extern const char *const words_role_address[];

/* subjects */
extern const char *const words_report_subject[];
extern const char *const words_report_phrase[];
extern const char *const words_strict_subject[];
extern const char *const words_answer_subject[];
extern const char *const words_summary_subject[];

/* failures and delays */
extern const char *const words_failure[];
extern const char *const words_refusal[];
extern const char *const words_delay[];
extern const char *const words_only_warning[];
extern const char *const words_final[];
extern const char *const words_given_up[];
extern const char *const words_goods[];
extern const char *const words_list_refused[];
extern const char *const words_list_held[];
extern const char *const words_filter_refusal[];
extern const char *const words_original_follows[];
extern const char *const words_reply_code_lead[];
extern const char *const words_empty_phrase[];
extern const char *const words_formula[];
extern const char *const words_statement[];
extern const char *const words_statement_other[];
extern const char *const words_statement_person[];
extern const char *const words_statement_left[];
extern const char *const words_statement_title[];
extern const char *const words_misspelt[];
extern const char *const words_reply_follows[];
extern const char *const words_final_answer[];
extern const char *const words_final_refusal[];
extern const char *const words_no_such_user[];

/* automatic mail */
extern const char *const words_auto_reply_subject[];
extern const char *const words_absence[];
extern const char *const words_absent_now[];
extern const char *const words_absence_over[];
extern const char *const words_automatic[];
extern const char *const words_acknowledgement[];
extern const char *const words_has_left[];
extern const char *const words_new_address[];
extern const char *const words_challenge_subject[];
extern const char *const words_challenge[];
extern const char *const words_read_subject[];
extern const char *const words_read[];
extern const char *const words_success_subject[];
extern const char *const words_success[];
extern const char *const words_abuse[];
extern const char *const words_unsubscribe[];

/* words around an address */
extern const char *const words_sender[];
extern const char *const words_alias[];
extern const char *const words_recipient[];
extern const char *const words_contact[];
extern const char *const words_message_id[];
extern const char *const words_and[];
extern const char *const words_original_subject[];
extern const char *const words_original_to[];
extern const char *const words_recipients_follow[];

/* letters of people */
extern const char *const words_greeting[];
extern const char *const words_about_oneself[];

/* Does the text, in lower case, contain one of the words? Does it begin with one? */
bool words_any(const char *lower, const char *const *words);
bool words_begin(const char *lower, const char *const *words);

#endif
