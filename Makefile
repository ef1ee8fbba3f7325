# SPDX-License-Identifier: GPL-2.0
#
# What a person types; `make help` lists it. The modules themselves are built by
# Kbuild, from the file of that name: make -C KDIR M=$PWD modules does it too.
#
#: make                  the modules for the running kernel, in build/
#: make install          puts them into its updates/, where modprobe prefers them
#: make uninstall        takes them out again
#: make run              the demonstration: real traffic through a router in QEMU
#: make check            what every change has to pass: unit tests, all tests and the
#:                       comparison with the stock module under KASAN and lockdep, a
#:                       core of the tests on Debian's kernels
#: make check-all        all tests on Debian's kernels in QEMU
#: make check-debug      all tests on kernels with KASAN, lockdep and so on, and with
#:                       KCSAN, of both series; takes hours (MACHINE="check:6.12")
#: make check-stock      the same tests on the stock modules
#: make check-abi        exported symbols, CRCs and licences, against the kernel's
#: make check-arch       the same for arm64, armhf, mips, mipsel and s390x, each built
#:                       without a warning; and check-mips
#: make check-mips       big-endian MIPS, booted: flows as the file and netlink show them
#: make check-configs    the modules for kernels with the tracker's options on and off
#: make unit             the unit tests in User-Mode Linux, and what they cover
#: make fuzz             the FTP parser under libFuzzer, then packets, netlink, files by
#:                       chance in the test machine: FUZZ_SECONDS (600) each, SEED=,
#:                       PARTS="parser packets netlink files all"
#: make bench            the stock modules and ours side by side: times, memory
#:                       (bench/profile says where the time goes)
#: make compare          generated packets on the stock module and on ours: SEED=,
#:                       COUNT= packets a family, FAMILY="tcp ...", SEQ=file
#: make embed TREE=...   nf_ct within a kernel source tree; make unembed undoes it
#: make check-embed      that, built in and as modules, in User-Mode Linux
#: make check-packages   the Debian package, from installation to purge
#: make shell            a shell in the test machine, with the module loaded
#: make fetch            packages and kernels that all this needs
#: make lint             checkpatch, sparse, warnings, shellcheck
#: make clean            removes build/
#:
#: KVER=6.1, KVER=6.12 or a full version chooses the kernel; KDIR=... builds for
#: a kernel tree. TEST=name runs one test (parser: those of the FTP parser, unit:
#: the unit tests); STOCK=1 takes the stock module for run, shell and fuzz.
#: For bench: FIGURES="packet dump", FLOWS="1000 4000000", ROUNDS=5.

KVER ?=
KDIR ?=
TEST ?=
STOCK ?=
FUZZ_SECONDS ?= 600
PARTS ?=
SEED ?= 1
COUNT ?= 20000
export KVER KDIR TEST STOCK SEED COUNT FUZZ_SECONDS

# The test machine's kernel, where only one is needed.
VM_KVER = $(or $(KVER),6.1)

FIGURES ?=
FLOWS ?=
ROUNDS ?=
export FIGURES FLOWS ROUNDS

.PHONY: modules install uninstall run check check-all check-debug check-stock check-abi \
	check-arch check-configs check-embed check-mips unit bench compare fuzz embed unembed \
	check-packages shell fetch lint clean help

modules:
	@scripts/build modules

install uninstall:
	@scripts/install $@

run: fetch
	@scripts/demo

check: fetch
	@scripts/check $(or $(MACHINE),$(KVER))

check-all: fetch
	@scripts/check 6.1 6.12

check-debug: fetch
	@scripts/check $(or $(MACHINE),check:6.12 race:6.12 check:6.1 race:6.1)

check-stock: fetch
	@scripts/check --stock $(KVER)

check-abi: fetch
	@scripts/check-abi $(KVER)

check-arch:
	@scripts/fetch --arch
	@scripts/check-arch

check-mips:
	@scripts/fetch --arch
	@KVER=$(or $(filter 6.1 6.12,$(KVER)),6.12) scripts/check-mips

check-configs: fetch
	@scripts/check-configs $(filter 6.1 6.12,$(KVER))

check-embed: fetch
	@scripts/check-embed $(filter 6.1 6.12,$(KVER))

unit:
	@scripts/fetch 6.12
	@scripts/unit

fuzz: fetch
	@scripts/fuzz $(if $(filter 1,$(STOCK)),--stock) $(PARTS)

bench: fetch
	@bench/run

embed unembed:
	@scripts/embed $@ '$(TREE)'

check-packages:
	@scripts/fetch --packages
	@scripts/check-packages

compare: fetch
	@scripts/compare $(KVER)

shell: fetch
	@[ "$(STOCK)" = 1 ] || KVER=$(VM_KVER) scripts/build modules
	@scripts/vm shell --kver $(VM_KVER)

fetch:
	@scripts/fetch $(filter 6.1 6.12,$(KVER))

lint: fetch
	@scripts/lint $(KVER)

clean:
	rm -rf build

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile
