#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# make check-deb: what an administrator trusts the package with. lintian finds nothing; the package
# of a later commit is an upgrade; a second build, elsewhere and in other circumstances, is the
# same to the byte; on a fresh Debian 12 and 13 the README is followed literally, a bounce is
# recorded, and upgrade, removal and purge do what they should; a much older package, with a
# database that was used, is upgraded, and gone back to; under a systemd of its own, each unit does
# its work in its sandbox, and one that is stuck is started anew; the same with the sources, as
# doc/install.md says; and Sendmail, attached as its example says, has both its ways recorded. The
# Containerfile is built and run (container.t).
# Needs root and a mirror of Debian. Arguments: the parts to run. BEFORE is the older package, or
# the commit it is built from: the first one that has a package, if git knows the history.
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Path qw(make_path remove_tree);
use Test::More;

my $tree = getcwd();
my $work = "$tree/build/check-deb";
my ($deb) = glob "$tree/bounce-milter_*.deb";
$> == 0 or plan skip_all => 'needs root';
$deb or BAIL_OUT('no package: make deb');

sub succeeds {
    my ($name, @command) = @_;
    my $log = "$work/" . $name =~ s/\W+/-/gr . '.log';
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDOUT, '>',  $log    or die "$log: $!\n";
        open STDERR, '>&', *STDOUT or die "stderr: $!\n";
        exec @command or die "$command[0]: $!\n";
    }
    waitpid $pid, 0;
    return ok($? == 0, $name) || diag(qx(tail -n 40 '$log'));
}

# The same package with a higher version, and with a default changed that a site may have changed.
sub next_version {
    my $dir  = "$work/next";
    my $next = "$work/next.deb";
    remove_tree($dir);
    system("dpkg-deb -R '$deb' '$dir'") == 0 or die "dpkg-deb: $?\n";
    system("sed -i 's/^Version: .*/&+next/' '$dir/DEBIAN/control'") == 0 or die "sed: $?\n";
    system("echo '# new' >>'$dir/etc/bounce-milter/bounce-milter.conf'") == 0 or die "echo: $?\n";
    system("dpkg-deb --root-owner-group -b '$dir' '$next' >/dev/null") == 0 or die "dpkg-deb: $?\n";
    return $next;
}

# The lines of code in a chapter: its first ones, or those of this number.
sub commands_of {
    my ($document, $chapter, $number) = @_;
    open my $in, '<', $document or die "$document: $!\n";
    local $/;
    my ($text) = <$in> =~ /^## \Q$chapter\E\n(.*?)(?=^## |\z)/ms;
    my @code = ($text // '') =~ /^((?: {4}[^\n]*\n)(?:\n*(?: {4}[^\n]*\n))*)/mg;
    return $code[ $number // 0 ] // die "$document: no commands in $chapter\n";
}

sub give_commands {
    my ($path, @commands) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print $out commands_of(@commands);
    close $out or die "$path: $!\n";
    return;
}

# What git knows of the tree, as somebody gets it who clones it.
sub pack_sources {
    my ($tar) = @_;
    my $files = 'git ls-files -z --cached --others --exclude-standard';
    system("$files | tar --create --null --files-from=- --ignore-failed-read --file='$tar'") == 0
        or die "tar: $?\n";
    return;
}

sub give {
    my ($to, @from) = @_;
    system('cp', '-r', @from, $to) == 0 or die "cp: $?\n";
    return;
}

# The package to upgrade from, or nothing where nobody knows of an older one.
sub package_before {
    my $commit = $ENV{BEFORE};
    return $commit if -f ($commit // '');
    if (!$commit) {
        return if qx(git rev-parse --is-shallow-repository) ne "false\n";
        ($commit) = qx(git log --diff-filter=A --format=%h -- debian/control) =~ /(\S+)\s*\z/;
    }
    my $source = "$work/before-$commit";
    if (!glob "$source/package/*.deb") {
        remove_tree($source);
        make_path($source);
        system("git archive '$commit' | tar --extract --directory='$source'") == 0
            or die "BEFORE: no such commit: $commit\n";
        succeeds("the package of $commit", 'sh', '-c', "cd '$source' && sh debian/build.sh package")
            or return;
    }
    return (glob "$source/package/bounce-milter_*.deb")[0];
}

# What somebody has who begins to read the README; kept for the next time.
sub base_of {
    my ($suite) = @_;
    my $base = ($ENV{DEBIAN_BASES} // "$tree/build/debian") . "/$suite";
    return $base if -e "$base/prepared";
    make_path($base);
    succeeds("$suite: a fresh Debian", 'sh', 'tests/package/fresh.sh', $suite, $base) or return;
    return $base;
}

make_path($work);
my @all = (
    qw(lintian versions again bookworm trixie upgrade-bookworm upgrade-trixie),
    qw(systemd-bookworm systemd-trixie source-bookworm source-trixie),
    qw(sendmail-bookworm sendmail-trixie container)
);
my %part = map { ($_ => 1) } @ARGV ? @ARGV : @all;
succeeds('lintian finds nothing', qw(lintian --fail-on), 'error,warning', '--allow-root', $deb)
    if delete $part{lintian};

# What apt compares: a package of a later commit is newer, that of the same one is not.
subtest 'versions' => sub {
    my $clone = "$work/versions";
    remove_tree($clone);
    make_path("$clone/debian");
    give("$clone/debian", map {"debian/$_"} qw(build.sh version.sh changelog));
    my $version = qx(dpkg-parsechangelog --show-field Version) =~ s/\s+\z//r;
    # a build that ends before it compiles anything: its folder has the name
    my $of = sub {
        my ($time, @git) = @_;
        local @ENV{qw(GIT_COMMITTER_DATE TZ)} = ("2027-01-01T$time", 'Asia/Tokyo');
        my @known = qw(-c user.name=x -c user.email=x);
        system('git', '-C', $clone, @known, @$_) == 0 or die "git: $?\n" for @git;
        system("cd '$clone' && sh debian/build.sh out >/dev/null 2>&1");
        return map { m{/bounce-milter-([^/]+)\z} } glob "$clone/out/bounce-milter-*";
    };
    my $commit = [ qw(commit -q --allow-empty -m x) ];
    my @built  = (
        $version,
        $of->('08:00:00Z', [qw(init -q)], [qw(add -A)], $commit),
        $of->('09:30:00+01:00', $commit),
        $of->('08:30:01Z', $commit)
    );
    for (1 .. $#built) {
        ok system('dpkg', '--compare-versions', $built[$_], 'gt', $built[ $_ - 1 ]) == 0,
            "$built[$_] is newer than $built[$_ - 1]";
    }
    my ($again, $release) = ($of->('10:00:00Z'), $of->('10:00:00Z', [ 'tag', "v$version" ]));
    is $again,   $built[-1], 'another build of the same commit is as old';
    is $release, $version,   'a release has the bare version';
} if delete $part{versions};

subtest 'a second build' => sub {
    local @ENV{qw(TZ LC_ALL DEB_BUILD_OPTIONS)} = ('Asia/Tokyo', 'C', 'nocheck parallel=1');
    my $again = "$work/second/build";
    my $umask = umask 0077;
    succeeds('in another place, language and time zone', 'sh', 'debian/build.sh', $again);
    umask $umask;
    succeeds('is the same to the byte', 'cmp', $deb, glob "$again/bounce-milter_*.deb");
} if delete $part{again};

succeeds('a container', $^X, qw(-Itests/lib tests/package/container.t)) if delete $part{container};

# part => suite, script in its chroot, where the commands stand that it follows
my @package = ('README.md',      'Install');
my @source  = ('doc/install.md', 'On other systems');
my %life    = (
    bookworm            => [ 'bookworm', 'inside.sh',   @package ],
    trixie              => [ 'trixie',   'inside.sh',   @package ],
    'systemd-bookworm'  => [ 'bookworm', 'systemd.sh',  @package ],
    'systemd-trixie'    => [ 'trixie',   'systemd.sh',  @package ],
    'upgrade-bookworm'  => [ 'bookworm', 'upgrade.sh',  @package ],
    'upgrade-trixie'    => [ 'trixie',   'upgrade.sh',  @package ],
    'source-bookworm'   => [ 'bookworm', 'source.sh',   @source ],
    'source-trixie'     => [ 'trixie',   'source.sh',   @source ],
    'sendmail-bookworm' => [ 'bookworm', 'sendmail.sh', @package ],
    'sendmail-trixie'   => [ 'trixie',   'sendmail.sh', @package ],
);
for my $part (sort keys %part) {
    my ($suite, $script, @commands) = @{ $life{$part} // die "no such part: $part\n" };
    my $before = $script eq 'upgrade.sh' && package_before();
SKIP: {
        skip "$part: git knows no older package, give BEFORE=FILE.deb", 1
            if $script eq 'upgrade.sh' && !$before;
        my $base = base_of($suite) or next;
        my $root = "$work/$part";
        remove_tree($root);
        make_path("$root/merged", "$root/upper", "$root/workdir", "$root/given");
        give("$root/given", $deb, next_version(),
            map { "tests/package/$_" } 'lib.sh', $script, 'systemctl');
        if ($before) {
            give("$root/given", qw(tests/package/filled.sh tests/upgrade/picture.sql));
            give("$root/given/before.deb", $before);
            give("$root/given/mails",   'demo/mails');
            give("$root/given/samples", 'tests/mails');
        }
        give_commands("$root/given/install", @commands);
        give_commands("$root/given/attach", 'doc/install.md', 'Attach it to Postfix');
        give_commands("$root/given/roles",  'README.md', 'Install', 1);
        give_commands("$root/given/send",   'README.md', 'Send with it');
        pack_sources("$root/given/source.tar") if $script eq 'source.sh';
        my @boot = $script eq 'systemd.sh' ? 'boot' : ();
        system(qw(unshare --mount --uts --ipc --pid --cgroup --fork --kill-child sh),
            'tests/package/overlay.sh', $base, $root, $script, @boot);
        my $status = $?;
        print qx(cat '$root/given/out') if @boot;
        is $status, 0, $part;
    }
}
done_testing;
