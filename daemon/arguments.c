/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line of a daemon.
 */
#include "daemon/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/wrapped_text.h"
#include "version.h"

enum { TEXT_COLUMN = 22 }; /* where the text of an option begins */

static char *usual_config(const char *program)
{
	return g_strconcat(BM_SYSCONFDIR "/bounce-milter/", program, ".conf", NULL);
}

static void print_usage(FILE *out, const char *program, const struct arguments_help *help)
{
	g_autofree char *config = usual_config(program);
	g_autofree char *checks =
	    g_strdup_printf("say what is wrong with %s, and end", help->checked);
	g_autofree char *once = g_strdup_printf("%s, and end", help->once ? help->once : "");
	g_autofree char *exits = g_strdup_printf(
	    "0 stopped%s; 1 a fault that is logged; 64 wrong usage; 78 a fault of the "
	    "configuration%s.",
	    help->once ? ", or all was done" : "",
	    help->once ? "; 75 --once: something stays for the next time" : "");

	fprintf(out, "usage: %s [-c FILE] [-d] [--check%s]\n\n%s\n\n", program,
		help->once ? " | --once" : "", help->purpose);
	fprintf(out,
		"  -c, --config FILE   configuration\n"
		"                      (default: %s)\n"
		"  -d, --daemon        go to the background; without it, stay in the foreground\n",
		config);
	wrapped_text_print(out, "      --check         ", checks, TEXT_COLUMN);
	if (help->once)
		wrapped_text_print(out, "      --once          ", once, TEXT_COLUMN);
	fputs("  -V, --version\n"
	      "  -h, --help\n"
	      "\n",
	      out);
	wrapped_text_print(out, "Signals: ", help->signals, 0);
	wrapped_text_print(out, "Exit status: ", exits, 0);
}

int arguments_parse(int argc, char **argv, const char *program, const struct arguments_help *help,
		    struct arguments *arguments_out)
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
	const struct option *known = help->once ? options : options + 1;
	g_autofree char *config = usual_config(program);

	*arguments_out = (struct arguments){0};
	for (int option; (option = getopt_long(argc, argv, "c:dVh", known, NULL)) != -1;) {
		switch (option) {
		case 'c':
			g_free(config);
			config = g_strdup(optarg);
			break;
		case 'd':
			arguments_out->is_daemon = true;
			break;
		case 'k':
			arguments_out->is_check = true;
			break;
		case 'o':
			arguments_out->is_once = true;
			break;
		case 'V':
			printf("%s %s\n", program, BM_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			print_usage(stdout, program, help);
			return EXIT_SUCCESS;
		default:
			print_usage(stderr, program, help);
			return EX_USAGE;
		}
	}
	arguments_out->config = g_canonicalize_filename(config, NULL);
	if (optind == argc)
		return -1;
	fprintf(stderr, "%s: unexpected argument \"%s\"\n", program, argv[optind]);
	print_usage(stderr, program, help);
	return EX_USAGE;
}

void arguments_clear(struct arguments *arguments)
{
	g_free(arguments->config);
}
