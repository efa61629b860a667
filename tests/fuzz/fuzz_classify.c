/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libFuzzer: the words of a mail system, folded and held against the shipped
 * rules and the codes. Runs in the source tree.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "classifier/text/fold.h"
#include "classifier/text/status_code.h"
#include "classifier/verdict/rule_trial.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ruleset *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rules = ruleset_load("etc/rules", NULL, NULL);
	if (!rules)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const senders[] = {"us@our.example", NULL};
	g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)size);
	g_autofree char *folded = fold_text(text, senders);
	g_autofree char *again = fold_text(folded, senders);
	char status[STATUS_CODE_SIZE];
	struct verdict verdict;

	if (!g_utf8_validate(folded, -1, NULL) || strlen(again) > strlen(folded))
		__builtin_trap();
	if (status_code_find_failure(text, status) && status_code_is_generic(status) &&
	    strcmp(status + 1, ".0.0") != 0)
		__builtin_trap();
	rule_trial_judge(rules, NULL, text, &verdict);
	if (!verdict.evidence || !g_utf8_validate(verdict.evidence, -1, NULL))
		__builtin_trap();
	verdict_clear(&verdict);
	return 0;
}
