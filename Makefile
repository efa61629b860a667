# SPDX-License-Identifier: BSD-2-Clause
#
# bounce-milter: make help lists the targets; HACKING.md says how to work with them.
#
# One directory is one layer and one static library. Which may use which is declared, once, in
# tests/house/layers.txt; make layers draws it.
#
# Honoured: CC, CPPFLAGS, CFLAGS, LDFLAGS, PREFIX, SYSCONFDIR, UNITDIR, SYSUSERSDIR,
# TMPFILESDIR, DESTDIR, SANITIZE=address,undefined, WERROR=-Werror, V=1.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
DESTDIR    ?=

# Each set of sanitizers, and the build that counts lines, has a folder of its own.
comma := ,
BUILD := build$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))$(if $(COVERAGE),/coverage)

CC       ?= cc
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wswitch-enum -Wformat=2 -Wundef -Wvla
WERROR   ?= $(if $(CI),-Werror)
CFLAGS   ?= -O2 -g
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
LDHARDEN := -pie -Wl,-z,relro -Wl,-z,now
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer) \
            $(if $(SANITIZE),-fno-sanitize-recover=all) \
            $(if $(COVERAGE),--coverage -fprofile-update=atomic)

# pkg-config package -> -isystem, so that our warnings are about our code
pkg_cflags = $(subst -I,-isystem ,$(shell pkg-config --cflags $(1) 2>/dev/null))
pkg_libs   = $(shell pkg-config --libs $(1) 2>/dev/null)

# from the top down, as they are linked
LAYERS := console ctl fetch milter delivery intake daemon db classifier net base
PKGS_base       := glib-2.0
PKGS_net        := glib-2.0 json-glib-1.0 libcurl openssl
PKGS_classifier := glib-2.0 gmime-3.0 json-glib-1.0 libidn2 libcrypto
PKGS_db         := glib-2.0 libpq
PKGS_daemon     := glib-2.0
PKGS_intake     := glib-2.0
PKGS_milter     := glib-2.0
PKGS_delivery   := glib-2.0 gmime-3.0 json-glib-1.0 openssl
PKGS_fetch      := glib-2.0 openssl
PKGS_ctl        := glib-2.0 json-glib-1.0
PKGS_console    := glib-2.0 libmicrohttpd
LIBS_all         = $(call pkg_libs,glib-2.0 gmime-3.0 json-glib-1.0 libidn2 libcrypto libpq)

# The GLib of the oldest Debian that is supported: nothing newer is used, and what a newer one calls
# deprecated is right.
GLIB := -DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_74 -DGLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_74

# The system's gcc for C17 with GNU attributes; _GNU_SOURCE for explicit_bzero, pipe2.
BASE_CFLAGS = -std=c17 -D_GNU_SOURCE $(GLIB) \
              -DBM_SYSCONFDIR='"$(SYSCONFDIR)"' -I. -I$(BUILD)/gen $(WARNINGS) $(WERROR) \
              $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(SANFLAGS) -pthread -MMD -MP

# make V=1 shows the whole commands
Q   := $(if $(V),,@)
say  = $(if $(V),,printf '  %-5s %s\n' $(1) $(2);)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

##@ Build

## all: build the daemons and bouncectl into build/
.PHONY: all
DAEMONS := bounce-milter bounce-delivery bounce-fetch bounce-console
all: $(DAEMONS:%=$(BUILD)/%) $(BUILD)/bouncectl

# A change of compiler or flags rebuilds everything.
FLAGS_STAMP := $(BUILD)/.flags
FLAGS_NOW := '$(subst ','\'',$(CC) $(BASE_CFLAGS) $(LDFLAGS))'
$(shell mkdir -p $(BUILD); \
	echo $(FLAGS_NOW) | cmp -s - $(FLAGS_STAMP) || echo $(FLAGS_NOW) >$(FLAGS_STAMP))

# So does one of the version to what tells it, which is that of the package.
VERSION_NOW := '\#define BM_VERSION "$(shell sh debian/version.sh)"'
$(shell mkdir -p $(BUILD)/gen; cd $(BUILD)/gen; \
	echo $(VERSION_NOW) | cmp -s - version.h || echo $(VERSION_NOW) >version.h)

define layer
SRC_$(1) := $$(filter-out $(1)/main.c,$$(sort $$(wildcard $(1)/*.c $(1)/*/*.c)))
OBJ_$(1) := $$(SRC_$(1):%.c=$(BUILD)/%.o)
$(BUILD)/$(1)/%.o: $(1)/%.c $(FLAGS_STAMP)
	@mkdir -p $$(@D)
	$(Q)$(call say,CC,$$<)$(CC) $(BASE_CFLAGS) $(call pkg_cflags,$(PKGS_$(1))) -c -o $$@ $$<
$(BUILD)/lib$(1).a: $$(OBJ_$(1))
	@rm -f $$@
	$(Q)ar qcs $$@ $$^
-include $$(OBJ_$(1):.o=.d) $(BUILD)/$(1)/main.d
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

# The schema travels inside the programs: no path to lose, no mixed versions. A new
# database gets the baseline, an older one the migrations; then both get the definitions,
# in this order. The comments of tables are among them, so that they are written once.
SQL_BASELINE    := $(sort $(wildcard sql/baseline/*.sql))
SQL_MIGRATIONS  := $(sort $(wildcard sql/migrations/*.sql))
SQL_DEFINITIONS := $(BUILD)/gen/comments.sql sql/clearing.sql \
                   $(sort $(wildcard sql/functions/*/*.sql sql/functions/*/*/*.sql)) \
                   sql/triggers.sql sql/views.sql sql/leftovers.sql sql/grants.sql \
                   sql/row_security.sql \
                   $(BUILD)/gen/reason_rows.sql \
                   $(sort $(wildcard sql/seed/*.sql))
$(BUILD)/gen/comments.sql: $(SQL_BASELINE) $(SQL_MIGRATIONS)
	@mkdir -p $(@D)
	$(Q)awk '/^COMMENT ON/ { on = 1 } on { print } /;$$/ { on = 0 }' $^ > $@
$(BUILD)/gen/baseline.inc: $(SQL_BASELINE)
$(BUILD)/gen/migrations.inc: $(SQL_MIGRATIONS)
$(BUILD)/gen/definitions.inc: $(SQL_DEFINITIONS)
SQL_INC := $(patsubst %,$(BUILD)/gen/%.inc,baseline migrations definitions)
$(SQL_INC): db/schema/embed-sql.sh
	@mkdir -p $(@D)
	$(Q)sh db/schema/embed-sql.sh $(filter %.sql,$^) > $@
$(BUILD)/db/schema/migrate.o: $(SQL_INC)

# So do the dialects of mail systems and the words of languages; their folders are named because a
# file may leave them.
GENERATE = LC_ALL=C awk -v output=$(basename $(@F)) $(addprefix -f ,$(filter %.awk,$^))
DIALECTS := $(sort $(wildcard etc/dialects/*.dialect))
$(BUILD)/gen/dialects.inc $(BUILD)/gen/dialect_order.inc: etc/dialects $(DIALECTS) \
		classifier/text/data_file.awk classifier/prose/dialects.awk
	@mkdir -p $(@D)
	$(Q)$(GENERATE) $(filter %.dialect,$^) > $@
$(BUILD)/classifier/prose/dialects.o: $(BUILD)/gen/dialects.inc

PHRASES := etc/phrases/README.md $(sort $(wildcard etc/phrases/*.txt))
$(BUILD)/gen/words.inc $(BUILD)/gen/date_words.inc: etc/phrases $(PHRASES) \
		classifier/text/data_file.awk classifier/text/phrases.awk
	@mkdir -p $(@D)
	$(Q)$(GENERATE) $(filter %.md %.txt,$^) > $@
$(BUILD)/classifier/text/words.o: $(BUILD)/gen/words.inc
$(BUILD)/classifier/text/date_words.o: $(BUILD)/gen/date_words.inc
$(BUILD)/tests/unit/classifier/prose/test_dialect_order: $(BUILD)/gen/dialect_order.inc

# The commands of bouncectl are those that its files define.
COMMAND_ROOMS := $(addprefix ctl/,commands queue_commands database_commands classifier_commands)
COMMAND_FILES := $(foreach room,$(COMMAND_ROOMS),$(sort $(wildcard $(room)/*.c)))
$(BUILD)/gen/commands.inc: ctl/registry.sh $(COMMAND_FILES) $(COMMAND_ROOMS)
	@mkdir -p $(@D)
	$(Q)sh ctl/registry.sh $(COMMAND_FILES) > $@
$(BUILD)/ctl/registry.o: $(BUILD)/gen/commands.inc

# The pages of the console: templates, files that are sent as they are, and catalogues of texts.
TEMPLATES := $(sort $(wildcard console/templates/*.html))
STATIC_FILES := $(sort $(wildcard console/static/*))
$(BUILD)/gen/templates.inc: console/templates $(TEMPLATES)
$(BUILD)/gen/static_files.inc: console/static $(STATIC_FILES)
PAGE_INC := $(BUILD)/gen/templates.inc $(BUILD)/gen/static_files.inc
$(PAGE_INC): console/embed.sh
	@mkdir -p $(@D)
	$(Q)sh console/embed.sh $(filter %.html %.css %.js,$^) > $@
$(BUILD)/console/template/library.o: $(PAGE_INC)
CATALOGUE_INC := $(patsubst console/po/%.po,$(BUILD)/gen/%.mo.inc,$(wildcard console/po/*.po))
$(BUILD)/gen/%.mo.inc: console/po/%.po
	@mkdir -p $(@D)
	$(Q)msgfmt --check-format -o $(@:.inc=) $<
	$(Q)od -An -v -tx1 $(@:.inc=) | sed 's/ \(..\)/0x\1,/g' > $@
$(BUILD)/console/text/catalogue.o: $(CATALOGUE_INC)

# And the reasons, which a header needs.
REASON_FILES := etc/reasons.txt classifier/text/data_file.awk classifier/rules/reasons.awk
$(addprefix $(BUILD)/gen/,reasons.inc reason_rows.sql reasons_doc.inc): $(REASON_FILES)
	@mkdir -p $(@D)
	$(Q)$(GENERATE) $(filter %.txt,$^) > $@
$(foreach l,$(LAYERS),$(OBJ_$(l)) $(BUILD)/$(l)/main.o): | $(BUILD)/gen/reasons.inc
$(BUILD)/tests/unit/classifier/rules/test_reason: $(BUILD)/gen/reasons_doc.inc

## reasons-doc: write the tables of doc/reasons.md anew from etc/reasons.txt
.PHONY: reasons-doc
reasons-doc: $(REASON_FILES)
	$(Q)LC_ALL=C awk -v output=document $(addprefix -f ,$(filter %.awk,$^)) etc/reasons.txt \
		doc/reasons.md > $(BUILD)/reasons.md
	$(Q)mv $(BUILD)/reasons.md doc/reasons.md

libs = $(foreach l,$(1),$(BUILD)/lib$(l).a)
LINK = $(CC) $(LDHARDEN) $(SANFLAGS) $(LDFLAGS) -pthread -o
$(BUILD)/bounce-milter: $(BUILD)/milter/main.o $(call libs,milter intake daemon db classifier base)
	$(Q)$(call say,LINK,$@)$(LINK) $@ $^ -lmilter -lresolv $(LIBS_all)
$(BUILD)/bounce-delivery: $(BUILD)/delivery/main.o \
		$(call libs,delivery daemon db classifier net base)
	$(Q)$(call say,LINK,$@)$(LINK) $@ $^ $(call pkg_libs,openssl libcurl) $(LIBS_all)
$(BUILD)/bounce-fetch: $(BUILD)/fetch/main.o \
		$(call libs,fetch delivery intake daemon db classifier net base)
	$(Q)$(call say,LINK,$@)$(LINK) $@ $^ $(call pkg_libs,openssl libcurl) $(LIBS_all)
$(BUILD)/bounce-console: $(BUILD)/console/main.o $(call libs,console daemon db classifier net base)
	$(Q)$(call say,LINK,$@)$(LINK) $@ $^ $(call pkg_libs,libmicrohttpd openssl) $(LIBS_all)
$(BUILD)/bouncectl: $(BUILD)/ctl/main.o $(call libs,ctl intake daemon db classifier base)
	$(Q)$(call say,LINK,$@)$(LINK) $@ $^ $(LIBS_all)

# --- tests -----------------------------------------------------------------

UNIT_SRC  := $(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c))
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/unit/%)
$(BUILD)/tests/unit/%: tests/unit/%.c $(call libs,$(LAYERS)) $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(call say,TEST,$@)$(CC) $(BASE_CFLAGS) $(LDHARDEN) $(LDFLAGS) \
		$(call pkg_cflags,glib-2.0 gmime-3.0 json-glib-1.0 libpq openssl) -o $@ $< \
		$(call libs,$(LAYERS)) \
		$(call pkg_libs,libmicrohttpd openssl libcurl) $(LIBS_all)

# What the fuzzers once found, given to them again.
FOUND_BIN := $(patsubst tests/fuzz/found/%,$(BUILD)/tests/unit/fuzz/test_%,\
	$(wildcard tests/fuzz/found/*))
UNIT_BIN  += $(FOUND_BIN)
$(FOUND_BIN): $(BUILD)/tests/unit/fuzz/test_%: tests/fuzz/fuzz_%.c \
		tests/fuzz/replay.c $(call libs,$(LAYERS)) $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(call say,TEST,$@)$(CC) $(BASE_CFLAGS) $(LDHARDEN) $(LDFLAGS) \
		-DFOUND='"tests/fuzz/found/$*"' \
		$(call pkg_cflags,glib-2.0 gmime-3.0 json-glib-1.0) \
		-o $@ $< tests/fuzz/replay.c $(call libs,$(LAYERS)) \
		$(call pkg_libs,openssl libcurl) $(LIBS_all)
-include $(UNIT_BIN:%=%.d)

include tests/tests.mk

# --- installation ------------------------------------------------------------

# What is installed, and what uninstall removes: "folder:source", by mode.
BINDIR   := $(PREFIX)/bin
SBINDIR  := $(PREFIX)/sbin
DATADIR  := $(PREFIX)/share
DOCDIR   := $(DATADIR)/doc/bounce-milter
CONFDIR  := $(SYSCONFDIR)/bounce-milter

INSTALL_755 := \
	$(BINDIR):$(BUILD)/bouncectl \
	$(DAEMONS:%=$(SBINDIR):$(BUILD)/%)
INSTALL_644 := \
	$(patsubst %,$(DATADIR)/bounce-milter/rules:%,$(wildcard etc/rules/*.rules)) \
	$(DOCDIR):LICENSE \
	$(patsubst %,$(DOCDIR)/examples/postfix:%,$(wildcard etc/postfix/*)) \
	$(patsubst %,$(DOCDIR)/examples/prometheus:%,$(wildcard etc/prometheus/*)) \
	$(patsubst %,$(DOCDIR)/examples/grafana:%,$(wildcard etc/grafana/*)) \
	$(SYSUSERSDIR):etc/sysusers/bounce-milter.conf
# in these the paths are those of this installation, and so are the links
INSTALL_PATHS := \
	$(patsubst %,$(DOCDIR):%,README.md CHANGELOG.md $(wildcard doc/*.md)) \
	$(TMPFILESDIR):etc/tmpfiles/bounce-milter.conf \
	$(patsubst %,$(DATADIR)/man/man1:%,$(wildcard doc/*.1)) \
	$(patsubst %,$(DATADIR)/man/man5:%,$(wildcard doc/*.5)) \
	$(patsubst %,$(DATADIR)/man/man8:%,$(wildcard doc/*.8)) \
	$(patsubst %,$(UNITDIR):%,$(wildcard etc/systemd/*.service etc/systemd/*.timer)) \
	$(patsubst %,$(DOCDIR)/examples/sendmail:%,$(wildcard etc/sendmail/*)) \
	$(patsubst %,$(DOCDIR)/examples/exim:%,$(wildcard etc/exim/*)) \
	$(patsubst %,$(DOCDIR)/examples/dovecot:%,$(wildcard etc/dovecot/*)) \
	$(patsubst %,$(DOCDIR)/examples/fetchmail:%,$(wildcard etc/fetchmail/*)) \
	$(patsubst %,$(DOCDIR)/examples/getmail:%,$(wildcard etc/getmail/*)) \
	$(patsubst %,$(DOCDIR)/examples:%,$(wildcard etc/*.conf))
# what a document names by a link, and is not in its folder: the name is left
NOT_BESIDE := [^):]*\(\.[158]\|Containerfile\|HACKING\.md\|LICENSE\|\.png\)
SET_PATHS := sed -e 's|/etc/bounce-milter/|$(CONFDIR)/|g' \
	-e 's|/usr/local/bin/bouncectl|$(BINDIR)/bouncectl|g' \
	-e 's|@bindir@|$(BINDIR)|g' -e 's|@sbindir@|$(SBINDIR)|g' \
	-e 's|@sysconfdir@|$(SYSCONFDIR)|g' \
	-e 's|/usr/share/doc/bounce-milter|$(DOCDIR)|g' \
	-e '/^@sandbox@$$/{r etc/systemd/sandbox' -e 'd}' \
	-e '/^!\[/d' -e 's|](\.\./etc/|](examples/|g' -e 's|](doc/\([^)]*\.md\)|](\1|g' \
	-e 's/\[\([^]]*\)\]($(NOT_BESIDE))/\1/g'
COMPLETION := $(DATADIR)/bash-completion/completions

folder_of = $(DESTDIR)$(firstword $(subst :, ,$(1)))
source_of = $(lastword $(subst :, ,$(1)))
target_of = $(call folder_of,$(1))/$(notdir $(call source_of,$(1)))

put = install -m $(1) $(call source_of,$(i)) $(call target_of,$(i))
put_with_paths = $(SET_PATHS) $(call source_of,$(i)) >$(call target_of,$(i)) && \
	chmod 644 $(call target_of,$(i))

define newline


endef

##@ Install

## install: put it all under PREFIX (/usr/local), configuration in SYSCONFDIR (/etc)
.PHONY: install install-data uninstall
install: all install-data
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR)
	$(foreach i,$(INSTALL_755),$(call put,755)$(newline)	)
install-data:
	install -d $(sort $(foreach i,$(INSTALL_644) $(INSTALL_PATHS),$(call folder_of,$(i)))) \
		$(DESTDIR)$(COMPLETION) $(DESTDIR)$(CONFDIR)
	$(foreach i,$(INSTALL_644),$(call put,644)$(newline)	)
	$(foreach i,$(INSTALL_PATHS),$(put_with_paths)$(newline)	)
	install -m 644 etc/completion/bouncectl.bash $(DESTDIR)$(COMPLETION)/bouncectl
	for file in $(notdir $(wildcard etc/bounce-*.conf)); do \
		[ -e $(DESTDIR)$(CONFDIR)/$$file ] || \
			install -m 644 etc/$$file $(DESTDIR)$(CONFDIR) || exit 1; \
	done

## uninstall: remove what install put there; the configuration stays
uninstall:
	rm -f $(foreach i,$(INSTALL_755) $(INSTALL_644) $(INSTALL_PATHS),$(call target_of,$(i))) \
		$(DESTDIR)$(COMPLETION)/bouncectl
	-rmdir $(DESTDIR)$(DOCDIR)/examples/* $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(DOCDIR) \
		$(DESTDIR)$(DATADIR)/bounce-milter/* $(DESTDIR)$(DATADIR)/bounce-milter

include debian/deb.mk

##@ Other

## manual: write the commands of bouncectl into its manual page
.PHONY: manual
manual: $(BUILD)/bouncectl
	@sh doc/manual.sh $(BUILD)/bouncectl doc/bouncectl.1 >$(BUILD)/bouncectl.1
	@cp $(BUILD)/bouncectl.1 doc/bouncectl.1

## clean: remove what make built
.PHONY: clean
clean:
	rm -rf build compile_commands.json

## help: this list
.PHONY: help
help:
	@sed -n -e 's/^##@ \(.*\)/\n\1/p' -e 's/^## \([a-z_.-]*\): /  make \1	/p' \
		$(MAKEFILE_LIST) | expand -t 32
