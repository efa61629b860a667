# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Delivery;

=head1 NAME

Bounce::Delivery - bounce-delivery under test

=head1 SYNOPSIS

    my $server = '127.0.0.1:' . $remote->port;
    my $worker = Bounce::Delivery->new($instance, $db, server => $server)->start;
    my $id = $worker->submit(process => 'invoice', to => ['anna@customer.example']);
    is $worker->wait_for_state($id, 'SUCCESS')->{attempts}, 1;

=head1 PROMISES

It logs in to the database with the rights of bounce_delivery and no more. Several may run at the
same time, each with a name of its own.

=cut

use strict;
use warnings;
use JSON::PP;

# new($instance, $db, name => NAME, KEY => VALUE ...): keys of bounce-delivery.conf.
sub new {
    my ($class, $instance, $db, %key) = @_;
    my $name = delete $key{name} // 'bounce-delivery';
    my $self = bless { instance => $instance, db => $db, name => $name }, $class;
    $self->{key} = {
        conninfo       => $db->conninfo(user => 'bounce_daemon'),
        user           => $instance->is_root ? $instance->daemon_user : '',
        rules_dir      => $instance->rules_dir,
        log            => 'stderr',
        hostname       => 'app.example.org',
        starttls       => 'off',
        workers        => 2,
        poll_interval  => 1,
        sweep_interval => 1,
        %key,
    };
    return $self;
}

# The same for a server of the tests.
sub new_for {
    my ($class, $stage, $server, %key) = @_;
    return $class->new($stage->instance, $stage->db, server => '127.0.0.1:' . $server->port, %key);
}

sub conf    { my ($self) = @_; return $self->{instance}->path("$self->{name}.conf") }
sub program { return Bounce::Instance::build_dir() . '/bounce-delivery' }

# Starts it and waits until it is ready.
sub start {
    my ($self)   = @_;
    my $instance = $self->{instance};
    my $before   = $self->{starts}++;
    $self->launch;
    $instance->wait_for(90,
        sub { $self->log_lines(qr/ ready, /) > $before || !$instance->is_alive($self->{name}) });
    $self->log_lines(qr/ ready, /) > $before
        or die "bounce-delivery did not start\n" . $instance->log_tail;
    return $self;
}

# Starts it and does not wait.
sub launch {
    my ($self) = @_;
    $self->write_conf;
    $self->{pid} = $self->{instance}
        ->start(name => $self->{name}, command => [ $self->program, '-c', $self->conf ]);
    return $self;
}

# What a start needs, for one of another kind.
sub write_conf {
    my ($self) = @_;
    my $key = $self->{key};
    $self->_make_places;
    $self->{instance}
        ->write_file("$self->{name}.conf", join '', map { "$_ = $key->{$_}\n" } sort keys %$key);
    return $self;
}

# Waits until it is gone; true when it is.
sub is_gone {
    my ($self, $seconds) = @_;
    my $gone = $self->{instance}
        ->wait_for($seconds // 60, sub { !$self->{instance}->is_alive($self->{name}) });
    $self->{instance}->stop_server($self->{name}, signal => 'KILL');
    return $gone;
}

sub _make_places {
    my ($self) = @_;
    $self->{db}->sql(<<'END');
DO $$ BEGIN CREATE ROLE bounce_daemon LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT bounce_delivery TO bounce_daemon;
END
    return;
}

sub pid { return $_[0]{pid} }

# True when it ended by itself and no sanitizer spoke.
sub stop {
    my ($self) = @_;
    my $clean = $self->{instance}->stop_server($self->{name}, wait => 60);
    return $clean
        && !$self->log_lines(qr/runtime error:|ERROR: \w+Sanitizer|WARNING: ThreadSanitizer/);
}

sub kill { my ($self) = @_; return $self->{instance}->stop_server($self->{name}, signal => 'KILL') }

sub log_lines {
    my ($self, $pattern) = @_;
    return
        grep { $_ =~ $pattern }
        $self->{instance}->read_lines($self->{instance}->path("log/$self->{name}.log"));
}

# submit(process =>, to => [...], cc =>, bcc =>, sender =>, subject =>, text =>, html =>): hands
# over, returns the id.
sub submit {
    my ($self, %mail) = @_;
    my %value = (
        process     => 'invoice',
        sender      => 'Billing <billing@example.org>',
        subject     => 'Your invoice',
        text        => $mail{raw} ? '' : "Dear customer,\n",
        ref         => '',
        html        => '',
        raw         => '',
        priority    => '',
        due         => '',
        attachments => '[]',
        %mail
    );
    $value{$_} = join "\n", @{ $value{$_} // [] } for qw(to cc bcc);
    return $self->{db}->value(<<'END', %value);
SELECT bounce.submit_communication(process => :'process', recipients => string_to_array(:'to',
  E'\n'), sender => :'sender',
    subject => :'subject', body_text => nullif(:'text', ''), body_html => nullif(:'html', ''), raw
      => nullif(convert_to(:'raw', 'UTF8'), ''),
    business_ref => :'ref', cc => string_to_array(:'cc', E'\n'), bcc => string_to_array(:'bcc',
      E'\n'), attachments => :'attachments',
    priority => nullif(:'priority', '')::integer, not_before => nullif(:'due', '')::timestamptz)
END
}

# The JSON form of its state, decoded.
sub state {
    my ($self, $id) = @_;
    return JSON::PP->new->utf8->decode($self->{db}
            ->value('SELECT json FROM bounce.delivery WHERE communication_id = :id', id => $id));
}

# How many of these mails are in each state: "PENDING 14, SUCCESS 2".
sub states {
    my ($self, @id) = @_;
    return $self->{db}->value(<<'END', ids => join(',', @id));
SELECT string_agg(state || ' ' || n, ', ' ORDER BY state)
FROM (SELECT state, count(*) AS n FROM bounce.delivery
      WHERE communication_id = ANY (string_to_array(:'ids', ',')::bigint[]) GROUP BY state) AS s
END
}

# Waits until it is in that state; returns the JSON form, in whatever state it is at the end.
sub wait_for_state {
    my ($self, $id, $state, $seconds) = @_;
    $self->{instance}->wait_for($seconds // 60, sub { $self->state($id)->{state} eq $state });
    return $self->state($id);
}

# Those of the mails that wait for another try are tried at once; one in hand is not waited for.
sub try_again {
    my ($self, @id) = @_;
    $self->{db}->sql(<<'END', ids => join(',', @id));
SELECT bounce.retry_communication(w.communication_id)
FROM (SELECT communication_id FROM bounce.communication_delivery
      WHERE communication_id = ANY (string_to_array(:'ids', ',')::bigint[]) AND state = 'RETRY'
      FOR NO KEY UPDATE) AS w;
END
    return;
}

# The rows of its recipients by address.
sub recipients {
    my ($self, $id) = @_;
    my $rows = $self->{db}->rows(
        'SELECT r.*, q.state AS delivery, q.due_at, q.tries, q.begun_attempt, q.response
            FROM bounce.communication_recipient AS r
            LEFT JOIN bounce.recipient_delivery AS q ON q.recipient_id = r.id
            WHERE r.communication_id = :id',
        id => $id
    );
    return { map { ($_->{address} => $_) } @$rows };
}

1;
