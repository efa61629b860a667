/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the settings of a mailbox to the stream its dialogue goes over.
 */
#include "fetch/store/connect.h"

#include <string.h>

struct stream *store_connect(const struct store_opening *opening, GError **error)
{
	const struct mailbox_settings *settings = opening->settings;
	const struct stream_server server = {.host = settings->host,
					     .port = settings->port,
					     .tls = opening->tls,
					     .is_encrypted =
						 strcmp(settings->protocol, "imap") != 0,
					     .connect_wait = (unsigned)settings->connect_wait,
					     .stop_fd = opening->stop_fd};

	return stream_connect(&server, error);
}
