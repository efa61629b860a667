/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Socket, rules, database, and the Postfix of this machine.
 */
#include "milter/check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/pid_file.h"
#include "daemon/check.h"
#include "daemon/rules/daemon_rules.h"
#include "db/parameters/parameter_cache.h"
#include "db/schema/migrate.h"
#include "milter/mx_check.h"
#include "milter/postconf/postconf.h"
#include "milter/postfix/destination.h"
#include "milter/postfix/postfix_check.h"
#include "milter/postfix/rewriting.h"
#include "milter/postfix/startup.h"
#include "milter/sendmail/address_test.h"
#include "milter/sendmail/sendmail_check.h"
#include "milter/socket_check.h"

static void check_parameters(const struct db_parameters *parameters)
{
	if (!parameters->bounce_domains[0])
		check_warning("parameter",
			      "bounce_domain is empty: no mail is ours; bouncectl params set "
			      "bounce_domain bounces.example.org");
	if (*parameters->operator_mailbox == '\0')
		check_warning("parameter",
			      "operator_mailbox is empty: what nobody can classify stays in "
			      "the bounce mailbox");
}

/* An address of each bounce domain that looks as the return path of a mail does. Heap. */
static char **sample_return_paths(const struct db_parameters *parameters)
{
	static const char token[] = "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	GStrvBuilder *addresses = g_strv_builder_new();
	char **list;

	for (char **domain = parameters->bounce_domains; *domain; domain++) {
		g_autofree char *address =
		    g_strdup_printf("%s%s@%s", parameters->return_path_prefix, token, *domain);

		g_strv_builder_add(addresses, address);
	}
	list = g_strv_builder_end(addresses);
	g_strv_builder_unref(addresses);
	return list;
}

/* addresses_out: a return path of each bounce domain, none where the database does not answer. */
static bool check_database_and_parameters(const struct milter_settings *settings,
					  char ***addresses_out)
{
	g_autoptr(GError) error = NULL;

	*addresses_out = g_new0(char *, 1);
	check_hosts(settings->common.conninfo);
	if (!db_schema_require(settings->common.conninfo, &error))
		return check_database(error);
	g_autoptr(parameter_cache_t) parameter_cache =
	    parameter_cache_new(settings->common.conninfo, "");
	if (!parameter_cache_connect(parameter_cache, &error))
		return check_database(error);
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(parameter_cache);
	check_database(NULL);
	check_server_state(settings->common.conninfo);
	check_parameters(parameters);
	g_free(*addresses_out);
	*addresses_out = sample_return_paths(parameters);
	/* one more hears of parameters that change */
	return check_room(settings->common.conninfo, settings->intake.pool_size + 1, "pool_size");
}

/* A service manager makes the folder of /run when it starts the service. */
static bool can_be_written(const char *path, int *cause_out)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *parent = g_path_get_dirname(dir);

	*cause_out = access(dir, W_OK | X_OK) == 0 ? 0 : errno;
	return *cause_out == 0 || (*cause_out == ENOENT && g_str_equal(parent, "/run"));
}

/* What the daemon keeps for others, and runs without. */
static void check_kept_file(const char *key, const char *path, const char *without)
{
	int cause;

	if (*path == '\0' || can_be_written(path, &cause))
		return;
	g_autofree char *text =
	    g_strdup_printf("%s: %s; without it, %s", path, g_strerror(cause), without);
	check_warning(key, text);
}

static bool check_postfix(const struct postconf *postfix, const struct milter_settings *settings,
			  const char *const *addresses)
{
	/* without it no table can be asked */
	bool is_read = startup_reads_main();
	bool is_taken = is_read && destination_check(postfix, addresses);
	bool is_kept = is_read && rewriting_check(postfix, addresses);

	return postfix_check(postfix, settings, addresses) && is_taken && is_kept;
}

static bool check_without_postfix(const struct milter_settings *settings,
				  const char *const *addresses, const GError *error)
{
	/* where our account may not look into a folder of PATH, the error is that */
	g_autofree char *program = g_find_program_in_path("postconf");

	if (program && !strstr(error->message, g_strerror(ENOENT)))
		return check_fault("Postfix", error->message); /* it is there, and as wrong to it */
	if (access(SENDMAIL_CF, F_OK) == 0)
		return sendmail_check(SENDMAIL_CF, settings, addresses);
	g_autofree char *text = g_strdup_printf("not looked at: %s", error->message);
	check_warning("Postfix", text);
	return true;
}

static bool postfix_is_running(const struct postconf *postfix)
{
	g_autofree char *queue = postconf_value(postfix, NULL, "queue_directory");
	g_autofree char *file = g_build_filename(queue, "pid", "master.pid", NULL);

	return pid_file_process(file) != 0;
}

/* Where a machine has both, the one that runs is meant. */
static bool check_with_postfix(const struct postconf *postfix,
			       const struct milter_settings *settings, const char *const *addresses)
{
	bool has_sendmail = access(SENDMAIL_CF, R_OK) == 0 && address_test_has_sendmail();
	bool is_sendmail = has_sendmail && sendmail_process(SENDMAIL_CF) != 0;
	bool is_postfix = !is_sendmail || postfix_is_running(postfix);

	if (has_sendmail)
		check_warning("Postfix",
			      is_postfix && is_sendmail
				  ? "it and Sendmail are running, and both are looked at"
			      : is_sendmail
				  ? "not looked at: it is not running, but Sendmail is"
				  : "Sendmail is there as well, but not running, and is not "
				    "looked at");
	bool is_good = !is_postfix || check_postfix(postfix, settings, addresses);
	return (!is_sendmail || sendmail_check(SENDMAIL_CF, settings, addresses)) && is_good;
}

/* The queue directory where an smtpd has it for its root; "" for none. Heap. */
static char *smtpd_chroot(const struct postconf *postfix)
{
	for (size_t i = 0; i < postconf_service_count(postfix); i++) {
		const struct postconf_service *service = postconf_service(postfix, i);

		if (service->is_chrooted && strcmp(service->command, "smtpd") == 0)
			return postconf_value(postfix, NULL, "queue_directory");
	}
	return g_strdup("");
}

bool milter_check(const void *data)
{
	const struct milter_settings *settings = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(postconf_t) postfix = postconf_read(&error);
	g_autofree char *account =
	    postfix ? postconf_value(postfix, NULL, "mail_owner") : sendmail_account(SENDMAIL_CF);
	g_autofree char *chroot = postfix ? smtpd_chroot(postfix) : g_strdup("");
	const struct socket_client client = {postfix ? "Postfix" : "Sendmail", account, chroot};
	bool socket = socket_check(settings, &client);
	bool rules = daemon_rules_check(&settings->common);
	g_auto(GStrv) addresses = NULL;
	bool database = check_database_and_parameters(settings, &addresses);
	const char *const *paths = (const char *const *)addresses;
	bool wiring = postfix ? check_with_postfix(postfix, settings, paths)
			      : check_without_postfix(settings, paths, error);

	for (const char *const *path = paths; *path; path++)
		mx_check(strrchr(*path, '@') + 1);
	check_kept_file("state_file", settings->state_file,
			"a start while the database is away stops the mail of others as well");
	check_kept_file("metrics_file", settings->metrics_file,
			"a monitor does not see what this filter does");
	return socket && rules && database && wiring;
}
