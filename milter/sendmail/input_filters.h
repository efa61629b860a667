/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the filters of a sendmail.cf hand us every bounce, and keep it while we are away. That
 * file is made from sendmail.mc by m4, so faults name the line there.
 */
#ifndef MILTER_SENDMAIL_INPUT_FILTERS_H
#define MILTER_SENDMAIL_INPUT_FILTERS_H

#include <stdbool.h>

#include "intake/milter_settings.h"

#define INPUT_FILTERS_ASKED "O InputMailFilters=" /* the option that lists those of every port */

/* What is wrong in cf, the text of a sendmail.cf: char *, each with what to write; empty: nothing.
 * Release with g_ptr_array_unref. */
GPtrArray *input_filters_faults(const char *cf, const struct milter_settings *settings);

/* Whether that list names the filter, in any case, as Sendmail compares them. */
bool input_filters_list_has(const char *list, const char *filter);

/* Whether a filter's socket is ours. "local:" is Sendmail's other word for "unix:". */
bool input_filters_socket_is_ours(const char *socket, const struct milter_settings *settings);

#endif
