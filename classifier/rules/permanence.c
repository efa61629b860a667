/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Permanence from the first digit of the codes.
 */
#include "classifier/rules/permanence.h"

#include "classifier/text/status_code.h"

static enum permanence permanence_of_digit(char digit)
{
	if (digit == '5')
		return PERMANENCE_PERMANENT;
	if (digit == '4')
		return PERMANENCE_TEMPORARY;
	return PERMANENCE_UNKNOWN;
}

enum permanence permanence_of_codes(const char *status, const char *reply_code)
{
	enum permanence by_status = permanence_of_digit(status[0]);
	enum permanence by_reply = permanence_of_digit(reply_code[0]);

	if (status_code_is_generic(status) && by_reply != PERMANENCE_UNKNOWN)
		return by_reply;
	return by_status != PERMANENCE_UNKNOWN ? by_status : by_reply;
}

const char *permanence_name(enum permanence permanence)
{
	switch (permanence) {
	case PERMANENCE_UNKNOWN:
		return "unknown";
	case PERMANENCE_PERMANENT:
		return "permanent";
	case PERMANENCE_TEMPORARY:
		return "temporary";
	}
	return "unknown";
}
