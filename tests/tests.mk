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

## bench-delivery: bounce-delivery against smtp-source, messages a second
.PHONY: bench-delivery
bench-delivery: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/delivery.pl

## bench: bounces per second, against Postfix alone
bench: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/postfix.pl

.PHONY: bench-db
## bench-db: what a bounce costs among many communications, against few; ROWS=10000000
bench-db: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/db.pl

## bench-classify: cost of parsing and classifying, against GMime alone; MAILS=... picks the mails
MAILS ?= tests/mails
.PHONY: bench-classify
bench-classify: setup
	@$(MAKE_AGAIN) $(BUILD)/tests/bench/classify
	@$(BUILD)/tests/bench/classify $(MAILS)

$(BUILD)/tests/bench/%: tests/bench/%.c $(call libs,classifier base) $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(call say,BENCH,$@)$(CC) $(BASE_CFLAGS) $(LDHARDEN) $(LDFLAGS) $(call pkg_cflags,glib-2.0 gmime-3.0) \
		-o $@ $< $(call libs,classifier base) $(LIBS_all)

## fuzz: run every fuzzer for TIME seconds (60)
.PHONY: fuzz
fuzz: setup
	@command -v clang >/dev/null || { echo "fuzz: needs clang (apt-get install clang)"; exit 1; }
	@sh tests/fuzz/run.sh $(BUILD) $(or $(TIME),60)

## score: hold the classifier against labelled mails in CORPUS (../shared/corpus), where there are some
CORPUS ?= ../shared/corpus
.PHONY: score
score: setup
	@$(MAKE_AGAIN) $(BUILD)/bouncectl
	@if [ -e $(CORPUS)/score.py ]; then \
		$(BUILD)/bouncectl classify --json $(CORPUS)/mails >$(BUILD)/score.jsonl && \
		python3 $(CORPUS)/score.py $(BUILD)/score.jsonl --families 0 --show fp,fn,rcpt,det,class,und,nb; \
	else echo "score: there are no labelled mails in $(CORPUS); set CORPUS"; fi
