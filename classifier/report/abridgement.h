/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A report without the bodies of the mails that it returns: of a returned original only the
 * header is read, but its body may be most of the message.
 */
#ifndef CLASSIFIER_REPORT_ABRIDGEMENT_H
#define CLASSIFIER_REPORT_ABRIDGEMENT_H

#include <stddef.h>

#include <glib.h>

/* The message with all its parts, where the originals end soon after their headers; NULL if
 * it is small or returns nothing large. Left as it is: an original that is a report itself,
 * or has a transfer encoding, and what is no part of a multipart. */
GString *abridgement_make(const char *bytes, size_t len);

#endif
