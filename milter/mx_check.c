/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The name servers of resolv.conf are asked, without its search list.
 */
#include "milter/mx_check.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "daemon/check.h"

static const char what[] = "MX";

enum {
	ANSWER_MAX = 8192, /* bytes */
	ANSWER_WAIT = 2,   /* seconds for each of the name servers */
	HOSTS_MAX = 20,
};

static bool is_reserved(const char *domain)
{
	static const char *const names[] = {"example",     "test",        "invalid",    "localhost",
					    "example.com", "example.net", "example.org"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *below = g_strconcat(".", names[i], NULL);

		if (g_ascii_strcasecmp(domain, names[i]) == 0 || g_str_has_suffix(domain, below))
			return true;
	}
	return false;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* As text, without a port; "" for other families. Heap. */
static char *address_text(const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  text, sizeof text);
	else if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
			  &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
			  sizeof text);
	return g_strdup(text);
}

/* Whether the rest of the world can connect to it without a translation. */
static bool is_public(const char *text)
{
	static const struct {
		const char *prefix;
		unsigned bits;
	} others[] = {{"0.0.0.0", 8},      {"10.0.0.0", 8},    {"100.64.0.0", 10}, {"127.0.0.0", 8},
		      {"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.168.0.0", 16}};
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		/* 2000::/3 are those in use */
		return *text == '2' || *text == '3';
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		guint32 mask = G_MAXUINT32 << (32 - others[i].bits);

		if ((ntohl(address.s_addr) & mask) == ntohl(inet_addr(others[i].prefix)))
			return false;
	}
	return true;
}

/* Those of this machine's interfaces; a set of char *. */
static GHashTable *own_addresses(bool *has_public_out)
{
	GHashTable *own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct ifaddrs *first = NULL;

	*has_public_out = false;
	if (getifaddrs(&first) != 0)
		return own;
	for (const struct ifaddrs *each = first; each; each = each->ifa_next) {
		char *text = address_text(each->ifa_addr);

		*has_public_out = *has_public_out || is_public(text);
		g_hash_table_add(own, text);
	}
	freeifaddrs(first);
	return own;
}

/* --- the question ----------------------------------------------------------------------------- */

enum answer {
	ANSWER_HOSTS,
	ANSWER_NONE,    /* no MX: the domain's own address counts */
	ANSWER_NO_NAME, /* there is no such domain */
	ANSWER_UNKNOWN, /* nobody answers */
};

/* Adds the hosts of the MX records to hosts, "" for the null MX. */
static bool read_hosts(const unsigned char *answer, int len, GPtrArray *hosts)
{
	ns_msg message;

	if (ns_initparse(answer, len, &message) != 0)
		return false;
	for (int i = 0; i < ns_msg_count(message, ns_s_an) && hosts->len < HOSTS_MAX; i++) {
		char host[NS_MAXDNAME];
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0)
			return false;
		if (ns_rr_type(record) != ns_t_mx || ns_rr_rdlen(record) < 3)
			continue;
		/* behind the preference */
		if (ns_name_uncompress(ns_msg_base(message), ns_msg_end(message),
				       ns_rr_rdata(record) + 2, host, sizeof host) < 0)
			return false;
		g_ptr_array_add(hosts, g_strdup(strcmp(host, ".") == 0 ? "" : host));
	}
	return true;
}

static enum answer ask_for_mx(const char *domain, GPtrArray *hosts)
{
	unsigned char answer[ANSWER_MAX];
	struct __res_state state = {0};

	if (res_ninit(&state) != 0)
		return ANSWER_UNKNOWN;
	state.retrans = ANSWER_WAIT;
	state.retry = 1;
	int len = res_nquery(&state, domain, ns_c_in, ns_t_mx, answer, sizeof answer);
	int why = state.res_h_errno;
	res_nclose(&state);
	if (len < 0)
		return why == HOST_NOT_FOUND ? ANSWER_NO_NAME
		       : why == NO_DATA      ? ANSWER_NONE
					     : ANSWER_UNKNOWN;
	if (!read_hosts(answer, MIN(len, ANSWER_MAX), hosts))
		return ANSWER_UNKNOWN;
	return hosts->len > 0 ? ANSWER_HOSTS : ANSWER_NONE;
}

/* --- what is known ---------------------------------------------------------------------------- */

struct finding {
	GString *elsewhere; /* "mx.example.net (192.0.2.1), ..." */
	bool is_ours, is_unknown;
};

static void look_at_host(const char *host, GHashTable *own, struct finding *finding)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *first = NULL;
	int status = *host == '\0' ? EAI_NONAME : getaddrinfo(host, NULL, &hints, &first);

	if (status != 0) {
		finding->is_unknown |= status != EAI_NONAME && status != EAI_NODATA;
		return;
	}
	for (const struct addrinfo *each = first; each; each = each->ai_next) {
		g_autofree char *address = address_text(each->ai_addr);

		finding->is_ours |= g_hash_table_contains(own, address);
		g_string_append_printf(finding->elsewhere, "%s%s (%s)",
				       finding->elsewhere->len > 0 ? ", " : "", host, address);
	}
	freeaddrinfo(first);
}

static void say(const char *domain, const struct finding *finding, bool has_public)
{
	g_autofree char *text = NULL;

	if (finding->is_ours || finding->is_unknown)
		return;
	if (finding->elsewhere->len == 0)
		text = g_strdup_printf("%s takes no mail: its MX have no address; write this "
				       "machine's name into its MX record",
				       domain);
	else if (has_public)
		text = g_strdup_printf("bounces for %s go to %s, which is not this machine; right "
				       "if that hands them on to us, otherwise write this "
				       "machine's name into the MX record",
				       domain, finding->elsewhere->str);
	if (text)
		check_warning(what, text);
}

static void weigh(const char *domain, const GPtrArray *hosts)
{
	bool has_public;
	g_autoptr(GHashTable) own = own_addresses(&has_public);
	struct finding finding = {.elsewhere = g_string_new(NULL)};

	for (guint i = 0; i < hosts->len; i++)
		look_at_host(hosts->pdata[i], own, &finding);
	say(domain, &finding, has_public);
	g_string_free(finding.elsewhere, TRUE);
}

void mx_check(const char *domain)
{
	g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
	enum answer answer = is_reserved(domain) ? ANSWER_UNKNOWN : ask_for_mx(domain, hosts);

	if (answer == ANSWER_UNKNOWN)
		return;
	if (answer == ANSWER_NO_NAME) {
		g_autofree char *text =
		    g_strdup_printf("no name server knows %s, so no bounce comes; give it an MX "
				    "record with this machine's name",
				    domain);

		check_warning(what, text);
		return;
	}
	if (answer == ANSWER_NONE)
		g_ptr_array_add(hosts, g_strdup(domain));
	weigh(domain, hosts);
}
