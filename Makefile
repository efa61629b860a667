# bounce-milter: make help
#
# One directory is one layer and one static library; arrows go to the left only:
#   base <- classifier, db <- daemon <- intake <- milter, delivery, ctl

VERSION    := 0.1.0
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=

comma := ,
BUILD := build$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))

CC       ?= cc
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wswitch-enum -Wformat=2 -Wundef -Wvla
WERROR   ?= $(if $(CI),-Werror)
CFLAGS   ?= -O2 -g
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
LDHARDEN := -pie -Wl,-z,relro -Wl,-z,now
SANFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)

# pkg-config package -> -isystem, so that our warnings are about our code
pkg_cflags = $(subst -I,-isystem ,$(shell pkg-config --cflags $(1) 2>/dev/null))
pkg_libs   = $(shell pkg-config --libs $(1) 2>/dev/null)

LAYERS := base classifier db daemon intake milter delivery ctl
PKGS_base       := glib-2.0
PKGS_classifier := glib-2.0 gmime-3.0 libhs json-glib-1.0 libidn2 libcrypto
PKGS_db         := glib-2.0 libpq
PKGS_daemon     := glib-2.0
PKGS_intake     := glib-2.0
PKGS_milter     := glib-2.0
PKGS_delivery   := glib-2.0 gmime-3.0 json-glib-1.0 libesmtp-1.0 openssl
PKGS_ctl        := glib-2.0 json-glib-1.0
LIBS_all         = $(call pkg_libs,glib-2.0 gmime-3.0 libhs json-glib-1.0 libidn2 libcrypto libpq)

# The system's gcc for C17 with GNU attributes; _GNU_SOURCE for explicit_bzero, pipe2.
BASE_CFLAGS = -std=c17 -D_GNU_SOURCE -DBM_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen $(WARNINGS) $(WERROR) \
              $(CFLAGS) $(HARDEN) $(SANFLAGS) -pthread -MMD -MP

# make V=1 shows the whole commands
Q   := $(if $(V),,@)
say  = $(if $(V),,printf '  %-5s %s\n' $(1) $(2);)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

## all: build bounce-milter, bounce-delivery and bouncectl into build/
.PHONY: all
all: $(BUILD)/bounce-milter $(BUILD)/bounce-delivery $(BUILD)/bouncectl

# A change of compiler or flags rebuilds everything.
FLAGS_STAMP := $(BUILD)/.flags
$(shell mkdir -p $(BUILD); echo '$(subst ','\'',$(CC) $(BASE_CFLAGS))' | cmp -s - $(FLAGS_STAMP) || echo '$(subst ','\'',$(CC) $(BASE_CFLAGS))' > $(FLAGS_STAMP))

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
SQL_DEFINITIONS := $(BUILD)/gen/comments.sql $(sort $(wildcard sql/functions/*/*.sql)) sql/triggers.sql \
                   sql/views.sql sql/leftovers.sql sql/grants.sql $(sort $(wildcard sql/seed/*.sql))
$(BUILD)/gen/comments.sql: $(SQL_BASELINE) $(SQL_MIGRATIONS)
	@mkdir -p $(@D)
	$(Q)awk '/^COMMENT ON/ { on = 1 } on { print } /;$$/ { on = 0 }' $^ > $@
$(BUILD)/gen/baseline.inc: $(SQL_BASELINE)
$(BUILD)/gen/migrations.inc: $(SQL_MIGRATIONS)
$(BUILD)/gen/definitions.inc: $(SQL_DEFINITIONS)
SQL_INC := $(patsubst %,$(BUILD)/gen/%.inc,baseline migrations definitions)
$(SQL_INC): db/embed-sql.sh
	@mkdir -p $(@D)
	$(Q)sh db/embed-sql.sh $(filter %.sql,$^) > $@
$(BUILD)/db/migrate.o: $(SQL_INC)

# So do the dialects of mail systems; their folder is named because a file may leave it.
GENERATE = LC_ALL=C awk -v output=$(basename $(@F)) $(addprefix -f ,$(filter %.awk,$^))
DIALECTS := $(sort $(wildcard etc/dialects/*.dialect))
$(BUILD)/gen/dialects.inc $(BUILD)/gen/dialect_order.inc: etc/dialects $(DIALECTS) \
		classifier/text/data_file.awk classifier/prose/dialects.awk
	@mkdir -p $(@D)
	$(Q)$(GENERATE) $(filter %.dialect,$^) > $@
$(BUILD)/classifier/prose/dialects.o: $(BUILD)/gen/dialects.inc
$(BUILD)/tests/unit/classifier/prose/test_dialect_order: $(BUILD)/gen/dialect_order.inc

libs = $(foreach l,$(1),$(BUILD)/lib$(l).a)
$(BUILD)/bounce-milter: $(BUILD)/milter/main.o $(call libs,milter intake daemon db classifier base)
	$(Q)$(call say,LINK,$@)$(CC) $(LDHARDEN) $(SANFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lmilter $(LIBS_all)
$(BUILD)/bounce-delivery: $(BUILD)/delivery/main.o $(call libs,delivery daemon db classifier base)
	$(Q)$(call say,LINK,$@)$(CC) $(LDHARDEN) $(SANFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(call pkg_libs,libesmtp-1.0 openssl) $(LIBS_all)
$(BUILD)/bouncectl: $(BUILD)/ctl/main.o $(call libs,ctl intake daemon db classifier base)
	$(Q)$(call say,LINK,$@)$(CC) $(LDHARDEN) $(SANFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(LIBS_all)

# --- tests -----------------------------------------------------------------

UNIT_LAYERS := ctl milter delivery intake daemon db classifier base
UNIT_SRC  := $(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c))
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/unit/%)
$(BUILD)/tests/unit/%: tests/unit/%.c $(call libs,$(UNIT_LAYERS)) $(FLAGS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(call say,TEST,$@)$(CC) $(BASE_CFLAGS) $(LDHARDEN) $(LDFLAGS) $(call pkg_cflags,glib-2.0 gmime-3.0 json-glib-1.0 libpq) \
		-o $@ $< $(call libs,$(UNIT_LAYERS)) $(call pkg_libs,libesmtp-1.0 openssl) $(LIBS_all)
-include $(UNIT_BIN:%=%.d)

include tests/tests.mk

## layers: show that no layer reaches to its right
.PHONY: layers
layers: all
	@sh tests/layers.sh $(BUILD)

## format: lay out the C files as .clang-format says
.PHONY: format
format:
	clang-format -i $(wildcard $(foreach l,$(LAYERS),$(l)/*.[ch] $(l)/*/*.[ch])) $(UNIT_SRC) $(wildcard tests/fuzz/*.c tests/bench/*.c)

# --- installation ------------------------------------------------------------

SBINDIR  := $(DESTDIR)$(PREFIX)/sbin
DATADIR  := $(DESTDIR)$(PREFIX)/share
CONFDIR  := $(DESTDIR)$(SYSCONFDIR)/bounce-milter

## install: put programs, rules and man pages under PREFIX (default /usr/local)
.PHONY: install
install: all
	install -d $(SBINDIR) $(DATADIR)/bounce-milter/rules $(DATADIR)/man/man1 $(DATADIR)/man/man5 \
		$(DATADIR)/man/man8 $(DATADIR)/bash-completion/completions $(CONFDIR)
	install -m 755 $(BUILD)/bounce-milter $(BUILD)/bounce-delivery $(BUILD)/bouncectl $(SBINDIR)
	install -m 644 etc/rules/*.rules $(DATADIR)/bounce-milter/rules
	install -m 644 etc/completion/bouncectl.bash $(DATADIR)/bash-completion/completions/bouncectl
	install -m 644 doc/*.1 $(DATADIR)/man/man1
	install -m 644 doc/*.5 $(DATADIR)/man/man5
	install -m 644 doc/*.8 $(DATADIR)/man/man8
	for file in bounce-milter.conf bounce-delivery.conf; do \
		[ -e $(CONFDIR)/$$file ] || install -m 644 etc/$$file $(CONFDIR); \
	done

## clean: remove what make built
.PHONY: clean
clean:
	rm -rf build

## help: this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\): /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20
