/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the rules come from, by the configuration.
 */
#ifndef INTAKE_RULES_H
#define INTAKE_RULES_H

#include "base/settings.h"
#include "classifier/rules.h"

/* rules_dir, or the shipped rules beside the program. Heap. */
char *intake_rules_dir(const struct settings *settings);

/* NULL with BM_ERROR_CONFIG as ruleset_load. */
struct ruleset *intake_rules_load(const struct settings *settings, GError **error) __attribute__((warn_unused_result));

#endif
