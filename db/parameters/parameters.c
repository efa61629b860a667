/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A snapshot of system parameters: made of the texts of the database, asked about addresses.
 */
#include "db/parameters/parameters.h"

#include <string.h>

/* "id:hex". False if it is not: then it is no key of ours. */
static bool read_key(const char *text, struct token_key *key_out)
{
	char *hex;
	guint64 id = g_ascii_strtoull(text, &hex, 10);

	if (id > G_MAXUINT8 || *hex != ':' || strlen(hex + 1) != 2 * TOKEN_SECRET_BYTES)
		return false;
	key_out->id = (uint8_t)id;
	for (size_t i = 0; i < TOKEN_SECRET_BYTES; i++) {
		int high = g_ascii_xdigit_value(hex[1 + 2 * i]);
		int low = g_ascii_xdigit_value(hex[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		key_out->secret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void read_keys(const char *text, struct db_parameters *parameters)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	parameters->token_keys = g_new0(struct token_key, g_strv_length(words) + 1);
	for (char **word = words; *word; word++)
		if (read_key(*word, &parameters->token_keys[parameters->token_key_count]))
			parameters->token_key_count++;
}

struct db_parameters *db_parameters_new(const struct db_parameter_texts *texts)
{
	struct db_parameters *parameters = g_atomic_rc_box_new0(struct db_parameters);
	g_autofree char *domains = g_ascii_strdown(texts->bounce_domains, -1);

	parameters->bounce_domains =
	    *domains == '\0' ? g_new0(char *, 1) : g_strsplit(domains, " ", -1);
	parameters->operator_mailbox = g_strdup(texts->operator_mailbox);
	parameters->refuse_bad_token = texts->refuse_bad_token;
	parameters->return_path_prefix = g_strdup(texts->return_path_prefix);
	read_keys(texts->token_keys, parameters);
	return parameters;
}

static void parameters_clear(void *data)
{
	struct db_parameters *parameters = data;

	g_strfreev(parameters->bounce_domains);
	g_free(parameters->operator_mailbox);
	g_free(parameters->return_path_prefix);
	if (parameters->token_keys)
		explicit_bzero(parameters->token_keys,
			       parameters->token_key_count * sizeof *parameters->token_keys);
	g_free(parameters->token_keys);
}

void db_parameters_unref(struct db_parameters *parameters)
{
	g_atomic_rc_box_release_full(parameters, parameters_clear);
}

static bool is_bounce_domain(const struct db_parameters *parameters, const char *name, size_t len)
{
	if (len > 0 && name[len - 1] == '.') /* the root's dot, which Postfix accepts as well */
		len--;
	for (char **domain = parameters->bounce_domains; *domain; domain++)
		if (strlen(*domain) == len && g_ascii_strncasecmp(name, *domain, len) == 0)
			return true;
	return false;
}

bool db_parameters_is_ours(const struct db_parameters *parameters, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *bang = strchr(address, '!');

	if (at)
		return is_bounce_domain(parameters, at + 1, strlen(at + 1));
	/* UUCP's DOMAIN!LOCAL, which Postfix turns round (swap_bangpath) behind the milter */
	return bang && is_bounce_domain(parameters, address, (size_t)(bang - address));
}

bool db_parameters_refuses(const struct db_parameters *parameters, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *prefix = parameters->return_path_prefix;
	struct token token;

	if (!parameters->refuse_bad_token || !at ||
	    g_ascii_strncasecmp(address, prefix, strlen(prefix)) != 0)
		return false;
	g_autofree char *local_part = g_strndup(address, (gsize)(at - address));
	switch (token_read(local_part, parameters->token_keys, parameters->token_key_count, 0,
			   &token)) {
	case TOKEN_NONE:
		return *prefix != '\0'; /* without a prefix it may be any mailbox */
	case TOKEN_FORGED:
		return true;
	case TOKEN_UNKNOWN_KEY:
	case TOKEN_EXPIRED:
	case TOKEN_VALID:
		return false;
	}
	return false;
}
