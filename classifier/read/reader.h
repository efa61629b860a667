/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From the bytes of a message to a report.
 */
#ifndef CLASSIFIER_READ_READER_H
#define CLASSIFIER_READ_READER_H

#include <stddef.h>

#include "classifier/report/report.h"
#include "classifier/text/limits.h"

/* Reads one message of len bytes. Any bytes give a report: at worst kind REPORT_OTHER
 * with no recipient. Free with report_free. Thread-safe. mime_init() must have run once. */
struct report *reader_parse(const char *bytes, size_t len, const struct limits *limits);

#endif
