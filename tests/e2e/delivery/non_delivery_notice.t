# SPDX-License-Identifier: BSD-2-Clause
# The non-delivery notice is a genuine one: strictly RFC 3464 and 6522, and our own classifier reads
# in it what was refused.
use Bounce::Delivery;
use Bounce::Instance;
use Bounce::SmtpServer;
use Bounce::Test;
use IPC::Open3   qw(open3);
use JSON::PP     qw(decode_json);
use MIME::Base64 qw(decode_base64);

my $stage  = stage(servers => 0);
my $remote = Bounce::SmtpServer->new($stage->instance)->start;
$stage->db->sql(<<'END');
UPDATE bounce.system_parameter SET value = 'on' WHERE name = 'delivery_notice' AND process IS NULL;
UPDATE bounce.system_parameter SET value = 'owner@example.org' WHERE name = 'owner_mailbox'
  AND process IS NULL;
UPDATE bounce.system_parameter SET value = '1' WHERE name = 'retry_max_attempts'
  AND process IS NULL;
END
my $worker = Bounce::Delivery->new_for(
    $stage, $remote,
    batch  => 10
)->start;

sub classified {
    my ($mail) = @_;
    my $pid = open3(my $in, my $out, undef, Bounce::Instance::build_dir() . '/bouncectl',
        'classify', '--json', '-');
    print {$in} $mail;
    close $in;
    my $json = do { local $/; <$out> };
    waitpid $pid, 0;
    return map { decode_json($_) } split /\n/, $json;
}

# RFC 3464 section 2: groups of fields, each line a field or a continuation.
sub groups {
    my ($text) = @_;
    $text =~ s/\r\n[ \t]+/ /g;
    return map { {
        map { /^([!-9;-~]+): (.+)$/ ? (lc $1 => $2) : die "no field: $_\n" } split /\r\n/
    } } grep { $_ ne '' } split /(?:\r\n){2}/, $text;
}

# [header, [part header, part body]...] of a multipart, by the letter of RFC 2046.
sub parts {
    my ($mail) = @_;
    my ($header, $body) = split /\r\n\r\n/, $mail, 2;
    my ($boundary) = $header =~ /boundary="([^"]{1,70})"/ or die "no boundary\n";
    my ($inside)   = $body   =~ /\A--\Q$boundary\E\r\n(.*)\r\n--\Q$boundary\E--\r\n\z/s
        or die "not closed\n";
    return ($header, map { [ split /\r\n\r\n/, $_, 2 ] } split /\r\n--\Q$boundary\E\r\n/, $inside);
}

for my $case (
    [ 'gone@customer.example', '550 5.1.1 User unknown', 'hard', 'user_unknown',         '5.1.1' ],
    [ 'spam@customer.example', '554 5.7.1 Message rejected as spam', 'technical', undef, '5.7.1' ],
    [ 'full@customer.example',        '452 4.2.2 Mailbox full', 'soft', 'mailbox_full',  '4.2.2' ],
    [ 'silent@customer.example',      '451 Try again later',    'soft', undef,           '4.0.0' ],
    [ "o'b+x\@b\xc3\xbccher.example", '550 5.1.1 User unknown', 'hard', 'user_unknown',  '5.1.1' ],
) {
    my ($address, $reply, $class, $reason, $status) = @$case;
    subtest "$address: $reply" => sub {
        my $before = () = $remote->received;
        (my $wire = $address) =~ s/b\xc3\xbccher/xn--bcher-kva/;    # RFC 5890: as its A-label
        $remote->answer($wire, $reply);
        my $id = $worker->submit(
            to      => [$address],
            subject => "Gr\xc3\xbc\xc3\x9fe aus dem B\xc3\xbcro, und noch viel mehr davon",
            ref     => 'R-7'
        );
        $worker->wait_for_state($id, 'ERROR');
        ok $stage->wait_for(60, sub { my $now = () = $remote->received; $now > $before }),
            'the owner gets a notice';
        my ($notice) = reverse $remote->received;
        is "$notice->{sender} @{$notice->{recipients}}", ' owner@example.org',
            'from nobody, to the owner';
        my $mail = $notice->{data};
        unlike $mail, qr/[^\r\n -~]/, 'nothing but ASCII';
        is scalar(grep { length > 998 } split /\r\n/, $mail), 0, 'no long line';
        my ($header, @parts) = parts($mail);
        like $header, qr/^Content-Type: multipart\/report; report-type=delivery-status;/mi,
            'RFC 6522';
        like $header, qr/^Auto-Submitted: auto-replied\r$/mi, 'RFC 3834';
        like $header, qr/^$_: /mi, $_ for qw(Date From To Subject Message-ID MIME-Version);
        is scalar(@parts), 3, 'three parts';
        is_deeply [ map { $_->[0] =~ /^Content-Type: ([a-z0-9\/-]+)/i } @parts ],
            [qw(text/plain message/delivery-status text/rfc822-headers)], 'in this order';
        like decode_base64($parts[0][1]), qr/\Q$address\E was not delivered/, 'words for a person';
        my ($message, @recipients) = groups($parts[1][1]);
        like $message->{'reporting-mta'}, qr/^dns; [a-z0-9.-]+$/, 'Reporting-MTA';
        is scalar(@recipients), 1, 'one recipient';
        my $escaped = $address =~ s/\xc3\xbc/\\x{FC}/r;
        is $recipients[0]{'final-recipient'},
            ($escaped eq $address ? 'rfc822' : 'utf-8') . "; $escaped", 'Final-Recipient';
        is "@{$recipients[0]}{qw(action status)}", "failed $status", 'Action and Status';
        is $recipients[0]{'diagnostic-code'},      "smtp; $reply",   'Diagnostic-Code';
        my @read = classified($mail);
        is scalar(@read),    1,       'our classifier sees one recipient';
        is $read[0]{class},  $class,  "it is $class";
        is $read[0]{reason}, $reason, "for $reason" if defined $reason;
    };
}

ok $worker->stop, 'it stops by itself';
finish();
