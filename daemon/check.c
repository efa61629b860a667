/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of --check.
 */
#include "daemon/check.h"

#include <stdio.h>

#include "db/hosts.h"

static void print_line(const char *verdict, const char *what, const char *text)
{
	printf("%-8s %-14s %s\n", verdict, what, text);
}

bool check_result(const char *what, const GError *error, const char *good)
{
	print_line(error ? "FAULT" : "ok", what, error ? error->message : good);
	return !error;
}

void check_warning(const char *what, const char *text)
{
	print_line("warning", what, text);
}

bool check_database(const GError *error)
{
	return check_result("database", error,
			    "reached, and its schema is the one this program knows");
}

void check_hosts(const char *conninfo)
{
	g_autofree char *fault = db_hosts_fault(conninfo);

	if (fault)
		check_warning("database", fault);
}
