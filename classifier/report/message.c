/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The root part has the message's header.
 */
#include "classifier/report/message.h"

struct slice message_header(const struct message *message)
{
	size_t count;
	return mime_parts(message->mime, &count)->header;
}
