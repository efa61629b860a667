/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lines of a sendmail.cf, as far as --check looks at them.
 */
#ifndef MILTER_SENDMAIL_SENDMAIL_CF_H
#define MILTER_SENDMAIL_SENDMAIL_CF_H

/* Those of the text of a sendmail.cf; one that begins with a blank goes on with the one before.
 * Release with g_strfreev. */
char **sendmail_cf_lines(const char *cf);

/* What stands behind "O NAME=", whose beginning option is; NULL if no line has it. The last one
 * counts. */
const char *sendmail_cf_value(char *const *lines, const char *option);

/* The field "S=..." of a filter's definition, without quotes; "" if it has none. Heap. */
char *sendmail_cf_field(const char *definition, char key);

/* The option of a port that begins with that letter, which is all that Sendmail looks at; NULL if
 * there is none. options: what sendmail_cf_port() returns. Heap. */
char *sendmail_cf_port_option(const char *options, char initial);

/* The options of a port, DaemonPortOptions; NULL for any other line. */
const char *sendmail_cf_port(const char *line);

/* The same of a port where other mail systems connect; NULL for any other line. */
const char *sendmail_cf_public_port(const char *line);

#endif
