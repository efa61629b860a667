/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A bound for a call that blocks and takes none: connect(2) inside a library.
 */
#ifndef DELIVERY_PATIENCE_H
#define DELIVERY_PATIENCE_H

#include <stdbool.h>
#include <time.h>

struct patience {
	timer_t timer;
	bool has_timer;
};

/* Once, before the first thread. */
void patience_init(void);

/* From now on what blocks in this thread is interrupted (EINTR) every so many
 * seconds, until patience_end in the same thread. Ending twice is harmless. */
void patience_begin(struct patience *patience, unsigned seconds);
void patience_end(struct patience *patience);

#endif
