#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# The name server of the little world in hosts.tsv: every mail system under
# test asks this one, on 127.0.0.1:53, and nothing else exists.
use strict;
use warnings;
use Net::DNS::Nameserver;

my %host;
open(my $table, '<', $ARGV[0]) or die "$ARGV[0]: $!";
while (<$table>) {
	next if /^#/;
	chomp;
	my ($domain, $address, $offers) = split /\t/;
	$host{$domain} = {address => $address, offers => $offers};
}

my %address = ('localhost' => '127.0.0.1', 'example.org' => '192.0.2.1');
my %name    = ('1.0.0.127' => 'localhost');
for my $domain (keys %host) {
	next if $host{$domain}{address} eq '-';
	my $mx = $domain eq 'mx.example.org' ? $domain : "mx.$domain";
	$address{$mx} = $host{$domain}{address};
	$name{join '.', reverse split /\./, $host{$domain}{address}} = $mx;
}

sub rr { return Net::DNS::RR->new(@_) }

sub reply {
	my ($qname, undef, $qtype) = @_;
	my $key  = lc $qname;
	my $host = $host{$key};

	if ($key =~ /^([0-9.]+)\.in-addr\.arpa$/) {
		return ('NXDOMAIN', [], [], []) unless $name{$1};
		my @answer = $qtype eq 'PTR' ? rr("$qname 60 PTR $name{$1}") : ();
		return ('NOERROR', [@answer], [], [], {aa => 1});
	}
	my $offers = $host ? $host->{offers} : '';
	return ('SERVFAIL', [], [], []) if $offers eq 'SERVFAIL';

	my @answer;
	if ($qtype eq 'MX' && $host && $offers ne 'NODATA') {
		my $mx = $offers =~ /^MX (.*)/ ? $1 : $offers eq 'NULLMX' ? '.' : "mx.$key";
		$mx = $key if $key eq 'mx.example.org';
		@answer = (rr("$qname 60 MX " . ($mx eq '.' ? 0 : 10) . " $mx"));
	}
	push @answer, rr("$qname 60 A $address{$key}") if $qtype eq 'A' && $address{$key};
	# names without an address of their own still exist
	my $known = $host || $address{$key} || grep { /(^|\.)\Q$key\E$/ } keys %address;
	return ($known ? 'NOERROR' : 'NXDOMAIN', \@answer, [], [], {aa => 1});
}

my $server = Net::DNS::Nameserver->new(
	LocalAddr    => '127.0.0.1',
	LocalPort    => 53,
	ReplyHandler => \&reply,
) or die 'no name server';
$server->main_loop;
