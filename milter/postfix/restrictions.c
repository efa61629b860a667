/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules about names and blocklists depend on who comes; these do not.
 */
#include "milter/postfix/restrictions.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postfix/table.h"

enum { DEPTH_MAX = 10 }; /* of smtpd_restriction_classes */

enum outcome { GOES_ON, PERMITTED, REFUSED };

static const char *const lists[] = {
    "smtpd_client_restrictions",      "smtpd_helo_restrictions",      "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",       "smtpd_recipient_restrictions", "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
};

struct walk {
	const struct postconf *postfix;
	const struct postconf_service *service;
	const char *list;
	const char *address;
	unsigned depth;
	bool asks_for_recipient; /* reject_unverified_recipient was met */
	char *fault;
};

static enum outcome walk_list(struct walk *walk, const char *value);

static char *value_of(const struct walk *walk, const char *name)
{
	return postconf_value(walk->postfix, walk->service, name);
}

static enum outcome refuse(struct walk *walk, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum outcome refuse(struct walk *walk, const char *format, ...)
{
	g_autofree char *place = postconf_place(walk->postfix, walk->service, walk->list);
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	walk->fault = g_strdup_printf("%s: %s: %s", place, walk->list, text);
	return REFUSED;
}

static bool is_refusal(const char *action)
{
	static const char *const words[] = {"REJECT", "DEFER", "DISCARD"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_ascii_strncasecmp(action, words[i], strlen(words[i])) == 0)
			return true;
	return (*action == '4' || *action == '5') && g_ascii_isdigit(action[1]) &&
	       g_ascii_isdigit(action[2]) && action[3] != '\0' && !g_ascii_isdigit(action[3]);
}

static bool is_permission(const char *action)
{
	return g_ascii_strcasecmp(action, "OK") == 0 ||
	       (*action != '\0' && action[strspn(action, "0123456789")] == '\0');
}

/* What access(5) answers: an action, or rules to go on with. */
static enum outcome follow(struct walk *walk, const char *rule, const char *action)
{
	bool is_sender = g_str_has_prefix(rule, "check_sender");

	if (is_permission(action))
		return PERMITTED;
	if (!is_refusal(action))
		return walk_list(walk, action);
	if (is_sender)
		return refuse(walk,
			      "%s answers \"%s\" to the empty sender, which every bounce has; "
			      "take that entry out",
			      rule, action);
	return refuse(walk, "%s answers \"%s\" to %s; write an entry \"%s OK\" before it", rule,
		      action, walk->address, strrchr(walk->address, '@') + 1);
}

static enum outcome check_sender(struct walk *walk, const char *table)
{
	g_autofree char *key = value_of(walk, "smtpd_null_access_lookup_key");
	g_autofree char *rule = g_strdup_printf("check_sender_access %s", table);
	g_autofree char *action = NULL;

	if (table_ask(table, key, &action) != TABLE_HAS)
		return GOES_ON;
	return follow(walk, rule, action);
}

/* The address, its domain and the parents of that, its local part with @. */
static char *ask_recipient(const struct walk *walk, const char *table)
{
	g_autofree char *delimiters = value_of(walk, "recipient_delimiter");
	const struct table_address whole = {walk->address, delimiters, false};
	g_autofree char *stripped = table_strip_extension(&whole);
	const char *at = strrchr(walk->address, '@');
	g_autofree char *part = g_strndup(walk->address, (gsize)(at + 1 - walk->address));
	char *action = NULL;

	if (table_ask(table, walk->address, &action) == TABLE_HAS ||
	    (stripped && table_ask_part(table, stripped, &action) == TABLE_HAS))
		return action;
	for (const char *p = at; p; p = strchr(p + 1, '.'))
		if (table_ask_part(table, p + 1, &action) == TABLE_HAS)
			return action;
	return table_ask_part(table, part, &action) == TABLE_HAS ? action : NULL;
}

static enum outcome check_recipient(struct walk *walk, const char *table)
{
	g_autofree char *rule = g_strdup_printf("check_recipient_access %s", table);
	g_autofree char *action = *walk->address == '\0' ? NULL : ask_recipient(walk, table);

	return action ? follow(walk, rule, action) : GOES_ON;
}

/* Of the tables of clients, only one that has the same answer for everybody says something. */
static enum outcome check_client(struct walk *walk, const char *table)
{
	static const char *const clients[] = {"8.8.8.8", "1.1.1.1", "9.9.9.9"};
	g_autofree char *first = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
		g_autofree char *action = NULL;

		if (table_ask(table, clients[i], &action) != TABLE_HAS || !action ||
		    !(is_refusal(action) || is_permission(action)) ||
		    (first && strcmp(action, first) != 0))
			return GOES_ON;
		if (!first)
			first = g_steal_pointer(&action);
	}
	if (is_permission(first))
		return PERMITTED;
	return refuse(
	    walk,
	    "check_client_access %s answers \"%s\" to every mail system (8.8.8.8, 1.1.1.1 "
	    "and 9.9.9.9 were tried); take that entry out",
	    table, first);
}

static enum outcome check_class(struct walk *walk, const char *word)
{
	g_autofree char *classes = value_of(walk, "smtpd_restriction_classes");
	g_autoptr(GPtrArray) names = table_split(classes);

	if (!g_ptr_array_find_with_equal_func(names, word, g_str_equal, NULL))
		return GOES_ON;
	g_autofree char *value = value_of(walk, word);
	return walk_list(walk, value);
}

static enum outcome check_rule(struct walk *walk, const char *rule, const char *argument)
{
	if (strcmp(rule, "permit") == 0 || strcmp(rule, "permit_auth_destination") == 0)
		return PERMITTED;
	if (strcmp(rule, "reject") == 0 || strcmp(rule, "defer") == 0)
		return refuse(walk,
			      "\"%s\" refuses every other mail system; take it away, or write "
			      "permit_auth_destination before it",
			      rule);
	if (strcmp(rule, "check_sender_access") == 0)
		return check_sender(walk, argument);
	if (strcmp(rule, "check_recipient_access") == 0)
		return check_recipient(walk, argument);
	if (strcmp(rule, "check_client_access") == 0)
		return check_client(walk, argument);
	if (strcmp(rule, "reject_unverified_recipient") == 0)
		walk->asks_for_recipient = true;
	return check_class(walk, rule);
}

static enum outcome walk_list(struct walk *walk, const char *value)
{
	g_autoptr(GPtrArray) words = table_split(value);
	enum outcome outcome = GOES_ON;
	bool is_skipped = false;

	if (walk->depth >= DEPTH_MAX)
		return GOES_ON;
	walk->depth++;
	for (guint i = 0; i < words->len && outcome == GOES_ON; i++) {
		const char *rule = words->pdata[i];
		bool has_argument = g_str_has_prefix(rule, "check_") && i + 1 < words->len;
		const char *argument = has_argument ? words->pdata[++i] : "";

		if (!is_skipped)
			outcome = check_rule(walk, rule, argument);
		is_skipped = strcmp(rule, "warn_if_reject") == 0;
	}
	walk->depth--;
	return outcome;
}

static void walk_all(struct walk *walk)
{
	for (size_t i = 0; i < G_N_ELEMENTS(lists) && !walk->fault; i++) {
		g_autofree char *value = value_of(walk, lists[i]);

		walk->list = lists[i];
		walk_list(walk, value);
	}
}

/* smtpd ends with a fatal error where no rule says who may relay. */
static bool says_who_may_relay(const struct walk *walk)
{
	g_autofree char *relay = value_of(walk, "smtpd_relay_restrictions");
	g_autofree char *recipient = value_of(walk, "smtpd_recipient_restrictions");
	g_autofree char *both = g_strconcat(relay, " ", recipient, NULL);

	return strstr(both, "reject") || strstr(both, "defer") || strchr(both, '$') ||
	       strstr(both, "check_relay_domains");
}

char *restrictions_fault(const struct postconf *postfix, const struct postconf_service *service,
			 const char *address)
{
	struct walk walk = {.postfix = postfix, .service = service, .address = address};

	if (!says_who_may_relay(&walk))
		return g_strdup_printf("%s cannot start: neither smtpd_relay_restrictions nor "
				       "smtpd_recipient_restrictions says who may relay; write "
				       "smtpd_relay_restrictions = permit_mynetworks, "
				       "reject_unauth_destination",
				       service->label);
	walk_all(&walk);
	return walk.fault;
}

void restrictions_warn(const struct postconf *postfix, const struct postconf_service *service,
		       const char *address)
{
	struct walk walk = {.postfix = postfix, .service = service, .address = address};

	walk_all(&walk);
	if (walk.asks_for_recipient)
		check_warning("Postfix",
			      "reject_unverified_recipient asks for each return path with a mail "
			      "of its own, and whoever answers for the bounce domain may say no; "
			      "write check_recipient_access with \"OK\" for it before");
	g_free(walk.fault);
}
