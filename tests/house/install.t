# SPDX-License-Identifier: BSD-2-Clause
# make install under DESTDIR: everything has its place, the paths in it are those of the
# installation, configuration is kept, and make uninstall leaves nothing else.
use strict;
use warnings;
use File::Find ();
use File::Temp qw(tempdir);
use Test::More;

# Other paths than the last build's would build everything anew: the data is installed alone, and
# make keeps its notes elsewhere.
my $root  = tempdir(CLEANUP => 1);
my $build = tempdir(CLEANUP => 1);
my $paths = "DESTDIR=$root PREFIX=/opt/bm SYSCONFDIR=/opt/etc UNITDIR=/opt/bm/units BUILD=$build";

sub make {
    my (@argument) = @_;
    my $output = qx(make -s --no-print-directory @argument $paths 2>&1);
    is $?, 0, "make @argument" or diag $output;
    return;
}

# A file of the installation; a name without a slash before it is one of the tree.
sub slurp {
    my ($path) = @_;
    open my $in, '<', $path =~ m{^/} ? "$root$path" : $path or return '';
    local $/;
    return <$in>;
}

sub installed {
    my @file;
    File::Find::find(sub { push @file, substr $File::Find::name, length $root if -f }, $root);
    return sort @file;
}

# Whether systemd finds that the unit can do little harm: 2.0 on its scale to 10.
sub exposure {
    my ($unit) = @_;
    return 1 if !-x '/usr/bin/systemd-analyze';
    my $found = qx(systemd-analyze security --offline=true --threshold=20 --no-pager $unit 2>&1);
    diag $found if $? != 0;
    return $? == 0;
}

my @daemon = split / /, slurp('Makefile') =~ /^DAEMONS := (.*)$/m ? $1 : '';
make('install-data');

# What one has, in files that cannot be made of one list.
subtest 'daemons' => sub {
    ok @daemon > 3, 'the Makefile names them';
    for my $daemon (@daemon) {
        my $account = $daemon =~ tr/-//dr;
        ok -s "$root/opt/etc/bounce-milter/$daemon.conf", "$daemon: a configuration";
        ok -s "$root/opt/bm/units/$daemon.service",       '... a unit';
        ok -s "$root/opt/bm/share/man/man8/$daemon.8",    '... a manual page';
        like slurp('etc/sysusers/bounce-milter.conf'), qr/^u $account /m, '... an account';
        like slurp('etc/tmpfiles/bounce-milter.conf'), qr{^d /var/lib/$daemon 0700 $account }m,
            '... its home';
        like slurp('debian/bounce-milter.postrm'), qr{\s/var/lib/$daemon\s},   '... and its end';
        like slurp('db/schema/rights.h'),          qr/\('$account', '\w+'\)/, '... a role';
        like slurp($_), qr/\b$daemon\b/, "... is named in $_" for qw(README.md debian/control);
    }
};

subtest 'each kind of file' => sub {
    my $share = '/opt/bm/share';
    ok -s "$root$_", $_
        for map({ "/opt/bm/units/bounce-milter-housekeeping.$_" } qw(service timer)),
        map({ "/opt/bm/lib/$_.d/bounce-milter.conf" } qw(sysusers tmpfiles)),
        map({ "$share/$_" }
        qw(man/man1/bouncectl.1 man/man5/bounce-milter.conf.5
            bash-completion/completions/bouncectl
            doc/bounce-milter/LICENSE doc/bounce-milter/schema.md
            doc/bounce-milter/examples/postfix/main.cf.example
            doc/bounce-milter/examples/sendmail/bounce-milter.mc));
    is_deeply [ map { s{.*/}{}r } glob "$root$share/bounce-milter/rules/*" ],
        [ map { s{.*/}{}r } glob 'etc/rules/*.rules' ], 'all rules';
};

subtest 'paths' => sub {
    my $units = '/opt/bm/units';
    like slurp("$units/bounce-milter.service"),
        qr{^ExecStart=/opt/bm/sbin/bounce-milter -c /opt/etc/bounce-milter/bounce-milter\.conf$}m,
        'the daemon';
    like slurp("$units/bounce-milter-housekeeping.service"),
        qr{^ExecStart=/opt/bm/bin/bouncectl housekeeping -c /opt/etc/}m, 'bouncectl';
    like slurp('/opt/bm/share/doc/bounce-milter/examples/sendmail/bounce-milter.mc'),
        qr{P=/opt/bm/bin/bouncectl}, "Sendmail's mailer";
    for my $file (installed()) {
        unlike slurp($file), qr{\@(?:s?bindir|sysconfdir|sandbox)\@},
            "$file: nothing is left to fill in";
    }
};

subtest 'documents' => sub {
    my $folder = '/opt/bm/share/doc/bounce-milter';
    for my $document (grep {m{^$folder/[^/]+\.md\z}} installed()) {
        for my $link (slurp($document) =~ /\]\(([^)#:]+)[^):]*\)/g) {
            ok -e "$root$folder/$link", "$document leads to $link";
        }
    }
    like slurp("$folder/install.md"), qr{ $folder/examples/mailbox\.conf }, 'and names examples';
};

subtest 'units' => sub {
    for my $unit (sort glob "$root/opt/bm/units/*.service") {
        my $name = $unit =~ s{.*/}{}r;
        like slurp("/opt/bm/units/$name"), qr/^User=bounce\w+$/m, "$name: an account of its own";
        is exposure($unit), 1, "$name: exposed to 2.0 at most";
    }
};

subtest 'again, and away' => sub {
    my $conf = "$root/opt/etc/bounce-milter/bounce-milter.conf";
    open my $out, '>', $conf or die "$conf: $!\n";
    print $out "mine = yes\n";
    close $out;
    make('install-data');
    is slurp('/opt/etc/bounce-milter/bounce-milter.conf'), "mine = yes\n", 'configuration is kept';
    make('uninstall');
    my @kept = map { "/opt/etc/bounce-milter/$_.conf" } sort @daemon;
    is_deeply [ installed() ], \@kept, 'only that is left';
};

done_testing;
