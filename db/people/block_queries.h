/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What bouncectl asks about blocks. Parameters stand behind each statement.
 */
#ifndef DB_PEOPLE_BLOCK_QUERIES_H
#define DB_PEOPLE_BLOCK_QUERIES_H

#include "db/rows.h"

/* part of an address, lifted ones too ("true"), limit */
extern const struct db_statement block_queries_list;
extern const struct db_statement block_queries_story;           /* address */
extern const struct db_statement block_queries_block;           /* address, why, process, until */
extern const struct db_statement block_queries_unblock;         /* address, why, process */
extern const struct db_statement block_queries_unblock_preview; /* address, process */
extern const struct db_statement block_queries_reblock;         /* address, why */
extern const struct db_statement block_queries_withdraw_block;  /* address, why, process */
extern const struct db_statement block_queries_export;          /* process */
extern const struct db_statement block_queries_preview;         /* CSV */
extern const struct db_statement block_queries_import;          /* CSV, why */
extern const struct db_statement block_queries_imports;         /* limit */
extern const struct db_statement block_queries_withdraw;        /* import id, why */

#endif
