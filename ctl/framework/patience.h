/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A word to a person who waits at a terminal for what takes long: deciding about twenty thousand
 * mails is half a minute of silence otherwise.
 */
#ifndef CTL_FRAMEWORK_PATIENCE_H
#define CTL_FRAMEWORK_PATIENCE_H

#include <glib.h>

struct patience;

/* From now on somebody waits. NULL where nobody sits at a terminal. */
struct patience *patience_begin(void);
/* The answer is there. NULL is allowed. */
void patience_end(struct patience *patience);

typedef struct patience patience_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(patience_t, patience_end)

#endif
