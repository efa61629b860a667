# SPDX-License-Identifier: BSD-2-Clause
#
# Dovecot's Pigeonhole (Debian: dovecot-sieve) files bounces into a folder, which bounce-fetch reads
# (folders = Bounces). It goes by the envelope: what is addressed to the bounce domain, and, where
# the bounces come to an address of an ordinary mailbox, what has no sender.
require ["envelope", "fileinto", "mailbox"];
if anyof (envelope :domain :is "to" "bounces.example.org", envelope :is "from" "") {
    fileinto :create "Bounces";
    stop;
}
