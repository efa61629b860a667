/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a person's command works with: database, configuration, rules.
 *
 * The database is the first of these that is there: --conninfo; the conninfo of -c FILE;
 * libpq's own environment (PGSERVICE, PGDATABASE, PGHOST); the conninfo of
 * /etc/bounce-milter/bounce-milter.conf.
 */
#ifndef CTL_FRAMEWORK_CONNECT_H
#define CTL_FRAMEWORK_CONNECT_H

#include "classifier/rules/ruleset.h"
#include "ctl/framework/command.h"
#include "db/pool.h"
#include "intake/milter_settings.h"

#define CTL_CONFIG_DEFAULT BM_SYSCONFDIR "/bounce-milter/bounce-milter.conf"

/* What to connect with, heap. NULL with BM_ERROR_CONFIG. */
char *ctl_conninfo(const struct ctl_call *call, GError **error) __attribute__((warn_unused_result));

/* Opens nothing yet. NULL with BM_ERROR_CONFIG. */
struct db_pool *ctl_connect(const struct ctl_call *call, GError **error)
    __attribute__((warn_unused_result));

/* The configuration file of the call (-c, or the usual one). Where it is not
 * named and not there, the defaults. False with BM_ERROR_CONFIG; clear either way. */
bool ctl_settings(const struct ctl_call *call, struct milter_settings *settings_out, GError **error)
    __attribute__((warn_unused_result));

/* The rules of --rules and --site, or else of the configuration. NULL with BM_ERROR_CONFIG. */
struct ruleset *ctl_rules_of(const struct ctl_call *call, const struct milter_settings *settings,
			     GError **error) __attribute__((warn_unused_result));

typedef struct db_pool db_pool_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(db_pool_t, db_pool_free)

#endif
