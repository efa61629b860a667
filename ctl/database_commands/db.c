/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl db init | migrate | check. A second run changes nothing but rights that are missing.
 */
#include <stdio.h>

#include "ctl/framework/connect.h"
#include "ctl/framework/error_message.h"
#include "ctl/framework/json.h"
#include "ctl/options/topics.h"
#include "db/schema/migrate.h"

static const char help[] =
    "It needs the rights to create schema and roles; the daemon's account need not have\n"
    "them. Running it again changes nothing, but gives the roles back what rights they have\n"
    "lost.\n";

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

/* Of more than these, people want to know the number. */
enum { LINES_MAX = 20 };

/* missing: NULL where nobody looked. */
static void append_schema_json(GString *out, const struct db_schema_status *schema,
			       const GPtrArray *missing)
{
	g_autoptr(JsonBuilder) builder = ctl_json_new();

	ctl_json_string(builder, "state", state_name(schema->state));
	ctl_json_integer(builder, "version", schema->version);
	ctl_json_integer(builder, "known", schema->known);
	ctl_json_string(builder, "detail", schema->detail);
	if (missing)
		ctl_json_strings(builder, "missing_rights", missing);
	ctl_json_append(builder, out);
}

static void append_schema_text(GString *out, const struct db_schema_status *schema,
			       const GPtrArray *missing)
{
	guint count = missing ? missing->len : 0;

	g_string_append_printf(out, "%s\n", schema->detail);
	for (guint i = 0; i < MIN(count, LINES_MAX); i++)
		g_string_append_printf(out, "%s\n", (const char *)missing->pdata[i]);
	if (count > LINES_MAX)
		g_string_append_printf(out, "and %u more\n", count - LINES_MAX);
	if (count > 0)
		g_string_append(out, "\"bouncectl db migrate\" gives the roles their rights, "
				     "\"bouncectl db create\" the accounts their roles\n");
}

static enum ctl_exit_code print_schema(const struct ctl_call *call,
				       const struct db_schema_status *schema,
				       const GPtrArray *missing)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl_call_has(call, "json"))
		append_schema_json(out, schema, missing);
	else
		append_schema_text(out, schema, missing);
	return ctl_call_print(out);
}

static void print_applied(unsigned version, const char *name)
{
	if (version > 0)
		fprintf(stderr, "applied  %04u %s\n", version, name);
	else
		fprintf(stderr, "applied  %s\n", name);
}

static void print_waiting(void)
{
	fputs("waiting  for the transactions that use the schema (see pg_stat_activity)\n", stderr);
}

/* --- the commands ------------------------------------------------------------------------ */

/* Somebody who does not own the schema learns its version, and that is all; JSON then has no
 * missing_rights. */
static GPtrArray *look_for_missing_rights(const struct ctl_call *call, const char *conninfo)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *missing = db_schema_missing_rights(conninfo, &error);

	if (!missing && !ctl_call_has(call, "json"))
		ctl_call_say(call, "rights: not looked at, ask as the owner of the schema: %s",
			     error->message);
	return missing;
}

static enum ctl_exit_code check_database(const struct ctl_call *call, const char *conninfo,
					 bool is_asking_for_rights)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) missing = NULL;
	struct db_schema_status schema;

	if (!db_schema_read(conninfo, &schema, &error))
		return ctl_error_message_print(call, error);
	bool is_current = schema.state == DB_SCHEMA_CURRENT;
	if (is_current && is_asking_for_rights)
		missing = look_for_missing_rights(call, conninfo);
	enum ctl_exit_code exit_code = print_schema(call, &schema, missing);
	if (exit_code == CTL_EXIT_OK && (!is_current || (missing && missing->len > 0)))
		exit_code = CTL_EXIT_FAULT;
	db_schema_status_clear(&schema);
	return exit_code;
}

static enum ctl_exit_code run_schema_check(struct ctl_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *conninfo = ctl_connect_conninfo(call, &error);

	return conninfo ? check_database(call, conninfo, true)
			: ctl_error_message_print(call, error);
}

/* A command that needs another state than this one, and the command for this one. */
struct other {
	enum db_schema_state state;
	const char *command;
};

/* False, said, when the schema is not what the program needs afterwards. */
static bool bring_up(const struct ctl_call *call, const char *conninfo, const struct other *other,
		     enum ctl_exit_code *exit_out)
{
	static const struct db_schema_progress progress = {.applied = print_applied,
							   .waiting = print_waiting};
	g_autoptr(GError) error = NULL;
	struct db_schema_status schema;

	*exit_out = CTL_EXIT_FAULT;
	if (!db_schema_read(conninfo, &schema, &error)) {
		*exit_out = ctl_error_message_print(call, error);
		return false;
	}
	bool is_other = schema.state == other->state;
	if (is_other)
		ctl_call_say(call, "%s; run \"bouncectl %s\"", schema.detail, other->command);
	else if (!db_schema_migrate(conninfo, &progress, &error))
		*exit_out = ctl_error_message_print(call, error);
	db_schema_status_clear(&schema);
	return !is_other && !error;
}

static enum ctl_exit_code bring_up_and_check(struct ctl_call *call, const struct other *other)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *conninfo = ctl_connect_conninfo(call, &error);
	enum ctl_exit_code exit_code;

	if (!conninfo)
		return ctl_error_message_print(call, error);
	return bring_up(call, conninfo, other, &exit_code) ? check_database(call, conninfo, false)
							   : exit_code;
}

static enum ctl_exit_code run_init(struct ctl_call *call)
{
	static const struct other migrate = {DB_SCHEMA_BEHIND, "db migrate"};

	return bring_up_and_check(call, &migrate);
}

static enum ctl_exit_code run_migrate(struct ctl_call *call)
{
	static const struct other init = {DB_SCHEMA_ABSENT, "db init"};

	return bring_up_and_check(call, &init);
}

CTL_COMMAND(command_db_init) = {
    .name = "db init",
    .topic = TOPIC_SCHEMA,
    .summary = "create the schema \"bounce\" in an existing database",
    .help = help,
    .example = "db init --conninfo 'dbname=mail user=postgres'",
    .run = run_init,
};

CTL_COMMAND(command_db_migrate) = {
    .name = "db migrate",
    .topic = TOPIC_SCHEMA,
    .summary = "bring an older schema up to this program",
    .help = help,
    .example = "db migrate --conninfo 'dbname=mail user=postgres'",
    .run = run_migrate,
};

CTL_COMMAND(command_db_check) = {
    .name = "db check",
    .topic = TOPIC_SCHEMA,
    .summary = "say which version the schema has, and which rights are missing in it",
    .help =
	"Exit status 1 when this program cannot use the schema, or a role lacks a right, or the\n"
	"account of a daemon its role. For the rights, ask as the owner of the schema; nothing\n"
	"is changed.\n",
    .example = "db check --json",
    .run = run_schema_check,
};
