/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading values.
 */
#include "ctl/framework/value_type.h"

#include <stdbool.h>
#include <string.h>

enum { SUGGEST_MAX = 40, COUNT_MAX = 100000 };

const struct ctl_value_type ctl_value_type_string = {.name = "STRING",
						     .kind = CTL_VALUE_TYPE_STRING};
const struct ctl_value_type ctl_value_type_text = {.name = "TEXT", .kind = CTL_VALUE_TYPE_TEXT};
const struct ctl_value_type ctl_value_type_count = {.name = "N", .kind = CTL_VALUE_TYPE_COUNT};
const struct ctl_value_type ctl_value_type_id = {.name = "ID", .kind = CTL_VALUE_TYPE_ID};
const struct ctl_value_type ctl_value_type_past = {.name = "TIME", .kind = CTL_VALUE_TYPE_PAST};
const struct ctl_value_type ctl_value_type_future = {.name = "WHEN", .kind = CTL_VALUE_TYPE_FUTURE};
const struct ctl_value_type ctl_value_type_name = {.name = "NAME", .kind = CTL_VALUE_TYPE_STRING};
const struct ctl_value_type ctl_value_type_file = {
    .name = "FILE", .kind = CTL_VALUE_TYPE_STRING, .is_file = true};
const struct ctl_value_type ctl_value_type_dir = {
    .name = "DIR", .kind = CTL_VALUE_TYPE_STRING, .is_file = true};

/* --- words ------------------------------------------------------------------------ */

char **ctl_value_type_words(const struct ctl_value_type *value)
{
	if (value->kind != CTL_VALUE_TYPE_WORD)
		return NULL;
	return value->list_words ? value->list_words() : g_strdupv((char **)value->words);
}

/* Levenshtein: how many letters must be inserted, deleted or changed. */
static size_t distance(const char *a, const char *b)
{
	size_t row[SUGGEST_MAX + 1];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t changed = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[len];
}

const char *ctl_value_type_suggest(const char *meant, const char *const *words)
{
	const char *best = NULL;
	size_t best_distance = MIN(strlen(meant) / 3 + 1, 3) + 1;

	for (; strlen(meant) <= SUGGEST_MAX && *words; words++) {
		if (strlen(*words) > SUGGEST_MAX)
			continue;
		size_t far =
		    *meant != '\0' && g_str_has_prefix(*words, meant) ? 1 : distance(meant, *words);
		if (far < best_distance) {
			best = *words;
			best_distance = far;
		}
	}
	return best;
}

static char *read_word_value(char **words, const char *text, char **complaint_out)
{
	for (char **word = words; *word; word++)
		if (g_ascii_strcasecmp(*word, text) == 0)
			return g_strdup(*word);
	const char *near = ctl_value_type_suggest(text, (const char *const *)words);
	g_autofree char *all = g_strjoinv(", ", words);
	*complaint_out = near ? g_strdup_printf("there is no \"%s\"; did you mean %s? There are %s",
						text, near, all)
			      : g_strdup_printf("there is no \"%s\"; there are %s", text, all);
	return NULL;
}

/* --- numbers ------------------------------------------------------------------------ */

static char *read_count(const char *text, char **complaint_out)
{
	if (g_ascii_string_to_unsigned(text, 10, 1, CTL_VALUE_TYPE_COUNT_MAX, NULL, NULL))
		return g_strdup(text);
	*complaint_out =
	    g_strdup_printf("\"%s\" is not a number from 1 to %d", text, CTL_VALUE_TYPE_COUNT_MAX);
	return NULL;
}

static char *read_id(const char *text, char **complaint_out)
{
	g_autoptr(GError) error = NULL;

	if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, NULL, &error))
		return g_strdup(text);
	if (g_error_matches(error, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS))
		*complaint_out = g_strdup_printf("\"%s\" is not a number up to %" G_GINT64_FORMAT,
						 text, G_MAXINT64);
	else
		*complaint_out = g_strdup_printf("\"%s\" is not a number", text);
	return NULL;
}

/* --- times --------------------------------------------------------------------------- */

static gint64 seconds_of_unit(char unit)
{
	switch (unit) {
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	default:
		return 0;
	}
}

/* "7d" from now, in the direction of sign; NULL if it is nothing like that. */
static char *read_distance(const char *text, gint64 now, int sign)
{
	char *unit;
	guint64 count = g_ascii_strtoull(text, &unit, 10);

	if (!g_ascii_isdigit(*text) || count > COUNT_MAX || unit[0] == '\0' || unit[1] != '\0' ||
	    seconds_of_unit(*unit) == 0)
		return NULL;
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(
	    now / G_USEC_PER_SEC + sign * (gint64)count * seconds_of_unit(*unit));
	return g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
}

/* "2026-11-21", "2026-11-21 14:00", "2026-11-21T14:00:30+01:00": NULL if it is none,
 * or a day that no calendar has. Without a zone it is taken in ours. */
static GDateTime *read_date(const char *text)
{
	static const char shape[] =
	    "^(\\d{4}-\\d\\d-\\d\\d)(?:[ T](\\d\\d:\\d\\d)(:\\d\\d(?:\\.\\d{1,6})?)?)?"
	    " ?(Z|[+-]\\d\\d(?::\\d\\d)?)?$";
	g_autoptr(GRegex) regex = g_regex_new(shape, 0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;

	if (!g_regex_match(regex, text, 0, &match))
		return NULL;
	g_autofree char *day = g_match_info_fetch(match, 1);
	g_autofree char *minute = g_match_info_fetch(match, 2);
	g_autofree char *second = g_match_info_fetch(match, 3);
	g_autofree char *zone = g_match_info_fetch(match, 4);
	g_autofree char *iso =
	    g_strdup_printf("%sT%s%s%s", day, !minute || *minute == '\0' ? "00:00" : minute,
			    !second || *second == '\0' ? ":00" : second, zone ? zone : "");
	g_autoptr(GTimeZone) local = g_time_zone_new_local();
	return g_date_time_new_from_iso8601(iso, local);
}

static bool is_one_of(const char *text, const char *const *words)
{
	return g_strv_contains(words, text);
}

static char *read_past(const char *text, gint64 now, char **complaint_out)
{
	static const char *const days[] = {"today", "yesterday", "now", NULL};
	char *time = read_distance(text, now, -1);
	g_autoptr(GDateTime) date = read_date(text);

	if (time)
		return time;
	if (date || is_one_of(text, days))
		return g_strdup(text);
	*complaint_out = g_strdup_printf(
	    "\"%s\" is no time: 30m, 24h, 7d or 2w ago, today, yesterday, 2026-11-21 or "
	    "\"2026-11-21 14:00\"",
	    text);
	return NULL;
}

static char *read_future(const char *text, gint64 now, char **complaint_out)
{
	char *time = read_distance(text, now, 1);
	g_autoptr(GDateTime) date = read_date(text);

	if (time)
		return time;
	if (date && g_date_time_to_unix(date) < now / G_USEC_PER_SEC) {
		*complaint_out = g_strdup_printf("%s is past", text);
		return NULL;
	}
	if (date || strcmp(text, "tomorrow") == 0)
		return g_strdup(text);
	*complaint_out = g_strdup_printf(
	    "\"%s\" is no time to come: 3h, 3d or 2w from now, tomorrow, 2026-12-24 or "
	    "\"2026-12-24 09:00\"",
	    text);
	return NULL;
}

/* --- all kinds ------------------------------------------------------------------------- */

static char *read_text_value(const char *text, char **complaint_out)
{
	g_autofree char *stripped = g_strstrip(g_strdup(text));

	if (*stripped != '\0')
		return g_strdup(text);
	*complaint_out = g_strdup("must say something");
	return NULL;
}

char *ctl_value_type_read(const struct ctl_value_type *value, const char *text, gint64 now,
			  char **complaint_out)
{
	g_auto(GStrv) words = ctl_value_type_words(value);

	switch (value->kind) {
	case CTL_VALUE_TYPE_WORD:
		return read_word_value(words, text, complaint_out);
	case CTL_VALUE_TYPE_COUNT:
		return read_count(text, complaint_out);
	case CTL_VALUE_TYPE_ID:
		return read_id(text, complaint_out);
	case CTL_VALUE_TYPE_PAST:
		return read_past(text, now, complaint_out);
	case CTL_VALUE_TYPE_FUTURE:
		return read_future(text, now, complaint_out);
	case CTL_VALUE_TYPE_TEXT:
		return read_text_value(text, complaint_out);
	case CTL_VALUE_TYPE_STRING:
		return g_strdup(text);
	}
	return NULL;
}
