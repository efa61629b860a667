/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules about names and blocklists depend on who comes; these do not.
 */
#include "milter/postfix/restrictions.h"

#include <string.h>

#include "daemon/check.h"
#include "milter/postconf/lookup_table.h"
#include "milter/postfix/destination.h"

enum { DEPTH_MAX = 10 }; /* of smtpd_restriction_classes */

enum outcome { GOES_ON, PERMITTED, REFUSED };

/* A table that stands alone is asked as if that rule stood before it. */
static const struct list {
	const char *name, *rule;
} lists[] = {
    {"smtpd_client_restrictions", "check_client_access"},
    {"smtpd_helo_restrictions", "check_helo_access"},
    {"smtpd_sender_restrictions", "check_sender_access"},
    {"smtpd_relay_restrictions", "check_recipient_access"},
    {"smtpd_recipient_restrictions", "check_recipient_access"},
    {"smtpd_data_restrictions", "check_recipient_access"},
    {"smtpd_end_of_data_restrictions", "check_recipient_access"},
};

static const char *const rules[] = {
#include "milter/postfix/restriction_names.def"
    NULL,
};

struct walk {
	const struct postconf *postfix;
	const struct postconf_service *service;
	const struct list *list;
	const char *address;
	unsigned depth;
	bool asks_for_recipient; /* reject_unverified_recipient was met */
	char *unknown;           /* a rule that Postfix may not know */
	char *silent;            /* a policy service that is not there */
	char *fault;
};

static enum outcome walk_list(struct walk *walk, const char *value);

static char *walked_value(const struct walk *walk, const char *name)
{
	return postconf_value(walk->postfix, walk->service, name);
}

static enum outcome refuse_rule(struct walk *walk, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum outcome refuse_rule(struct walk *walk, const char *format, ...)
{
	g_autofree char *place = postconf_place(walk->postfix, walk->service, walk->list->name);
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	walk->fault = g_strdup_printf("%s: %s: %s", place, walk->list->name, text);
	return REFUSED;
}

static bool is_refusing_action(const char *action)
{
	static const char *const words[] = {"REJECT", "DEFER", "DISCARD", "REDIRECT"};

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

/* Actions that neither refuse nor permit; what stands behind them are no rules. */
static bool is_aside(const char *action)
{
	static const char *const words[] = {"BCC",  "DUNNO", "FILTER",  "HOLD",
					    "INFO", "WARN",  "PREPEND", NULL};
	g_autofree char *word = g_ascii_strup(action, (gssize)strcspn(action, " \t"));

	return g_strv_contains(words, word);
}

/* What access(5) answers: an action, or rules to go on with. */
static enum outcome follow_action(struct walk *walk, const char *rule, const char *action)
{
	bool is_sender = g_str_has_prefix(rule, "check_sender");

	if (is_permission(action))
		return PERMITTED;
	if (is_aside(action))
		return GOES_ON;
	if (!is_refusing_action(action))
		return walk_list(walk, action);
	if (is_sender)
		return refuse_rule(walk,
				   "%s answers \"%s\" to the empty sender, which every bounce has; "
				   "take that entry out",
				   rule, action);
	return refuse_rule(walk, "%s answers \"%s\" to %s; write an entry \"%s OK\" before it",
			   rule, action, walk->address, strrchr(walk->address, '@') + 1);
}

static enum outcome check_sender(struct walk *walk, const char *table)
{
	g_autofree char *key = walked_value(walk, "smtpd_null_access_lookup_key");
	g_autofree char *rule = g_strdup_printf("check_sender_access %s", table);
	g_autofree char *action = NULL;

	if (lookup_table_ask(table, key, &action) != LOOKUP_TABLE_HAS)
		return GOES_ON;
	return follow_action(walk, rule, action);
}

/* The address, its domain and the parents of that, its local part with @. */
static char *ask_recipient(const struct walk *walk, const char *table)
{
	g_autofree char *delimiters = walked_value(walk, "recipient_delimiter");
	const struct lookup_table_address whole = {walk->address, delimiters, false};
	g_autofree char *stripped = lookup_table_strip_extension(&whole);
	const char *at = strrchr(walk->address, '@');
	g_autofree char *part = g_strndup(walk->address, (gsize)(at + 1 - walk->address));
	char *action = NULL;

	if (lookup_table_ask(table, walk->address, &action) == LOOKUP_TABLE_HAS ||
	    (stripped && lookup_table_ask_part(table, stripped, &action) == LOOKUP_TABLE_HAS))
		return action;
	for (const char *p = at; p; p = strchr(p + 1, '.'))
		if (lookup_table_ask_part(table, p + 1, &action) == LOOKUP_TABLE_HAS)
			return action;
	return lookup_table_ask_part(table, part, &action) == LOOKUP_TABLE_HAS ? action : NULL;
}

static enum outcome check_recipient(struct walk *walk, const char *table)
{
	g_autofree char *rule = g_strdup_printf("check_recipient_access %s", table);
	g_autofree char *action = *walk->address == '\0' ? NULL : ask_recipient(walk, table);

	return action ? follow_action(walk, rule, action) : GOES_ON;
}

/* Of the tables of clients and their names, only one that has the same answer for everybody says
 * something: names are three of them. */
static enum outcome check_strangers(struct walk *walk, const char *rule, const char *table,
				    const char *const *names)
{
	g_autofree char *first = NULL;

	for (size_t i = 0; i < 3; i++) {
		g_autofree char *action = NULL;

		if (lookup_table_ask(table, names[i], &action) != LOOKUP_TABLE_HAS || !action ||
		    !(is_refusing_action(action) || is_permission(action)) ||
		    (first && strcmp(action, first) != 0))
			return GOES_ON;
		if (!first)
			first = g_steal_pointer(&action);
	}
	if (is_permission(first))
		return PERMITTED;
	return refuse_rule(
	    walk,
	    "%s %s answers \"%s\" to every mail system (%s, %s and %s were tried); take "
	    "that entry out",
	    rule, table, first, names[0], names[1], names[2]);
}

static enum outcome check_table(struct walk *walk, const char *rule, const char *table)
{
	static const char *const clients[] = {"8.8.8.8", "1.1.1.1", "9.9.9.9"};
	static const char *const names[] = {"mx.example.com", "mail.example.net",
					    "relay.example.org"};

	if (g_ascii_strcasecmp(rule, "check_sender_access") == 0)
		return check_sender(walk, table);
	if (g_ascii_strcasecmp(rule, "check_recipient_access") == 0)
		return check_recipient(walk, table);
	if (g_ascii_strcasecmp(rule, "check_client_access") == 0)
		return check_strangers(walk, rule, table, clients);
	if (g_ascii_strcasecmp(rule, "check_helo_access") == 0 ||
	    g_ascii_strcasecmp(rule, "check_reverse_client_hostname_access") == 0)
		return check_strangers(walk, rule, table, names);
	return GOES_ON;
}

/* "unix:private/NAME" is of master.cf, if it is not of a program that runs. */
static void check_policy_service(struct walk *walk, const char *endpoint)
{
	static const char private[] = "private/";
	const char *start = strstr(endpoint, "unix:");
	g_autofree char *queue = postconf_value(walk->postfix, NULL, "queue_directory");

	if (!start || walk->silent)
		return;
	start += strlen("unix:");
	g_autofree char *path = g_strndup(start, strcspn(start, " \t,}"));
	g_autofree char *file = g_build_filename(*path == '/' ? "/" : queue, path, NULL);
	if (!g_file_test(file, G_FILE_TEST_EXISTS) &&
	    !(g_str_has_prefix(path, private) &&
	      postconf_find(walk->postfix, path + strlen(private), "unix")))
		walk->silent = g_steal_pointer(&file);
}

static bool is_restriction_class(const struct walk *walk, const char *word)
{
	g_autofree char *classes = walked_value(walk, "smtpd_restriction_classes");
	g_autoptr(GPtrArray) names = lookup_table_split(classes);

	return g_ptr_array_find_with_equal_func(names, word, g_str_equal, NULL);
}

static enum outcome check_word(struct walk *walk, const char *word)
{
	if (g_ascii_strcasecmp(word, "permit") == 0 ||
	    g_ascii_strcasecmp(word, "permit_auth_destination") == 0)
		return PERMITTED;
	if (g_ascii_strcasecmp(word, "reject") == 0 || g_ascii_strcasecmp(word, "defer") == 0)
		return refuse_rule(walk,
				   "\"%s\" refuses every other mail system; take it away, or write "
				   "permit_auth_destination before it",
				   word);
	if (g_ascii_strcasecmp(word, "reject_plaintext_session") == 0)
		return refuse_rule(walk,
				   "\"%s\" refuses mail systems without TLS; take it away, or "
				   "write permit_auth_destination before it",
				   word);
	if (g_ascii_strcasecmp(word, "reject_unlisted_recipient") == 0 && *walk->address != '\0' &&
	    destination_is_unlisted(walk->postfix, walk->address))
		return refuse_rule(walk,
				   "\"%s\" refuses %s, which no list of recipients has; write "
				   "%s into it, as main.cf.example has it",
				   word, walk->address, strrchr(walk->address, '@'));
	if (g_ascii_strcasecmp(word, "reject_unverified_recipient") == 0)
		walk->asks_for_recipient = true;
	if (!is_restriction_class(walk, word))
		return GOES_ON;
	g_autofree char *value = walked_value(walk, word);
	return walk_list(walk, value);
}

enum kind { WORD, WITH_ARGUMENT, TABLE, UNKNOWN };

static enum kind restriction_kind_of(const struct walk *walk, const char *word)
{
	if (g_ascii_strncasecmp(word, "check_", strlen("check_")) == 0 &&
	    g_ascii_strcasecmp(word, "check_relay_domains") != 0)
		return WITH_ARGUMENT;
	if (*word == '$') /* an expression of Postfix's own default */
		return WORD;
	if (strchr(word, ':') || *word == '{')
		return TABLE;
	for (const char *const *rule = rules; *rule; rule++)
		if (g_ascii_strcasecmp(*rule + (**rule == '='), word) == 0)
			return **rule == '=' ? WITH_ARGUMENT : WORD;
	return is_restriction_class(walk, word) ||
		       g_ascii_strncasecmp(word, "check_", strlen("check_")) == 0
		   ? WORD
		   : UNKNOWN;
}

static enum outcome check_rule(struct walk *walk, const char *rule, const char *argument)
{
	switch (restriction_kind_of(walk, rule)) {
	case TABLE:
		return check_table(walk, walk->list->rule, rule);
	case WITH_ARGUMENT:
		if (g_ascii_strcasecmp(rule, "check_policy_service") == 0)
			check_policy_service(walk, argument);
		return check_table(walk, rule, argument);
	case UNKNOWN:
		if (!walk->unknown)
			walk->unknown = g_strdup(rule);
		return GOES_ON;
	case WORD:
		break;
	}
	return check_word(walk, rule);
}

static enum outcome walk_list(struct walk *walk, const char *value)
{
	g_autoptr(GPtrArray) words = lookup_table_split(value);
	enum outcome outcome = GOES_ON;
	bool is_skipped = false;

	if (walk->depth >= DEPTH_MAX)
		return GOES_ON;
	walk->depth++;
	for (guint i = 0; i < words->len && outcome == GOES_ON; i++) {
		const char *rule = words->pdata[i];
		bool has_argument =
		    restriction_kind_of(walk, rule) == WITH_ARGUMENT && i + 1 < words->len;
		const char *argument = has_argument ? words->pdata[++i] : "";

		if (!is_skipped)
			outcome = check_rule(walk, rule, argument);
		is_skipped = g_ascii_strcasecmp(rule, "warn_if_reject") == 0;
	}
	walk->depth--;
	return outcome;
}

static void walk_all(struct walk *walk)
{
	for (size_t i = 0; i < G_N_ELEMENTS(lists) && !walk->fault; i++) {
		g_autofree char *value = walked_value(walk, lists[i].name);

		walk->list = &lists[i];
		walk_list(walk, value);
	}
}

/* smtpd ends with a fatal error where no rule says who may relay. */
static bool says_who_may_relay(const struct walk *walk)
{
	g_autofree char *relay = walked_value(walk, "smtpd_relay_restrictions");
	g_autofree char *recipient = walked_value(walk, "smtpd_recipient_restrictions");
	g_autofree char *written = g_strconcat(relay, " ", recipient, NULL);
	g_autofree char *both = g_ascii_strdown(written, -1);

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
	g_free(walk.unknown);
	g_free(walk.silent);
	return walk.fault;
}

/* Of what smtpd answers 451 to everybody for. */
static void warn_of_answers(const struct walk *walk)
{
	if (walk->unknown) {
		g_autofree char *text = g_strdup_printf(
		    "%s: \"%s\" is no rule that we know: if Postfix does not know it either, it "
		    "answers 451 to everybody; is it a typing error?",
		    walk->service->label, walk->unknown);
		check_warning("Postfix", text);
	}
	if (walk->silent) {
		g_autofree char *text = g_strdup_printf(
		    "check_policy_service: %s is not there, and without it smtpd answers 451 to "
		    "everybody; start that service, or take the rule out",
		    walk->silent);
		check_warning("Postfix", text);
	}
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
	warn_of_answers(&walk);
	g_free(walk.unknown);
	g_free(walk.silent);
	g_free(walk.fault);
}
