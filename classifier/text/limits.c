/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The default bounds. A Postfix DSN is under 100 kB (bounce_size_limit 50 kB);
 * 1 MiB leaves room for every system that returns whole originals.
 */
#include "classifier/text/limits.h"

const struct limits limits_default = {
    .message_bytes = 1024 * 1024,
    .header_count = 500,
    .header_bytes = 64 * 1024,
    .address_header_bytes = 16 * 1024,
    .part_count = 200,
    .part_depth = 16,
    .part_bytes = 512 * 1024,
    .nested_reports = 2,
    .recipient_count = 1000,
    .reference_count = 50,
    .text_bytes = 64 * 1024,
    .field_bytes = 4 * 1024,
};
