/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values that options and arguments of several commands take, beside those of
 * ctl/framework/value_type.h.
 */
#ifndef CTL_OPTIONS_VALUE_TYPES_H
#define CTL_OPTIONS_VALUE_TYPES_H

#include "ctl/framework/value_type.h"

/* words */
extern const struct ctl_value_type value_class;       /* CLASS */
extern const struct ctl_value_type value_reason;      /* REASON: of a bounce */
extern const struct ctl_value_type value_task_reason; /* REASON: of a task */
extern const struct ctl_value_type value_task_kind;   /* KIND */
extern const struct ctl_value_type value_state;       /* STATE: of the delivery */

/* what the database completes */
extern const struct ctl_value_type value_process;   /* NAME */
extern const struct ctl_value_type value_parameter; /* NAME */
extern const struct ctl_value_type value_task;      /* ID */

/* a number, or what else names one mail */
extern const struct ctl_value_type value_communication; /* COMMUNICATION */

/* anything */
extern const struct ctl_value_type value_address; /* ADDRESS */
extern const struct ctl_value_type value_domain;  /* DOMAIN */

#endif
