#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# make layers: shows that arrows between layers go one way only. What a layer's
# objects ask for must be defined by itself or by a layer to its left; outside
# libraries are met in the places made for them.
# usage: layers.sh BUILD_DIRECTORY
set -eu
build=$1
layers='base classifier db daemon intake milter delivery ctl'
# milter, delivery and ctl stand side by side: none may use another
beside='milter delivery ctl'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
faults=0

fault() {
	printf 'FAULT  %s\n' "$1"
	faults=$((faults + 1))
}

present=''
for layer in $layers; do
	[ -e "$build/lib$layer.a" ] || continue
	present="$present $layer"
	nm -g --defined-only "$build/lib$layer.a" | awk 'NF == 3 { print $3 }' | sort -u >"$work/$layer.defined"
	nm -gu "$build/lib$layer.a" | awk '$1 == "U" { print $2 }' | sort -u >"$work/$layer.asked"
done

# 1. symbols
for layer in $present; do
	uses=''
	seen=no
	for other in $present; do
		count=$(comm -12 "$work/$layer.asked" "$work/$other.defined" | wc -l)
		if [ "$other" = "$layer" ]; then
			seen=yes
			continue
		fi
		[ "$count" -eq 0 ] && continue
		uses="$uses $other($count)"
		forbidden=$seen
		case " $beside " in *" $layer "*) case " $beside " in *" $other "*) forbidden=yes ;; esac ;; esac
		if [ "$forbidden" = yes ]; then
			fault "$layer uses $other: $(comm -12 "$work/$layer.asked" "$work/$other.defined" | head -3 | tr '\n' ' ')"
		fi
	done
	printf '%-11s uses%s\n' "$layer" "${uses:- nothing of ours}"
done

# 2. outside libraries, by the symbols that are asked for
only_in() { # library, symbol prefix, layers
	for layer in $present; do
		case " $3 " in *" $layer "*) continue ;; esac
		if grep -q "^$2" "$work/$layer.asked"; then
			fault "$layer calls $1: $(grep "^$2" "$work/$layer.asked" | head -3 | tr '\n' ' ')"
		fi
	done
	printf '%-11s only in %s\n' "$1" "$3"
}
only_in libmilter smfi_ milter
only_in libpq PQ db
only_in GMime g_mime_ 'classifier delivery'
only_in libESMTP smtp_create_session delivery
only_in Hyperscan hs_ classifier

# 3. outside headers: one door each; a benchmark may measure what is behind it
one_door() { # header, the file that may include it, or several as a pattern
	others=$(grep -rlE --include='*.[ch]' "#include [<\"]$1" $present tests 2>/dev/null | grep -vE "^($2|tests/bench/.*)\$" || true)
	[ -z "$others" ] || fault "<$1> is included by $others, not by $2 alone"
	printf '%-11s only through %s\n' "<$1>" "$2"
}
# one door for reading a stranger's bytes, one for writing our own, and the test of the latter
one_door gmime/gmime.h 'classifier/mime/mime.c|delivery/compose.c|tests/unit/delivery/test_compose.c'
one_door libesmtp.h delivery/smtp.c
one_door libpq-fe.h db/pg.h

# 4. no SQL but in db
sql=$(grep -rnE --include='*.[ch]' '"[^"]*(SELECT|INSERT INTO|UPDATE|DELETE FROM) [^"]*bounce\.' base classifier daemon intake delivery || true)
[ -z "$sql" ] || fault "SQL outside db: $sql"

if [ "$faults" -gt 0 ]; then
	printf '%d fault(s)\n' "$faults"
	exit 1
fi
echo 'the layers hold'
