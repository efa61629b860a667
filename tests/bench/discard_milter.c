/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The least that a milter can do with a bounce: reads it and discards it. What bounce-milter
 * is held against by make bench-postfix. Usage: discard_milter SOCKET
 */
#include <stdio.h>
#include <stdlib.h>

#include <libmilter/mfapi.h>

static sfsistat negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
			  unsigned long f2, unsigned long f3, unsigned long *actions_out,
			  unsigned long *steps_out, unsigned long *f2_out, unsigned long *f3_out)
{
	(void)ctx, (void)actions, (void)f2, (void)f3;
	*actions_out = 0;
	*steps_out = steps & (SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NR_CONN | SMFIP_NR_MAIL |
			      SMFIP_NR_HDR | SMFIP_NR_EOH);
	*f2_out = *f3_out = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, struct sockaddr *address)
{
	(void)ctx, (void)host, (void)address;
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
	(void)ctx, (void)arguments;
	return SMFIS_NOREPLY;
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	(void)ctx, (void)arguments;
	return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx, (void)name, (void)value;
	return SMFIS_NOREPLY;
}

static sfsistat on_end_of_headers(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
	return SMFIS_CONTINUE;
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_DISCARD;
}

int main(int argc, char **argv)
{
	static char name[] = "discard-milter";
	const struct smfiDesc description = {
	    .xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_connect = on_connect,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_recipient,
	    .xxfi_header = on_header,
	    .xxfi_eoh = on_end_of_headers,
	    .xxfi_body = on_body,
	    .xxfi_eom = on_end_of_message,
	    .xxfi_negotiate = negotiate,
	};

	if (argc != 2 || smfi_register(description) != MI_SUCCESS ||
	    smfi_setconn(argv[1]) != MI_SUCCESS) {
		fprintf(stderr, "usage: discard_milter SOCKET\n");
		return EXIT_FAILURE;
	}
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
