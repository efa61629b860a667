/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bouncectl housekeeping, erase, keys, keys rotate.
 */
#include "ctl/commands/maintenance.h"

#include "ctl/framework/view.h"
#include "db/operator_queries.h"

static const struct ctl_option housekeeping_options[] = {
    {"batch", "N", "at most so many rows of each step", "1000"},
    {0},
};

static const struct ctl_view housekeeping_view = {
    .binds = "batch",
    .sections = {{.name = "housekeeping",
		  .statement = &people_housekeeping,
		  .columns = "step done"}},
};

const struct ctl_command ctl_housekeeping = {
    .name = "housekeeping",
    .arguments = "",
    .summary = "make the next months' partitions, erase what is too old; for a timer, every hour",
    .example = "housekeeping",
    .options = housekeeping_options,
    .run = ctl_view_run,
    .view = &housekeeping_view,
};

static const struct ctl_option erase_options[] = {
    {"person", NULL, "it is a person's reference: erase all addresses of this person", NULL},
    {"why", "TEXT", "the reason, for those who ask later", NULL},
    {0},
};

static const struct ctl_view erase_view = {
    .binds = "1 why person",
    .sections = {{.name = "erase",
		  .statement = &people_erase,
		  .layout = CTL_SENTENCE,
		  .sentence = "{name}: erased in {rows} recipients, reports and blocks"}},
};

const struct ctl_command ctl_erase = {
    .name = "erase",
    .arguments = "ADDRESS|PERSON --why TEXT",
    .summary = "erase what is personal of an address, or of a person; figures stay",
    .example = "erase jane@customer.example --why 'her wish'",
    .options = erase_options,
    .run = ctl_view_run,
    .view = &erase_view,
};

static const struct ctl_view keys_view = {
    .binds = "",
    .sections = {{.name = "keys",
		  .statement = &people_keys,
		  .columns = "id state created_at retired_at expires_at"}},
};

const struct ctl_command ctl_keys = {
    .name = "keys",
    .arguments = "",
    .summary = "list the keys of the return paths, without their secrets",
    .example = "keys",
    .run = ctl_view_run,
    .view = &keys_view,
};

static const struct ctl_view rotate_view = {
    .binds = "",
    .sections =
	{{.name = "keys",
	  .statement = &people_keys_rotate,
	  .layout = CTL_SENTENCE,
	  .sentence =
	      "key {id} signs now; the ones before verify until their tokens have expired"}},
};

const struct ctl_command ctl_keys_rotate = {
    .name = "keys rotate",
    .arguments = "",
    .summary = "sign return paths with a new key",
    .example = "keys rotate",
    .run = ctl_view_run,
    .view = &rotate_view,
};
