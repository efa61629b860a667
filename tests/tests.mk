# SPDX-License-Identifier: BSD-2-Clause
#
# Testing, and everything else that is no building. Targets that need servers set up first and
# then call a make of their own, because this one asked pkg-config before the packages were there.

# quiet, and on all cores unless the caller has said how many
MAKE_AGAIN = $(MAKE) -s --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
NEEDS      = CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' sh tests/setup.sh check

##@ Test

.PHONY: setup test check check-faults sanitize
## setup: install the Debian packages that are missing
setup:
	@sh tests/setup.sh install build server

# The unit tests that ask a database; make test leaves them to make check.
UNIT_NEEDS_DATABASE := $(patsubst %,$(BUILD)/tests/unit/db/%,\
	test_pg test_pool test_rows test_group_commit parameters/test_parameter_cache \
	schema/test_migrate)

## test: all that needs no server: offline, as an ordinary user, installing nothing
test:
	@$(NEEDS) build
	@$(MAKE_AGAIN) all unit-tests
	@BUILD=$(BUILD) perl tests/check.pl --no-server \
		$(filter-out $(UNIT_NEEDS_DATABASE),$(UNIT_BIN)) tests/house

## check: set up, build and run all tests; TESTS=... picks files or folders
check:
	@sh tests/setup.sh install build server || { \
		echo 'check: going on with what needs no server'; $(MAKE_AGAIN) test; exit 1; }
	@$(MAKE_AGAIN) all unit-tests
	@BUILD=$(BUILD) UNIT_TESTS='$(UNIT_BIN)' perl tests/check.pl $(TESTS)

## check-faults: break things while bounces come in, add up, and print the table; LONG=1 at length
check-faults: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) BOUNCE_FAULTS_LONG=$(LONG) HARNESS_VERBOSE=1 \
		perl tests/check.pl tests/e2e/faults $(if $(LONG),tests/endurance)

## check-mailbox: servers that lie about a mailbox; what make check does of faults, at length
.PHONY: check-mailbox
check-mailbox: setup
	@$(MAKE_AGAIN) all $(BUILD)/tests/mailbox/fast_clock.so
	@BUILD=$(BUILD) BOUNCE_MAILBOX_LONG=1 HARNESS_VERBOSE=1 perl tests/check.pl tests/mailbox \
		$(addprefix tests/e2e/fetch/,faults.t idle.t killed.t lmtp.t)
$(BUILD)/tests/mailbox/fast_clock.so: tests/mailbox/fast_clock.c
	@mkdir -p $(@D)
	$(Q)$(call say,CC,$<)$(CC) -D_GNU_SOURCE -DFAST_CLOCK_FACTOR=300 -O2 $(WARNINGS) \
		-shared -fPIC -o $@ $<

## check-mta: Exim, Sendmail and sieve by the recipes of etc/; unpacks their packages into build/mta
MTA := $(CURDIR)/build/mta
.PHONY: check-mta
check-mta: setup
	@sh tests/setup.sh install mta
	@sh tests/mta/unpack.sh $(MTA)/exim exim4-base exim4-config exim4-daemon-light \
		'libgnutls-dane0t64|libgnutls-dane0' libidn12
	@sh tests/mta/unpack.sh $(MTA)/sendmail sendmail-base sendmail-bin sendmail-cf libwrap0
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) MTA=$(MTA) HARNESS_VERBOSE=1 perl tests/check.pl tests/mta

## check-monitor: alert rules and board, held to Debian's Prometheus, which is not installed
PROMETHEUS ?= $(CURDIR)/build/prometheus/usr/bin
export PROMETHEUS
.PHONY: check-monitor
check-monitor:
	@[ -x $(PROMETHEUS)/prometheus-node-exporter ] || { mkdir -p build/prometheus && \
		cd build/prometheus && apt-get -q download prometheus prometheus-node-exporter && \
		for package in *.deb; do dpkg -x $$package . || exit 1; done; }
	@$(MAKE_AGAIN) check TESTS=tests/monitor

## check-browser: the console in Chromium, held to axe-core; TESTS="monday visit forty"
BROWSER := $(CURDIR)/build/browser
.PHONY: check-browser
check-browser:
	@sh tests/setup.sh install build server browser
	@$(MAKE_AGAIN) all $(BROWSER)/node_modules/.package-lock.json
	@BUILD=$(BUILD) BROWSER=$(BROWSER) PARTS='$(TESTS)' perl tests/check.pl \
		$(if $(TESTS),$(if $(filter-out forty,$(TESTS)),tests/browser/console.t) \
		$(if $(filter forty,$(TESTS)),tests/browser/forty.t),tests/browser)
$(BROWSER)/node_modules/.package-lock.json: tests/browser/package.json \
		tests/browser/package-lock.json
	@mkdir -p $(BROWSER) && cp $^ $(BROWSER)
	@cd $(BROWSER) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

## sanitize: make check under AddressSanitizer and UBSan; TESTS=... picks
sanitize:
	@$(MAKE_AGAIN) check SANITIZE=address,undefined

## check-ha: Patroni, etcd, two Postfix with a milter each; the leader dies under load
.PHONY: check-ha
check-ha:
	@sh tests/setup.sh install build server ha
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) prove -v --exec tests/run-one tests/ha/failover.t

.PHONY: unit-tests
unit-tests: $(UNIT_BIN)

## fuzz: run every fuzzer for TIME seconds (60)
.PHONY: fuzz
fuzz:
	@$(NEEDS) build fuzz
	@$(MAKE_AGAIN) $(BUILD)/libclassifier.a
	@sh tests/fuzz/run.sh $(BUILD) $(or $(TIME),60)

## score: hold the classifier against labelled mails, if there are any in CORPUS
CORPUS ?= ../shared/corpus
.PHONY: score
score: setup
	@$(MAKE_AGAIN) $(BUILD)/bouncectl
	@if [ -e $(CORPUS)/score.py ]; then \
		$(BUILD)/bouncectl classify --json $(CORPUS)/mails >$(BUILD)/score.jsonl && \
		python3 $(CORPUS)/score.py $(BUILD)/score.jsonl --families 0 \
			--show fp,fn,rcpt,det,class,und,nb; \
	else echo "score: there are no labelled mails in $(CORPUS); set CORPUS"; fi

##@ Look at the code

# Every C file of ours.
C_FILES := $(sort $(wildcard $(foreach l,$(LAYERS),$(l)/*.[ch] $(l)/*/*.[ch]) \
	tests/unit/*.h tests/unit/*/*.h tests/unit/*/*/*.h $(UNIT_SRC) tests/fuzz/*.[ch] \
	tests/bench/*.c tests/mailbox/*.c))

## layers: draw the layers; fail if an arrow goes up, or in a circle
.PHONY: layers
layers: all
	@perl tests/house/layers.pl $(BUILD)

## lint: clang-tidy, cppcheck, shellcheck, perlcritic, man pages, layout
.PHONY: lint lint-c lint-shell lint-perl lint-man lint-layout
lint: lint-layout lint-man lint-shell lint-perl lint-c
lint-layout:
	@perl tests/house/layout.pl
lint-man:
	@$(NEEDS) lint
	@mandoc -T lint -W warning $(wildcard doc/*.[158])
lint-shell:
	@$(NEEDS) lint
	@sh tests/house/lint-shell.sh
lint-perl:
	@$(NEEDS) lint
	@sh tests/house/lint-perl.sh
lint-c: compile_commands.json
	@$(NEEDS) lint
	@clang-format --dry-run -Werror $(C_FILES)
	@sh tests/house/lint-c.sh $(BUILD) $(LAYERS)

## coverage: the lines that make test runs, by layer and as HTML; WITH=check counts all
.PHONY: coverage
coverage:
	@$(NEEDS) build coverage
	@sh tests/house/coverage.sh $(or $(WITH),test) $(LAYERS)

## compile_commands.json: how each C file is compiled, for editors and clang-tidy
compile_commands.json: Makefile tests/tests.mk $(C_FILES)
	@$(MAKE_AGAIN) all unit-tests
	@$(MAKE) -Bn V=1 all unit-tests | perl tests/house/compile-commands.pl >$@

## format: lay out the C files as .clang-format says
.PHONY: format
format:
	clang-format -i $(C_FILES)

## reference: write doc/parameters.md and doc/schema.md from the schema's own comments
.PHONY: reference
reference: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl doc/reference.pl

##@ Demo and benchmarks

.PHONY: demo demo-stop
## demo: the main job, end to end, on private servers; KEEP=1 leaves them running
demo: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) KEEP=$(KEEP) perl demo/demo.pl

## screenshots: pictures of the console with the demo's data, into doc/pictures (Chromium)
.PHONY: screenshots
screenshots:
	@sh tests/setup.sh install build server browser
	@$(MAKE_AGAIN) all $(BROWSER)/node_modules/.package-lock.json
	@mkdir -p doc/pictures
	@BUILD=$(BUILD) BROWSER=$(BROWSER) PICTURES=$(CURDIR)/doc/pictures perl demo/demo.pl

## demo-stop: stop what make demo KEEP=1 left running
demo-stop:
	@perl demo/demo.pl --stop

.PHONY: bench bench-start bench-memory bench-postfix bench-fetch bench-delivery bench-db
.PHONY: bench-classify bench-replication bench-console
## bench: run all benchmarks below, or ONLY='db postfix', and write doc/performance.md
bench: setup
	@$(MAKE_AGAIN) all $(addprefix $(BUILD)/tests/bench/,classify discard_milter)
	@BUILD=$(BUILD) ONLY='$(ONLY)' perl tests/bench/all.pl

## bench-start: how long bouncectl takes to start
bench-start: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/start.pl

## bench-memory: memory and disk after many bounces; LONG=1 takes 100,000
bench-memory: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/memory.pl

## bench-postfix: bounces a second, against Postfix with a milter that discards, and alone
bench-postfix: setup
	@$(MAKE_AGAIN) all $(BUILD)/tests/bench/discard_milter
	@BUILD=$(BUILD) perl tests/bench/postfix.pl

## bench-fetch: bounces a second out of a mailbox, against bouncectl intake; LONG=1 reads 50,000
bench-fetch: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/fetch.pl

## bench-delivery: bounce-delivery against smtp-source, messages a second
bench-delivery: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/delivery.pl

## bench-db: recording against bare statements: new, large, in an outage; ROWS=10000000
bench-db: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/db.pl

## bench-replication: what a COMMIT costs that waits for a standby, against one that does not
bench-replication: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/replication.pl

## bench-console: the server's time for each page, with a million mails and ten thousand tasks
bench-console: setup
	@$(MAKE_AGAIN) all
	@BUILD=$(BUILD) perl tests/bench/console.pl

## bench-classify: cost of parsing and classifying, against GMime alone; MAILS=...
MAILS ?= tests/mails
bench-classify: setup
	@$(MAKE_AGAIN) $(BUILD)/tests/bench/classify
	@$(BUILD)/tests/bench/classify $(MAILS)

$(BUILD)/tests/bench/%: tests/bench/%.c $(call libs,classifier base) $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(call say,BENCH,$@)$(CC) $(BASE_CFLAGS) $(LDHARDEN) $(LDFLAGS) \
		$(call pkg_cflags,glib-2.0 gmime-3.0) -o $@ $< \
		$(call libs,classifier base) $(LIBS_all)

$(BUILD)/tests/bench/discard_milter: tests/bench/discard_milter.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(call say,BENCH,$@)$(CC) $(BASE_CFLAGS) $(LDHARDEN) $(LDFLAGS) -o $@ $< -lmilter
