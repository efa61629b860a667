/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The file is written to disk in batches and sent from there: neither a long list nor a slow client
 * costs memory, and no statement stays open for either.
 */
#include "console/pages/documents.h"

#include <stdio.h>

#include "console/answer/csv.h"
#include "console/answer/paging.h"
#include "db/people/console_queries.h"
#include "db/people/operator_queries.h"

enum { BATCH = 1000 };

/* What is asked for; without a process the first one, without a period the last month. */
struct choice {
	const char *process;
	char *since, *until; /* days; the latter does not count any more */
};

static void choice_clear(struct choice *choice)
{
	g_free(choice->since);
	g_free(choice->until);
}
typedef struct choice choice_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(choice_t, choice_clear)

static char *first_of_month(int months_later)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GDateTime) then = g_date_time_add_months(now, months_later);

	return g_date_time_format(then, "%Y-%m-01");
}

static void choose_documents(const struct form *query, const struct db_rows *processes,
			     struct choice *choice)
{
	const char *since = form_find(query, "since");
	const char *until = form_find(query, "until");

	choice->process = form_find(query, "process");
	if (!choice->process && db_rows_count(processes) > 0)
		choice->process = db_rows_get(processes, 0, 0);
	choice->since = since ? g_strdup(since) : first_of_month(-1);
	choice->until = until ? g_strdup(until) : first_of_month(0);
}

/* --- the page --------------------------------------------------------------------------------- */

static void set_documents_choice(struct page_call *call, const struct choice *choice,
				 const struct db_rows *processes)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (size_t row = 0; row < db_rows_count(processes); row++)
		g_ptr_array_add(names, (char *)db_rows_get(processes, row, 0));
	g_ptr_array_add(names, NULL);
	page_add_choices(call, "processes", (const char *const *)names->pdata,
			 choice->process ? choice->process : "");
	model_set(call->model, "filter_process", choice->process);
	model_set(call->model, "filter_since", choice->since);
	model_set(call->model, "filter_until", choice->until);
}

/* Only where it is asked for: it reads the whole period. */
static bool add_sum(struct page_call *call, const char *const *values, GError **error)
{
	g_autoptr(db_rows_t) sum = page_fetch(call, &console_queries_document_sum, values, error);

	if (sum)
		page_set_row(call, sum);
	return sum;
}

/* Why there is none to be shown. */
static bool add_reason(struct page_call *call, const char *const *values, GError **error)
{
	g_autoptr(db_rows_t) any = page_fetch(call, &console_queries_document_any, values, error);

	if (!any)
		return false;
	bool is_reversed = db_rows_is_true(any, 0, "is_reversed");
	bool is_any = db_rows_is_true(any, 0, "is_any");
	bool is_waiting = db_rows_is_true(any, 0, "is_waiting");
	model_flag(call->model, "is_reversed", is_reversed);
	model_flag(call->model, "none_sent", !is_any && !is_reversed);
	model_flag(call->model, "some_wait", is_waiting);
	model_flag(call->model, "all_arrived", is_any && !is_waiting);
	return true;
}

static bool add_documents(struct page_call *call, const struct choice *choice, GError **error)
{
	const struct paging paging = paging_by_key(call);
	const char *const values[] = {choice->process, choice->since, choice->until,
				      paging.at,       paging.after,  paging_limit};
	g_autoptr(db_rows_t) rows = page_fetch(call, &console_queries_documents, values, error);

	if (!rows || (form_find(call->request->query, "count") && !add_sum(call, values, error)))
		return false;
	if (db_rows_count(rows) == 0 && !paging.after && !add_reason(call, values, error))
		return false;
	page_add_rows(call, "documents", rows);
	paging_set(call, &paging, rows, "recipient_id");
	return true;
}

struct response *documents_list(struct page_call *call)
{
	g_autoptr(GError) error = NULL;
	g_auto(choice_t) choice = {0};
	g_autoptr(db_rows_t) processes =
	    page_fetch(call, &operator_queries_process_names, NULL, &error);

	if (!processes)
		return page_fail(call, error);
	choose_documents(call->request->query, processes, &choice);
	set_documents_choice(call, &choice, processes);
	if (choice.process && !add_documents(call, &choice, &error))
		return page_fail(call, error);
	return page_show(call, "documents", 200);
}

/* --- the file --------------------------------------------------------------------------------- */

static bool write_documents(struct page_call *call, const struct choice *choice, FILE *file,
			    GError **error)
{
	g_autofree char *at = NULL;
	g_autofree char *after = NULL;

	for (bool is_first = true;; is_first = false) {
		const char *const values[] = {choice->process, choice->since, choice->until, at,
					      after,           "1000"};
		g_autoptr(db_rows_t) rows =
		    page_fetch(call, &console_queries_document_file, values, error);

		if (!rows || !csv_write_batch(call, file, rows, is_first, error))
			return false;
		if (db_rows_count(rows) < BATCH)
			return true;
		g_free(at);
		g_free(after);
		at = g_strdup(db_rows_find(rows, BATCH - 1, "created_at"));
		after = g_strdup(db_rows_find(rows, BATCH - 1, "recipient_id"));
	}
}

struct response *documents_export(struct page_call *call)
{
	g_autoptr(GError) error = NULL;
	g_auto(choice_t) choice = {0};
	g_autoptr(db_rows_t) processes =
	    page_fetch(call, &operator_queries_process_names, NULL, &error);
	FILE *file = processes ? tmpfile() : NULL;

	if (!file)
		return error ? page_fail(call, error)
			     : page_missing(call, "There is no room for the file.");
	choose_documents(call->request->query, processes, &choice);
	if (!write_documents(call, &choice, file, &error)) {
		fclose(file);
		return page_fail(call, error);
	}
	return response_download(csv_type, file, g_strdup("documents.csv"));
}
