/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Days as people write them, in the languages of date_words.h: a text as tokens,
 * and the day that begins at one of them. The text is lower case, UTF-8, in the form NFKC.
 */
#ifndef CLASSIFIER_TEXT_DATE_TEXT_H
#define CLASSIFIER_TEXT_DATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum date_token_kind { TOKEN_NUMBER, TOKEN_WORD, TOKEN_SIGN };

struct date_token {
	enum date_token_kind kind;
	const char *at;
	size_t len;
	int value;     /* of a number of at most four digits, else -1; of a sign its character */
	bool is_apart; /* white space before it */
	bool begins;   /* a sentence begins here */
};

struct date_day {
	int year; /* 0: not said */
	int month;
	int day;
	bool may_swap;    /* day and month, as far as the words tell */
	size_t end;       /* the token behind it */
	const char *rest; /* of the word that ends it: "日まで" */
};

/* The tokens (struct date_token) of the text, which they point into; quoted lines are left
 * out. Free with g_array_unref. */
GArray *date_text_read_tokens(const char *text);

/* The token at i; past the last an empty one, which begins a sentence. */
const struct date_token *date_text_token_at(const GArray *tokens, size_t i);

/* Is it one of these words (or signs), " with a blank on both sides "? */
bool date_text_token_is(const struct date_token *token, const char *words);
bool date_text_token_is_sign(const struct date_token *token, const char *signs);

/* Does the word begin with one of these; *rest_out is what follows that. */
bool date_text_token_begins(const struct date_token *token, const char *const *units,
			    const char **rest_out);

/* The day that begins at token i, in any form, and with a month's name. Not checked against
 * the calendar; of two numbers the month may be above 12 where may_swap is set. */
bool date_text_read_day(const GArray *tokens, size_t i, struct date_day *day_out);
bool date_text_read_day_name(const GArray *tokens, size_t i, struct date_day *day_out);

#endif
