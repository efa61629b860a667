/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the delivering MTA noted of the envelope in the header of a mail.
 */
#ifndef INTAKE_TRACE_FIELDS_H
#define INTAKE_TRACE_FIELDS_H

#include <stddef.h>

#include <glib.h>

/* What an MTA writes at final delivery: Return-Path (RFC 5321 section 4.4), and
 * Delivered-To, X-Original-To, Envelope-To. Anybody can write these as well; that
 * does no harm, because what counts in an address is the signed token. */
struct trace_fields {
	char *sender;          /* bare; "" if there is none */
	GPtrArray *recipients; /* bare, each once, NULL-terminated */
};
void trace_fields_read(const char *bytes, size_t len, struct trace_fields *trace_out);
void trace_fields_clear(struct trace_fields *trace);

#endif
