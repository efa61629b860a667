# SPDX-License-Identifier: BSD-2-Clause
package Scenario;

# What the demo does and what has to come of it: the communications, the bounces, and the rows
# that the database must show afterwards.

use strict;
use warnings;

# reference => [process, recipients...]
our @COMMUNICATIONS = (
    [ 'R-1001', 'invoice', 'anna@customer.example' ],
    [ 'R-1002', 'invoice', 'ben@school.example' ],
    [ 'R-1003', 'invoice', 'clara@office.example', 'dora@office.example', 'emil@office.example' ],
    [ 'R-1004', 'invoice', 'frida@harbour.example' ],
    [ 'R-1005', 'invoice', 'gone@remote.test' ],
    [ 'Q-2001', 'receipt', 'georg@village.example' ],
    [ 'Q-2002', 'receipt', 'hanna@customer.example' ],
    [ 'Q-2003', 'receipt', 'ivan@office.example' ],
    [ 'Q-2004', 'receipt', 'erna@farm.example' ],
    [ 'Q-2005', 'receipt', 'full@remote.test' ],
    [ 'N-3001', 'newsletter', 'jana@bank.example' ],
    [ 'N-3002', 'newsletter', 'kira@museum.example' ],
    [ 'N-3003', 'newsletter', 'lena@customer.example' ],
    [ 'N-3004', 'newsletter', 'jonas@farm.example' ],
    [ 'N-3005', 'newsletter', 'otto@customer.example' ],
);

# [name shown, template, reference, options]: what arrives over SMTP. "plain" sends it to the
# bounce domain's plain address, so that no token helps.
our @BOUNCES = (
    [ 'Postfix: user unknown', 'postfix-user-unknown', 'R-1001', {} ],
    [ 'Postfix: the same again', 'postfix-user-unknown', 'R-1001', { again => 1 } ],
    [ 'Exchange: mailbox full', 'exchange-mailbox-full', 'R-1002', {} ],
    [ 'Sendmail: 1 of 3', 'sendmail-several-one-failed', 'R-1003', {} ],
    [ 'Exim: prose, no token', 'exim-prose', 'R-1004', { plain => 1 } ],
    [ 'qmail: prose', 'qmail-prose', 'Q-2001', {} ],
    [ 'Postfix: delayed', 'postfix-delay', 'Q-2002', {} ],
    [ 'Sendmail: delivered', 'sendmail-success', 'Q-2003', {} ],
    [ 'out of office', 'out-of-office', 'Q-2004', { from => 'recipient' } ],
    [ 'Exchange: taken for spam', 'exchange-spam-refused', 'N-3001', {} ],
    [ 'Exim: message too large', 'exim-too-big', 'N-3002', {} ],
    [ 'read receipt', 'read-receipt', 'N-3003', { from => 'recipient' } ],
    [ 'complaint (ARF)', 'complaint', 'N-3003', {} ],
    [ 'a letter from a person', 'nobody-can-tell', 'N-3004', { from => 'recipient' } ],
    [ 'names only an address', 'address-only', 'N-3005', { plain => 1 } ],
    [ 'of a mail we never sent', 'postfix-user-unknown', undef, { plain => 1 } ],
);

# [name shown, reference]: what Postfix itself has to give up, by the reply of the remote server.
my $UNKNOWN = 'Recipient address rejected: User unknown';
our @REFUSED = (
    [ 'our Postfix: 550',          'R-1005', "550 5.1.1 <gone\@remote.test>: $UNKNOWN" ],
    [ 'our Postfix: 452, gave up', 'Q-2005', '452 4.2.2 <full@remote.test>: Mailbox full' ],
);

# What follows, where it is said at length.
my $BLOCKED     = 'bounced, address blocked, task hard_bounce';
my $NOT_BLOCKED = 'bounced, not blocked, trust is message_id only, task hard_bounce';
my $NOT_MARKED  = 'nothing marked, trust is address only, task hard_bounce';
my $NOT_FOUND   = 'no communication found, task bounce_without_communication';
my $PROBLEM     = 'bounced, task delivery_problem';
my $RESEND      = 'bounced, resend 1 of 3';
my $KNOWN       = 'known already, nothing changed';
my $PERSON      = 'for a person to read';
my $REFUSED     = 'bounced, blocked, task; task hard_bounce';
my $HARD        = 'hard user_unknown';
my $SOFT        = 'soft mailbox_full';
my $SPAM        = 'technical spam_rejected';
my $LARGE       = 'technical message_too_large';
my $AWAY        = 'task delivery_problem, done when it was back';
my $RESENT      = 'sent, bounced, resend_scheduled, resent; arrived 1';

# What has to be there afterwards, section by section. The first column names the row.
our %EXPECTED = (
    outbound => [
        [ 'L-4001', 'later@remote.test',   'SUCCESS', '2', $RESENT ],
        [ 'L-4002', 'never@refused.test',  'ERROR',   '1', $REFUSED ],
        [ 'L-4003', 'patient@remote.test', 'SUCCESS', '1', 'sent; arrived 1' ],
        [ 'server', '',                    'away',    '',  $AWAY ],
    ],
    bounces => [
        [ 'Postfix: user unknown', 'hard', 'user_unknown', 'token', $BLOCKED ],
        [ 'Postfix: the same again', '', '', '', $KNOWN ],
        [ 'Exchange: mailbox full', 'soft', 'mailbox_full', 'token', $RESEND ],
        [ 'Sendmail: 1 of 3, clara', 'hard', 'user_unknown', 'token', $BLOCKED ],
        [ 'Sendmail: 1 of 3, dora', 'technical', 'delivered', 'token', 'logged, delivered' ],
        [ 'Sendmail: 1 of 3, emil', 'technical', 'delayed', 'token', 'logged' ],
        [ 'Exim: prose, no token', 'hard', 'user_unknown', 'message_id', $NOT_BLOCKED ],
        [ 'qmail: prose', 'hard', 'user_unknown', 'token', $BLOCKED ],
        [ 'Postfix: delayed', 'technical', 'delayed', 'token', 'logged' ],
        [ 'Sendmail: delivered', 'technical', 'delivered', 'token', 'logged, delivered' ],
        [ 'out of office', 'auto_reply', 'vacation', 'token', 'logged' ],
        [ 'Exchange: taken for spam', 'technical', 'spam_rejected', 'token', $PROBLEM ],
        [ 'Exim: message too large', 'technical', 'message_too_large', 'token', $PROBLEM ],
        [ 'read receipt', 'technical', 'read_receipt', 'token', 'logged' ],
        [ 'complaint (ARF)', 'technical', 'complaint', 'token', 'logged' ],
        [ 'a letter from a person', 'unclassified', 'undetermined', 'token', $PERSON ],
        [ 'names only an address', 'hard', 'user_unknown', 'address', $NOT_MARKED ],
        [ 'of a mail we never sent', 'hard', 'user_unknown', '-', $NOT_FOUND ],
        [ 'our Postfix: 550', 'hard', 'user_unknown', 'token', $BLOCKED ],
        [ 'our Postfix: 452, gave up', 'soft', 'mailbox_full', 'token', $RESEND ],
    ],
    communications => [
        [ 'R-1001',   'invoice',    'anna@customer.example',  'bounced', 'bounced', $HARD ],
        [ 'R-1002',   'invoice',    'ben@school.example',     'bounced', 'bounced', $SOFT ],
        [ 'R-1003/1', 'invoice',    'clara@office.example',   'bounced', 'bounced', $HARD ],
        [ 'R-1003/2', 'invoice',    'dora@office.example',    'bounced', 'sent',    '' ],
        [ 'R-1003/3', 'invoice',    'emil@office.example',    'bounced', 'sent',    '' ],
        [ 'R-1004',   'invoice',    'frida@harbour.example',  'bounced', 'bounced', $HARD ],
        [ 'R-1005',   'invoice',    'gone@remote.test',       'bounced', 'bounced', $HARD ],
        [ 'Q-2001',   'receipt',    'georg@village.example',  'bounced', 'bounced', $HARD ],
        [ 'Q-2002',   'receipt',    'hanna@customer.example', 'sent',    'sent',    '' ],
        [ 'Q-2003',   'receipt',    'ivan@office.example',    'sent',    'sent',    '' ],
        [ 'Q-2004',   'receipt',    'erna@farm.example',      'sent',    'sent',    '' ],
        [ 'Q-2005',   'receipt',    'full@remote.test',       'bounced', 'bounced', $SOFT ],
        [ 'N-3001',   'newsletter', 'jana@bank.example',      'bounced', 'bounced', $SPAM ],
        [ 'N-3002',   'newsletter', 'kira@museum.example',    'bounced', 'bounced', $LARGE ],
        [ 'N-3003',   'newsletter', 'lena@customer.example',  'sent',    'sent',    '' ],
        [ 'N-3004',   'newsletter', 'jonas@farm.example',     'sent',    'sent',    '' ],
        [ 'N-3005',   'newsletter', 'otto@customer.example',  'sent',    'sent',    '' ],
    ],
    tasks => [
        [ 'anna@customer.example', 'hard_bounce', 'user_unknown', 'R-1001', '1' ],
        [ 'clara@office.example', 'hard_bounce', 'user_unknown', 'R-1003', '1' ],
        [ 'frida@harbour.example', 'hard_bounce', 'user_unknown', 'R-1004', '1' ],
        [ 'georg@village.example', 'hard_bounce', 'user_unknown', 'Q-2001', '1' ],
        [ 'bank.example', 'delivery_problem', 'spam_rejected', 'N-3001', '1' ],
        [ 'museum.example', 'delivery_problem', 'message_too_large', 'N-3002', '1' ],
        [ 'otto@customer.example', 'hard_bounce', 'user_unknown', 'N-3005', '1' ],
        [ 'someone@customer.example', 'bounce_without_communication', 'user_unknown', '-', '1' ],
        [ 'gone@remote.test', 'hard_bounce', 'user_unknown', 'R-1005', '1' ],
    ],
    blocks => [
        [ 'anna@customer.example', 'user_unknown' ],
        [ 'clara@office.example',  'user_unknown' ],
        [ 'georg@village.example', 'user_unknown' ],
        [ 'gone@remote.test',      'user_unknown' ],
    ],
    resends => [
        [ 'ben@school.example', 'R-1002', 'in 4 hours', '2' ],
        [ 'full@remote.test',   'Q-2005', 'in 4 hours', '2' ],
    ],
    operator  => [ [ 'about your letter of last week', 'unclassified', 'undetermined' ] ],
    untouched => [ [ 'lunch', 'untouched' ] ],
    mailbox   => [
        [ 'a bounce', '1 in Recorded',     'R-1006 bounced, hard user_unknown' ],
        [ 'a letter', '1 in Unclassified', '1 sent to the operator, whole, unclassified' ],
    ],
);

1;
