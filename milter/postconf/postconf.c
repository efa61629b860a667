/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs of postconf(1), and the expansion of $name. What postconf -x expands does not know
 * of the overrides of a service that main.cf asks for.
 */
#include "milter/postconf/postconf.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "milter/postconf/master_line.h"

enum { EXPANSION_DEPTH_MAX = 20 };

struct postconf {
	GHashTable *main;      /* name: value */
	GHashTable *overrides; /* "service/type/name": value */
	GHashTable *defaults;  /* name: value */
	GPtrArray *services;   /* of struct postconf_service */
	GPtrArray *complaints; /* of lines; the last is NULL */
};

static void service_free(void *data)
{
	struct postconf_service *service = data;

	g_free(service->label);
	g_free(service->name);
	g_free(service->type);
	g_free(service->command);
	g_free(service->process_limit);
	g_free(service->bad_option);
	g_free(service->stray);
	g_free(service);
}

/* "name = value" lines. */
static GHashTable *read_values(const char *text)
{
	GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		const char *sign = strstr(*line, " =");

		if (sign)
			g_hash_table_replace(values, g_strndup(*line, (gsize)(sign - *line)),
					     g_strstrip(g_strdup(sign + strlen(" ="))));
	}
	return values;
}

/* "-" is "y" with a compatibility_level below 1, and "n" since. */
static bool is_chrooted(const char *field, const struct postconf *postconf)
{
	const char *level = g_hash_table_lookup(postconf->main, "compatibility_level");

	return *field == 'y' || (*field == '-' && level && strtol(level, NULL, 10) < 1);
}

static void forget_overrides(struct postconf *postconf, const char *label)
{
	g_autofree char *prefix = g_strconcat(label, "/", NULL);
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, postconf->overrides);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (g_str_has_prefix(key, prefix))
			g_hash_table_iter_remove(&iter);
}

struct overriding {
	struct postconf *postconf;
	const char *label;
};

static void add_override(const char *name, const char *value, void *data)
{
	const struct overriding *overriding = data;

	g_hash_table_replace(overriding->postconf->overrides,
			     g_strdup_printf("%s/%s", overriding->label, name), g_strdup(value));
}

/* master(8) takes the last line for a service; postconf -P has the options of all of them. */
static void replace_earlier(struct postconf *postconf, struct postconf_service *service,
			    const char *line)
{
	const struct postconf_service *earlier =
	    postconf_find(postconf, service->name, service->type);
	struct overriding overriding = {postconf, service->label};

	if (!earlier)
		return;
	service->is_repeated = true;
	forget_overrides(postconf, service->label);
	master_line_each_option(line, add_override, &overriding);
	g_ptr_array_remove(postconf->services, (gpointer)earlier);
}

static void read_service(struct postconf *postconf, const char *line)
{
	g_auto(GStrv) fields = master_line_fields(line);

	if (!fields)
		return;
	struct postconf_service *service = g_new0(struct postconf_service, 1);
	service->name = g_strdup(fields[0]);
	service->type = g_strdup(fields[1]);
	service->label = g_strdup_printf("%s/%s", fields[0], fields[1]);
	service->is_private = *fields[2] != 'n';
	service->is_chrooted = is_chrooted(fields[4], postconf);
	service->process_limit = g_strdup(fields[6]);
	service->bad_option = master_line_bad_option(line);
	service->command = g_path_get_basename(fields[7]);
	service->stray = master_line_stray(line, service->command);
	replace_earlier(postconf, service, line);
	g_ptr_array_add(postconf->services, service);
}

/* "postconf: warning: TEXT": the texts, each once. */
static GPtrArray *read_complaints(const char *text)
{
	static const char sign[] = "warning: ";
	GPtrArray *complaints = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		const char *warning = strstr(*line, sign);

		if (warning && !g_ptr_array_find_with_equal_func(complaints, warning + strlen(sign),
								 g_str_equal, NULL))
			g_ptr_array_add(complaints, g_strdup(warning + strlen(sign)));
	}
	g_ptr_array_add(complaints, NULL);
	return complaints;
}

struct postconf *postconf_parse(const struct postconf_texts *texts)
{
	struct postconf *postconf = g_new0(struct postconf, 1);
	g_auto(GStrv) lines = g_strsplit(texts->services, "\n", -1);

	postconf->main = read_values(texts->parameters);
	postconf->overrides = read_values(texts->overrides);
	postconf->defaults = read_values(texts->defaults);
	postconf->complaints = read_complaints(texts->complaints);
	postconf->services = g_ptr_array_new_with_free_func(service_free);
	for (char **line = lines; *line; line++)
		read_service(postconf, *line);
	return postconf;
}

/* What postconf(1) prints with that option, "" for none; NULL where it fails. What it complains of
 * is put behind complaints. Heap. */
static char *run_postconf(const char *option, GString *complaints, GError **error)
{
	const char *const arguments[] = {"postconf", *option == '\0' ? NULL : option, NULL};
	g_autofree char *complaint = NULL;
	g_autoptr(GError) cause = NULL;
	char *output = NULL;
	int status;

	if (g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
			 &complaint, &status, &cause) &&
	    g_spawn_check_wait_status(status, &cause)) {
		g_string_append(complaints, complaint);
		return output;
	}
	g_free(output);
	g_set_error(error, BM_ERROR, BM_ERROR_CONFIG, "%s",
		    complaint && *complaint ? g_strdelimit(g_strstrip(complaint), "\n", ' ')
					    : cause->message);
	return NULL;
}

struct postconf *postconf_read(GError **error)
{
	g_autoptr(GString) complaints = g_string_new(NULL);
	g_autofree char *parameters = run_postconf("", complaints, error);
	g_autofree char *services = parameters ? run_postconf("-M", complaints, error) : NULL;
	g_autofree char *overrides = services ? run_postconf("-P", complaints, error) : NULL;
	g_autofree char *defaults = overrides ? run_postconf("-d", complaints, error) : NULL;

	if (!defaults)
		return NULL;
	return postconf_parse(
	    &(struct postconf_texts){parameters, services, overrides, defaults, complaints->str});
}

void postconf_free(struct postconf *postconf)
{
	if (!postconf)
		return;
	g_hash_table_unref(postconf->main);
	g_hash_table_unref(postconf->overrides);
	g_hash_table_unref(postconf->defaults);
	g_ptr_array_unref(postconf->services);
	g_ptr_array_unref(postconf->complaints);
	g_free(postconf);
}

size_t postconf_service_count(const struct postconf *postconf)
{
	return postconf->services->len;
}

const struct postconf_service *postconf_service(const struct postconf *postconf, size_t i)
{
	return postconf->services->pdata[i];
}

const struct postconf_service *postconf_find(const struct postconf *postconf, const char *name,
					     const char *type)
{
	for (size_t i = 0; i < postconf_service_count(postconf); i++) {
		const struct postconf_service *service = postconf_service(postconf, i);

		if (strcmp(service->name, name) == 0 && strcmp(service->type, type) == 0)
			return service;
	}
	return NULL;
}

static const char * override(const struct postconf *postconf,
			     const struct postconf_service *service, const char *name)
{
	if (!service)
		return NULL;
	g_autofree char *key = g_strdup_printf("%s/%s", service->label, name);

	return g_hash_table_lookup(postconf->overrides, key);
}

bool postconf_is_overridden(const struct postconf *postconf, const struct postconf_service *service,
			    const char *name)
{
	return override(postconf, service, name);
}

char *postconf_place(const struct postconf *postconf, const struct postconf_service *service,
		     const char *name)
{
	return postconf_is_overridden(postconf, service, name)
		   ? g_strdup_printf("master.cf, -o of %s", service->label)
		   : g_strdup("main.cf");
}

const char *postconf_default(const struct postconf *postconf, const char *name)
{
	const char *value = g_hash_table_lookup(postconf->defaults, name);

	return value ? value : "";
}

const char *const *postconf_complaints(const struct postconf *postconf)
{
	return (const char *const *)postconf->complaints->pdata;
}

static void visit_values(GHashTable *values,
			 void (*visit)(const char *, const char *, const char *, const void *),
			 const void *data)
{
	GList *names = g_list_sort(g_hash_table_get_keys(values), (GCompareFunc)strcmp);

	for (GList *link = names; link; link = link->next) {
		const char *key = link->data;
		const char *name = strrchr(key, '/');
		g_autofree char *place =
		    name ? g_strdup_printf("master.cf, -o of %.*s", (int)(name - key), key)
			 : g_strdup("main.cf");

		visit(place, name ? name + 1 : key, g_hash_table_lookup(values, key), data);
	}
	g_list_free(names);
}

void postconf_visit(const struct postconf *postconf,
		    void (*visit)(const char *place, const char *name, const char *value,
				  const void *data),
		    const void *data)
{
	visit_values(postconf->main, visit, data);
	visit_values(postconf->overrides, visit, data);
}

static const char *raw_value(const struct postconf *postconf,
			     const struct postconf_service *service, const char *name)
{
	const char *value = override(postconf, service, name);

	if (!value)
		value = g_hash_table_lookup(postconf->main, name);
	return value ? value : "";
}

/* The name behind a '$', in brackets or not; moves *p behind it. Heap; NULL if it is none. */
static char *take_name(const char **p)
{
	const char *start = *p + 1;
	char closing = *start == '{' ? '}' : *start == '(' ? ')' : '\0';
	const char *name = closing ? start + 1 : start;
	const char *end = name;

	while (g_ascii_isalnum(*end) || *end == '_')
		end++;
	if (end == name || (closing && *end != closing))
		return NULL;
	*p = closing ? end + 1 : end;
	return g_strndup(name, (gsize)(end - name));
}

static void expand(const struct postconf *postconf, const struct postconf_service *service,
		   const char *text, GString *out, unsigned depth)
{
	const char *p = text;

	while (*p != '\0') {
		g_autofree char *name = *p == '$' && depth > 0 ? take_name(&p) : NULL;

		if (name)
			expand(postconf, service, raw_value(postconf, service, name), out,
			       depth - 1);
		else
			g_string_append_c(out, *p++);
	}
}

char *postconf_value(const struct postconf *postconf, const struct postconf_service *service,
		     const char *name)
{
	GString *value = g_string_new(NULL);

	expand(postconf, service, raw_value(postconf, service, name), value, EXPANSION_DEPTH_MAX);
	return g_string_free(value, FALSE);
}

bool postconf_has_word(const char *list, const char *word)
{
	g_auto(GStrv) words = g_strsplit_set(list, " \t,", -1);

	return g_strv_contains((const char *const *)words, word);
}

bool postconf_has_family(const char *protocols, const char *family)
{
	return postconf_has_word(protocols, "all") || postconf_has_word(protocols, family);
}
