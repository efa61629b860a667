/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one door to GMime: bytes in, a flat list of MIME parts out, in the order
 * of the message (a parent before its children). Nothing of GMime shows here.
 * Embedded messages are leaves: parse their body where it matters.
 *
 * Safe on any bytes and on a 256 KiB stack. GMime parses address headers by
 * unbounded recursion and makes objects for every header and part, so it never
 * sees the message itself but a defused copy of the same length (mime_defuse.h),
 * and only if that has parts; it supplies offsets, and every byte handed out here
 * is the message's own.
 */
#ifndef CLASSIFIER_MIME_MIME_H
#define CLASSIFIER_MIME_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "classifier/text/limits.h"
#include "classifier/text/slice.h"

struct mime_part {
	int parent;                /* index of the enclosing part, -1 for the root */
	unsigned depth;            /* 0 for the root */
	const char *type;          /* "text/plain", lower case, never "" */
	const char *disposition;   /* "attachment" ..., lower case; "" if none */
	int encoding;              /* for mime_body only */
	struct slice content_type; /* the field's value, for mime_parameter */
	struct slice header;       /* its header block; for the root, the message's header */
	struct slice body;         /* still encoded; empty for multiparts */
	GString *decoded;          /* cache of mime_body */
	char *text;                /* cache of mime_text */
};

struct mime;

/* Once in main, before any thread. */
void mime_init(void);

/* Parses one message. Never fails: what cannot be parsed is one text/plain part.
 * Copies what it needs. Free with mime_free. */
struct mime *mime_parse(const char *bytes, size_t len, const struct limits *limits);
void mime_free(struct mime *mime);

const struct mime_part *mime_parts(const struct mime *mime, size_t *count_out);

/* A bound of the limits cut the message. */
bool mime_is_truncated(const struct mime *mime);

/* A parameter of the part's Content-Type, lower case, at most 200 bytes. Heap; "" if absent. */
char *mime_parameter(const struct mime_part *part, const char *name);

/* The part's body with its transfer encoding undone, at most limits.part_bytes
 * long where there is one. Owned by mime. */
struct slice mime_body(struct mime *mime, size_t index);

/* The part's body decoded, as UTF-8 with LF line ends and no other control
 * characters than TAB, at most limits.part_bytes long. Owned by mime. */
const char *mime_text(struct mime *mime, size_t index);

/* The first field of that name in the part's header: unfolded, encoded-words
 * (RFC 2047) decoded, UTF-8. Heap; "" if absent. */
char *mime_header(const struct mime *mime, size_t index, const char *name);

/* The same decoding for a header value from elsewhere. Heap, never NULL. */
char *mime_decode_value(const char *value, size_t len);

typedef struct mime mime_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(mime_t, mime_free)

#endif
