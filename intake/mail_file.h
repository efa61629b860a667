/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Mails in files: one per file, or many in an mbox (RFC 4155).
 */
#ifndef INTAKE_MAIL_FILE_H
#define INTAKE_MAIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include <glib.h>

/* The part of an open file that is one mail; end is one past its last byte. */
struct mail_file {
	int fd;
	off_t start;
	off_t end;
};

/* All of a file as one mail; a "From " line before it is left out. False with errno. */
bool mail_file_whole(int fd, struct mail_file *place_out);

/* Whether the file begins with "From ", as an mbox does. */
bool mail_file_is_mbox(int fd);

/* The next mail of an mbox, read from the position of file: from after its "From " line
 * to the blank line before the next one. False at the end. */
bool mail_file_next(FILE *file, struct mail_file *place_out);

/* The first bytes of a mail, at most max. False with errno. */
bool mail_file_read(const struct mail_file *place, size_t max, GByteArray *bytes);

#endif
