/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A unix socket whose name is removed or taken is one that no MTA finds any more: with us away, it
 * puts off the mail of everybody. libmilter cannot open it anew while it runs, so we end, and the
 * service manager starts us again.
 */
#ifndef MILTER_SOCKET_WATCH_H
#define MILTER_SOCKET_WATCH_H

#include <stdbool.h>

struct socket_watch;

/* Looks at path, a socket that is open, every two seconds, and stops libmilter once it is gone.
 * NULL, and nothing to watch: an inet socket. path must live as long. */
struct socket_watch *socket_watch_start(const char *path);

/* Ends looking. True if the socket was lost. */
bool socket_watch_stop(struct socket_watch *watch);

#endif
