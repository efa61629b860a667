/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is wrong with a way that leads to us: settings that keep its mail from the filters although
 * these are named, that lose it while we are away, or do not wait for our answer.
 */
#ifndef MILTER_POSTFIX_SERVICE_MILTER_FAULTS_H
#define MILTER_POSTFIX_SERVICE_MILTER_FAULTS_H

#include <stdbool.h>

#include "milter/postfix/service_milters.h"

/* Prints a line of --check for each; true if there is none. */
bool way_faults_check(const struct way *way);

#endif
