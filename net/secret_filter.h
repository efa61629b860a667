/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a server says is shown to people, and it may repeat the secret that it was told: as it is,
 * cut, in another case, or in an encoding that anybody undoes. Who invents a cipher for it is not
 * found out; he has the secret, and could tell it anywhere.
 */
#ifndef NET_SECRET_FILTER_H
#define NET_SECRET_FILTER_H

#include <glib.h>

struct secret_filter;

struct secret_filter *secret_filter_new(void);
void secret_filter_free(struct secret_filter *filter);

/* Something that was secret, or was made of it; "" is nothing. Takes the string and wipes it. */
void secret_filter_add(struct secret_filter *filter, char *form);

/* The text with *** for each longer piece of a form, or *** alone where the text has one in base64,
 * hexadecimal, or escaped as in a URL, HTML, JSON or quoted-printable. NULL hides nothing. Heap. */
char *secret_filter_show(const struct secret_filter *filter, const char *text);

typedef struct secret_filter secret_filter_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(secret_filter_t, secret_filter_free)

#endif
