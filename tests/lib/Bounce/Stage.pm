# SPDX-License-Identifier: BSD-2-Clause
package Bounce::Stage;

=head1 NAME

Bounce::Stage - PostgreSQL, bounce-milter, Postfix and the rest of the world, together

=head1 SYNOPSIS

    my $stage  = Bounce::Stage->new(name => "check-$$")->start;
    my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
    my ($code) = $stage->bounce('postfix-user-unknown', $letter);
    is $stage->recipient($letter)->{state}, 'bounced';

=head1 PROMISES

The demo and every end-to-end test stand on the same stage. The database has the schema, the bounce
domain, the operator's mailbox and the three processes; nothing else.

=cut

use strict;
use warnings;
use Bounce::Daemon;
use Bounce::Instance;
use Bounce::Mail;
use Bounce::Postfix;
use Bounce::Postgres;
use Bounce::SmtpClient;
use Bounce::SmtpServer;

use constant OPERATOR       => 'operator@' . Bounce::Postfix::DOMAIN;
use constant BOUNCE_MAILBOX => 'bounces@' . Bounce::Postfix::BOUNCE_DOMAIN;
use constant SENDER => {
    invoice    => 'billing@' . Bounce::Postfix::DOMAIN,
    receipt    => 'shop@' . Bounce::Postfix::DOMAIN,
    newsletter => 'news@' . Bounce::Postfix::DOMAIN,
};

# new(name => NAME, progress => sub, daemon => {conf key => value}, postfix => {option => value},
# remote => SmtpServer of another stage)
sub new {
    my ($class, %option) = @_;
    my $self = bless { progress => sub { }, daemon => {}, postfix => {}, %option, registered => 0 },
        $class;
    $self->{instance} = Bounce::Instance->new(name => $option{name});
    return $self;
}

sub instance { return $_[0]{instance} }
sub db       { return $_[0]{db} }
sub daemon   { return $_[0]{the_daemon} }
sub mta      { return $_[0]{mta} }
sub remote   { return $_[0]{remote} }
sub smtp     { return $_[0]{smtp} }

sub start { my ($self) = @_; return $self->start_database->start_servers }

sub start_database {
    my ($self) = @_;
    $self->{progress}->('starting a private PostgreSQL');
    return $self->join_database(Bounce::Postgres->new($self->{instance})->start)->fill_database;
}

# Takes a database that runs already, and that another stage may have filled.
sub join_database {
    my ($self, $db) = @_;
    $self->{db}         = $db;
    $self->{the_daemon} = Bounce::Daemon->new($self->{instance}, $db, %{ $self->{daemon} });
    return $self;
}

sub fill_database {
    my ($self) = @_;
    $self->{progress}->('loading the schema with bouncectl db init');
    $self->{the_daemon}->init_database;
    $self->_settle;
    return $self;
}

sub start_servers {
    my ($self) = @_;
    my $instance = $self->{instance};
    $self->{progress}->('starting bounce-milter');
    $self->{the_daemon}->start;
    $self->{progress}->('starting a private Postfix');
    $self->{remote} //= Bounce::SmtpServer->new($instance)->start;
    $self->{mta} = Bounce::Postfix->new(
        $instance,
        milter      => $self->{the_daemon}->milter_socket,
        remote_port => $self->{remote}->port,
        %{ $self->{postfix} })->start;
    $self->{smtp} = Bounce::SmtpClient->new(port => $self->{mta}->port);
    return $self;
}

sub _settle {
    my ($self) = @_;
    $self->parameter(bounce_domain    => Bounce::Postfix::BOUNCE_DOMAIN);
    $self->parameter(operator_mailbox => OPERATOR);
    for my $process (sort keys %{ +SENDER }) {
        $self->{db}
            ->sql("INSERT INTO bounce.process (name) VALUES (:'name') ON CONFLICT DO NOTHING;\n",
            name => $process);
    }
    return;
}

# Sets a system parameter, for one process or for all, and waits until a running daemon has heard
# of it by NOTIFY.
sub parameter {
    my ($self, $name, $value, $process) = @_;
    my $daemon   = $self->{the_daemon};
    my $readings = $daemon->parameter_readings;
    my $changes  = $self->count('bounce.system_parameter_history');
    $self->{db}->sql(<<'END', name => $name, value => $value, process => $process // '');
INSERT INTO bounce.system_parameter (name, process, value)
VALUES (:'name', nullif(:'process', ''), :'value')
ON CONFLICT (name, process) DO UPDATE SET value = excluded.value;
END
    return unless $self->{instance}->is_alive('bounce-milter');
    return if $self->count('bounce.system_parameter_history') == $changes;
    $self->wait_for(60, sub { $daemon->parameter_readings > $readings })
        or die "bounce-milter did not read the parameter $name\n" . $self->{instance}->log_tail;
    return;
}

# register(process =>, to => [address ...], business_ref =>, subject =>): a communication that was
# sent. Returns {id, process, sender, subject, message_id, envelope_id, to => [...], recipient =>
# {address => id}}.
sub register {
    my ($self, %option) = @_;
    my $number = ++$self->{registered};
    my %letter = (
        process      => 'invoice',
        business_ref => sprintf('R-%04d', $number),
        subject      => "Your $option{process} no. $number",
        message_id   => sprintf(
            '%s-%d-%d.5c0e9f3a7b1d42e8@%s',
            $option{process} // 'invoice',
            $$, $number, Bounce::Postfix::DOMAIN
        ),
        %option
    );
    $letter{sender} //= SENDER->{ $letter{process} };
    my %value = map { ($_ => $letter{$_}) } qw(process business_ref sender subject message_id);
    $letter{id} = $self->{db}->value(<<'END', %value, to => join "\n", @{ $letter{to} });
SELECT bounce.register_communication(process => :'process', business_ref => :'business_ref', sender
  => :'sender',
    subject => :'subject', message_id => :'message_id', recipients => string_to_array(:'to', E'\n'),
      status => 'sent')
END
    my $row = $self->{db}->rows(<<'END', id => $letter{id});
SELECT c.envelope_id, r.address, r.id, bounce.return_path(r.id) AS return_path
FROM bounce.communication AS c JOIN bounce.communication_recipient AS r ON r.communication_id = c.id
  WHERE c.id = :'id'
END
    $letter{envelope_id}                  = $row->[0]{envelope_id};
    $letter{recipient}{ $_->{address} }   = $_->{id}          for @$row;
    $letter{return_path}{ $_->{address} } = $_->{return_path} for @$row;
    return \%letter;
}

# The report as bytes. Options: recipient (default: the first), to (where it is sent: default the
# recipient's return path), further values of the template.
sub report {
    my ($self, $template, $letter, %option) = @_;
    my @to        = @{ $letter->{to} };
    my $recipient = $option{recipient} // $to[0];
    my $to        = $option{to}        // $letter->{return_path}{$recipient};
    return Bounce::Mail::render(
        $template,
        (map { ($_ => $letter->{$_}) } qw(message_id sender subject envelope_id)),
        second      => $to[1] // '',
        third       => $to[2] // '',
        recipient   => $recipient,
        return_path => $to,
        %option
    );
}

# Sends that report over SMTP with the null sender; returns the reply, (code, text).
sub bounce {
    my ($self, $template, $letter, %option) = @_;
    my $recipient = $option{recipient} // $letter->{to}[0];
    my $to        = $option{to}        // $letter->{return_path}{$recipient};
    return $self->{smtp}->send(
        from => $option{from} // '',
        to   => [$to],
        mail => $self->report($template, $letter, %option));
}

# The row of a recipient (the first, unless named), of its communication.
sub recipient {
    my ($self, $letter, $address) = @_;
    my $id = $letter->{recipient}{ $address // $letter->{to}[0] };
    return $self->{db}
        ->rows('SELECT * FROM bounce.communication_recipient WHERE id = :id', id => $id)->[0];
}

sub status {
    my ($self, $letter) = @_;
    return $self->{db}
        ->value('SELECT status FROM bounce.communication WHERE id = :id', id => $letter->{id});
}

# The bounces of a communication, oldest first, each with kind and own_mta of its report.
sub bounces {
    my ($self, $letter) = @_;
    return @{ $self->{db}->rows(<<'END', id => $letter->{id}) };
SELECT b.*, m.kind, m.own_mta, m.truncated
FROM bounce.bounce AS b JOIN bounce.bounce_message AS m ON m.id = b.bounce_message_id
WHERE b.communication_id = :id ORDER BY b.id
END
}

# Whether an address is blocked now, 1 or 0.
sub is_blocked {
    my ($self, $address) = @_;
    return $self->count("bounce.address_block WHERE lifted_at IS NULL AND address = :'address'",
        address => $address);
}

# How many tasks of a kind are open for an address.
sub tasks {
    my ($self, $kind, $address) = @_;
    return $self->count(
        "bounce.task WHERE status = 'open' AND kind = :'kind' AND address = :'address'",
        kind    => $kind,
        address => $address
    );
}

# What a person would read of all that are open, a line each.
sub open_tasks {
    my ($self) = @_;
    return $self->{db}->value(<<'END');
SELECT coalesce(string_agg(about || ': ' || summary, E'\n'), '') FROM bounce.open_task
END
}

# Dies unless so many bounces of addresses with that beginning are recorded, each as hard, and their
# recipients as bounced.
sub expect_recorded {
    my ($self, $prefix, $expected) = @_;
    my $count = $self->count(<<'END', prefix => $prefix);
bounce.bounce AS b JOIN bounce.communication_recipient AS r ON r.id = b.recipient_id
WHERE b.class = 'hard' AND r.state = 'bounced' AND r.address LIKE :'prefix' || '%'
END
    die "$count of $expected bounces were recorded\n" . $self->{instance}->log_tail
        if $count != $expected;
    return;
}

# SELECT count(*) FROM $from
sub count {
    my ($self, $from, %variable) = @_;
    return $self->{db}->value("SELECT count(*) FROM $from", %variable);
}

# Another session has a task in hand until let_go().
my $holds = q{FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%'
    AND pid <> pg_backend_pid()};

sub hold_task {
    my ($self, $id) = @_;
    $self->{instance}->start(
        name => 'holder',
        code => sub {
            $self->{db}->sql("BEGIN; SELECT FROM bounce.task WHERE id = $id FOR UPDATE;"
                    . ' SELECT pg_sleep(600);');
        });
    $self->wait_for(60, sub { $self->{db}->value("SELECT count(*) $holds") });
    return;
}

sub let_go {
    my ($self) = @_;
    $self->{db}->sql("SELECT pg_terminate_backend(pid) $holds;");
    return;
}

# A folder with one rule, for tests to which it does not matter which rule decides: all that are
# shipped take a second or more to compile, at each start.
sub one_rule {
    my ($self) = @_;
    my $folder = $self->{instance}->make_dir('one-rule');
    $self->{instance}->write_file('one-rule/10.rules',
        "[a.b]\nreason = mailbox_full\nmatch = quota exceeded\nexample = Quota exceeded\n");
    return $folder;
}

sub wait_for { my ($self, @argument) = @_; return $self->{instance}->wait_for(@argument) }

1;
