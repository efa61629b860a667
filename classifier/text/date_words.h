/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of date_text.c and return_date.c, in all languages of etc/phrases, whose
 * README.md says what each list means. Lower case, in the form NFKC.
 */
#ifndef CLASSIFIER_TEXT_DATE_WORDS_H
#define CLASSIFIER_TEXT_DATE_WORDS_H

/* In which order people who say this write numbers. */
enum date_order {
	ORDER_UNKNOWN, /* English: day/month in one country, month/day in another */
	ORDER_DAY_FIRST,
	ORDER_MONTH_FIRST, /* Japanese, Chinese, Korean, and after a year */
};

/* Whole words: one string with a blank on both sides of every word. */
struct date_words {
	enum date_order order;
	const char *words; /* NULL in the last of a list */
};

extern const struct date_words date_words_return[];
extern const struct date_words date_words_until[];
extern const struct date_words date_words_range[];

extern const char date_words_from[];
extern const char date_words_ordinal[];
extern const char date_words_of[];
extern const char date_words_time[];
extern const char *const date_words_month[12];
extern const char date_words_month_first[]; /* months that may stand before the day */

/* Parts of words; lists end with NULL. */
extern const char *const date_words_return_part[];
extern const char *const date_words_until_ending[];
extern const char *const date_words_until_after[];
extern const char *const date_words_year_mark[];
extern const char *const date_words_month_mark[];
extern const char *const date_words_day_mark[];

/* Words with marks in them, which are read as one: "t/m". */
extern const char *const date_words_joined[];

#endif
