/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The configuration of this machine's Postfix, read by postconf(1), and asked as Postfix asks:
 * a service has the value of its -o in master.cf, or else that of main.cf, with $name in
 * either taken from the service first. MAIL_CONFIG chooses another instance.
 */
#ifndef MILTER_POSTCONF_POSTCONF_H
#define MILTER_POSTCONF_POSTCONF_H

#include <stdbool.h>

#include <glib.h>

struct postconf;

/* One line of master.cf. */
struct postconf_service {
	char *label; /* "smtp/inet" */
	char *name, *type;
	char *command; /* of the program, without arguments: "smtpd" */
	char *process_limit;
	char *bad_option; /* the name behind an -o without "=value"; NULL: there is none */
	char *stray;      /* the first argument that belongs to no option; NULL: there is none */
	bool is_private, is_chrooted;
	bool is_repeated; /* master.cf has other lines for it before this one, which is in force */
};

/* NULL with BM_ERROR_CONFIG where there is no Postfix, or no configuration of one. */
struct postconf *postconf_read(GError **error) __attribute__((warn_unused_result));
/* What the runs of postconf(1) read, and how they complained; borrowed, "" for none. */
struct postconf_texts {
	const char *parameters; /* postconf */
	const char *services;   /* postconf -M */
	const char *overrides;  /* postconf -P */
	const char *defaults;   /* postconf -d */
	const char *complaints; /* what they said on standard error, a line each */
};
struct postconf *postconf_parse(const struct postconf_texts *texts);
void postconf_free(struct postconf *postconf);

size_t postconf_service_count(const struct postconf *postconf);
const struct postconf_service *postconf_service(const struct postconf *postconf, size_t i);
/* NULL if there is none. */
const struct postconf_service *postconf_find(const struct postconf *postconf, const char *name,
					     const char *type);

/* The value of a parameter for that service, NULL for main.cf alone; "" if there is none.
 * Heap. */
char *postconf_value(const struct postconf *postconf, const struct postconf_service *service,
		     const char *name);
/* What Postfix takes where nobody sets it, unexpanded; "" if it is unknown. */
const char *postconf_default(const struct postconf *postconf, const char *name);
/* What postconf(1) complained about, each once. */
const char *const *postconf_complaints(const struct postconf *postconf);
/* Calls visit for each value that main.cf or an -o of master.cf has, unexpanded, in the order of
 * their names: place as postconf_place. */
void postconf_visit(const struct postconf *postconf,
		    void (*visit)(const char *place, const char *name, const char *value,
				  const void *data),
		    const void *data);
/* Whether the word stands in a list as Postfix writes them, with blanks or commas between. */
bool postconf_has_word(const char *list, const char *word);
/* Whether a value of inet_protocols allows "ipv4" or "ipv6". */
bool postconf_has_family(const char *protocols, const char *family);
/* Whether master.cf sets it for that service. */
bool postconf_is_overridden(const struct postconf *postconf, const struct postconf_service *service,
			    const char *name);

/* Where a person finds what the service has: "main.cf", or "master.cf, -o of smtp/inet". Heap. */
char *postconf_place(const struct postconf *postconf, const struct postconf_service *service,
		     const char *name);

typedef struct postconf postconf_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(postconf_t, postconf_free)

#endif
