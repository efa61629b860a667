/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A table that proxymap(8) would read is read directly, since Postfix need not run.
 */
#include "milter/postconf/lookup_table.h"

#include <string.h>
#include <unistd.h>

#include "daemon/check.h"

static const char what[] = "Postfix";
static const char separators[] = " \t\n,";

GPtrArray *lookup_table_split(const char *value)
{
	GPtrArray *elements = g_ptr_array_new_with_free_func(g_free);
	const char *p = value + strspn(value, separators);

	while (*p != '\0') {
		const char *end = p;
		unsigned depth = 0;

		for (; *end != '\0' && (depth > 0 || !strchr(separators, *end)); end++)
			depth = *end == '{'                ? depth + 1
				: *end == '}' && depth > 0 ? depth - 1
							   : depth;
		g_ptr_array_add(elements, g_strndup(p, (gsize)(end - p)));
		p = end + strspn(end, separators);
	}
	return elements;
}

static const char *direct(const char *table)
{
	return g_str_has_prefix(table, "proxy:") ? table + strlen("proxy:") : table;
}

char *lookup_table_missing_file(const char *table)
{
	/* the suffix of the file that is read; "" for the file itself */
	static const char *const types[][2] = {
	    {"hash:", ".db"}, {"btree:", ".db"}, {"lmdb:", ".lmdb"}, {"cdb:", ".cdb"},
	    {"dbm:", ".pag"}, {"sdbm:", ".pag"}, {"texthash:", ""},  {"regexp:", ""},
	    {"pcre:", ""},    {"cidr:", ""},     {"ldap:", ""},      {"mysql:", ""},
	    {"pgsql:", ""},   {"sqlite:", ""},   {"memcache:", ""},
	};
	const char *direct_name = direct(table);

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		const char *path = direct_name + strlen(types[i][0]);

		if (!g_str_has_prefix(direct_name, types[i][0]) || *path != '/')
			continue;
		char *file = g_strconcat(path, types[i][1], NULL);
		if (!strchr(path, '$') && access(file, F_OK) != 0)
			return file;
		g_free(file);
	}
	return NULL;
}

/* What smtpd(8) asks it about is then put off: 451, or "temporary lookup failure". */
static void warn_of_table(const char *table, const char *complaint)
{
	g_autofree char *text =
	    g_strdup_printf("%s; while %s cannot be read, mail is put off: newaliases makes the "
			    "tables of aliases, \"postmap TABLE\" the others",
			    complaint, table);

	check_warning(what, text);
}

/* What postmap says, but for a parameter that main.cf has twice: postconf says it once. Heap. */
static char *grievance(const char *complaint)
{
	g_auto(GStrv) lines = g_strsplit(complaint, "\n", -1);
	GString *text = g_string_new(NULL);

	for (char **line = lines; *line; line++)
		if (**line != '\0' && !strstr(*line, "overriding earlier entry"))
			g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", *line);
	return g_string_free(text, FALSE);
}

static enum lookup_table_answer ask_one(const char *table, const char *key, char **value_out)
{
	const char *const arguments[] = {"postmap", "-q", key, direct(table), NULL};
	g_autofree char *missing = lookup_table_missing_file(table);
	g_autofree char *complaint = NULL;
	g_autofree char *output = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	if (missing)
		return LOOKUP_TABLE_UNKNOWN;
	bool has_run = g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
				    &output, &complaint, &status, &error);
	g_autofree char *what_is_wrong = has_run ? grievance(complaint) : g_strdup(error->message);
	if (*what_is_wrong != '\0') {
		warn_of_table(table, what_is_wrong);
		return LOOKUP_TABLE_UNKNOWN;
	}
	if (!g_spawn_check_wait_status(status, NULL))
		return LOOKUP_TABLE_LACKS;
	if (value_out)
		*value_out = g_strdup(g_strchomp(output));
	return LOOKUP_TABLE_HAS;
}

/* What has patterns for keys is asked for whole keys only. */
static bool has_patterns(const char *table)
{
	const char *type = direct(table);

	return g_str_has_prefix(type, "regexp:") || g_str_has_prefix(type, "pcre:") ||
	       g_str_has_prefix(type, "cidr:") || g_str_has_prefix(type, "tcp:");
}

static enum lookup_table_answer ask_postmap(const char *tables, const char *key, bool is_whole,
					    char **value_out)
{
	g_autoptr(GPtrArray) elements = lookup_table_split(tables);

	for (guint i = 0; i < elements->len; i++) {
		enum lookup_table_answer answer = LOOKUP_TABLE_LACKS;

		if (is_whole || !has_patterns(elements->pdata[i]))
			answer = ask_one(elements->pdata[i], key, value_out);
		if (answer != LOOKUP_TABLE_LACKS)
			return answer;
	}
	return LOOKUP_TABLE_LACKS;
}

enum lookup_table_answer lookup_table_ask(const char *tables, const char *key, char **value_out)
{
	if (value_out)
		*value_out = NULL;
	return ask_postmap(tables, key, true, value_out);
}

enum lookup_table_answer lookup_table_ask_part(const char *tables, const char *key,
					       char **value_out)
{
	if (value_out)
		*value_out = NULL;
	return ask_postmap(tables, key, false, value_out);
}

char *lookup_table_strip_extension(const struct lookup_table_address *address)
{
	const char *at = strrchr(address->address, '@');
	size_t len = strcspn(address->address, address->delimiters);

	if (!at || len == 0 || address->address + len >= at)
		return NULL;
	return g_strdup_printf("%.*s%s", (int)len, address->address, at);
}

static char *local_part(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? g_strndup(address, (gsize)(at - address)) : g_strdup(address);
}

enum lookup_table_answer lookup_table_ask_address(const char *tables,
						  const struct lookup_table_address *address,
						  char **value_out)
{
	g_autofree char *stripped = lookup_table_strip_extension(address);
	g_autofree char *whole_part = address->is_local ? local_part(address->address) : NULL;
	g_autofree char *part = stripped && address->is_local ? local_part(stripped) : NULL;
	const char *const keys[] = {stripped, whole_part, part, strrchr(address->address, '@')};
	enum lookup_table_answer answer = lookup_table_ask(tables, address->address, value_out);

	for (size_t i = 0; i < G_N_ELEMENTS(keys) && answer == LOOKUP_TABLE_LACKS; i++)
		if (keys[i])
			answer = ask_postmap(tables, keys[i], false, value_out);
	return answer;
}
