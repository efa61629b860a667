/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Makes a message harmless for GMime without moving a byte.
 *
 * GMime recurses without limit in address fields ("To: g:g:g:..."), at any depth
 * of embedding, and pays half a kilobyte for every header and a kilobyte for
 * every part. Here, in one pass over the lines:
 *
 *   - a field that is not the first of its run loses its first letter to a space:
 *     it becomes a continuation line, and costs nothing;
 *   - the first of a run loses its first letter to '!': no field that GMime
 *     knows begins so, hence no address is ever parsed;
 *   - what stays is a Content-Type that opens a level (multipart), if it is the first
 *     of its header. These are counted over the whole message, up to a bound;
 *   - embedded messages (message/..., the parts of multipart/digest) are thus leaves,
 *     into which GMime does not descend;
 *   - a line that may be a boundary is counted, and beyond the bound the message ends;
 *   - NUL becomes '?'.
 *
 * Lines of body text that look like fields are altered too. That is harmless:
 * the copy gives offsets only, the text is taken from the message.
 */
#ifndef CLASSIFIER_MIME_MIME_DEFUSE_H
#define CLASSIFIER_MIME_MIME_DEFUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/text/limits.h"

/* Defuses bytes[0..len) in place; returns the length that may be parsed, at
 * most len. *truncated_out becomes true if a bound was met, else untouched. */
size_t mime_defuse(char *bytes, size_t len, const struct limits *limits, bool *truncated_out);

#endif
