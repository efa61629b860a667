/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which documents of a process and a period did not arrive, why, and who is on it; as a page and
 * as a file.
 */
#ifndef CONSOLE_PAGES_DOCUMENTS_H
#define CONSOLE_PAGES_DOCUMENTS_H

#include "console/answer/page.h"

page_handler documents_list;
page_handler documents_export;

#endif
