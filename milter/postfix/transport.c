/* SPDX-License-Identifier: BSD-2-Clause
 *
 * transport(5): SERVICE:NEXTHOP, of transport_maps or of the class. What the next hop is depends on
 * the program of the service.
 */
#include "milter/postfix/transport.h"

#include <string.h>
#include <unistd.h>

#include "daemon/check.h"
#include "milter/postconf/lookup_table.h"
#include "milter/postfix/endpoint.h"

static const char what[] = "Postfix";

struct target {
	const struct postconf *postfix;
	const struct recipient_class *class;
	const char *address;
	const char *parameter; /* which has the transport */
	char *transport;
	const char *next_hop; /* in it */
	const struct postconf_service *service;
};

static const char *domain_of(const struct target *target)
{
	return strrchr(target->address, '@') + 1;
}

static char *describe_transport(const struct target *target, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The transport, and what is wrong with it. */
static char *describe_transport(const struct target *target, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	return g_strdup_printf("%s = %s: %s", target->parameter, target->transport, text);
}

/* What virtual(8) needs to write what we leave. */
static void warn_of_mailbox(const struct target *target)
{
	static const char *const owners[] = {"virtual_uid_maps", "virtual_gid_maps"};
	g_autofree char *base =
	    postconf_value(target->postfix, target->service, "virtual_mailbox_base");
	g_autofree char *delimiters = postconf_value(target->postfix, NULL, "recipient_delimiter");
	const struct lookup_table_address whole = {target->address, delimiters, false};

	if (*base != '\0' && !g_file_test(base, G_FILE_TEST_IS_DIR)) {
		g_autofree char *text =
		    g_strdup_printf("virtual_mailbox_base = %s is no directory, and Postfix makes "
				    "none: what we leave of mail for %s stays in the queue; "
				    "install -d -o 5000 -g 5000 -m 700 %s",
				    base, domain_of(target), base);
		check_warning(what, text);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
		g_autofree char *maps = postconf_value(target->postfix, target->service, owners[i]);

		if (lookup_table_ask_address(maps, &whole, NULL) != LOOKUP_TABLE_LACKS)
			continue;
		g_autofree char *text =
		    g_strdup_printf("%s has nobody for %s: what we leave of its mail stays in the "
				    "queue; write static:5000",
				    owners[i], domain_of(target));
		check_warning(what, text);
	}
}

/* --- LMTP ----------------------------------------------------------------------------------- */

static void warn_of_lmtp(const struct target *target)
{
	g_autofree char *queue = postconf_value(target->postfix, NULL, "queue_directory");
	const struct endpoint_view view = {queue, target->service->is_chrooted};
	g_autofree char *path = endpoint_path(target->next_hop, &view);

	if (!path || access(path, F_OK) == 0)
		return;
	g_autofree char *text = describe_transport(
	    target,
	    "there is no socket %s%s, so what we leave of mail for %s stays in the queue; "
	    "start whoever makes it, or write its name as %s sees it",
	    path, view.is_chrooted ? ", as seen from the chroot" : "", domain_of(target),
	    target->service->label);
	check_warning(what, text);
}

/* --- SMTP ----------------------------------------------------------------------------------- */

/* "[HOST]:PORT" with the port of mail systems. */
static bool is_this_machine(const struct target *target)
{
	static const char *const names[] = {"127.0.0.1", "::1", "localhost", NULL};
	g_autofree char *own = postconf_value(target->postfix, NULL, "myhostname");
	const char *start = target->next_hop + (*target->next_hop == '[');
	g_autofree char *host =
	    g_strndup(start, strcspn(start, start > target->next_hop ? "]" : ":"));
	const char *rest = start + strlen(host);
	const char *port = rest + strspn(rest, "]:");

	return (*port == '\0' || strcmp(port, "25") == 0 || strcmp(port, "smtp") == 0) &&
	       (g_strv_contains(names, host) || g_ascii_strcasecmp(host, own) == 0);
}

/* Relayed by its MX, which may be this machine. */
static bool is_sent_to_mx(const struct target *target)
{
	g_autofree char *relayhost = postconf_value(target->postfix, NULL, "relayhost");

	return *target->next_hop == '\0' && *relayhost == '\0';
}

static void warn_of_smtp(const struct target *target)
{
	bool is_relayed = strcmp(target->class->domains, "relay_domains") == 0;
	g_autofree char *text = NULL;

	if (is_this_machine(target))
		text = describe_transport(
		    target,
		    "that is this machine, so what we leave of mail for %s comes back to "
		    "it until it is given up; write virtual, as main.cf.example has it",
		    domain_of(target));
	else if (is_sent_to_mx(target))
		text = describe_transport(
		    target,
		    "what we leave of mail for %s goes to its MX, and loops if that is "
		    "this machine; write a transport for it",
		    domain_of(target));
	else if (!is_relayed)
		text = describe_transport(
		    target,
		    "what we leave of mail for %s goes to another mail system; right if "
		    "that has a mailbox for it, otherwise write virtual, as "
		    "main.cf.example has it",
		    domain_of(target));
	if (text)
		check_warning(what, text);
}

/* --- together ------------------------------------------------------------------------------- */

static bool check_program(const struct target *target)
{
	const char *command = target->service->command;

	if (strcmp(command, "discard") == 0) {
		g_autofree char *text = describe_transport(
		    target,
		    "what we leave of mail for %s is thrown away: letters of people, and "
		    "what nobody could read; write virtual, as main.cf.example has it",
		    domain_of(target));
		return check_fault(what, text);
	}
	if (strcmp(command, "virtual") == 0)
		warn_of_mailbox(target);
	else if (strcmp(command, "lmtp") == 0)
		warn_of_lmtp(target);
	else if (strcmp(command, "smtp") == 0)
		warn_of_smtp(target);
	return true;
}

/* Until somebody says "postqueue -f". */
static void warn_of_deferring(const struct target *target, const char *name)
{
	g_autofree char *deferred = postconf_value(target->postfix, NULL, "defer_transports");
	g_autofree char *text =
	    g_strdup_printf("defer_transports has %s: what we leave of mail for %s stays in the "
			    "queue; take it out of it",
			    name, domain_of(target));

	if (postconf_has_word(deferred, name))
		check_warning(what, text);
}

static bool check_transport(struct target *target)
{
	g_autofree char *name = g_strndup(target->transport, strcspn(target->transport, ":"));

	if (*name == '\0')
		return true;
	warn_of_deferring(target, name);
	target->next_hop = target->transport + strlen(name);
	target->next_hop += *target->next_hop == ':';
	target->service = postconf_find(target->postfix, name, "unix");
	if (!target->service) {
		g_autofree char *text = describe_transport(
		    target,
		    "master.cf has no service %s/unix, so what we leave of mail for %s "
		    "stays in the queue; add it, or write virtual",
		    name, domain_of(target));
		return check_fault(what, text);
	}
	return check_program(target);
}

/* local(8) hands on. */
static bool check_mailbox_transport(const struct target *target)
{
	static const char parameter[] = "mailbox_transport";
	struct target mailbox = *target;

	if (!target->service || strcmp(target->service->command, "local") != 0)
		return true;
	g_autofree char *transport = postconf_value(target->postfix, target->service, parameter);
	mailbox.parameter = parameter;
	mailbox.transport = transport;
	return check_transport(&mailbox);
}

/* An alias goes to another domain. */
bool transport_check(const struct postconf *postfix, const struct recipient_class *class,
		     const char *address)
{
	g_autofree char *mapped = recipient_transport(postfix, address);
	g_autofree char *of_class = postconf_value(postfix, NULL, class->transport);
	bool is_mapped = *mapped != '\0' && *mapped != ':';
	struct target target = {.postfix = postfix,
				.class = class,
				.address = address,
				.parameter = is_mapped ? "transport_maps" : class->transport,
				.transport = is_mapped ? mapped : of_class};

	if (strcmp(class->domains, "virtual_alias_domains") == 0)
		return true;
	return check_transport(&target) && check_mailbox_transport(&target);
}

char *transport_filter_fault(const struct postconf *postfix, const struct postconf_service *service)
{
	static const char parameter[] = "content_filter";
	g_autofree char *filter = postconf_value(postfix, service, parameter);
	g_autofree char *name = g_strndup(filter, strcspn(filter, ":"));
	g_autofree char *place = postconf_place(postfix, service, parameter);

	if (*name == '\0' || postconf_find(postfix, name, "unix"))
		return NULL;
	return g_strdup_printf(
	    "%s: %s = %s: master.cf has no service %s/unix, so what comes to "
	    "%s stays in the queue, unless it is discarded; add that service, or "
	    "take %s away",
	    place, parameter, filter, name, service->label, parameter);
}
