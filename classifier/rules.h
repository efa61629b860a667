/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rule files: ordered rules from text and codes to reasons, compiled once
 * into one Hyperscan database per field they look at. Immutable once loaded,
 * shared by all threads.
 */
#ifndef CLASSIFIER_RULES_H
#define CLASSIFIER_RULES_H

#include <glib.h>

struct ruleset;

/* Loads site_file (may be NULL; its rules go first), then every *.rules of dir
 * in name order. On failure NULL and BM_ERROR_CONFIG naming file, line and
 * rule. Free with ruleset_free. */
struct ruleset *ruleset_load(const char *dir, const char *site_file, GError **error)
	__attribute__((warn_unused_result));
void ruleset_free(struct ruleset *rules);

typedef struct ruleset ruleset_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ruleset_t, ruleset_free)

#endif
