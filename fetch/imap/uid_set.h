/* SPDX-License-Identifier: BSD-2-Clause
 *
 * UIDs as a command names them (RFC 3501 section 9, sequence-set).
 */
#ifndef FETCH_IMAP_UID_SET_H
#define FETCH_IMAP_UID_SET_H

#include <glib.h>

/* "4,7:9" of guint32, at least one; heap. Those that ascend by one become a range. */
char *imap_uid_set(const GArray *uids);

#endif
