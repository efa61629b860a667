/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fields that hold an address and its type, as in read receipts and complaints.
 */
#ifndef CLASSIFIER_REPORT_ADDRESS_FIELD_H
#define CLASSIFIER_REPORT_ADDRESS_FIELD_H

#include "classifier/report/value_pool.h"

/* The bare address in the first field of that name in the block; "" if there is none. */
const char *address_field_find(struct value_pool *pool, struct slice block, const char *name);

#endif
