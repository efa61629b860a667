/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Hands a mail to a person through sendmail(1), with the verdict in its header as the
 * milter sets it.
 */
#ifndef INTAKE_FORWARD_H
#define INTAKE_FORWARD_H

#include <stdbool.h>

#include <glib.h>

#include "intake/mail_file.h"
#include "intake/x_bounce_fields.h"

struct forward {
	const char *program; /* of sendmail(1) */
	const char *to;
	struct x_bounce_fields fields;
};

/* True when the program read the whole mail and ended with 0. Otherwise BM_ERROR_RETRY,
 * or BM_ERROR_CONFIG when it cannot be run. The sender is the null sender, so that a
 * report that cannot be delivered causes no further one. X-Bounce- fields that came with
 * the mail are removed. */
bool forward_mail(const struct forward *forward, const struct mail_file *place, GError **error)
    __attribute__((warn_unused_result));

#endif
