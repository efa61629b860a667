#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds every tests/fuzz/fuzz_*.c with libFuzzer and the sanitizers and runs
# each for TIME seconds, seeded by the tests' own mails. What is found stays in
# BUILD/fuzz/<name>/; put into tests/fuzz/found/<name>/, it is tried by make test.
#
#   sh tests/fuzz/run.sh BUILD TIME [NAME...]
set -eu

build=$1
time=$2
shift 2
work=$build/fuzz
folders='base classifier console/http console/session db/values delivery/smtp fetch net'
packages='glib-2.0 gmime-3.0 json-glib-1.0 libidn2 openssl'
sanitizers='address,undefined -fno-sanitize-recover=all'
flags="-std=c17 -D_GNU_SOURCE -O2 -g"

mkdir -p "$work/objects"
for kind in report delivery_status prose classify statement rules expression return_date \
	reply_reader imap pop3 lmtp oauth_reply form transcript; do
	mkdir -p "$work/seeds/$kind"
done
# a header or a generated file that has changed means everything anew
# shellcheck disable=SC2086
if [ -n "$(find $folders "$build/gen" \( -name '*.[hd]*' -o -name '*.inc' \) \
	-newer "$work/objects/stamp" 2>&1)" ]; then
	rm -f "$work"/objects/*.o
	touch "$work/objects/stamp"
fi
# shellcheck disable=SC2086,SC2046
for source in base/*.c classifier/*/*.c db/values/token.c delivery/smtp/reply_reader.c \
	delivery/smtp/ehlo_extensions.c net/stream.c net/secret_filter.c net/tls.c \
	net/connection.c net/oauth_reply.c \
	fetch/imap/dialogue.c fetch/imap/lexer.c fetch/pop3/dialogue.c fetch/lmtp_session.c \
	console/http/form.c console/http/request.c console/session/seal.c; do
	object=$work/objects/$(echo "$source" | tr / _).o
	# Tables of patterns and words compare without end: to note each comparison took half of the
	# time, and what is worth finding by them stands in the dictionaries.
	case $source in
	classifier/*) coverage="-fsanitize-coverage=inline-8bit-counters,pc-table" ;;
	*) coverage="-fsanitize=fuzzer-no-link" ;;
	esac
	if [ -z "$(find "$object" -newer "$source" 2>/dev/null)" ]; then
		${CLANG:-clang} $flags $coverage -fsanitize=$sanitizers -I. -I"$build/gen" \
			$(pkg-config --cflags $packages) -c -o "$object" "$source"
	fi
done

find tests/mails -name '*.eml' | while read -r mail; do
	cp "$mail" "$work/seeds/report/$(echo "$mail" | tr / _)"
done
cp etc/rules/*.rules "$work/seeds/rules"
# one seed for each example and pattern of the shipped rules
sed -n 's/^\(example\|counter\) *= *//p' etc/rules/*.rules |
	awk -v dir="$work/seeds/classify" \
		'{ print > (dir "/example-" NR); close(dir "/example-" NR) }'
sed -n 's/^\(example\|counter\) *= *//p' etc/rules/*.rules | awk -v dir="$work/seeds/statement" \
	'{ print "rita@customer.example\n" $0 > (dir "/example-" NR); close(dir "/example-" NR) }'
sed -n 's/^match *= *//p' etc/rules/*.rules |
	awk -v dir="$work/seeds/rules" '{ print > (dir "/match-" NR); close(dir "/match-" NR) }'
sed -n 's/^match *= *//p' etc/rules/*.rules |
	awk -v dir="$work/seeds/expression" \
		'{ print $0 "\n550 user unknown" > (dir "/" NR); close(dir "/" NR) }'
printf '250-mx\r\n250-SIZE 9\r\n250 AUTH PLAIN\r\n550-5.1.1 a\r\n550 5.1.1 b\r\n' \
	>"$work/seeds/reply_reader/replies"
for mail in tests/mails/dsn-*.eml; do
	sed -n '/^Reporting-MTA/,/^--/p' "$mail" >"$work/seeds/delivery_status/$(basename "$mail")"
done
for mail in tests/mails/prose-*.eml tests/mails/delay-*.eml; do
	{ sed -n 's/^Subject: //p;/^$/q' "$mail" | head -n 1; sed '1,/^$/d' "$mail"; } \
		>"$work/seeds/prose/$(basename "$mail")"
done
sed -n 's/^.*{ *"\(.*\)", "[-0-9]*" *},$/Sat, 21 Nov 2026 09:00:00 +0100|\1/p' \
	tests/unit/classifier/prose/test_return_date.c | split -l 1 - "$work/seeds/return_date/"
sed -i 's/|/\n/' "$work"/seeds/return_date/*

for folder in tests/fuzz/found/*; do
	cp "$folder"/* "$work/seeds/$(basename "$folder")"
done

# Half of the time went into weighing inputs by how rare their features are, and into the call
# stack of each allocation.
export ASAN_OPTIONS="${ASAN_OPTIONS:-malloc_context_size=1:quarantine_size_mb=4}"
quick='-entropic=0 -reload=0'

# an archive: a harness may have a function of its own in place of one of ours
rm -f "$work/objects.a"
ar rcs "$work/objects.a" "$work"/objects/*.o
for harness in tests/fuzz/fuzz_*.c; do
	name=$(basename "$harness" .c)
	name=${name#fuzz_}
	case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
	# shellcheck disable=SC2086,SC2046
	${CLANG:-clang} $flags -fsanitize=fuzzer,$sanitizers -I. -I"$build/gen" \
		$(pkg-config --cflags $packages) -o "$work/fuzz_$name" "$harness" \
		"$work/objects.a" $(pkg-config --libs $packages)
	mkdir -p "$work/$name/corpus"
	seeds=$work/seeds/$name
	[ -d "$seeds" ] || seeds=
	case $name in # one reply, or one session: what is longer only costs time
	classify | statement | transcript) longest=3000 ;;
	*) longest=20000 ;;
	esac
	dict=tests/fuzz/$name.dict
	[ -e "$dict" ] || dict=tests/fuzz/report.dict
	echo "fuzz $name for $time s"
	# shellcheck disable=SC2086
	"$work/fuzz_$name" -max_total_time="$time" -timeout=10 -rss_limit_mb=2000 \
		-max_len="$longest" $quick \
		-dict="$dict" -artifact_prefix="$work/$name/" "$work/$name/corpus" \
		${seeds:+"$seeds"} \
		>"$work/$name/fuzz.log" 2>&1 || { tail -n 30 "$work/$name/fuzz.log"; exit 1; }
	tail -n 1 "$work/$name/fuzz.log"
done
