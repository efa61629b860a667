#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds every tests/fuzz/fuzz_*.c with libFuzzer and the sanitizers and runs
# each for TIME seconds, seeded by the tests' own mails. What is found stays in
# BUILD/fuzz/<name>/ and becomes a row of a test.
#
#   sh tests/fuzz/run.sh BUILD TIME [NAME...]
set -eu

build=$1
time=$2
shift 2
work=$build/fuzz
packages='glib-2.0 gmime-3.0 json-glib-1.0 libhs libidn2 libcrypto'
flags='-std=c17 -D_GNU_SOURCE -DBM_VERSION="fuzz" -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'

mkdir -p "$work/objects" "$work/seeds/report" "$work/seeds/delivery_status" "$work/seeds/prose"
# shellcheck disable=SC2086,SC2046
for source in base/*.c classifier/*.c; do
	object=$work/objects/$(echo "$source" | tr / _).o
	if [ ! "$object" -nt "$source" ]; then
		${CLANG:-clang} $flags -I. $(pkg-config --cflags $packages) -c -o "$object" "$source"
	fi
done

cp tests/mails/*.eml "$work/seeds/report"
for mail in tests/mails/dsn-*.eml; do
	sed -n '/^Reporting-MTA/,/^--/p' "$mail" >"$work/seeds/delivery_status/$(basename "$mail")"
done
for mail in tests/mails/prose-*.eml tests/mails/delay-*.eml; do
	{ sed -n 's/^Subject: //p;/^$/q' "$mail" | head -n 1; sed '1,/^$/d' "$mail"; } >"$work/seeds/prose/$(basename "$mail")"
done

for harness in tests/fuzz/fuzz_*.c; do
	name=$(basename "$harness" .c)
	name=${name#fuzz_}
	case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
	# shellcheck disable=SC2086,SC2046
	${CLANG:-clang} ${flags%% -fsanitize=*} -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. \
		$(pkg-config --cflags $packages) -o "$work/fuzz_$name" "$harness" "$work"/objects/*.o $(pkg-config --libs $packages)
	mkdir -p "$work/$name/corpus"
	seeds=$work/seeds/$name
	[ -d "$seeds" ] || seeds=
	echo "fuzz $name for $time s"
	"$work/fuzz_$name" -max_total_time="$time" -timeout=10 -rss_limit_mb=2000 -max_len=20000 \
		-dict=tests/fuzz/report.dict -artifact_prefix="$work/$name/" "$work/$name/corpus" ${seeds:+"$seeds"} \
		>"$work/$name/fuzz.log" 2>&1 || { tail -n 30 "$work/$name/fuzz.log"; exit 1; }
	tail -n 1 "$work/$name/fuzz.log"
done
