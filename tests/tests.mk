# SPDX-License-Identifier: BSD-2-Clause
# The targets that need servers. Set-up comes first and then a make of its own, because
# this one asked pkg-config before the packages were there.

# quiet, and on all cores unless the caller has said how many
MAKE_AGAIN = $(MAKE) -s --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: setup check demo demo-stop bench
## setup: install the Debian packages that are missing
setup:
	@sh tests/setup.sh

## check: set up, build and run all tests; TESTS=... picks some
check: setup
	@$(MAKE_AGAIN) all unit-tests
	@BUILD=$(BUILD) UNIT_TESTS='$(UNIT_BIN)' perl tests/check.pl $(TESTS)

## demo: the main job, end to end, on private servers; KEEP=1 leaves them running
demo: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) KEEP=$(KEEP) perl demo/demo.pl

## demo-stop: stop what make demo KEEP=1 left running
demo-stop:
	@perl demo/demo.pl --stop

.PHONY: unit-tests
unit-tests: $(UNIT_BIN)

## bench: bounces per second, against Postfix alone
bench: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench.pl

.PHONY: bench-db
## bench-db: what a bounce costs among many communications, against few; ROWS=10000000
bench-db: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/db.pl
