/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log: to stderr, to the journal of systemd where stderr is that, or to syslog; one event a
 * line, the MTA's queue id first, then a word and key=value pairs. Whatever a stranger wrote goes
 * through log_quote; a line break that is left becomes a blank. Thread-safe once log_open has run.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include <glib.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* ident is kept, not copied. Called once, before the first thread. JOURNAL_STREAM says whether
 * stderr is the journal: it is then sent the parts of an event as fields (base/journal.h) or, where
 * its socket is out of reach, the line with the priority (sd-daemon(3)). */
void log_open(const char *ident, enum log_target target, enum log_level level);
/* For log_open(), where the journal is not at JOURNAL_SOCKET. Kept, not copied. */
void log_set_journal(const char *path);
/* Changes what is written from now on; safe at any time. */
void log_set_level(enum log_level level);

/* id is the queue id of the message that the event is about, or "" for none. */
void log_event(enum log_level level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Outside text for a log line: in double quotes; quotes and backslashes escaped,
 * control characters and what is no UTF-8 as \xHH, cut after 200 bytes. Heap. */
char *log_quote(const char *text);

/* "stderr", "syslog"; "error", "warning", "info", "debug". False: no such name. */
bool log_target_parse(const char *name, enum log_target *target_out);
bool log_level_parse(const char *name, enum log_level *level_out);

#endif
