/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Looks codes up in codes.def, and finds an enhanced code in a text.
 */
#include "classifier/rules/codes.h"

#include <string.h>

#include <glib.h>

static const struct code codes[] = {
#define CODE(kind, code, reason, trust, meaning)                                                   \
	{#kind ":" code, code, REASON_##reason, CODE_##trust, meaning},
#include "classifier/rules/codes.def"
#undef CODE
};

/* RFC 3463 section 2
 *   status-code = class "." subject "." detail
 *   class = "2"/"4"/"5"    subject = 1*3digit    detail = 1*3digit
 * Returns its length at text, or 0. */
static size_t status_length(const char *text)
{
	if (text[0] == '\0' || strchr("245", text[0]) == NULL || text[1] != '.')
		return 0;
	size_t subject = strspn(text + 2, "0123456789");
	if (subject == 0 || subject > 3 || text[2 + subject] != '.')
		return 0;
	size_t detail = strspn(text + 3 + subject, "0123456789");
	return detail == 0 || detail > 3 ? 0 : 3 + subject + detail;
}

static bool is_status(const char *status)
{
	size_t len = status_length(status);

	return len > 0 && status[len] == '\0';
}

static const struct code *find(const char *id)
{
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
		if (strcmp(codes[i].id, id) == 0)
			return &codes[i];
	return NULL;
}

const struct code *code_find_status(const char *status)
{
	char id[sizeof "status:" + CODE_STATUS_SIZE];
	const struct code *code;

	if (!is_status(status) || status[0] == '2')
		return NULL;
	g_snprintf(id, sizeof id, "status:%s", status);
	code = find(id);
	id[strlen("status:")] = 'X';
	if (code == NULL)
		code = find(id);
	strcpy(strrchr(id, '.'), ".*");
	return code != NULL ? code : find(id);
}

const struct code *code_find_reply(const char *reply_code)
{
	char id[sizeof "reply:" + 3];

	if (strlen(reply_code) != 3)
		return NULL;
	g_snprintf(id, sizeof id, "reply:%s", reply_code);
	return find(id);
}

bool status_is_generic(const char *status)
{
	return !is_status(status) || strcmp(status + 1, ".0.0") == 0;
}

/* Not a part of an IP address, a version or a longer number. */
static bool stands_alone(const char *text, size_t at, size_t len)
{
	char before = at > 0 ? text[at - 1] : ' ';
	char after = text[at + len];
	bool runs_on = (after == '.' && g_ascii_isdigit(text[at + len + 1])) || after == '-' ||
		       g_ascii_isalnum(after);

	return !g_ascii_isalnum(before) && before != '.' && before != '-' && before != '/' &&
	       (!runs_on || (after == '-' && !g_ascii_isalnum(text[at + len + 1])));
}

static bool follows_reply_code(const char *text, size_t at)
{
	while (at > 0 && strchr(" #(-", text[at - 1]) != NULL)
		at--;
	return at >= 3 && (text[at - 3] == '4' || text[at - 3] == '5') &&
	       g_ascii_isdigit(text[at - 2]) && g_ascii_isdigit(text[at - 1]) &&
	       (at == 3 || !g_ascii_isalnum(text[at - 4]));
}

bool status_in_text(const char *text, char status_out[CODE_STATUS_SIZE])
{
	const char *first = NULL;
	size_t first_len = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		/* subjects end at 7: "4.92.3" is somebody's version number */
		size_t len = text[i] == '4' || text[i] == '5' ? status_length(text + i) : 0;
		if (len == 0 || text[i + 3] != '.' || text[i + 2] > '7' ||
		    !stands_alone(text, i, len))
			continue;
		bool better = follows_reply_code(text, i);
		if (first == NULL || better) {
			first = text + i;
			first_len = len;
		}
		if (better)
			break;
	}
	if (first == NULL)
		return false;
	g_strlcpy(status_out, first, MIN(first_len + 1, CODE_STATUS_SIZE));
	return true;
}

const struct code *code_all(size_t *count_out)
{
	*count_out = G_N_ELEMENTS(codes);
	return codes;
}
