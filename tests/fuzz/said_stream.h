/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A stream on which a server has said all it will ever say, and hung up.
 */
#ifndef TESTS_FUZZ_SAID_STREAM_H
#define TESTS_FUZZ_SAID_STREAM_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"

/* What fits into a socket at once; fuzzers give less. */
enum { SAID_BYTES_MAX = 65536 };

/* The other end, to be closed by the caller, takes what we say, which is little. */
static inline struct stream *said_stream(const uint8_t *bytes, size_t len, int *other_out)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0 ||
	    send(fds[1], bytes, len, 0) != (ssize_t)len || shutdown(fds[1], SHUT_WR) != 0)
		abort();
	*other_out = fds[1];
	return stream_adopt(fds[0]);
}

#endif
