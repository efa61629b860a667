/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What came back and nobody could classify: to be read, and judged by a person.
 */
#ifndef CONSOLE_PAGES_LETTERS_H
#define CONSOLE_PAGES_LETTERS_H

#include "console/answer/page.h"

page_handler letters_list;

/* For a preview of another verdict (the form's id and reason): the rule for the site's file that
 * would judge the next one so ("rule"), and the stored bounces that it would take from other
 * reasons ("hits"). False with the errors of db_rows_fetch. */
bool letters_propose(struct page_call *call, GError **error) __attribute__((warn_unused_result));

#endif
