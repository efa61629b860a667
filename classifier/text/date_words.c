/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lists that phrases.awk makes of etc/phrases.
 */
#include "classifier/text/date_words.h"

#include <stddef.h>

#include "date_words.inc"
