/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The journal of systemd, by its own protocol (systemd.io, "Native Journal Protocol"): a line of
 * the log with its parts as fields.
 */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include <stdbool.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* A socket that is connected to the journal at path, or -1. It is never closed. */
int journal_open(const char *path);

/* Sends one entry. priority is that of syslog(3), id a queue id or "", text one line. Fields:
 * MESSAGE ("id: text"), PRIORITY, SYSLOG_IDENTIFIER, BM_QUEUE_ID and, if text is a word and
 * key=value pairs, BM_EVENT with the word and BM_KEY for each pair, without quotes. False: it was
 * not taken. Thread-safe. */
bool journal_send(int journal, int priority, const char *ident, const char *id, const char *text);

#endif
