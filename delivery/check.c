/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules, the files that the submission server needs, database. The server itself is not
 * asked: it may be down today and up when the daemon starts. That for the operator's copies is: a
 * login that fails there is found by nobody before the first letter waits.
 */
#include "delivery/check.h"

#include "base/secret.h"
#include "daemon/check.h"
#include "daemon/rules/daemon_rules.h"
#include "db/schema/migrate.h"
#include "delivery/copies.h"
#include "delivery/smtp/client.h"
#include "delivery/webhook_signature.h"

static bool check_server(const struct delivery_settings *settings)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *objection = NULL;
	g_autofree char *good = smtp_client_examine(&settings->smtp, &objection, &error);

	return check_with_objection("server", objection, error, good);
}

static bool check_schema(const struct delivery_settings *settings)
{
	g_autoptr(GError) error = NULL;

	check_hosts(settings->common.conninfo);
	bool is_current = db_schema_require(settings->common.conninfo, &error);

	check_database(error);
	if (!is_current)
		return false;
	check_server_state(settings->common.conninfo);
	/* one more renews the leases */
	return check_room(settings->common.conninfo, settings->workers + 1, "workers");
}

static bool check_webhook(const struct delivery_settings *settings)
{
	g_autoptr(GError) error = NULL;

	if (*settings->webhook_url == '\0')
		return true;
	g_autofree char *objection =
	    secret_file_objection(settings->webhook_secret_file, "webhook_secret_file");
	g_auto(GStrv) secrets =
	    webhook_signature_read_secrets(settings->webhook_secret_file, &error);
	return check_with_objection("webhook", objection, error,
				    "the secrets can be read; the receiver was not asked");
}

static bool check_copies(const struct delivery_settings *settings)
{
	g_autoptr(GError) error = NULL;
	struct copies *copies = copies_new(settings, &error);
	g_autofree char *objection =
	    secret_file_objection(settings->copies.smtp_password_file, "smtp_password_file");

	if (!copies)
		return !error || check_result("smtp_host", error, "");
	if (objection)
		check_warning("smtp_host", objection);
	g_autofree char *problem = copies_try_server(copies);
	copies_free(copies);
	return problem ? check_fault("smtp_host", problem)
		       : check_result(
			     "smtp_host", NULL,
			     *settings->copies.smtp_user == '\0'
				 ? "it answers, and its certificate is good"
				 : "it answers, its certificate is good, and it took the login");
}

bool delivery_check(const void *data)
{
	const struct delivery_settings *settings = data;
	bool rules = daemon_rules_check(&settings->common);
	bool server = check_server(settings);
	bool copies = check_copies(settings);
	bool webhook = check_webhook(settings);
	bool database = check_schema(settings);

	return rules && server && copies && webhook && database;
}
