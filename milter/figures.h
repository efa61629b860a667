/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a monitor wants to know of a running bounce-milter, in a file that bouncectl metrics
 * prints: answers, times, connections to the database.
 */
#ifndef MILTER_FIGURES_H
#define MILTER_FIGURES_H

#include <glib.h>
#include <libmilter/mfapi.h>

#include "db/pool.h"
#include "intake/intake.h"

struct figures;

/* Borrows pool and intake. */
struct figures *figures_new(struct db_pool *pool, const struct intake *intake);
void figures_free(struct figures *figures);

/* An answer to the MTA about mail of ours: one that ends the message, or refuses a recipient.
 * Any thread. */
void figures_count(struct figures *figures, sfsistat answer);
/* How long the answer at the end of a message took. Any thread. */
void figures_add_time(struct figures *figures, gint64 microseconds);

/* Keeps them in the file (daemon/metrics_file.h) until figures_stop; "" writes nothing. */
void figures_start(struct figures *figures, const char *path);
void figures_stop(struct figures *figures);

#endif
