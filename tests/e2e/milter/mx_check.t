# SPDX-License-Identifier: BSD-2-Clause
# bounce-milter --check asks for the MX of the bounce domain, and says where it is known that its
# bounces do not come here. In a network of its own, with a name server and addresses of its own.
use Bounce::Test;

my $stage    = stage(servers => 0);
my $instance = $stage->instance;
my $daemon   = $stage->daemon;
my ($can) = $instance->run(
    [ qw(unshare -n -m sh -c), 'ip link set lo up && mount -t tmpfs small /mnt' ],
    may_fail => 1);
plan skip_all => 'a network and mounts of our own are needed' if $can != 0 || !$instance->is_root;
$daemon->set(rules_dir => $stage->one_rule);
$daemon->prepare;
local $ENV{MAIL_CONFIG} = $instance->make_dir('no-postfix');

# A name server that knows the lines "NAME TYPE VALUE" of a file, and of no other name.
my $server = $instance->write_file('dns.pl', <<'END');
use strict;
use warnings;
use IO::Socket::INET;
open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
my (%record, %known);
while (<$file>) {
    my ($name, $type, $value) = split;
    push @{ $record{"$name $type"} }, $value;
    $known{$name} = 1;
}
my %number = (A => 1, MX => 15);
my %type   = reverse %number;
sub name { return join('', map { pack 'C/a', $_ } split /\./, $_[0]) . "\0" }
my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1', LocalPort => 53)
    or die "no port: $!\n";
open my $ready, '>', $ARGV[1] or die "$ARGV[1]: $!\n";
while ($socket->recv(my $query, 1500)) {
    my ($rest, @label) = substr $query, 12;
    while (my $len = ord substr $rest, 0, 1, '') { push @label, substr $rest, 0, $len, '' }
    my ($name, $type) = (lc join('.', @label), $type{ unpack 'n', $rest } // '');
    my @answer = map {
        my $data = $type eq 'A' ? pack 'C4', split /\./ : pack('n', 10) . name($_ eq '.' ? '' : $_);
        pack('n n n N n/a', 0xc00c, $number{$type}, 1, 60, $data)
    } @{ $record{"$name $type"} // [] };
    my $code = $name =~ /silent/ ? 2 : $known{$name} ? 0 : 3;
    $socket->send(join '', substr($query, 0, 2),
        pack('n n n n n', 0x8180 | $code, 1, scalar @answer, 0, 0),
        name($name), substr($rest, 0, 4), @answer);
}
END
my $zone = $instance->write_file('zone', <<'END');
here.bounce.net MX mx.here.net
mx.here.net A 203.0.113.7
backup.bounce.net MX mx.other.net
backup.bounce.net MX mx.here.net
away.bounce.net MX mx.other.net
mx.other.net A 198.51.100.9
bare.bounce.net A 203.0.113.7
bareaway.bounce.net A 198.51.100.9
null.bounce.net MX .
lost.bounce.net MX mx.nowhere.net
halfknown.bounce.net MX mx.silent.net
END
my $names = $instance->write_file('resolv.conf', "nameserver 127.0.0.1\n");
my $ready = $instance->path('dns.ready');

# What --check says of the MX of the domain on a machine with that address.
sub mx_lines {
    my ($domain, $address) = @_;
    $stage->parameter(bounce_domain => $domain);
    unlink $ready;
    my $script = 'ip link set lo up; ip addr add "$1/32" dev lo; mount --bind "$2" '
        . '/etc/resolv.conf; perl "$3" "$4" "$5" & dns=$!; trap "kill $dns" EXIT; '
        . 'until [ -e "$5" ]; do sleep 0.05; done; "$6" -c "$7" --check';
    my (undef, $output) = $instance->run(
        [
            qw(unshare -n -m sh -c), $script, 'sh', $address, $names, $server, $zone, $ready,
            $daemon->program('bounce-milter'), $daemon->conf
        ],
        may_fail => 1
    );
    like $output, qr/^ok +database/m, "$domain: --check has run" or diag $output;
    return join '', map { s/^warning +MX +//r } $output =~ /^(warning +MX.*\n)/mg;
}

my $public = '203.0.113.7';
my $right  = qr/^$/;
for my $row (
    [ 'here', $public, $right ],
    [ 'backup', $public, $right ],
    [ 'bare', $public, $right ],
    [ 'away', $public, qr/go to mx.other.net \(198.51.100.9\), which is not .*; right if/ ],
    [ 'bareaway', $public, qr/go to bareaway.bounce.net \(198.51.100.9\), which is not this/ ],
    [ 'away', '10.1.2.3', $right ],    # its public address may be another machine's
    [ 'null', $public, qr/null.bounce.net takes no mail: its MX have no address; write/ ],
    [ 'lost', $public, qr/lost.bounce.net takes no mail: its MX have no address; write/ ],
    [ 'halfknown', $public, $right ],
    [ 'nobody', '10.1.2.3', qr/no name server knows nobody.bounce.net, so no bounce .*; give/ ],
    [ 'silent', $public, $right ],
) {
    my ($name, $address, $expected) = @$row;
    like mx_lines("$name.bounce.net", $address), $expected, "$name.bounce.net at $address";
}

finish();
