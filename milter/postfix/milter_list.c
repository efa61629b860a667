/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/postfix/milter_list.h"

#include <stdlib.h>
#include <string.h>

const char *const milter_list_timeout_names[MILTER_TIMEOUTS] = {
    [MILTER_TIMEOUT_CONTENT] = "content_timeout",
    [MILTER_TIMEOUT_COMMAND] = "command_timeout",
    [MILTER_TIMEOUT_CONNECT] = "connect_timeout",
};

static const char separators[] = " \t,";

static void entry_free(void *data)
{
	struct milter_entry *entry = data;

	g_free(entry->endpoint);
	g_free(entry->default_action);
	g_free(entry->protocol);
	g_free(entry->unknown_option);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++)
		g_free(entry->timeouts[i]);
	g_free(entry);
}

/* Behind the brace that closes the one at p, or the end. */
static const char *after_closing_brace(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p + 1;
	}
	return p;
}

/* "default_action = tempfail", with or without blanks and braces; NULL if it is not there. */
static char *read_setting(const char *settings, const char *key)
{
	const char *found = strstr(settings, key);

	if (!found)
		return NULL;
	const char *value = found + strlen(key);
	value += strspn(value, " \t=");
	return g_strndup(value, strcspn(value, " \t,}"));
}

/* The first "name =" that Postfix does not know; NULL: it knows them all. */
static char *find_unknown(const char *settings)
{
	static const char *const known[] = {"connect_timeout", "command_timeout", "content_timeout",
					    "default_action",  "protocol",        NULL};

	for (const char *equals = strchr(settings, '='); equals; equals = strchr(equals + 1, '=')) {
		const char *end = equals;

		while (end > settings && g_ascii_isspace(end[-1]))
			end--;
		const char *start = end;
		while (start > settings && !strchr(" \t\n,{}=", start[-1]))
			start--;
		g_autofree char *name = g_strndup(start, (gsize)(end - start));
		if (!g_strv_contains(known, name))
			return g_steal_pointer(&name);
	}
	return NULL;
}

static struct milter_entry *read_entry(const char *text, size_t len)
{
	struct milter_entry *entry = g_new0(struct milter_entry, 1);
	g_autofree char *inside = g_strndup(text, len);
	const char *start = inside + strspn(inside, "{ \t,");
	size_t endpoint_len = strcspn(start, " \t,}");

	entry->endpoint = g_strndup(start, endpoint_len);
	entry->is_open = *text == '{' && text[len - 1] != '}';
	entry->default_action = read_setting(start + endpoint_len, "default_action");
	entry->protocol = read_setting(start + endpoint_len, "protocol");
	if (*text == '{')
		entry->unknown_option = find_unknown(start + endpoint_len);
	for (size_t i = 0; i < MILTER_TIMEOUTS; i++)
		entry->timeouts[i] =
		    read_setting(start + endpoint_len, milter_list_timeout_names[i]);
	return entry;
}

GPtrArray *milter_list_parse(const char *value)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
	const char *p = value + strspn(value, separators);

	while (*p != '\0') {
		const char *end = *p == '{' ? after_closing_brace(p) : p + strcspn(p, separators);

		g_ptr_array_add(entries, read_entry(p, (size_t)(end - p)));
		p = end + strspn(end, separators);
	}
	return entries;
}

long milter_list_seconds(const char *time)
{
	static const struct {
		char unit;
		long seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long number = strtol(time, &end, 10);

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (*end == units[i].unit)
			return number * units[i].seconds;
	return number;
}
