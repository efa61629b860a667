/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whose an address is: that of somebody who wrote or received the report or sent the
 * original, or that of a recipient of the original.
 */
#ifndef CLASSIFIER_REPORT_CORRESPONDENTS_H
#define CLASSIFIER_REPORT_CORRESPONDENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "classifier/report/message.h"

/* The author or an addressee of the report, or the original's sender. */
bool correspondents_include(const struct message *message, const char *address);

/* An address at a host that the report was sent to. */
bool correspondents_share_host(const struct message *message, const char *address);

/* A role address (RFC 2142): postmaster@, support@ and the like. */
bool correspondents_is_role(const char *address);

/* A correspondent's or a role address to which the original was not sent: not what failed. */
bool correspondents_is_bystander(const struct message *message, const char *address);

/* The address with that local part among those that the original was sent to; "" if none. */
const char *correspondents_full_address(const struct message *message, const char *local,
					size_t len);

/* The address that the original was sent to, as far as its header says; "" if not exactly one. */
const char *correspondents_addressee(const struct message *message);

#endif
