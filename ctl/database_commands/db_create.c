/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl db create: everything that the database needs, in one step. A second run
 * changes nothing but the parameters that it is given.
 */
#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/topics.h"
#include "ctl/options/value_types.h"
#include "db/people/operator_queries.h"
#include "db/schema/create.h"
#include "db/schema/migrate.h"

static void say_nothing_applied(unsigned version, const char *name)
{
	(void)version;
	(void)name;
}

static void say_nothing_waiting(void)
{
}

static bool create(const char *conninfo, GError **error)
{
	static const struct db_schema_progress nothing = {.applied = say_nothing_applied,
							  .waiting = say_nothing_waiting};

	return db_create_database(conninfo, error) &&
	       db_schema_migrate(conninfo, &nothing, error) &&
	       db_create_login_roles(conninfo, error);
}

/* Without the option the parameter stays as it is. */
static bool set_parameter(struct ctl_call *call, const char *option, const char *name,
			  GError **error)
{
	const char *const values[] = {name, ctl_call_option(call, option), NULL};

	if (!values[1])
		return true;
	g_autoptr(db_rows_t) rows =
	    ctl_connect_fetch(call, &operator_queries_param_set, values, error);
	return rows;
}

static enum ctl_exit_code print_created_schema(const struct ctl_call *call, const char *conninfo)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	struct db_schema_status schema;

	if (!db_schema_read(conninfo, &schema, &error))
		return ctl_error_message_print(call, error);
	if (ctl_call_has(call, "json")) {
		g_autoptr(JsonBuilder) builder = ctl_json_new();

		ctl_json_integer(builder, "version", schema.version);
		ctl_json_string(builder, "detail", schema.detail);
		ctl_json_append(builder, out);
	} else {
		g_string_append_printf(
		    out,
		    "%s; bouncemilter, bouncefetch, bouncedelivery and bounceconsole may log in\n",
		    schema.detail);
	}
	db_schema_status_clear(&schema);
	return ctl_call_print(out);
}

static enum ctl_exit_code run_create(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *conninfo = ctl_connect_conninfo(call, &error);

	if (!conninfo || !create(conninfo, &error) ||
	    !set_parameter(call, "bounce-domain", "bounce_domain", &error) ||
	    !set_parameter(call, "operator-mailbox", "operator_mailbox", &error))
		return ctl_error_message_print(call, error);
	return print_created_schema(call, conninfo);
}

static const struct ctl_option options[] = {
    {.name = "bounce-domain",
     .value = &value_domain,
     .help = "the domain whose mail is read as bounces"},
    {.name = "operator-mailbox",
     .value = &value_address,
     .help = "where the messages go that nobody can classify"},
    {0},
};

CTL_COMMAND(command_db_create) = {
    .name = "db create",
    .topic = TOPIC_SCHEMA,
    .summary = "create the database, the schema and the roles of the daemons",
    .help =
	"It needs the rights of a superuser. The roles have the names of the daemons' accounts\n"
	"and no password. What is there already stays as it is.\n",
    .example = "db create --bounce-domain bounces.example.org --operator-mailbox me@example.org",
    .options = {options},
    .run = run_create,
};
