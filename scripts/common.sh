# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts share: where things are kept, which kernels there are, and
# how an error is said. Sourced, never run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/nf_ct
build=${BUILD:-$top/build}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# What compilers say is looked at.
export LC_ALL=C.UTF-8

# The kernels this project is tested on, as Debian's package names begin.
series=(6.1 6.12)

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

say() {
	echo "nf_ct: $*" >&2
}

# told RC WHAT: a check, counted in passed or failed.
told() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok $2"
	else
		failed=$((failed + 1))
		echo "not ok $2"
	fi
}

# need TOOL PACKAGE [OPTION]: the tool is there, or one clear sentence. The option
# is what scripts/fetch gets it with.
need() {
	command -v "$1" >/dev/null ||
		die "$1 is missing: install the package $2, or run scripts/fetch${3:+ $3}"
}

# arch_of KVER: sets what a kernel's architecture is called, by the version's end:
# arch by Debian, kbuild_arch by Kbuild. cross is how the names of its compiler
# begin, which is nothing for this machine's own.
# shellcheck disable=SC2034
arch_of() {
	case $1 in
	*-arm64) set -- arm64 arm64 aarch64-linux-gnu- ;;
	*-armmp) set -- armhf arm arm-linux-gnueabihf- ;;
	*-4kc-malta) set -- mipsel mips mipsel-linux-gnu- ;;
	*-mips | *-malta-*) set -- mips mips mips-linux-gnu- ;;
	*-s390x) set -- s390x s390 s390x-linux-gnu- ;;
	*) set -- amd64 x86 '' ;;
	esac
	arch=$1 kbuild_arch=$2 cross=$3
}

# series_glob SERIES: what directory names a series' kernels have.
series_glob() {
	case $1 in
	6.1) echo '6.1.0-[0-9]*-amd64' ;;
	6.12) echo '6.12.*+deb12-amd64' ;;
	*) return 1 ;;
	esac
}

# resolve KVER: the full version of the newest unpacked kernel that a short
# form (6.1, 6.12) means; a full version stays as it is.
resolve() {
	local glob newest

	if ! glob=$(series_glob "$1"); then
		echo "$1"
		return
	fi
	newest=$(cd "$cache/image" 2>/dev/null &&
		find . -mindepth 1 -maxdepth 1 -name "$glob" -printf '%f\n' |
		sort -V | tail -n 1)
	[ -n "$newest" ] ||
		die "no $1 kernel in $cache: run scripts/fetch $1"
	echo "$newest"
}

# image KVER: the directory a kernel package was unpacked to.
image() {
	local dir=$cache/image/$1

	[ -e "$dir/boot/vmlinuz-$1" ] || [ -e "$dir/boot/linux-$1" ] ||
		die "kernel $1 is not in $cache: run scripts/fetch $1"
	echo "$dir"
}

# kernel_of MACHINE: the version of its kernel: one of Debian's (6.1, 6.12, a full
# version), or one that scripts/debug/kernel builds, if it has to be (uml:6.1,
# check:6.12).
kernel_of() {
	case $1 in
	*:*) "$top/scripts/debug/kernel" "${1%%:*}" "${1#*:}" ;;
	*) resolve "$1" ;;
	esac
}

# build_for KVER PART...: scripts/build builds the parts for the kernel; what it says is
# shown if it fails.
build_for() {
	local kver=$1 part log=$build/log/$1-build

	shift
	mkdir -p "$build/log"
	for part; do
		KDIR='' KVER=$kver "$top/scripts/build" "$part" >"$log" 2>&1 || {
			cat "$log" >&2
			die "building for $kver failed"
		}
	done
}

# kernel_source SERIES: the directory that Debian's source was unpacked to. Nothing
# is built in there.
kernel_source() {
	local tarball=/usr/src/linux-source-$1.tar.xz patch=$top/scripts/debug/uml.patch
	local source tmp

	[ -e "$tarball" ] || die "$tarball is missing: install linux-source-$1, or run scripts/fetch"
	need patch patch
	source=$(sha256sum <"$patch")
	source=$cache/source/$1-$(stat -c %Y "$tarball")-${source::8}
	if [ ! -e "$source" ]; then
		say "unpacking $tarball"
		mkdir -p "$cache/source"
		tmp=$(mktemp -d "$cache/source/tmp.XXXXXX")
		tar -C "$tmp" --strip-components=1 -xf "$tarball"
		patch -s -d "$tmp" -p1 <"$patch"
		mv -T "$tmp" "$source" 2>/dev/null || rm -rf "$tmp"
	fi
	echo "$source"
}
