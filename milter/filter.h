/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The milter protocol: libmilter's callbacks. They translate and delegate: the intake
 * finds out what a message means, the parameters say which addresses are ours.
 */
#ifndef MILTER_FILTER_H
#define MILTER_FILTER_H

#include <stdbool.h>

#include <glib.h>
#include <libmilter/mfapi.h>

#include "db/parameters/parameter_cache.h"
#include "intake/intake.h"
#include "intake/milter_settings.h"
#include "milter/figures.h"

/* What it may change, as it tells the MTA. */
#define FILTER_ACTIONS (SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_ADDHDRS | SMFIF_CHGHDRS)

/* Borrowed; must live until filter_run has returned and filter_is_idle. */
struct filter {
	const struct milter_settings *settings;
	struct intake *intake;
	struct parameter_cache *parameter_cache;
	struct figures *figures;
};

/* Opens the socket and serves until SIGTERM or SIGINT. Called once.
 * False with BM_ERROR_CONFIG when the socket cannot be opened. */
bool filter_run(const struct filter *filter, GError **error) __attribute__((warn_unused_result));

/* Whether no message is in a callback any more: libmilter does not wait for its worker
 * threads when it stops. */
bool filter_is_idle(void);

#endif
