# SPDX-License-Identifier: BSD-2-Clause
package Bounce::TokenServer;

=head1 NAME

Bounce::TokenServer - gives access tokens of OAuth 2.0 for a refresh token, and vouches for them

=head1 SYNOPSIS

    my $server  = Bounce::TokenServer->new($instance);
    my $dovecot = Bounce::Dovecot->start($instance, settings => $server->dovecot_settings);
    $server->start($dovecot);             # https, with the same certificate
    $server->set(expires_in => 3600, answer => [ 400, '{"error":"invalid_grant"}' ]);
    $server->set(silence => 60);    # seconds, once it is asked
    my @forms = $server->asked;           # what it was sent: { refresh_token => ..., ... }
    $server->withdraw;                    # no token is good any more

=head1 PROMISES

The refresh token is good for one use: each answer has the next one, C<refresh-1>, C<refresh-2>.
The secret of the client is C<s&cret>.

=cut

use strict;
use warnings;
use Bounce::Dovecot;
use IO::Socket::SSL;
use JSON::PP;
use POSIX ();

use constant { CLIENT => 'bounces', SECRET => 's&cret', FIRST => 'refresh-0' };

sub new {
    my ($class, $instance) = @_;
    my $self = bless { instance => $instance, port => $instance->free_port }, $class;
    $self->{dir} = $instance->make_dir('token');
    $self->set;
    $self->_keep('refresh', FIRST);
    return $self;
}

sub url { my ($self) = @_; return "https://localhost:$self->{port}/token" }

# What makes a Dovecot ask here whether a token is good.
sub dovecot_settings {
    my ($self) = @_;
    my $instance  = $self->{instance};
    my $authority = $instance->path('dovecot/certificate.pem');
    my $questions = <<"END";
introspection_url = https://localhost:$self->{port}/introspect?token=
introspection_mode = get
username_attribute = username
active_attribute = active
active_value = true
END
    return <<"END" if Bounce::Dovecot->version eq '2.4';
auth_mechanisms = plain oauthbearer xoauth2
ssl_client_ca_file = $authority
oauth2 {
$questions}
passdb oauth2 {
  mechanisms_filter = oauthbearer xoauth2
}
END
    my $file = $instance->write_file('dovecot-oauth2.conf',
        "${questions}tls_ca_cert_file = $authority\n");
    return <<"END";
auth_mechanisms = plain oauthbearer xoauth2
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = $file
}
END
}

sub start {
    my ($self, $dovecot) = @_;
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        LocalPort => $self->{port},
        ReuseAddr => 1,
        Listen    => 5
    ) or die "cannot listen: $!\n";
    $self->{user}  = $dovecot->USER;
    $self->{files} = [
        SSL_cert_file => $dovecot->certificate,
        SSL_key_file  => "$dovecot->{dir}/key.pem"
    ];
    $self->{instance}->start(name => 'token-server', code => sub { $self->_serve($listener) });
    close $listener;
    return $self;
}

# answer => [ STATUS, BODY, HEADER ... ] instead of a token.
sub set {
    my ($self, %key) = @_;
    return $self->_keep('manner', encode_json({ expires_in => 3600, %key }));
}

sub withdraw { my ($self) = @_; return $self->_keep('valid', '') }
sub refresh  { my ($self) = @_; return $self->_kept('refresh') }

sub asked {
    my ($self) = @_;
    return map { decode_json($_) }
        $self->{instance}->read_lines($self->{instance}->path('token/asked'));
}

# --- the server, in a process of its own ---------------------------------------------------

sub _keep {
    my ($self, $name, $text) = @_;
    open my $file, '>', "$self->{dir}/$name.new" or die "$name: $!\n";
    print {$file} $text;
    close $file;
    rename "$self->{dir}/$name.new", "$self->{dir}/$name" or die "$name: $!\n";
    return;
}

sub _kept {
    my ($self, $name) = @_;
    open my $file, '<', "$self->{dir}/$name" or return '';
    local $/ = undef;
    return scalar <$file>;
}

sub _serve {
    my ($self, $listener) = @_;
    local $SIG{CHLD} = 'IGNORE';
    while (my $plain = $listener->accept) {
        next if fork;
        close $listener;
        $self->_answer($plain);
        POSIX::_exit(0);
    }
    return;
}

# One request a connection, and a process for each: a client may hold one open.
sub _answer {
    my ($self, $plain) = @_;
    my $client = IO::Socket::SSL->start_SSL($plain, SSL_server => 1, @{ $self->{files} }) or return;
    my ($request, $length, $body) = (scalar <$client>, 0, '');
    while (defined(my $line = <$client>)) {
        last if $line =~ /^\r?$/;
        $length = $1 if $line =~ /^Content-Length: (\d+)/i;
    }
    read $client, $body, $length if $length > 0;
    my ($token) = ($request // '') =~ m{introspect\?token=([^&\s]+)};
    my ($status, $answer, @header)
        = defined $token ? $self->_vouch($token) : $self->_give($body);
    print {$client} join "\r\n", "HTTP/1.1 $status X", @header, 'Connection: close',
        'Content-Length: ' . length $answer, '', $answer;
    close $client;
    return;
}

sub _vouch {
    my ($self, $token) = @_;
    my $is_good = $token eq $self->_kept('valid');
    return (200,
        encode_json({
            active   => $is_good ? JSON::PP::true : JSON::PP::false,
            username => $self->{user}
        }));
}

sub _plain {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

sub _give {
    my ($self, $body) = @_;
    my %form   = map { _plain($_) } map { split /=/, $_, 2 } split /&/, $body;
    my $manner = decode_json($self->_kept('manner'));
    open my $asked, '>>', "$self->{dir}/asked" or die "asked: $!\n";
    print {$asked} encode_json(\%form), "\n";
    close $asked;
    if ($manner->{silence}) {
        sleep $manner->{silence};
        return (503, 'late');    # who has gone is given nothing, or later tests had an old token
    }
    return @{ $manner->{answer} } if $manner->{answer};
    return (401, '{"error":"invalid_client"}') if ($form{client_secret} // '') ne SECRET;
    return (400, '{"error":"invalid_grant","error_description":"AADSTS70008: expired"}')
        if $form{refresh_token} ne $self->_kept('refresh');
    my $number = scalar(my @all = $self->asked);
    $self->_keep('refresh', "refresh-$number");
    $self->_keep('valid',   "access-$number");
    return (200, encode_json({
        access_token  => "access-$number",
        token_type    => 'Bearer',
        expires_in    => $manner->{expires_in},
        refresh_token => "refresh-$number"
    }));
}

1;
