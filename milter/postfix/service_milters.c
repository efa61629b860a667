/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The filters of one service, seen from its chroot.
 */
#include "milter/postfix/service_milters.h"

#include <string.h>

#include "milter/postfix/endpoint.h"

/* A service with its view of the files, and its filters. */
struct sight {
	char *queue_directory;
	struct endpoint_view view;
	GPtrArray *entries; /* of struct milter_entry */
};

static void sight_init(struct sight *sight, const struct service_milters *milters)
{
	g_autofree char *value =
	    postconf_value(milters->postfix, milters->service, milters->parameter);

	sight->queue_directory = postconf_value(milters->postfix, NULL, "queue_directory");
	sight->view = (struct endpoint_view){sight->queue_directory,
					     milters->service && milters->service->is_chrooted};
	sight->entries = milter_list_parse(value);
}

static void sight_clear(struct sight *sight)
{
	g_free(sight->queue_directory);
	g_ptr_array_unref(sight->entries);
}

typedef struct sight sight_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sight_t, sight_clear)

/* Our entry, NULL if there is none. */
static const struct milter_entry *find_ours(const struct service_milters *milters,
					    const struct sight *sight)
{
	for (guint i = 0; i < sight->entries->len; i++) {
		const struct milter_entry *entry = sight->entries->pdata[i];

		if (endpoint_leads_to(entry->endpoint, milters->settings->socket, &sight->view))
			return entry;
	}
	return NULL;
}

bool service_milters_lead_to_us(const struct service_milters *milters)
{
	g_auto(sight_t) sight = {0};

	sight_init(&sight, milters);
	return find_ours(milters, &sight);
}

/* Without a mistake in writing, a chroot is why a path does not lead to our socket. */
static char *explain_entry(const struct service_milters *milters, const struct sight *sight,
			   const struct milter_entry *entry)
{
	const struct endpoint_view free_view = {sight->queue_directory, false};
	g_autofree char *path = endpoint_path(entry->endpoint, &sight->view);

	if (!path || !endpoint_leads_to(entry->endpoint, milters->settings->socket, &free_view))
		return g_strdup_printf("%s is not our socket", entry->endpoint);
	return g_strdup_printf("%s runs in a chroot, where %s is %s", milters->service->label,
			       entry->endpoint, path);
}

char *service_milters_explain(const struct service_milters *milters)
{
	g_autofree char *place =
	    postconf_place(milters->postfix, milters->service, milters->parameter);
	GString *text = g_string_new(NULL);
	g_auto(sight_t) sight = {0};

	sight_init(&sight, milters);
	g_string_printf(text, "%s: %s", place, milters->parameter);
	if (sight.entries->len == 0)
		g_string_append(text, " is empty");
	for (guint i = 0; i < sight.entries->len; i++) {
		g_autofree char *why = explain_entry(milters, &sight, sight.entries->pdata[i]);

		g_string_append_printf(text, "%s %s", i == 0 ? ":" : ",", why);
	}
	return g_string_free(text, FALSE);
}

char *service_milters_advise(const struct service_milters *milters)
{
	g_auto(sight_t) sight = {0};

	sight_init(&sight, milters);
	const char *root = sight.queue_directory;
	g_autofree char *endpoint = endpoint_of_socket(milters->settings->socket, &sight.view);
	if (sight.view.is_chrooted && g_str_has_prefix(endpoint, "unix:/"))
		return g_strdup_printf("our socket %s is outside the chroot %s of %s; in "
				       "bounce-milter.conf, set socket = "
				       "unix:%s/bounce-milter/socket",
				       milters->settings->socket, root, milters->service->label,
				       root);
	if (strcmp(milters->parameter, SERVICE_MILTERS_REPORTS) == 0)
		return g_strdup_printf("write -o %s=%s below %s", milters->parameter, endpoint,
				       milters->service->label);
	if (postconf_is_overridden(milters->postfix, milters->service, milters->parameter))
		return g_strdup_printf("remove that -o, or write -o %s=%s", milters->parameter,
				       endpoint);
	return g_strdup_printf("write %s = { %s, default_action=tempfail, content_timeout=60s }",
			       milters->parameter, endpoint);
}

/* With "accept" a bounce that comes while we are away is lost for good; "reject" returns it to
 * where nobody reads it, and what was in quarantine passes us by when it is released. */
char *service_milters_action_fault(const struct service_milters *milters)
{
	static const char parameter[] = "milter_default_action";
	g_auto(sight_t) sight = {0};

	sight_init(&sight, milters);
	const struct milter_entry *entry = find_ours(milters, &sight);
	const char *own = entry ? entry->default_action : NULL;
	g_autofree char *action =
	    own ? g_strdup(own) : postconf_value(milters->postfix, milters->service, parameter);
	if (strcmp(action, "tempfail") == 0 || strcmp(action, "shutdown") == 0)
		return NULL;
	g_autofree char *place = postconf_place(milters->postfix, milters->service,
						own ? milters->parameter : parameter);
	return g_strdup_printf("%s: %s: \"%s\" loses the bounces that %s has for us while we are "
			       "away; set %s to tempfail",
			       place, own ? milters->parameter : parameter, action,
			       milters->service->label, own ? "default_action" : parameter);
}

char *service_milters_wait_fault(const struct service_milters *milters, enum milter_timeout timeout)
{
	/* A command asks no database, but the machine may be busy, or we may just be starting. */
	enum { COMMAND_MIN = 5, USUAL = 30 };
	const char *name = milter_list_timeout_names[timeout];
	g_autofree char *parameter = g_strconcat("milter_", name, NULL);
	const struct milter_settings *settings = milters->settings;
	long wait = settings->intake.pool_wait + settings->common.query_wait;
	bool is_answer = timeout == MILTER_TIMEOUT_CONTENT;
	g_auto(sight_t) sight = {0};

	sight_init(&sight, milters);
	const struct milter_entry *entry = find_ours(milters, &sight);
	const char *own = entry ? entry->timeouts[timeout] : NULL;
	g_autofree char *value =
	    own ? g_strdup(own) : postconf_value(milters->postfix, milters->service, parameter);
	if (*value == '\0' || milter_list_seconds(value) >= (is_answer ? wait + 1 : COMMAND_MIN))
		return NULL;
	g_autofree char *place =
	    g_strdup_printf("%s: %s%s", milters->service->label, own ? name : parameter,
			    own ? " of its filter" : "");
	if (!is_answer)
		return g_strdup_printf("%s is %s: on a busy machine Postfix does not wait for us, "
				       "and puts off the mail of every client; write %ds",
				       place, value, USUAL);
	return g_strdup_printf("%s is %s, but an answer may take %ld s (pool_wait and "
			       "query_wait), and Postfix then puts off what was recorded; write "
			       "%lds",
			       place, value, wait, MAX(60, 2 * wait));
}

char *service_milters_protocol(const struct service_milters *milters)
{
	g_auto(sight_t) sight = {0};

	sight_init(&sight, milters);
	const struct milter_entry *entry = find_ours(milters, &sight);
	return entry && entry->protocol
		   ? g_strdup(entry->protocol)
		   : postconf_value(milters->postfix, milters->service, "milter_protocol");
}
