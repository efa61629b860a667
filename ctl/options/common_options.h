/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Options that several commands have, each in a list of its own.
 */
#ifndef CTL_OPTIONS_COMMON_OPTIONS_H
#define CTL_OPTIONS_COMMON_OPTIONS_H

#include "ctl/framework/command.h"

extern const struct ctl_option common_options_limit_50[];  /* --limit N */
extern const struct ctl_option common_options_limit_200[]; /* --limit N */
extern const struct ctl_option common_options_period[];    /* --since TIME, --until TIME */
extern const struct ctl_option common_options_month[];     /* the same, since 30 days ago */
extern const struct ctl_option common_options_why[];       /* --why TEXT, required */

#endif
