/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl db init | migrate | check. A second run changes nothing.
 */
#include "ctl/commands/db.h"

#include <stdio.h>

#include <glib.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/exit.h"
#include "ctl/framework/output.h"
#include "db/migrate.h"

static const char help[] =
    "It needs the rights to create schema and roles; the daemon's account need not have\n"
    "them. Running it again changes nothing.\n";

/* --- what is said --------------------------------------------------------------------- */

static const char *state_name(enum db_schema_state state)
{
	switch (state) {
	case DB_SCHEMA_ABSENT:
		return "absent";
	case DB_SCHEMA_BEHIND:
		return "behind";
	case DB_SCHEMA_CURRENT:
		return "current";
	case DB_SCHEMA_FOREIGN:
		return "foreign";
	}
	return "";
}

static void add_member(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, value);
}

static void add_json(GString *out, const struct db_schema_status *status)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	add_member(builder, "state", state_name(status->state));
	json_builder_set_member_name(builder, "version");
	json_builder_add_int_value(builder, status->version);
	json_builder_set_member_name(builder, "known");
	json_builder_add_int_value(builder, status->known);
	add_member(builder, "detail", status->detail);
	json_builder_end_object(builder);
	ctl_output_json_append(builder, out);
}

static int say(const struct ctl_call *call, const struct db_schema_status *status)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_flag(call, "json"))
		add_json(out, status);
	else
		g_string_append_printf(out, "%s\n", status->detail);
	return ctl_output_write(out->str) ? CTL_EXIT_OK : CTL_EXIT_OUTPUT;
}

static void print_progress(unsigned version, const char *name)
{
	if (version > 0)
		fprintf(stderr, "applied  %04u %s\n", version, name);
	else
		fprintf(stderr, "applied  %s\n", name);
}

/* --- the commands ------------------------------------------------------------------------ */

/* Where the schema is now; false, said, when that cannot be told. */
static bool read_status(const struct ctl_call *call, const char *conninfo,
			struct db_schema_status *status_out, int *exit_out)
{
	g_autoptr(GError) error = NULL;

	if (db_schema_read(conninfo, status_out, &error))
		return true;
	*exit_out = ctl_output_error(call, error);
	return false;
}

static int run_check(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *conninfo = ctl_conninfo(call, &error);
	struct db_schema_status status;
	int result = CTL_EXIT_FAULT;

	if (conninfo == NULL)
		return ctl_output_error(call, error);
	if (!read_status(call, conninfo, &status, &result))
		return result;
	result = say(call, &status);
	if (result == CTL_EXIT_OK && status.state != DB_SCHEMA_CURRENT)
		result = CTL_EXIT_FAULT;
	db_schema_status_clear(&status);
	return result;
}

/* Which state asks for the other command. */
static int bring_up(struct ctl_call *call, enum db_schema_state wrong, const char *other)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *conninfo = ctl_conninfo(call, &error);
	struct db_schema_status status;
	int result = CTL_EXIT_FAULT;

	if (conninfo == NULL)
		return ctl_output_error(call, error);
	if (!read_status(call, conninfo, &status, &result))
		return result;
	bool is_wrong = status.state == wrong;
	if (is_wrong)
		fprintf(stderr, "bouncectl %s: %s; run \"bouncectl %s\"\n", call->command->name,
			status.detail, other);
	else if (status.state != DB_SCHEMA_CURRENT &&
		 !db_schema_migrate(conninfo, print_progress, &error))
		result = ctl_output_error(call, error);
	db_schema_status_clear(&status);
	return is_wrong || error != NULL ? result : run_check(call);
}

static int run_init(struct ctl_call *call)
{
	return bring_up(call, DB_SCHEMA_BEHIND, "db migrate");
}

static int run_migrate(struct ctl_call *call)
{
	return bring_up(call, DB_SCHEMA_ABSENT, "db init");
}

const struct ctl_command ctl_db_init = {
    .name = "db init",
    .arguments = "",
    .summary = "create the schema \"bounce\" in an existing database",
    .help = help,
    .example = "db init --conninfo 'dbname=mail user=postgres'",
    .run = run_init,
};

const struct ctl_command ctl_db_migrate = {
    .name = "db migrate",
    .arguments = "",
    .summary = "bring an older schema up to this program",
    .help = help,
    .example = "db migrate --conninfo 'dbname=mail user=postgres'",
    .run = run_migrate,
};

const struct ctl_command ctl_db_check = {
    .name = "db check",
    .arguments = "",
    .summary = "say which version the schema has; exit status 1 when this program cannot use it",
    .example = "db check --json",
    .run = run_check,
};
