/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails that lie in files: one a file, or many in an mbox (RFC 4155); and what
 * the delivering MTA noted of the envelope in their headers.
 */
#ifndef INTAKE_MAILBOX_H
#define INTAKE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include <glib.h>

/* Where one mail lies in an open file; end is behind its last byte. */
struct mail_place {
	int fd;
	off_t start;
	off_t end;
};

/* All of a file as one mail; a "From " line before it is left out. False with errno. */
bool mail_place_whole(int fd, struct mail_place *place_out);

/* Whether the file begins with "From ", as an mbox does. */
bool mail_place_is_mbox(int fd);

/* The next mail of an mbox, read from where file stands: from behind its "From "
 * line to the blank line before the next one. False at the end. */
bool mbox_next(FILE *file, struct mail_place *place_out);

/* The first bytes of a mail, at most max. False with errno. */
bool mail_place_read(const struct mail_place *place, size_t max, GByteArray *bytes);

/* What an MTA writes at final delivery: Return-Path (RFC 5321 section 4.4), and
 * Delivered-To, X-Original-To, Envelope-To. Anybody can write these as well; that
 * does no harm, because what counts in an address is the signed token. */
struct mail_trace {
	char *sender;          /* bare; "" if there is none */
	GPtrArray *recipients; /* bare, each once, NULL-terminated */
};
void mail_trace_read(const char *bytes, size_t len, struct mail_trace *trace_out);
void mail_trace_clear(struct mail_trace *trace);

#endif
