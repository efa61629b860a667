/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How final a refusal is by its codes: 5yz or 5.x.x is permanent, 4yz or 4.x.x temporary.
 */
#ifndef CLASSIFIER_RULES_PERMANENCE_H
#define CLASSIFIER_RULES_PERMANENCE_H

enum permanence {
	PERMANENCE_UNKNOWN,
	PERMANENCE_PERMANENT,
	PERMANENCE_TEMPORARY,
};

/* By the enhanced status code; where that is missing or X.0.0, which a reporting MTA
 * fills in if it has nothing better, by the SMTP reply code. */
enum permanence permanence_of_codes(const char *status, const char *reply_code);

const char *permanence_name(enum permanence permanence); /* "permanent", "temporary", "unknown" */

#endif
