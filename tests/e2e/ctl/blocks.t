# SPDX-License-Identifier: BSD-2-Clause
# bouncectl block, unblock, reblock, and lists of blocks: import, export, withdraw; queue
# pause and resume.
use Bounce::Ctl;
use Bounce::Test;

my $stage = stage(servers => 0);
my $ctl   = Bounce::Ctl->new($stage);
my $clerk = Bounce::Ctl->new($stage, role => 'bounce_clerk');
my $db    = $stage->db;
my @why   = ('--why', 'a test');

sub blocked { return join ' ', sort map { $_->{address} } $ctl->json('blocks') }

subtest 'one address' => sub {
    is $clerk->output('block', 'a@x.example', '--until', '3d', @why), "a\@x.example is blocked\n",
        'for three days';
    like $ctl->output('blocks'), qr/EXPIRES AT.*\n.*a\@x\.example .*person/, 'the list says so';
    is $clerk->output('block', 'a@x.example', '--process', 'newsletter', @why),
        "a\@x.example is blocked\n", 'and for a process';
    is $clerk->output('unblock', 'a@x.example', '--process', 'newsletter', @why),
        "a\@x.example is not blocked any more, 0 mails sent\n", 'this one is lifted';
    is blocked(), 'a@x.example', 'the other one stays';
    is $clerk->output('unblock', 'a@x.example', @why),
        "a\@x.example is not blocked any more, 0 mails sent\n", 'unblock';
    is blocked(),                                      '', 'it is not';
    is $clerk->output('reblock', 'a@x.example', @why), "a\@x.example is blocked as before\n",
        'reblock';
    my ($block) = $ctl->json('blocks', 'a@');
    ok $block->{expires_at}, 'it ends as before';
    my ($status, $said) = $ctl->run('reblock', 'a@x.example', @why);
    like $said, qr/no block was lifted/, 'once';
    ($status, $said) = $ctl->run('block', 'b@x.example', '--process', 'nwsletter', @why);
    like $said, qr/unknown process "nwsletter".*\n.*newsletter/, 'no such process';
};

# What has gone out cannot be taken back.
subtest 'mails have waited for it' => sub {
    $ctl->output('block', 'w@x.example', @why);
    $db->value("SELECT bounce.submit_communication(process => 'invoice', business_ref => 'W-$_', "
            . "recipients => '{w\@x.example}', sender => 'o\@example.org', body_text => 'x')")
        for 1, 2;
    $db->value("SELECT count(*) FROM bounce.claim_deliveries('w', 'mx:25', 9)");
    my ($status, $said) = $clerk->run('unblock', 'w@x.example', @why);
    is $status, 1, 'nothing is done';
    like $said, qr/W-1.*\n.*W-2.*\n\n2 mails have waited .*\nNothing was changed/, 'they are shown';
    like blocked(), qr/w\@x\.example/, 'it stays blocked';
    ($status, $said) = $clerk->run('unblock', 'w@x.example', '--json', @why);
    like $said, qr/\A\{.*"business_ref":"W-1".*\n\{.*"business_ref":"W-2".*\n\z/,
        'and for programs';
    is $clerk->output('unblock', 'w@x.example', @why, '--yes'),
        "w\@x.example is not blocked any more, 2 mails sent\n", '--yes';
    is $clerk->output('unblock', 'w@x.example', @why, '--yes'), "w\@x.example was not blocked\n",
        'twice';
    $ctl->output('queue', 'cancel', '--recipient', 'w@x.example', '--yes');
};

subtest 'a list' => sub {
    my $file = $stage->instance->path('list.csv');
    $stage->instance->write_file('list.csv',
        "address,reason,why,source\nb\@x.example,user_unknown,\"gone, says HR\",old system\n"
            . "a\@x.example,,,\nnobody,,,\n");
    my ($status, $said) = $ctl->run('blocks', 'import', $file);
    is $status, 1, 'a wrong line: exit status';
    like $said, qr/^ *4 +nobody +not a mail address/m, 'which';
    like $said, qr/^3 addresses: 2 to block, 1 wrong\nNothing was changed\. Set right/m, 'in words';
    ($status, $said) = $ctl->run('blocks', 'import', $file, '--apply', @why);
    isnt $status, 0, 'it is not imported';
    like $said, qr/line 4 \(nobody\): not a mail address/, 'the line is named';
    is blocked(), 'a@x.example', 'nothing was changed';

    my $list = "address;reason;why;source\nb\@x.example;user_unknown;gone, says HR;old system\n"
        . "a\@x.example;;;\n";
    like $ctl->output({ input => "address\nc\@x.example\n" }, 'blocks', 'import', '-'),
        qr/^1 address: 1 to block, 0 wrong$/m, 'of one';
    is $ctl->json({ input => $list }, 'blocks', 'import', '-'), 2, 'standard input, as JSON';
    is $ctl->output({ input => $list }, 'blocks', 'import', '-', '--apply', @why),
        "import 1: 2 addresses blocked, 0 lines change nothing\n", 'done';
    is $ctl->output({ input => $list }, 'blocks', 'import', '-', '--apply', @why),
        "import 2: 0 addresses blocked, 2 lines change nothing\n", 'a second time changes nothing';
    my $written = $ctl->output('blocks', 'export');
    like $written, qr/\Aaddress,reason,.*\na\@x.example,.*\n/, 'written as CSV';
    like $written, qr/^b\@x.example,user_unknown,"gone, says HR"/m, 'with quotes where needed';
    is $ctl->output('blocks', 'withdraw', 1, @why),
        "import 1 is withdrawn: 2 blocks lifted, 1 block restored\n", 'taken back';
    is blocked(), 'a@x.example', 'as before';
    my ($import) = grep { $_->{id} == 1 } $ctl->json('blocks', 'imports');
    is "$import->{blocked} $import->{in_force} $import->{withdraw_why}", '2 0 a test',
        'the list of imports remembers';
    is $ctl->output({ input => $written }, 'blocks', 'import', '-', '--apply', @why),
        "import 3: 2 addresses blocked, 0 lines change nothing\n", 'what was written is read';
    is $ctl->output('blocks', 'export') =~ s/,[^,\n]*,[^,\n]*$//gmr,
        $written =~ s/,[^,\n]*,[^,\n]*$//gmr, 'to the letter';
    is + ($clerk->run('blocks', 'import', $file, '--apply', @why))[0], 1, 'no clerk does that';
    isnt + ($ctl->run('blocks', 'import', "$file.none"))[0], 0, 'a file that is not there';
};

subtest 'a process is paused' => sub {
    my @name = ('newsletter', @why);
    is $ctl->output('queue', 'pause',  @name), "newsletter is paused\n", 'pause';
    like $ctl->output('tasks'), qr/process newsletter +process_paused/, 'a task';
    like $ctl->output('status'), qr/^Processes paused \(newsletter\): .*queue resume/m, 'status';
    like $ctl->output('queue', 'status'), qr/PAUSED AT/, 'queue status';
    is $ctl->output('queue', 'resume', @name), "newsletter is sent again\n", 'resume';
    is $ctl->output('queue', 'resume', @name), "newsletter was not paused\n", 'once';
    is scalar($ctl->json('tasks', '--kind', 'process_paused')), 0, 'the task is closed';
};

finish();
