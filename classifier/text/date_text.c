/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The text is cut into numbers, words and signs, and days are read from them.
 *
 *   day = year "-" month "-" day            ; also with "/" and "."
 *       / [year "年"] month "月" day "日"     ; also 년 월 일, 号
 *       / day [ordinal] ["of"] month-name [year]
 *       / month-name day [ordinal] [year]   ; English
 *       / number ("." / "/" / "-") number ["." / "/" / "-" year]
 */
#include "classifier/text/date_text.h"

#include <string.h>

#include "classifier/text/date_words.h"

#define WORD_BYTES 40 /* no word of the lists is longer */

/* --- tokens --------------------------------------------------------------- */

const struct date_token *date_text_token_at(const GArray *tokens, size_t i)
{
	static const struct date_token end = {TOKEN_SIGN, "", 0, 0, true, true};

	return i < tokens->len ? &g_array_index(tokens, struct date_token, i) : &end;
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
	size_t len = 0, ignored;

	for (const char *const *joined = date_words_joined; *joined; joined++)
		if (g_str_has_prefix(at, *joined))
			return strlen(*joined);
	while (at[len] != '\0' && !g_ascii_isdigit(at[len]) && sign_of(at + len, &ignored) == 0)
		len++;
	return len;
}

static struct date_token read_token(const char *at)
{
	struct date_token token = {.kind = TOKEN_SIGN, .at = at};

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

bool date_text_token_is(const struct date_token *token, const char *words)
{
	char key[WORD_BYTES + 3];

	if (token->kind == TOKEN_NUMBER || token->len == 0 || token->len > WORD_BYTES)
		return false;
	if (token->kind == TOKEN_SIGN)
		g_snprintf(key, sizeof key, " %c ", token->value);
	else
		g_snprintf(key, sizeof key, " %.*s ", (int)token->len, token->at);
	return strstr(words, key);
}

static int month_of(const struct date_token *token)
{
	for (int i = 0; i < 12; i++)
		if (token->kind == TOKEN_WORD && date_text_token_is(token, date_words_month[i]))
			return i + 1;
	return 0;
}

/* A full stop behind an abbreviation or a number ends nothing. */
static bool ends_sentence(const GArray *tokens)
{
	const struct date_token *last = date_text_token_at(tokens, tokens->len - 1);
	const struct date_token *before =
	    tokens->len > 1 ? date_text_token_at(tokens, tokens->len - 2) : last;

	if (tokens->len == 0 || last->kind != TOKEN_SIGN)
		return false;
	if (last->value == '!' || last->value == '?')
		return true;
	return last->value == '.' && before->kind == TOKEN_WORD && before->len > 3 &&
	       month_of(before) == 0;
}

static bool is_date_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Past white space and quoted lines; counts the line ends. */
static const char *skip_blanks(const char *at, const char *text, unsigned *lines_out)
{
	*lines_out = 0;
	for (; is_date_blank(*at) || (*at == '>' && (at == text || at[-1] == '\n')); at++) {
		if (*at == '>')
			at += strcspn(at, "\n");
		*lines_out += *at == '\n';
		if (*at == '\0')
			break;
	}
	return at;
}

GArray *date_text_read_tokens(const char *text)
{
	GArray *tokens = g_array_new(FALSE, FALSE, sizeof(struct date_token));

	for (const char *at = text; *at != '\0';) {
		unsigned lines;
		const char *start = skip_blanks(at, text, &lines);
		if (*start == '\0')
			break;
		struct date_token token = read_token(start);
		token.is_apart = start > at || at == text;
		token.begins = tokens->len == 0 || lines > 1 ||
			       (token.is_apart && ends_sentence(tokens)) ||
			       (ends_sentence(tokens) &&
				date_text_token_at(tokens, tokens->len - 1)->len == 3);
		g_array_append_val(tokens, token);
		at = start + token.len;
	}
	return tokens;
}

/* --- days ------------------------------------------------------------------- */

static bool is_date_number(const struct date_token *token, int min, int max)
{
	return token->kind == TOKEN_NUMBER && token->value >= min && token->value <= max;
}

bool date_text_token_is_sign(const struct date_token *token, const char *signs)
{
	return token->kind == TOKEN_SIGN && token->value > 0 && strchr(signs, token->value);
}

/* Two or four digits. */
static int year_of(const struct date_token *token)
{
	if (token->len == 4 && is_date_number(token, 1990, 2199))
		return token->value;
	return token->len == 2 && is_date_number(token, 20, 99) ? 2000 + token->value : 0;
}

bool date_text_token_begins(const struct date_token *token, const char *const *units,
			    const char **rest_out)
{
	for (; *units; units++) {
		if (token->kind != TOKEN_WORD || token->len < strlen(*units) ||
		    !g_str_has_prefix(token->at, *units))
			continue;
		*rest_out = token->at + strlen(*units);
		return true;
	}
	return false;
}

static bool read_east_asian(const GArray *tokens, size_t i, struct date_day *day_out)
{
	struct date_day day = {.rest = ""};

	if (date_text_token_begins(date_text_token_at(tokens, i + 1), date_words_year_mark,
				   &day.rest)) {
		day.year = year_of(date_text_token_at(tokens, i));
		if (day.year == 0)
			return false;
		i += 2;
	}
	if (!is_date_number(date_text_token_at(tokens, i), 1, 12) ||
	    !date_text_token_begins(date_text_token_at(tokens, i + 1), date_words_month_mark,
				    &day.rest) ||
	    !is_date_number(date_text_token_at(tokens, i + 2), 1, 31) ||
	    !date_text_token_begins(date_text_token_at(tokens, i + 3), date_words_day_mark,
				    &day.rest))
		return false;
	day.month = date_text_token_at(tokens, i)->value;
	day.day = date_text_token_at(tokens, i + 2)->value;
	day.end = i + 4;
	*day_out = day;
	return true;
}

/* The year behind a month's name: ", 2026", " de 2026", " '26". */
static void read_year(const GArray *tokens, struct date_day *day)
{
	size_t i = day->end;

	while (i < day->end + 2 &&
	       (date_text_token_is_sign(date_text_token_at(tokens, i), ".,'-/") ||
		date_text_token_is(date_text_token_at(tokens, i), date_words_of)))
		i++;
	int year = year_of(date_text_token_at(tokens, i));
	if (year == 0 || (date_text_token_at(tokens, i)->len == 2 &&
			  date_text_token_at(tokens, i - 1)->value != '\'' &&
			  date_text_token_at(tokens, i - 1)->value != '-'))
		return;
	day->year = year;
	day->end = i + 1;
}

bool date_text_read_day_name(const GArray *tokens, size_t i, struct date_day *day_out)
{
	struct date_day day = {.day = date_text_token_at(tokens, i)->value, .rest = ""};

	if (!is_date_number(date_text_token_at(tokens, i), 1, 31))
		return false;
	i++;
	if (date_text_token_is_sign(date_text_token_at(tokens, i), ".-/") ||
	    (!date_text_token_at(tokens, i)->is_apart &&
	     date_text_token_is(date_text_token_at(tokens, i), date_words_ordinal)))
		i++;
	if (date_text_token_is(date_text_token_at(tokens, i), date_words_of))
		i++;
	if (date_text_token_is_sign(date_text_token_at(tokens, i), "'"))
		i++;
	day.month = month_of(date_text_token_at(tokens, i));
	day.end = i + 1;
	if (day.month == 0)
		return false;
	read_year(tokens, &day);
	*day_out = day;
	return true;
}

static bool read_name_day(const GArray *tokens, size_t i, struct date_day *day_out)
{
	struct date_day day = {.month = month_of(date_text_token_at(tokens, i)), .rest = ""};

	if (day.month == 0 ||
	    !date_text_token_is(date_text_token_at(tokens, i), date_words_month_first))
		return false;
	i += date_text_token_is_sign(date_text_token_at(tokens, i + 1), ".") ? 2 : 1;
	if (date_text_token_is(date_text_token_at(tokens, i), date_words_of))
		i++;
	if (!is_date_number(date_text_token_at(tokens, i), 1, 31) ||
	    date_text_token_at(tokens, i)->len > 2)
		return false;
	day.day = date_text_token_at(tokens, i)->value;
	i++;
	if (!date_text_token_at(tokens, i)->is_apart &&
	    date_text_token_is(date_text_token_at(tokens, i), date_words_ordinal))
		i++;
	day.end = i;
	if (month_of(date_text_token_at(tokens, i)) > 0)
		return false; /* "mar 5 dic": Tuesday */
	read_year(tokens, &day);
	*day_out = day;
	return true;
}

static bool read_year_first(const GArray *tokens, size_t i, struct date_day *day_out)
{
	const struct date_token *sign = date_text_token_at(tokens, i + 1);

	if (date_text_token_at(tokens, i)->len != 4 ||
	    year_of(date_text_token_at(tokens, i)) == 0 || !date_text_token_is_sign(sign, "-/.") ||
	    !is_date_number(date_text_token_at(tokens, i + 2), 1, 12) ||
	    date_text_token_at(tokens, i + 3)->value != sign->value ||
	    !date_text_token_is_sign(date_text_token_at(tokens, i + 3), "-/.") ||
	    !is_date_number(date_text_token_at(tokens, i + 4), 1, 31))
		return false;
	*day_out = (struct date_day){.year = date_text_token_at(tokens, i)->value,
				     .month = date_text_token_at(tokens, i + 2)->value,
				     .day = date_text_token_at(tokens, i + 4)->value,
				     .end = i + 5,
				     .rest = ""};
	return true;
}

/* A dot joins the numbers at i and i + 2, with nothing between. */
static bool is_joined(const GArray *tokens, size_t i)
{
	const struct date_token *first = date_text_token_at(tokens, i),
				*second = date_text_token_at(tokens, i + 2);

	return first->kind == TOKEN_NUMBER && second->kind == TOKEN_NUMBER &&
	       date_text_token_is_sign(date_text_token_at(tokens, i + 1), ".") &&
	       second->at == first->at + first->len + 1;
}

/* Part of "5.1.1" or "192.0.2.7": a status, a version, an address. */
static bool is_in_code(const GArray *tokens, size_t i)
{
	return (i >= 2 && is_joined(tokens, i - 2)) ||
	       (is_joined(tokens, i + 2) && year_of(date_text_token_at(tokens, i + 4)) == 0);
}

static bool read_numbers(const GArray *tokens, size_t i, struct date_day *day_out)
{
	const struct date_token *first = date_text_token_at(tokens, i),
				*sign = date_text_token_at(tokens, i + 1);
	const struct date_token *second = date_text_token_at(tokens, i + 2),
				*third = date_text_token_at(tokens, i + 3);
	struct date_day day = {
	    .day = first->value, .month = second->value, .end = i + 3, .rest = ""};

	if (!is_date_number(first, 1, 31) || !date_text_token_is_sign(sign, "./-") ||
	    !is_date_number(second, 1, 31) || first->len > 2 || second->len > 2 ||
	    is_in_code(tokens, i))
		return false;
	if (date_text_token_is_sign(third, "./-") && third->value == sign->value)
		day.year = year_of(date_text_token_at(tokens, i + 4));
	if (day.year > 0)
		day.end = i + 5;
	else if (sign->value == '-' ||
		 date_text_token_is(date_text_token_at(tokens, i + 3), date_words_time))
		return false; /* a range, a time */
	day.may_swap = sign->value != '.';
	*day_out = day;
	return day.may_swap || day.month <= 12;
}

bool date_text_read_day(const GArray *tokens, size_t i, struct date_day *day_out)
{
	return read_year_first(tokens, i, day_out) || read_east_asian(tokens, i, day_out) ||
	       date_text_read_day_name(tokens, i, day_out) || read_name_day(tokens, i, day_out) ||
	       read_numbers(tokens, i, day_out);
}
