/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A bound for a call that blocks and takes none: connect(2) inside a library.
 */
#ifndef DELIVERY_SMTP_CONNECT_TIMEOUT_H
#define DELIVERY_SMTP_CONNECT_TIMEOUT_H

#include <stdbool.h>
#include <time.h>

struct connect_timeout {
	timer_t timer;
	bool has_timer;
};

/* Once, before the first thread. */
void connect_timeout_init(void);

/* From now on what blocks in this thread is interrupted (EINTR) every so many
 * seconds, until connect_timeout_end in the same thread. Ending twice is harmless. */
void connect_timeout_begin(struct connect_timeout *timeout, unsigned seconds);
void connect_timeout_end(struct connect_timeout *timeout);

#endif
