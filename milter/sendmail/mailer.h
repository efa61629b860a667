/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which mailer Sendmail gives the mail of a bounce domain to, and under which sender our mails
 * leave: its answers to "3,0 ADDRESS" and "/try esmtp ADDRESS".
 */
#ifndef MILTER_SENDMAIL_MAILER_H
#define MILTER_SENDMAIL_MAILER_H

#include <stdbool.h>

/* The rest of the first line that begins so; NULL if there is none. */
const char *mailer_rest_of_line(char *const *lines, const char *beginning);

/* The line of the mailer that takes what no filter sees, as our recipes define it; NULL if there is
 * none. */
const char *mailer_of_ours(char *const *cf);

/* Prints a line of --check for each fault. answers: the lines of Sendmail's answers; cf: those of
 * its sendmail.cf; address: the return path that it was asked for. True without a fault. */
bool mailer_check(char *const *answers, char *const *cf, const char *address);

#endif
