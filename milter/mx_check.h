/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the rest of the world brings the mail of a bounce domain to this machine: its MX records
 * (RFC 5321, section 5.1; RFC 7505 for the null MX).
 */
#ifndef MILTER_MX_CHECK_H
#define MILTER_MX_CHECK_H

/* Prints a line of --check where it is known that it does not: the domain has no MX and no address,
 * its MX refuse mail or have no address, or theirs are none of this machine, which has a public
 * one. Says nothing where name servers do not answer, where an address may be translated on the
 * way, and of names that are reserved for examples and tests (RFC 2606). Waits some seconds at
 * most. */
void mx_check(const char *domain);

#endif
