/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A word to a person who waits at a terminal for what takes long: deciding about twenty thousand
 * mails is half a minute of silence otherwise.
 */
#ifndef CTL_FRAMEWORK_WAITING_NOTICE_H
#define CTL_FRAMEWORK_WAITING_NOTICE_H

#include <glib.h>

struct waiting_notice;

/* From now on somebody waits. NULL where nobody sits at a terminal. */
struct waiting_notice *waiting_notice_begin(void);
/* The answer is there. NULL is allowed. */
void waiting_notice_end(struct waiting_notice *notice);

typedef struct waiting_notice waiting_notice_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(waiting_notice_t, waiting_notice_end)

#endif
