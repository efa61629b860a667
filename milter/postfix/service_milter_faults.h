/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is wrong with a service whose milters lead to us: settings that keep its mail from them
 * although they are named, that lose it while we are away, or do not wait for our answer.
 */
#ifndef MILTER_POSTFIX_SERVICE_MILTER_FAULTS_H
#define MILTER_POSTFIX_SERVICE_MILTER_FAULTS_H

#include <stdbool.h>

#include "milter/postfix/service_milters.h"

/* Prints a line of --check for each; true if there is none. */
bool service_milter_faults_check(const struct service_milters *milters);

#endif
