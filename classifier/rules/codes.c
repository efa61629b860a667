/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Looks codes up in codes.def.
 */
#include "classifier/rules/codes.h"

#include <string.h>

#include <glib.h>

#include "classifier/text/status_code.h"

static const struct code codes[] = {
#define CODE(kind, code, reason, trust, meaning)                                                   \
	{#kind ":" code, code, REASON_##reason, CODE_##trust, meaning},
#include "classifier/rules/codes.def"
#undef CODE
};

static const struct code *find_code(const char *id)
{
	for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
		if (strcmp(codes[i].id, id) == 0)
			return &codes[i];
	return NULL;
}

const struct code *code_find_status(const char *status)
{
	char id[sizeof "status:" + STATUS_CODE_SIZE];
	const struct code *code;

	if (!status_code_is_status(status) || status[0] == '2')
		return NULL;
	g_snprintf(id, sizeof id, "status:%s", status);
	code = find_code(id);
	id[strlen("status:")] = 'X';
	if (!code)
		code = find_code(id);
	memcpy(strrchr(id, '.'), ".*", sizeof ".*");
	return code ? code : find_code(id);
}

const struct code *code_find_reply(const char *reply_code)
{
	char id[sizeof "reply:" + 3];

	if (strlen(reply_code) != 3)
		return NULL;
	g_snprintf(id, sizeof id, "reply:%s", reply_code);
	return find_code(id);
}

const struct code *code_all(size_t *count_out)
{
	*count_out = G_N_ELEMENTS(codes);
	return codes;
}
