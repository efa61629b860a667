/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl queue list | show | retry | hold | release | cancel | metrics.
 */
#include "ctl/queue.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "base/error.h"
#include "base/settings.h"
#include "ctl/exit.h"
#include "db/queue_admin.h"

enum { LIST_LIMIT = 1000, CHANGE_LIMIT = 1000000 };

static const char usage[] =
    "usage: bouncectl queue ACTION [FILTER...] [ID...] [-c FILE | --conninfo CONNINFO] [--json]\n"
    "\n"
    "  list     what is in the queue, the ended ones as well: state, attempts, when it is due, last error\n"
    "  show     all of a communication: its recipients, and what happened to it\n"
    "  retry    send again: what waits, at once; what has ended, to those who did not get it\n"
    "  hold     send nothing of it until it is released\n"
    "  release  end a hold\n"
    "  cancel   do not send what still waits\n"
    "  metrics  depth and age of the queue, by process\n"
    "\n"
    "      --process NAME       of this process\n"
    "      --state STATE        PENDING, PROCESSING, SUCCESS, ERROR or RETRY\n"
    "      --ref TEXT           with this business_ref\n"
    "      --recipient ADDRESS  to this address\n"
    "      --domain DOMAIN      to an address in this domain\n"
    "      --limit N            at most so many\n"
    "      --all                all of them: retry, hold, release and cancel want an ID, a filter or this\n"
    "      --json               one JSON object a line\n"
    "  -c, --config FILE        take conninfo from this file\n"
    "                           (default: /etc/bounce-milter/bounce-milter.conf)\n"
    "      --conninfo CONNINFO  libpq connection string, for an account with the role bounce_operator\n"
    "\n"
    "Exit status: 0 done, 1 nothing fits or a fault, 64 wrong usage, 75 try again later.\n";

struct request {
	const char *config;
	const char *conninfo;
	struct db_queue_filter filter;
	bool is_all;
	bool is_json;
};

static int report_error(const GError *error)
{
	fprintf(stderr, "bouncectl: %s\n", error->message);
	return error->code == BM_ERROR_RETRY || error->code == BM_ERROR_UNCERTAIN ? CTL_EXIT_TEMPFAIL : CTL_EXIT_FAULT;
}

/* --- printing ------------------------------------------------------------------ */

/* A value as text; times to the second, without the zone. Heap. */
static char *text_of(JsonObject *row, const char *name)
{
	JsonNode *node = json_object_get_member(row, name);

	if (node == NULL || JSON_NODE_HOLDS_NULL(node))
		return g_strdup("");
	if (json_node_get_value_type(node) == G_TYPE_INT64)
		return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
	g_autofree char *text = g_strdup(json_node_get_string(node));

	if (text != NULL && strlen(text) >= 19 && text[4] == '-' && text[10] == 'T') {
		text[10] = ' ';
		text[19] = '\0';
	}
	for (char *p = text; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' '; /* a server's words must not move the cursor */
	return g_steal_pointer(&text);
}

struct column {
	const char *title;
	const char *name;
	int width; /* negative: to the left */
};

static const struct column list_columns[] = {
    {"ID", "id", 8},         {"PROCESS", "process", -12}, {"REF", "business_ref", -12},
    {"STATE", "state", -10}, {"ATTEMPTS", "attempts", 8}, {"DUE", "due", -19},
    {"ERROR", "error", -1}};
static const struct column recipient_columns[] = {
    {"RECIPIENT", "address", -32}, {"DELIVERY", "delivery", -9}, {"STATE", "state", -8}, {"REASON", "reason", -20},
    {"SENDS", "attempts", 5},      {"TRIES", "tries", 5},        {"DUE", "due", -19},    {"RESPONSE", "response", -1}};
static const struct column log_columns[] = {{"AT", "at", -19}, {"EVENT", "event", -17}, {"WHAT", "text", -1}};
static const struct column metric_columns[] = {
    {"PROCESS", "process", -16},         {"DUE", "due", 8},
    {"SCHEDULED", "scheduled", 10},      {"HELD", "held", 8},
    {"PROCESSING", "processing", 11},    {"OLDEST DUE (s)", "oldest_due_seconds", 15},
    {"OLDEST (s)", "oldest_seconds", 11}};

static void print_titles(const struct column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%*s", i > 0 ? "  " : "", columns[i].width, columns[i].title);
	putchar('\n');
}

static void print_row(const struct column *columns, size_t count, JsonObject *row)
{
	for (size_t i = 0; i < count; i++) {
		g_autofree char *text = text_of(row, columns[i].name);

		printf("%s%*s", i > 0 ? "  " : "", columns[i].width, text);
	}
	putchar('\n');
}

static void print_list(JsonObject *object, const char *name, const struct column *columns, size_t count)
{
	JsonNode *node = json_object_get_member(object, name);

	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return;
	putchar('\n');
	print_titles(columns, count);
	JsonArray *rows = json_node_get_array(node);
	for (guint i = 0; i < json_array_get_length(rows); i++)
		print_row(columns, count, json_array_get_object_element(rows, i));
}

static void print_rows(const GPtrArray *rows, bool is_json, const struct column *columns, size_t count)
{
	if (!is_json && rows->len > 0)
		print_titles(columns, count);
	for (guint i = 0; i < rows->len; i++) {
		g_autoptr(JsonNode) node = json_from_string(rows->pdata[i], NULL);

		if (is_json || node == NULL)
			puts(rows->pdata[i]);
		else
			print_row(columns, count, json_node_get_object(node));
	}
}

/* --- actions --------------------------------------------------------------------- */

static int queue_list(const char *conninfo, const struct request *request)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = db_queue_list(conninfo, &request->filter, &error);

	if (rows == NULL)
		return report_error(error);
	print_rows(rows, request->is_json, list_columns, G_N_ELEMENTS(list_columns));
	return CTL_EXIT_OK;
}

static int queue_metrics(const char *conninfo, const struct request *request)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = db_queue_metrics(conninfo, &error);

	if (rows == NULL)
		return report_error(error);
	print_rows(rows, request->is_json, metric_columns, G_N_ELEMENTS(metric_columns));
	return CTL_EXIT_OK;
}

static int queue_show(const char *conninfo, const struct request *request)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = db_queue_show(conninfo, &request->filter, &error);

	if (rows == NULL)
		return report_error(error);
	for (guint i = 0; i < rows->len; i++) {
		g_autoptr(JsonNode) node = json_from_string(rows->pdata[i], NULL);

		if (request->is_json || node == NULL) {
			puts(rows->pdata[i]);
			continue;
		}
		if (i > 0)
			putchar('\n');
		print_titles(list_columns, G_N_ELEMENTS(list_columns));
		print_row(list_columns, G_N_ELEMENTS(list_columns), json_node_get_object(node));
		print_list(json_node_get_object(node), "recipients", recipient_columns,
			   G_N_ELEMENTS(recipient_columns));
		print_list(json_node_get_object(node), "log", log_columns, G_N_ELEMENTS(log_columns));
	}
	return rows->len > 0 ? CTL_EXIT_OK : CTL_EXIT_FAULT;
}

static int change(const char *conninfo, const struct request *request, enum db_queue_action action, const char *done)
{
	const struct db_queue_filter *f = &request->filter;
	bool is_chosen = *f->ids != '\0' || *f->process != '\0' || *f->state != '\0' || *f->ref != '\0' ||
			 *f->recipient != '\0' || *f->domain != '\0';
	g_autoptr(GError) error = NULL;
	unsigned count;

	if (!is_chosen && !request->is_all) {
		fprintf(stderr, "bouncectl: queue: say which: an ID, a filter or --all\n");
		return CTL_EXIT_USAGE;
	}
	if (!db_queue_change(conninfo, action, f, &count, &error))
		return report_error(error);
	printf(request->is_json ? "{\"changed\":%u}\n" : "%u %s\n", count, done);
	return count > 0 ? CTL_EXIT_OK : CTL_EXIT_FAULT;
}

static int queue_retry(const char *conninfo, const struct request *request)
{
	return change(conninfo, request, DB_QUEUE_RETRY, "to be sent");
}

static int queue_hold(const char *conninfo, const struct request *request)
{
	return change(conninfo, request, DB_QUEUE_HOLD, "held");
}

static int queue_release(const char *conninfo, const struct request *request)
{
	return change(conninfo, request, DB_QUEUE_RELEASE, "released");
}

static int queue_cancel(const char *conninfo, const struct request *request)
{
	return change(conninfo, request, DB_QUEUE_CANCEL, "cancelled");
}

static const struct {
	const char *name;
	int (*run)(const char *conninfo, const struct request *request);
	unsigned limit;
} actions[] = {{"list", queue_list, LIST_LIMIT},
	       {"show", queue_show, LIST_LIMIT},
	       {"retry", queue_retry, CHANGE_LIMIT},
	       {"hold", queue_hold, CHANGE_LIMIT},
	       {"release", queue_release, CHANGE_LIMIT},
	       {"cancel", queue_cancel, CHANGE_LIMIT},
	       {"metrics", queue_metrics, 1}};

static int run_action(const char *name, struct request *request)
{
	g_auto(settings_t) settings = {0};
	g_autoptr(GError) error = NULL;

	if (request->conninfo == NULL && !settings_read(request->config, &settings, &error))
		return report_error(error);
	for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
		if (strcmp(name, actions[i].name) != 0)
			continue;
		if (request->filter.limit == 0)
			request->filter.limit = actions[i].limit;
		return actions[i].run(request->conninfo != NULL ? request->conninfo : settings.conninfo, request);
	}
	fprintf(stderr, "bouncectl: queue: there is no action \"%s\"\n%s", name, usage);
	return CTL_EXIT_USAGE;
}

/* --- the command line --------------------------------------------------------------- */

static const struct option options[] = {
    {"process", required_argument, NULL, 'p'}, {"state", required_argument, NULL, 's'},
    {"ref", required_argument, NULL, 'r'},     {"recipient", required_argument, NULL, 'a'},
    {"domain", required_argument, NULL, 'd'},  {"limit", required_argument, NULL, 'l'},
    {"all", no_argument, NULL, 'A'},           {"json", no_argument, NULL, 'j'},
    {"config", required_argument, NULL, 'c'},  {"conninfo", required_argument, NULL, 'n'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};

static bool take_option(struct request *request, int option)
{
	switch (option) {
	case 'p':
		request->filter.process = optarg;
		return true;
	case 's':
		request->filter.state = optarg;
		return true;
	case 'r':
		request->filter.ref = optarg;
		return true;
	case 'a':
		request->filter.recipient = optarg;
		return true;
	case 'd':
		request->filter.domain = optarg;
		return true;
	case 'l':
		request->filter.limit = (unsigned)strtoul(optarg, NULL, 10);
		return request->filter.limit > 0;
	case 'A':
		request->is_all = true;
		return true;
	case 'j':
		request->is_json = true;
		return true;
	case 'c':
		request->config = optarg;
		return true;
	case 'n':
		request->conninfo = optarg;
		return true;
	default:
		return false;
	}
}

static bool is_id(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) <= 18;
}

int ctl_queue(int argc, char **argv)
{
	struct request request = {
	    .config = "/etc/bounce-milter/bounce-milter.conf",
	    .filter = {.ids = "", .process = "", .state = "", .ref = "", .recipient = "", .domain = ""}};

	for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		if (option == 'h') {
			fputs(usage, stdout);
			return CTL_EXIT_OK;
		}
		if (!take_option(&request, option)) {
			fputs(usage, stderr);
			return CTL_EXIT_USAGE;
		}
	}
	if (optind >= argc) {
		fputs(usage, stderr);
		return CTL_EXIT_USAGE;
	}
	for (int i = optind + 1; i < argc; i++)
		if (!is_id(argv[i])) {
			fprintf(stderr, "bouncectl: queue: \"%s\" is not an id\n", argv[i]);
			return CTL_EXIT_USAGE;
		}
	g_autofree char *ids = g_strjoinv(",", argv + optind + 1);

	request.filter.ids = ids;
	if (*ids == '\0' && strcmp(argv[optind], "show") == 0 && *request.filter.ref == '\0' &&
	    *request.filter.recipient == '\0') {
		fprintf(stderr, "bouncectl: queue: show which? An ID, --ref or --recipient\n");
		return CTL_EXIT_USAGE;
	}
	return run_action(argv[optind], &request);
}
