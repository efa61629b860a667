/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rules, database, the server for copies, and each mailbox.
 */
#include "fetch/check.h"

#include "daemon/check.h"
#include "daemon/rules/daemon_rules.h"
#include "db/parameters/parameter_cache.h"
#include "db/schema/migrate.h"
#include "delivery/smtp/client.h"
#include "fetch/mailbox.h"
#include "fetch/store/mailbox_settings.h"
#include "net/credential.h"

static bool check_schema(const struct fetch_settings *settings)
{
	g_autoptr(GError) error = NULL;

	check_hosts(settings->common.conninfo);
	if (!db_schema_require(settings->common.conninfo, &error))
		return check_database(error);
	g_autoptr(parameter_cache_t) cache = parameter_cache_new(settings->common.conninfo, "");
	if (!parameter_cache_connect(cache, &error))
		return check_database(error);
	g_autoptr(db_parameters_t) parameters = parameter_cache_get(cache);
	check_database(NULL);
	check_server_state(settings->common.conninfo);
	if (*parameters->operator_mailbox == '\0')
		check_warning("parameter",
			      "operator_mailbox is empty: what nobody can classify is sent to "
			      "nobody; IMAP keeps it in unclassified_folder");
	/* one more hears of parameters that change */
	return check_room(settings->common.conninfo, settings->intake.pool_size + 1, "pool_size");
}

static bool check_server(const struct fetch_settings *settings)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *objection = NULL;
	g_autofree char *good = smtp_client_examine(&settings->smtp, &objection, &error);

	return check_with_objection("server", objection, error, good);
}

static bool check_mailbox(const struct mailbox_settings *settings)
{
	g_autoptr(GError) error = NULL;
	const struct credential_settings credential = mailbox_settings_credential(settings, -1);
	g_autofree char *objection = credential_objection(&credential);
	g_autofree char *good =
	    g_strdup_printf("%s at %s: logged in, %s is there", settings->username, settings->host,
			    settings->folders);
	struct mailbox *mailbox = mailbox_new(settings, 0, NULL, -1, &error);

	bool is_good = mailbox && mailbox_probe(mailbox, &error);
	mailbox_free(mailbox);
	return check_with_objection(settings->name, objection, error, good) && is_good;
}

static bool check_mailboxes(const struct fetch_settings *settings)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) mailboxes = fetch_settings_mailboxes(settings, &error);
	bool is_good = mailboxes;

	if (!mailboxes)
		return check_result("mailboxes", error, "");
	for (guint i = 0; i < mailboxes->len; i++)
		is_good = check_mailbox(mailboxes->pdata[i]) && is_good;
	return is_good;
}

bool fetch_check(const void *data)
{
	const struct fetch_settings *settings = data;
	bool rules = daemon_rules_check(&settings->common);
	bool database = check_schema(settings);
	bool server = check_server(settings);
	bool mailboxes = check_mailboxes(settings);

	if (*settings->lmtp != '\0')
		check_result("lmtp", NULL, settings->lmtp);
	return rules && database && server && mailboxes;
}
