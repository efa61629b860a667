/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Two tables by name.
 */
#include "console/template/model.h"

struct model {
	GHashTable *texts;
	GHashTable *lists; /* of GPtrArray of struct model */
};

static void free_row(void *row)
{
	model_free(row);
}

static void free_list(void *list)
{
	g_ptr_array_unref(list);
}

struct model *model_new(void)
{
	struct model *model = g_new0(struct model, 1);

	model->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	model->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list);
	return model;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	g_hash_table_destroy(model->texts);
	g_hash_table_destroy(model->lists);
	g_free(model);
}

void model_set(struct model *model, const char *name, const char *text)
{
	if (text)
		g_hash_table_insert(model->texts, g_strdup(name), g_strdup(text));
	else
		g_hash_table_remove(model->texts, name);
}

void model_flag(struct model *model, const char *name, bool is_set)
{
	model_set(model, name, is_set ? "1" : NULL);
}

struct model *model_add(struct model *model, const char *name)
{
	GPtrArray *rows = g_hash_table_lookup(model->lists, name);
	struct model *row = model_new();

	if (!rows) {
		rows = g_ptr_array_new_with_free_func(free_row);
		g_hash_table_insert(model->lists, g_strdup(name), rows);
	}
	g_ptr_array_add(rows, row);
	return row;
}

const char *model_text(const struct model *model, const char *name)
{
	return g_hash_table_lookup(model->texts, name);
}

const GPtrArray *model_rows(const struct model *model, const char *name)
{
	return g_hash_table_lookup(model->lists, name);
}
