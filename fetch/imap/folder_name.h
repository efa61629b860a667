/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The name of a folder as it goes over the connection.
 */
#ifndef FETCH_IMAP_FOLDER_NAME_H
#define FETCH_IMAP_FOLDER_NAME_H

/* A quoted string (RFC 3501 section 9); quotes and backslashes escaped. Heap. */
char *imap_quote(const char *text);

/* The same of a name in UTF-8, which becomes the protocol's own UTF-7 (section 5.1.3). Heap. */
char *imap_folder_name(const char *name);

#endif
