/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The remote host that a diagnostic in free text names.
 */
#ifndef CLASSIFIER_TEXT_SMTP_HOST_H
#define CLASSIFIER_TEXT_SMTP_HOST_H

#include <stdbool.h>

#include "classifier/text/slice.h"

/* The host of "host mx.example.org[192.0.2.1] said:" and its kin. */
bool smtp_host_find(const char *text, struct slice *host_out);

#endif
