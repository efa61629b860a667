/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl db init | migrate | check. A second run changes nothing.
 */
#include "ctl/db.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "base/settings.h"
#include "ctl/exit.h"
#include "db/migrate.h"

static const char usage[] = "usage: bouncectl db init|migrate|check [-c FILE | --conninfo CONNINFO]\n"
			    "\n"
			    "  init     create the schema \"bounce\" in an existing database\n"
			    "  migrate  bring an older schema up to this program\n"
			    "  check    say which version there is, and whether this program can use it\n"
			    "\n"
			    "  -c, --config FILE        take conninfo from this file\n"
			    "                           (default: /etc/bounce-milter/bounce-milter.conf)\n"
			    "      --conninfo CONNINFO  libpq connection string, for an account that may create\n"
			    "\n"
			    "init and migrate need the rights to create schema and roles; the daemon's\n"
			    "account need not have them. Running one again changes nothing.\n"
			    "Exit status: 0 the schema is current, 1 it is not, 64 wrong usage, 75 try again later.\n";

static int report_error(const GError *error)
{
	fprintf(stderr, "bouncectl: %s\n", error->message);
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN ? CTL_EXIT_TEMPFAIL : CTL_EXIT_FAULT;
}

static void print_progress(unsigned version, const char *name)
{
	if (version > 0)
		printf("applied  %04u %s\n", version, name);
	else
		printf("applied  %s\n", name);
	fflush(stdout);
}

static int db_check(const char *conninfo, const struct db_schema_status *status)
{
	(void)conninfo;
	printf("%s\n", status->detail);
	return status->state == DB_SCHEMA_CURRENT ? CTL_EXIT_OK : CTL_EXIT_FAULT;
}

static int db_apply(const char *conninfo, const struct db_schema_status *status)
{
	g_autoptr(GError) error = NULL;

	if (status->state == DB_SCHEMA_CURRENT) {
		printf("%s; nothing to do\n", status->detail);
		return CTL_EXIT_OK;
	}
	if (!db_schema_migrate(conninfo, print_progress, &error))
		return report_error(error);
	printf("schema bounce is at version %u\n", status->known);
	return CTL_EXIT_OK;
}

static int db_init(const char *conninfo, const struct db_schema_status *status)
{
	if (status->state == DB_SCHEMA_BEHIND) {
		fprintf(stderr, "bouncectl: %s; run \"bouncectl db migrate\"\n", status->detail);
		return CTL_EXIT_FAULT;
	}
	return db_apply(conninfo, status);
}

static int db_migrate(const char *conninfo, const struct db_schema_status *status)
{
	if (status->state == DB_SCHEMA_ABSENT) {
		fprintf(stderr, "bouncectl: %s; run \"bouncectl db init\"\n", status->detail);
		return CTL_EXIT_FAULT;
	}
	return db_apply(conninfo, status);
}

static const struct {
	const char *name;
	int (*run)(const char *conninfo, const struct db_schema_status *status);
} actions[] = {{"init", db_init}, {"migrate", db_migrate}, {"check", db_check}};

static int run_action(const char *name, const char *conninfo)
{
	struct db_schema_status status;
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(name, actions[i].name) != 0)
			continue;
		if (!db_schema_read(conninfo, &status, &error))
			return report_error(error);
		int result = actions[i].run(conninfo, &status);
		db_schema_status_clear(&status);
		return result;
	}
	fprintf(stderr, "bouncectl: db: there is no action \"%s\"\n%s", name, usage);
	return CTL_EXIT_USAGE;
}

static int run_configured(const char *name, const char *config)
{
	g_auto(settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	if (!settings_read(config, &settings, &error))
		return report_error(error);
	return run_action(name, settings.conninfo);
}

int ctl_db(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"conninfo", required_argument, NULL, 'n'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *config = "/etc/bounce-milter/bounce-milter.conf";
	const char *conninfo = NULL;

	for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 'n':
			conninfo = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CTL_EXIT_OK;
		default:
			fputs(usage, stderr);
			return CTL_EXIT_USAGE;
		}
	}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		return CTL_EXIT_USAGE;
	}
	return conninfo != NULL ? run_action(argv[optind], conninfo) : run_configured(argv[optind], config);
}
