/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who may read them and who may set them, the database says.
 */
#include "console/pages/settings.h"

#include "db/people/operator_queries.h"

static const char shadow_limit[] = "200";

struct response *settings_list(struct page_call *call)
{
	const struct form *query = call->request->query;
	const char *const values[] = {form_find(query, "text"), form_find(query, "process"),
				      form_find(query, "changed") ? "true" : NULL};
	g_autoptr(GError) error = NULL;

	if (!page_load(call, "settings", &operator_queries_params, values, &error) ||
	    !page_add_processes(call, form_get(query, "process"), &error))
		return page_fail(call, error);
	model_set(call->model, "filter_text", values[0]);
	model_set(call->model, "filter_changed", values[2]);
	return page_show(call, "settings", 200);
}

struct response *settings_show(struct page_call *call)
{
	const char *const name[] = {form_get(call->request->query, "name")};
	g_autoptr(GError) error = NULL;
	g_autoptr(db_rows_t) setting = page_fetch(call, &operator_queries_param, name, &error);

	if (!setting)
		return page_fail(call, error);
	if (db_rows_count(setting) == 0)
		return page_missing(call, "There is no such parameter.");
	page_set_row(call, setting);
	if (!page_load(call, "values", &operator_queries_param_processes, name, &error) ||
	    !page_load(call, "history", &operator_queries_param_log, name, &error) ||
	    !page_add_processes(call, "", &error))
		return page_fail(call, error);
	return page_show(call, "setting", 200);
}

struct response *settings_shadow(struct page_call *call)
{
	const struct form *query = call->request->query;
	const char *const values[] = {form_find(query, "process"), form_find(query, "since"),
				      shadow_limit};
	g_autoptr(GError) error = NULL;

	if (!page_load(call, "bounces", &operator_queries_shadow, values, &error) ||
	    !page_add_processes(call, form_get(query, "process"), &error))
		return page_fail(call, error);
	model_set(call->model, "filter_since", values[1]);
	return page_show(call, "shadow", 200);
}

struct response *settings_keys(struct page_call *call)
{
	g_autoptr(GError) error = NULL;

	if (!page_load(call, "keys", &operator_queries_keys, NULL, &error))
		return page_fail(call, error);
	return page_show(call, "signing_keys", 200);
}
