/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The list of blocks: searched, kept as a file, and lists of others, which are taken in as a whole.
 */
#ifndef CONSOLE_PAGES_BLOCKS_H
#define CONSOLE_PAGES_BLOCKS_H

#include "console/answer/page.h"

page_handler blocks_list;
page_handler blocks_export;

#endif
