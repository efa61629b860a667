/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rules of etc/rules, as the tests judge by them.
 */
#ifndef TESTS_UNIT_SHIPPED_RULES_H
#define TESTS_UNIT_SHIPPED_RULES_H

#include "classifier/rules/ruleset.h"

/* All rules that are shipped; the test fails if they cannot be loaded. Free with ruleset_free. */
static inline ruleset_t *shipped_rules(void)
{
	g_autoptr(GError) error = NULL;
	ruleset_t *rules = ruleset_load("etc/rules", NULL, &error);

	g_assert_no_error(error);
	return rules;
}

#endif
