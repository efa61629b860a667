/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The tables that main.cf names, asked by postmap(1) for the keys that Postfix would ask for.
 */
#ifndef MILTER_POSTCONF_LOOKUP_TABLE_H
#define MILTER_POSTCONF_LOOKUP_TABLE_H

#include <stdbool.h>

#include <glib.h>

enum lookup_table_answer {
	LOOKUP_TABLE_LACKS,
	LOOKUP_TABLE_HAS,
	LOOKUP_TABLE_UNKNOWN, /* it cannot be asked, of which a warning was printed unless it is
				 missing */
};

/* The file of a table that is not there, as "/etc/aliases.db" of hash:/etc/aliases; NULL if it is
 * there, or the table has none. Heap. */
char *lookup_table_missing_file(const char *table);

/* The elements of a list; blanks inside braces belong to one, as in inline:{ { a = b } }.
 * Release with g_ptr_array_unref. */
GPtrArray *lookup_table_split(const char *value);

/* What the first table of the list says that has the key. *value_out: heap, NULL unless
 * LOOKUP_TABLE_HAS; value_out may be NULL. */
enum lookup_table_answer lookup_table_ask(const char *tables, const char *key, char **value_out)
    __attribute__((warn_unused_result));

/* The same for a key that Postfix makes of a whole one: tables of patterns have none such. */
enum lookup_table_answer lookup_table_ask_part(const char *tables, const char *key,
					       char **value_out)
    __attribute__((warn_unused_result));

struct lookup_table_address {
	const char *address;
	const char *delimiters; /* recipient_delimiter: what begins an extension */
	bool is_local;          /* its local part alone is a key as well */
};

/* The same for an address: as a whole, without its extension, its local part, @domain. */
enum lookup_table_answer lookup_table_ask_address(const char *tables,
						  const struct lookup_table_address *address,
						  char **value_out)
    __attribute__((warn_unused_result));

/* The address without its extension, or NULL if it has none. Heap. */
char *lookup_table_strip_extension(const struct lookup_table_address *address);

#endif
