/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lists of options.
 */
#include "ctl/options/common_options.h"

#define LIMIT(count)                                                                               \
	{                                                                                          \
		.name = "limit", .value = &ctl_value_type_count, .help = "show at most this many", \
		.default_value = (count)                                                           \
	}
#define SINCE(time)                                                                                \
	{                                                                                          \
		.name = "since", .value = &ctl_value_type_past,                                    \
		.help = "from then on: 24h, 7d, a date", .default_value = (time)                   \
	}
#define UNTIL                                                                                      \
	{                                                                                          \
		.name = "until", .value = &ctl_value_type_past, .help = "before then"              \
	}

const struct ctl_option common_options_limit_50[] = {LIMIT("50"), {0}};
const struct ctl_option common_options_limit_200[] = {LIMIT("200"), {0}};
const struct ctl_option common_options_period[] = {SINCE(NULL), UNTIL, {0}};
const struct ctl_option common_options_month[] = {SINCE("30d"), UNTIL, {0}};

const struct ctl_option common_options_why[] = {
    {.name = "why",
     .value = &ctl_value_type_text,
     .help = "the reason, for those who ask later",
     .is_required = true},
    {0},
};
