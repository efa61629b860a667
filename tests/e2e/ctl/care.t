# SPDX-License-Identifier: BSD-2-Clause
# bouncectl housekeeping, erase, keys.
use Bounce::Ctl;
use Bounce::Test;

my $stage = stage(servers => 0);
my $ctl   = Bounce::Ctl->new($stage);

my %done = map { $_->{step} => $_->{done} } $ctl->json('housekeeping');
is $done{'months made'}, 0, 'housekeeping: the months are there';
$stage->db->sql("SELECT bounce_internal.drop_months('9999-01-01');\n");
my $first = (grep { $_->{step} eq 'months made' } $ctl->json('housekeeping'))[0];
cmp_ok $first->{done}, '>=', 12, 'and are made where they are missing';

my $letter = $stage->register(process => 'invoice', to => ['anna@customer.example']);
my ($status, $said) = $ctl->run('erase', 'anna@customer.example');
isnt $status, 0, 'erase: not without a reason';
my @erase = ('erase', 'anna@customer.example', '--why', 'asked for it');
$said = $ctl->output(@erase);
like $said, qr/^addresses +1 +anna\@customer\.example$/m, 'first it is shown';
like $said, qr/^mails +1 +$letter->{id}\b.*^Nothing was changed\. .* --yes\./ms, 'all of it';
is $stage->count("bounce.communication_recipient WHERE address LIKE '%anna%'"), 1, 'she is there';
($status, $said) = $ctl->run(@erase, '--yes');
is $status, 0, 'with one it is done' or diag $said;
is $stage->count("bounce.communication_recipient WHERE address LIKE '%anna%'"), 0, 'she is gone';

($status) = $ctl->run('keys', 'rotate');
is $status,                                                      0, 'keys rotate';
is join(' ', map { "$_->{id} $_->{state}" } $ctl->json('keys')), '1 verifies 2 signs', 'keys';

finish();
