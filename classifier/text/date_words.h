/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of date_text.c and return_date.c, lower case, in the form NFKC. Each list is one
 * string with a blank on both sides of every word.
 */
#ifndef CLASSIFIER_TEXT_DATE_WORDS_H
#define CLASSIFIER_TEXT_DATE_WORDS_H

/* In which order people who say this write numbers. */
enum date_order {
	ORDER_UNKNOWN, /* English: day/month in one country, month/day in another */
	ORDER_DAY_FIRST,
	ORDER_MONTH_FIRST, /* Japanese, Chinese, Korean, and after a year */
};

struct date_words {
	enum date_order order;
	const char *words;
};

extern const struct date_words date_words_return[]; /* says "back", anywhere in the sentence */
extern const struct date_words date_words_until[];  /* says "until", before the day */
extern const struct date_words date_words_range[];  /* the same, if a number stands before it */

/* Written without blanks: parts of a word. NULL-terminated. */
extern const char *const date_parts_return[];
extern const char *const date_parts_until_before[]; /* the word before the day ends so */
extern const char *const date_parts_until_after[];  /* the word behind the day begins so */

extern const char *const date_words_month[12];
extern const char date_words_month_first[]; /* months that may stand before the day */
extern const char date_words_ordinal[];     /* what is joined to the number of a day */
extern const char date_words_of[];          /* between day and month, month and year */
extern const char date_words_time[];        /* behind "10.12" they make it a time */

#endif
