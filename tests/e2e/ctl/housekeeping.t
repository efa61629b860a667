# SPDX-License-Identifier: BSD-2-Clause
# bouncectl housekeeping, erase, keys.
use Bounce::Ctl;
use Bounce::Test;

my $stage = stage(servers => 0);
my $ctl   = Bounce::Ctl->new($stage);

sub months_made {
    my %done = map { $_->{step} => $_->{done} } $ctl->json('housekeeping');
    return $done{'months made'};
}

my $missing = months_made();
$stage->db->sql("SELECT bounce_internal.drop_months('9999-01-01');\n");
my $all = months_made();
cmp_ok $all, '>=', 12, 'housekeeping: months are made where they are missing';
cmp_ok $missing, '<=', $all / 12, 'but for one that may have begun meanwhile they were there';

my ($code, $answer) = $ctl->run('check');
is $code, 0, 'check: all is well';
like $answer, qr/nothing was forgotten/, 'and it says so';
$stage->db->sql(<<'END');
INSERT INTO bounce.task (kind, dedup_key, summary) VALUES ('outage', 'outage:77', 'an old outage');
END
($code, $answer) = $ctl->run('check');
is $code, 1, 'a task about nothing';
like $answer, qr/task without matter .*an old outage.*task resolve/s,
    'is named, with the way to mend it';
($code, $answer) = $ctl->run('check', '--json');
like $answer, qr/^\{"fault":"task without matter","count":1,/, 'JSON';
$stage->db->sql("DELETE FROM bounce.task WHERE dedup_key = 'outage:77';\n");

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
