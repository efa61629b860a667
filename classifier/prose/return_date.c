/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words of its sentence say what kind of day each is that a text names.
 */
#include "classifier/prose/return_date.h"

#include <string.h>

#include "classifier/text/date_text.h"
#include "classifier/text/date_words.h"
#include "classifier/text/text.h"

#define TEXT_BYTES   4000 /* of the text that are looked at */
#define CUE_TOKENS   8    /* "until and including Friday, the 5th" */
#define RANGE_TOKENS 12   /* from the first day of a range to the last */
#define PASSED_DAYS  330  /* a day so far ahead is one that has passed */

enum { WEIGHT_NONE, WEIGHT_RANGE, WEIGHT_UNTIL, WEIGHT_RETURN };

/* --- what kind of day --------------------------------------------------------- */

static const struct date_words *find_date_words(const struct date_token *token,
						const struct date_words *words)
{
	for (; words->words; words++)
		if (date_text_token_is(token, words->words))
			return words;
	return NULL;
}

static bool has_part(const struct date_token *token, const char *const *parts)
{
	for (; *parts; parts++)
		if (token->kind == TOKEN_WORD &&
		    g_strstr_len(token->at, (gssize)token->len, *parts))
			return true;
	return false;
}

static bool ends_with(const struct date_token *token, const char *const *parts)
{
	for (; *parts; parts++) {
		size_t len = strlen(*parts);
		if (token->kind == TOKEN_WORD && token->len >= len &&
		    memcmp(token->at + token->len - len, *parts, len) == 0)
			return true;
	}
	return false;
}

/* What the tokens of a sentence say of all its days. */
static int weigh_sentence(const GArray *tokens, size_t start, enum date_order *order_out)
{
	for (size_t i = start;
	     i < tokens->len && (i == start || !date_text_token_at(tokens, i)->begins); i++) {
		const struct date_token *token = date_text_token_at(tokens, i);
		const struct date_words *words = find_date_words(token, date_words_return);
		if (!words && !has_part(token, date_words_return_part))
			continue;
		*order_out = words ? words->order : ORDER_MONTH_FIRST;
		return WEIGHT_RETURN;
	}
	return WEIGHT_NONE;
}

static bool has_number_before(const GArray *tokens, size_t i)
{
	for (size_t n = 0; n < RANGE_TOKENS && i > 0 && !date_text_token_at(tokens, i)->begins; n++)
		if (date_text_token_at(tokens, --i)->kind == TOKEN_NUMBER)
			return true;
	return false;
}

/* What is before the day that begins at token i, in its sentence. */
static int weigh_before(const GArray *tokens, size_t i, enum date_order *order_out)
{
	for (size_t n = 0; n < CUE_TOKENS && i > 0 && !date_text_token_at(tokens, i)->begins; n++) {
		const struct date_token *token = date_text_token_at(tokens, --i);
		const struct date_words *until = find_date_words(token, date_words_until);
		const struct date_words *range = find_date_words(token, date_words_range);
		if (until || ends_with(token, date_words_until_ending)) {
			*order_out = until ? until->order : ORDER_MONTH_FIRST;
			return i > 0 && date_text_token_is(date_text_token_at(tokens, i - 1),
							   date_words_from)
				   ? WEIGHT_NONE
				   : WEIGHT_UNTIL;
		}
		if (range && has_number_before(tokens, i)) {
			*order_out = range->order;
			return WEIGHT_RANGE;
		}
	}
	return WEIGHT_NONE;
}

static int weigh_after(const GArray *tokens, const struct date_day *day, enum date_order *order_out)
{
	const struct date_token *next = date_text_token_at(tokens, day->end);
	const char *rest;

	for (const char *const *part = date_words_until_after; *part; part++) {
		if (!g_str_has_prefix(day->rest, *part))
			continue;
		*order_out = ORDER_MONTH_FIRST;
		return WEIGHT_UNTIL;
	}
	if (date_text_token_is_sign(next, ".")) /* "5.12. asti" */
		next = date_text_token_at(tokens, day->end + 1);
	else if (date_text_token_is_sign(next, "(")) /* "5日(土)まで" */
		next = date_text_token_at(tokens, day->end + 3);
	if (!date_text_token_begins(next, date_words_until_after, &rest))
		return WEIGHT_NONE;
	*order_out = g_ascii_isalpha(*next->at) ? ORDER_DAY_FIRST : ORDER_MONTH_FIRST;
	return WEIGHT_UNTIL;
}

/* Settles which number is the month; false if it cannot be told. */
static bool settle_order(struct date_day *day, enum date_order order)
{
	bool swap = order == ORDER_MONTH_FIRST;

	if (!day->may_swap || day->day == day->month)
		return day->month <= 12;
	if (day->day > 12 || day->month > 12)
		swap = day->month > 12;
	else if (order == ORDER_UNKNOWN)
		return false;
	if (swap) {
		int month = day->day;
		day->day = day->month;
		day->month = month;
	}
	return day->month <= 12;
}

/* --- the calendar --------------------------------------------------------------- */

static bool is_day(int year, int month, int day)
{
	return g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year);
}

static guint32 julian(int year, int month, int day)
{
	GDate date;

	g_date_clear(&date, 1);
	g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	return g_date_get_julian(&date);
}

/* The day of a Date field. */
static bool read_reference(const char *field, struct date_day *day_out)
{
	g_autofree char *lower = text_lower(field);
	g_autoptr(GArray) tokens = date_text_read_tokens(lower);

	for (size_t i = 0; i < tokens->len; i++)
		if (date_text_read_day_name(tokens, i, day_out) && day_out->year > 0)
			return is_day(day_out->year, day_out->month, day_out->day);
	return false;
}

static bool settle_year(struct date_day *day, const char *field)
{
	struct date_day now;

	if (day->year > 0)
		return is_day(day->year, day->month, day->day);
	if (!read_reference(field, &now))
		return false;
	day->year =
	    now.year + (day->month < now.month || (day->month == now.month && day->day < now.day));
	return is_day(day->year, day->month, day->day) &&
	       julian(day->year, day->month, day->day) - julian(now.year, now.month, now.day) <
		   PASSED_DAYS;
}

/* --- door ------------------------------------------------------------------------- */

/* The weightiest day: of a sentence the last, of several sentences the first. */
static int choose_return_day(const GArray *tokens, struct date_day *best_out)
{
	enum date_order order_of_sentence = ORDER_UNKNOWN;
	int best = WEIGHT_NONE, weight_of_sentence = WEIGHT_NONE;
	size_t sentence = 0, best_sentence = 0;
	struct date_day day;

	for (size_t i = 0; i < tokens->len; i++) {
		if (date_text_token_at(tokens, i)->begins) {
			sentence = i;
			weight_of_sentence = weigh_sentence(tokens, i, &order_of_sentence);
		}
		if (!date_text_read_day(tokens, i, &day))
			continue;
		enum date_order order = order_of_sentence;
		int weight = weight_of_sentence;
		if (weight == WEIGHT_NONE)
			weight = weigh_before(tokens, i, &order);
		if (weight < WEIGHT_UNTIL && weigh_after(tokens, &day, &order) > WEIGHT_NONE)
			weight = WEIGHT_UNTIL;
		i = day.end - 1;
		if (weight == WEIGHT_NONE || !settle_order(&day, order))
			continue;
		if (weight > best || (weight == best && sentence == best_sentence)) {
			best = weight;
			best_sentence = sentence;
			*best_out = day;
		}
	}
	return best;
}

void return_date_find(const char *text, const char *date, char date_out[RETURN_DATE_SIZE])
{
	g_autofree char *start = g_strndup(text, text_cut_length(text, strlen(text), TEXT_BYTES));
	g_autofree char *lower = text_lower(start);
	g_autofree char *normal = g_utf8_normalize(lower, -1, G_NORMALIZE_ALL_COMPOSE);
	struct date_day day = {0};

	date_out[0] = '\0';
	if (!normal)
		return;
	g_autoptr(GArray) tokens = date_text_read_tokens(normal);
	if (choose_return_day(tokens, &day) != WEIGHT_NONE && settle_year(&day, date))
		g_snprintf(date_out, RETURN_DATE_SIZE, "%04d-%02d-%02d", day.year, day.month,
			   day.day);
}
