/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line of a daemon.
 */
#include "daemon/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "version.h"

int arguments_parse(int argc, char **argv, const char *program, const char *usage,
		    struct arguments *arguments)
{
	/* the first one is known to some programs alone */
	static const struct option options[] = {
	    {"once", no_argument, NULL, 'o'},
	    {"config", required_argument, NULL, 'c'},
	    {"daemon", no_argument, NULL, 'd'},
	    {"check", no_argument, NULL, 'k'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const struct option *known = arguments->knows_once ? options : options + 1;

	for (int option; (option = getopt_long(argc, argv, "c:dVh", known, NULL)) != -1;) {
		switch (option) {
		case 'c':
			arguments->config = optarg;
			break;
		case 'd':
			arguments->is_daemon = true;
			break;
		case 'k':
			arguments->is_check = true;
			break;
		case 'o':
			arguments->is_once = true;
			break;
		case 'V':
			printf("%s %s\n", program, BM_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "%s: unexpected argument \"%s\"\n%s", program, argv[optind], usage);
	return EX_USAGE;
}
