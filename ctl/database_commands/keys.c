/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl keys, keys rotate: the keys that sign return paths.
 */
#include "ctl/framework/command.h"
#include "ctl/options/topics.h"
#include "db/people/operator_queries.h"

CTL_COMMAND(command_keys) = {
    .name = "keys",
    .topic = TOPIC_MAINTENANCE,
    .summary = "list the keys of the return paths, without their secrets",
    .example = "keys",
    .view = {.sections = {{.name = "keys",
			   .statement = &operator_queries_keys,
			   .columns = {CTL_COLUMN("id"), CTL_COLUMN("state"),
				       CTL_COLUMN("created_at"), CTL_COLUMN("retired_at"),
				       CTL_COLUMN("expires_at")}}}},
};

CTL_COMMAND(command_keys_rotate) = {
    .name = "keys rotate",
    .topic = TOPIC_MAINTENANCE,
    .summary = "sign return paths with a new key",
    .help = "The keys before it verify until their tokens have expired.\n",
    .example = "keys rotate",
    .view = {.sections = {{.name = "keys",
			   .statement = &operator_queries_keys_rotate,
			   .layout = CTL_SENTENCE,
			   .sentence = "key {id} signs now; the ones before verify until their "
				       "tokens have expired"}}},
};
