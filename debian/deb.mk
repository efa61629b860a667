# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian package.

.PHONY: deb check-deb
## deb: build the Debian package bounce-milter_VERSION_ARCH.deb, here
deb:
	@sh tests/setup.sh install build package
	@rm -f bounce-milter_*.deb
	@cp -v "$$(sh debian/build.sh $(CURDIR)/build/deb)" .

## check-deb: lintian, a second build; install, upgrade, purge on fresh Debian 12 and 13
check-deb: deb
	@sh tests/setup.sh install debian
	@$(MAKE_AGAIN) all
	@perl tests/package/check.pl
