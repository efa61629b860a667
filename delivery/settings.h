/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce-delivery.conf: how to reach the database and the submission server. A file of
 * its own, because bounce-delivery runs under its own account and the file names a
 * password file.
 */
#ifndef DELIVERY_SETTINGS_H
#define DELIVERY_SETTINGS_H

#include <stdbool.h>

#include <glib.h>

#include "base/config.h"
#include "daemon/daemon_settings.h"
#include "delivery/copy_settings.h"
#include "delivery/smtp/smtp_settings.h"

struct delivery_settings {
	struct daemon_settings common; /* first, as daemon/daemon.h asks */
	struct smtp_settings smtp;
	struct copy_settings copies;
	long workers;
	long batch;
	long poll_interval;  /* seconds */
	long sweep_interval; /* seconds */
	char *webhook_url;   /* "": no webhook */
	char *webhook_secret_file;
	char *webhook_ca_file;
	char *webhook_cleartext;
	long webhook_wait; /* seconds */
};

/* All keys of the file; a test compares them with the sample file and the man page. */
struct config_sections delivery_settings_sections(struct delivery_settings *settings);

/* False with BM_ERROR_CONFIG. Clear the struct with delivery_settings_clear in either
 * case. */
bool delivery_settings_read(const char *path, struct delivery_settings *settings_out,
			    GError **error) __attribute__((warn_unused_result));
void delivery_settings_clear(struct delivery_settings *settings);

typedef struct delivery_settings delivery_settings_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(delivery_settings_t, delivery_settings_clear)

#endif
