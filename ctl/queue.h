/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl queue: the delivery queue for people.
 */
#ifndef CTL_QUEUE_H
#define CTL_QUEUE_H

int ctl_queue(int argc, char **argv);

#endif
