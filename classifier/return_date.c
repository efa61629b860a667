/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text is cut into numbers, words and signs; days are looked for among them, and
 * the words of their sentence say what kind of day each is.
 *
 *   day = year "-" month "-" day            ; also with "/" and "."
 *       / [year "年"] month "月" day "日"     ; also 년 월 일, 号
 *       / day [ordinal] ["of"] month-name [year]
 *       / month-name day [ordinal] [year]   ; English
 *       / number ("." / "/" / "-") number ["." / "/" / "-" year]
 */
#include "classifier/return_date.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "classifier/return_date_words.h"
#include "classifier/text.h"

#define TEXT_BYTES   4000 /* of the text that are looked at */
#define WORD_BYTES   40   /* no word of the lists is longer */
#define CUE_TOKENS   8    /* "until and including Friday, the 5th" */
#define RANGE_TOKENS 12   /* from the first day of a range to the last */
#define PASSED_DAYS  330  /* a day so far ahead is one that has passed */

enum token_kind { TOKEN_NUMBER, TOKEN_WORD, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	const char *at;
	size_t len;
	int value;     /* of a number of at most four digits, else -1; of a sign its character */
	bool is_apart; /* white space before it */
	bool begins;   /* a sentence begins here */
};

struct day {
	int year; /* 0: not said */
	int month;
	int day;
	bool may_swap;    /* day and month, as far as the words tell */
	size_t end;       /* the token behind it */
	const char *rest; /* of the word that ends it: "日まで" */
};

enum { WEIGHT_NONE, WEIGHT_RANGE, WEIGHT_UNTIL, WEIGHT_RETURN };

/* --- tokens --------------------------------------------------------------- */

static const struct token *token_at(const GArray *tokens, size_t i)
{
	static const struct token end = {TOKEN_SIGN, "", 0, 0, true, true};

	return i < tokens->len ? &g_array_index(tokens, struct token, i) : &end;
}

/* Dashes, quotes and East Asian punctuation are signs; NFKC has made the others ASCII. */
static int sign_of(const char *at, size_t *len_out)
{
	const unsigned char *byte = (const unsigned char *)at;

	*len_out = 3;
	if (byte[0] == 0xE2 && byte[1] == 0x80)
		return byte[2] >= 0x90 && byte[2] <= 0x95 ? '-' : '\'';
	if (byte[0] == 0xE3 && byte[1] == 0x80)
		return byte[2] == 0x82 ? '!' : byte[2] == 0x9C ? '-' : ',';
	*len_out = 1;
	return byte[0] < 0x80 && !g_ascii_isalnum(*at) ? *at : 0;
}

static size_t word_length(const char *at)
{
	static const char *const joined[] = {"t/m", "t.o.m."};
	size_t len = 0, ignored;

	for (size_t i = 0; i < G_N_ELEMENTS(joined); i++)
		if (g_str_has_prefix(at, joined[i]))
			return strlen(joined[i]);
	while (at[len] != '\0' && !g_ascii_isdigit(at[len]) && sign_of(at + len, &ignored) == 0)
		len++;
	return len;
}

static struct token read_token(const char *at)
{
	struct token token = {.kind = TOKEN_SIGN, .at = at};

	token.len = strspn(at, "0123456789");
	if (token.len > 0) {
		token.kind = TOKEN_NUMBER;
		token.value = token.len <= 4 ? (int)g_ascii_strtoull(at, NULL, 10) : -1;
		return token;
	}
	token.value = sign_of(at, &token.len);
	if (token.value == 0) {
		token.kind = TOKEN_WORD;
		token.len = word_length(at);
	}
	return token;
}

static bool is_word(const struct token *token, const char *words)
{
	char key[WORD_BYTES + 3];

	if (token->kind == TOKEN_NUMBER || token->len == 0 || token->len > WORD_BYTES)
		return false;
	if (token->kind == TOKEN_SIGN)
		g_snprintf(key, sizeof key, " %c ", token->value);
	else
		g_snprintf(key, sizeof key, " %.*s ", (int)token->len, token->at);
	return strstr(words, key) != NULL;
}

static int month_of(const struct token *token)
{
	for (int i = 0; i < 12; i++)
		if (token->kind == TOKEN_WORD && is_word(token, date_words_month[i]))
			return i + 1;
	return 0;
}

/* A full stop behind an abbreviation or a number ends nothing. */
static bool ends_sentence(const GArray *tokens)
{
	const struct token *last = token_at(tokens, tokens->len - 1);
	const struct token *before = tokens->len > 1 ? token_at(tokens, tokens->len - 2) : last;

	if (tokens->len == 0 || last->kind != TOKEN_SIGN)
		return false;
	if (last->value == '!' || last->value == '?')
		return true;
	return last->value == '.' && before->kind == TOKEN_WORD && before->len > 3 && month_of(before) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Past white space and quoted lines; counts the line ends. */
static const char *skip_blanks(const char *at, const char *text, unsigned *lines_out)
{
	*lines_out = 0;
	for (; is_blank(*at) || (*at == '>' && (at == text || at[-1] == '\n')); at++) {
		if (*at == '>')
			at += strcspn(at, "\n");
		*lines_out += *at == '\n';
		if (*at == '\0')
			break;
	}
	return at;
}

static GArray *read_tokens(const char *text)
{
	GArray *tokens = g_array_new(FALSE, FALSE, sizeof(struct token));

	for (const char *at = text; *at != '\0';) {
		unsigned lines;
		const char *start = skip_blanks(at, text, &lines);
		if (*start == '\0')
			break;
		struct token token = read_token(start);
		token.is_apart = start > at || at == text;
		token.begins = tokens->len == 0 || lines > 1 || (token.is_apart && ends_sentence(tokens)) ||
			       (ends_sentence(tokens) && token_at(tokens, tokens->len - 1)->len == 3);
		g_array_append_val(tokens, token);
		at = start + token.len;
	}
	return tokens;
}

/* --- days ------------------------------------------------------------------- */

static bool is_number(const struct token *token, int min, int max)
{
	return token->kind == TOKEN_NUMBER && token->value >= min && token->value <= max;
}

static bool is_sign(const struct token *token, const char *signs)
{
	return token->kind == TOKEN_SIGN && token->value > 0 && strchr(signs, token->value) != NULL;
}

/* Two or four digits. */
static int year_of(const struct token *token)
{
	if (token->len == 4 && is_number(token, 1990, 2199))
		return token->value;
	return token->len == 2 && is_number(token, 20, 99) ? 2000 + token->value : 0;
}

static bool begins_with(const struct token *token, const char *const *units, const char **rest_out)
{
	for (; *units != NULL; units++) {
		if (token->kind != TOKEN_WORD || token->len < strlen(*units) || !g_str_has_prefix(token->at, *units))
			continue;
		*rest_out = token->at + strlen(*units);
		return true;
	}
	return false;
}

static bool read_east_asian(const GArray *tokens, size_t i, struct day *day_out)
{
	static const char *const years[] = {"年", "년", NULL};
	static const char *const months[] = {"月", "월", NULL};
	static const char *const days[] = {"日", "号", "號", "일", NULL};
	struct day day = {.rest = ""};

	if (begins_with(token_at(tokens, i + 1), years, &day.rest)) {
		day.year = year_of(token_at(tokens, i));
		if (day.year == 0)
			return false;
		i += 2;
	}
	if (!is_number(token_at(tokens, i), 1, 12) || !begins_with(token_at(tokens, i + 1), months, &day.rest) ||
	    !is_number(token_at(tokens, i + 2), 1, 31) || !begins_with(token_at(tokens, i + 3), days, &day.rest))
		return false;
	day.month = token_at(tokens, i)->value;
	day.day = token_at(tokens, i + 2)->value;
	day.end = i + 4;
	*day_out = day;
	return true;
}

/* The year behind a month's name: ", 2026", " de 2026", " '26". */
static void read_year(const GArray *tokens, struct day *day)
{
	size_t i = day->end;

	while (i < day->end + 2 &&
	       (is_sign(token_at(tokens, i), ".,'-/") || is_word(token_at(tokens, i), date_words_of)))
		i++;
	int year = year_of(token_at(tokens, i));
	if (year == 0 || (token_at(tokens, i)->len == 2 && token_at(tokens, i - 1)->value != '\'' &&
			  token_at(tokens, i - 1)->value != '-'))
		return;
	day->year = year;
	day->end = i + 1;
}

static bool read_day_name(const GArray *tokens, size_t i, struct day *day_out)
{
	struct day day = {.day = token_at(tokens, i)->value, .rest = ""};

	if (!is_number(token_at(tokens, i), 1, 31))
		return false;
	i++;
	if (is_sign(token_at(tokens, i), ".-/") ||
	    (!token_at(tokens, i)->is_apart && is_word(token_at(tokens, i), date_words_ordinal)))
		i++;
	if (is_word(token_at(tokens, i), date_words_of))
		i++;
	if (is_sign(token_at(tokens, i), "'"))
		i++;
	day.month = month_of(token_at(tokens, i));
	day.end = i + 1;
	if (day.month == 0)
		return false;
	read_year(tokens, &day);
	*day_out = day;
	return true;
}

static bool read_name_day(const GArray *tokens, size_t i, struct day *day_out)
{
	struct day day = {.month = month_of(token_at(tokens, i)), .rest = ""};

	if (day.month == 0 || !is_word(token_at(tokens, i), date_words_month_first))
		return false;
	i += is_sign(token_at(tokens, i + 1), ".") ? 2 : 1;
	if (is_word(token_at(tokens, i), date_words_of))
		i++;
	if (!is_number(token_at(tokens, i), 1, 31) || token_at(tokens, i)->len > 2)
		return false;
	day.day = token_at(tokens, i)->value;
	i++;
	if (!token_at(tokens, i)->is_apart && is_word(token_at(tokens, i), date_words_ordinal))
		i++;
	day.end = i;
	if (month_of(token_at(tokens, i)) > 0)
		return false; /* "mar 5 dic": Tuesday */
	read_year(tokens, &day);
	*day_out = day;
	return true;
}

static bool read_year_first(const GArray *tokens, size_t i, struct day *day_out)
{
	const struct token *sign = token_at(tokens, i + 1);

	if (token_at(tokens, i)->len != 4 || year_of(token_at(tokens, i)) == 0 || !is_sign(sign, "-/.") ||
	    !is_number(token_at(tokens, i + 2), 1, 12) || token_at(tokens, i + 3)->value != sign->value ||
	    !is_sign(token_at(tokens, i + 3), "-/.") || !is_number(token_at(tokens, i + 4), 1, 31))
		return false;
	*day_out = (struct day){.year = token_at(tokens, i)->value,
				.month = token_at(tokens, i + 2)->value,
				.day = token_at(tokens, i + 4)->value,
				.end = i + 5,
				.rest = ""};
	return true;
}

static bool read_numbers(const GArray *tokens, size_t i, struct day *day_out)
{
	const struct token *first = token_at(tokens, i), *sign = token_at(tokens, i + 1);
	const struct token *second = token_at(tokens, i + 2), *third = token_at(tokens, i + 3);
	struct day day = {.day = first->value, .month = second->value, .end = i + 3, .rest = ""};

	if (!is_number(first, 1, 31) || !is_sign(sign, "./-") || !is_number(second, 1, 31) || first->len > 2 ||
	    second->len > 2)
		return false;
	if (is_sign(third, "./-") && third->value == sign->value)
		day.year = year_of(token_at(tokens, i + 4));
	if (day.year > 0)
		day.end = i + 5;
	else if (sign->value == '-' || is_word(token_at(tokens, i + 3), date_words_time))
		return false; /* a range, a time */
	day.may_swap = sign->value != '.';
	*day_out = day;
	return day.may_swap || day.month <= 12;
}

static bool read_day(const GArray *tokens, size_t i, struct day *day_out)
{
	return read_year_first(tokens, i, day_out) || read_east_asian(tokens, i, day_out) ||
	       read_day_name(tokens, i, day_out) || read_name_day(tokens, i, day_out) ||
	       read_numbers(tokens, i, day_out);
}

/* --- what kind of day --------------------------------------------------------- */

static const struct date_words *find_words(const struct token *token, const struct date_words *words)
{
	for (; words->words != NULL; words++)
		if (is_word(token, words->words))
			return words;
	return NULL;
}

static bool has_part(const struct token *token, const char *const *parts)
{
	for (; *parts != NULL; parts++)
		if (token->kind == TOKEN_WORD && g_strstr_len(token->at, (gssize)token->len, *parts) != NULL)
			return true;
	return false;
}

static bool ends_with(const struct token *token, const char *const *parts)
{
	for (; *parts != NULL; parts++) {
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
	for (size_t i = start; i < tokens->len && (i == start || !token_at(tokens, i)->begins); i++) {
		const struct token *token = token_at(tokens, i);
		const struct date_words *words = find_words(token, date_words_return);
		if (words == NULL && !has_part(token, date_parts_return))
			continue;
		*order_out = words != NULL ? words->order : ORDER_MONTH_FIRST;
		return WEIGHT_RETURN;
	}
	return WEIGHT_NONE;
}

static bool has_number_before(const GArray *tokens, size_t i)
{
	for (size_t n = 0; n < RANGE_TOKENS && i > 0 && !token_at(tokens, i)->begins; n++)
		if (token_at(tokens, --i)->kind == TOKEN_NUMBER)
			return true;
	return false;
}

/* What stands before the day that begins at token i, in its sentence. */
static int weigh_before(const GArray *tokens, size_t i, enum date_order *order_out)
{
	for (size_t n = 0; n < CUE_TOKENS && i > 0 && !token_at(tokens, i)->begins; n++) {
		const struct token *token = token_at(tokens, --i);
		const struct date_words *until = find_words(token, date_words_until);
		const struct date_words *range = find_words(token, date_words_range);
		if (until != NULL || ends_with(token, date_parts_until_before)) {
			*order_out = until != NULL ? until->order : ORDER_MONTH_FIRST;
			return i > 0 && is_word(token_at(tokens, i - 1), " partir ") ? WEIGHT_NONE : WEIGHT_UNTIL;
		}
		if (range != NULL && has_number_before(tokens, i)) {
			*order_out = range->order;
			return WEIGHT_RANGE;
		}
	}
	return WEIGHT_NONE;
}

static int weigh_after(const GArray *tokens, const struct day *day, enum date_order *order_out)
{
	const struct token *next = token_at(tokens, day->end);
	const char *rest;

	for (const char *const *part = date_parts_until_after; *part != NULL; part++) {
		if (!g_str_has_prefix(day->rest, *part))
			continue;
		*order_out = ORDER_MONTH_FIRST;
		return WEIGHT_UNTIL;
	}
	if (is_sign(next, ".")) /* "5.12. asti" */
		next = token_at(tokens, day->end + 1);
	else if (is_sign(next, "(")) /* "5日(土)まで" */
		next = token_at(tokens, day->end + 3);
	if (!begins_with(next, date_parts_until_after, &rest))
		return WEIGHT_NONE;
	*order_out = g_ascii_isalpha(*next->at) ? ORDER_DAY_FIRST : ORDER_MONTH_FIRST;
	return WEIGHT_UNTIL;
}

/* Settles which number is the month; false if nobody can tell. */
static bool settle_order(struct day *day, enum date_order order)
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
static bool read_reference(const char *field, struct day *day_out)
{
	g_autofree char *lower = text_lower(field);
	g_autoptr(GArray) tokens = read_tokens(lower);

	for (size_t i = 0; i < tokens->len; i++)
		if (read_day_name(tokens, i, day_out) && day_out->year > 0)
			return is_day(day_out->year, day_out->month, day_out->day);
	return false;
}

static bool settle_year(struct day *day, const char *field)
{
	struct day now;

	if (day->year > 0)
		return is_day(day->year, day->month, day->day);
	if (!read_reference(field, &now))
		return false;
	day->year = now.year + (day->month < now.month || (day->month == now.month && day->day < now.day));
	return is_day(day->year, day->month, day->day) &&
	       julian(day->year, day->month, day->day) - julian(now.year, now.month, now.day) < PASSED_DAYS;
}

/* --- door ------------------------------------------------------------------------- */

/* The weightiest day: of a sentence the last, of several sentences the first. */
static int choose(const GArray *tokens, struct day *best_out)
{
	enum date_order order_of_sentence = ORDER_UNKNOWN;
	int best = WEIGHT_NONE, weight_of_sentence = WEIGHT_NONE;
	size_t sentence = 0, best_sentence = 0;
	struct day day;

	for (size_t i = 0; i < tokens->len; i++) {
		if (token_at(tokens, i)->begins) {
			sentence = i;
			weight_of_sentence = weigh_sentence(tokens, i, &order_of_sentence);
		}
		if (!read_day(tokens, i, &day))
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
	struct day day = {0};

	date_out[0] = '\0';
	if (normal == NULL)
		return;
	g_autoptr(GArray) tokens = read_tokens(normal);
	if (choose(tokens, &day) != WEIGHT_NONE && settle_year(&day, date))
		g_snprintf(date_out, RETURN_DATE_SIZE, "%04d-%02d-%02d", day.year, day.month, day.day);
}
